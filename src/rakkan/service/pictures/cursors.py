"""Where a page of a list ended: a text that says nothing to whoever holds it and cannot be made up."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json

from rakkan.errors import RakkanError
from rakkan.service.schema import is_identifier

#: A place in a list: the time its last row is sorted by, and that row's identifier.
Place = tuple[int, str]

_TAG = 12
_LONGEST = 200


def write(key: bytes, about: str, place: Place) -> str:
    """A cursor for a place in the list that ``about`` names; it opens no other. ``key`` has 32 bytes."""
    body = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_tag(key, about, body) + body).decode().rstrip("=")


def read(key: bytes, about: str, cursor: str) -> Place | None:
    """The place of a cursor, None for "" (the beginning). Raises RakkanError for one not made here, or made
    for another list."""
    if not cursor:
        return None
    try:
        if len(cursor) > _LONGEST:
            raise ValueError("it is too long")
        data = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        tag, body = data[:_TAG], data[_TAG:]
        if not hmac.compare_digest(tag, _tag(key, about, body)):
            raise ValueError("it was not made here")
        time, identifier = json.loads(body)
        if type(time) is not int or not is_identifier(identifier):
            raise ValueError("it names no place")
    except (ValueError, TypeError, binascii.Error) as error:
        raise RakkanError(
            "This is no place in this list", "Begin at its first page and follow its cursors"
        ) from error
    return time, identifier


def _tag(key: bytes, about: str, body: bytes) -> bytes:
    told = about.encode()
    return hmac.digest(key, len(told).to_bytes(4, "big") + told + body, hashlib.sha256)[:_TAG]
