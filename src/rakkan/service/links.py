"""Links that open one thing, for whom they were made, for minutes: capabilities in an address.

A link names its object, its recipient and its end, and carries an HMAC-SHA-256 of them and of when anything
of the recipient's was last revoked; it is of no use to anybody else, to nobody after its end, and to nobody
after the recipient has signed out somewhere or taken a key back.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

from rakkan.service.errors import NotFound

#: Seconds that a link holds, unless less is asked for.
LASTING = 600


@dataclass(frozen=True)
class Link:
    """What a link opens: ``object`` (``picture 01h…``) for the account ``recipient`` until ``expires``, in
    seconds since 1970, in the way that ``details`` say."""

    object: str
    recipient: str
    expires: int
    details: str = ""


@dataclass(frozen=True)
class Links:
    """``secret`` is 32 bytes; ``clock`` gives seconds since 1970; ``epoch`` a number of an account's that
    changes when all its links are to end."""

    secret: bytes
    clock: Callable[[], float]
    epoch: Callable[[str], int] = lambda account: 0

    def make(self, about: str, recipient: str, details: str = "", seconds: int = LASTING) -> str:
        """The text of a link."""
        until = int(self.clock()) + min(seconds, LASTING)
        told = json.dumps([about, recipient, until, details], separators=(",", ":")).encode()
        return f"{_text(told)}.{_text(self._tag(told, recipient))}"

    def read(self, text: str, recipient: str) -> Link:
        """What a link opens. Raises NotFound for one that does not hold, is over, or is somebody else's."""
        try:
            told, tag = (_bytes(part) for part in text.split("."))
            if not hmac.compare_digest(tag, self._tag(told, recipient)):
                raise ValueError
            found = Link(*json.loads(told))
        except (ValueError, TypeError):
            raise NotFound("This link does not hold", "Ask for another") from None
        if found.expires < self.clock() or found.recipient != recipient:
            raise NotFound("This link does not hold", "Ask for another")
        return found

    def _tag(self, told: bytes, recipient: str) -> bytes:
        bound = told + b"\0" + str(self.epoch(recipient)).encode()
        return hmac.digest(self.secret, bound, hashlib.sha256)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
