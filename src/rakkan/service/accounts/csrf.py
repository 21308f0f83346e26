"""Tokens against requests that another site makes a browser send: HMAC of what the browser is known by."""

from __future__ import annotations

import hashlib
import hmac

from rakkan.service.accounts.ground import encoded
from rakkan.store import sealing


def token(secret: bytes, session: str) -> str:
    """The token of a session, 64 characters; ``session`` is its identifier, or any text that the browser
    alone holds where nobody is signed in. ``secret`` is the service's."""
    key = sealing.derive(secret, "rakkan accounts csrf 1")
    return hmac.new(key, encoded(session), hashlib.sha256).hexdigest()


def holds(secret: bytes, session: str, given: str) -> bool:
    """Whether a token is the session's, in the same time whatever was given; none holds for no session."""
    return hmac.compare_digest(encoded(token(secret, session)), encoded(given)) and session != ""
