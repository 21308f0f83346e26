"""Links that open one thing, for whom they were made, for minutes: capabilities in an address.

A link names its object, its recipient and its end, and carries an HMAC-SHA-256 of them; it is of no use
to anybody else, and to nobody after its end.
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
    """``secret`` is 32 bytes; ``clock`` gives seconds since 1970."""

    secret: bytes
    clock: Callable[[], float]

    def make(self, about: str, recipient: str, details: str = "", seconds: int = LASTING) -> str:
        """The text of a link."""
        until = int(self.clock()) + min(seconds, LASTING)
        told = json.dumps([about, recipient, until, details], separators=(",", ":")).encode()
        return f"{_text(told)}.{_text(self._tag(told))}"

    def read(self, text: str, recipient: str) -> Link:
        """What a link opens. Raises NotFound for one that does not hold, is over, or is somebody else's."""
        try:
            told, tag = (_bytes(part) for part in text.split("."))
            if not hmac.compare_digest(tag, self._tag(told)):
                raise ValueError
            found = Link(*json.loads(told))
        except (ValueError, TypeError):
            raise NotFound("This link does not hold", "Ask for another") from None
        if found.expires < self.clock() or found.recipient != recipient:
            raise NotFound("This link is over", "Ask for another")
        return found

    def _tag(self, told: bytes) -> bytes:
        return hmac.digest(self.secret, told, hashlib.sha256)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
