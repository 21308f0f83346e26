"""Who a request comes from, and whether it is let in: what a guarded route asks before its handler runs."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import HTTPConnection
from starlette.responses import Response

from rakkan.service.access import guard
from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.access.rules import Access
from rakkan.service.accounts.ground import network_of
from rakkan.service.bodies import SMALL, Bodies, Stay
from rakkan.service.errors import Forbidden, Unauthenticated

#: ``__Host-``: set by this host alone, over a secure connection or from this machine (RFC 6265bis, 4.1.3.2).
SESSION_COOKIE = "__Host-rakkan"
#: What a visitor's CSRF tokens are bound to.
VISITOR_COOKIE = "__Host-rakkan-visitor"
_BEARER, _BASIC = "bearer ", "basic "


class Credentials(Protocol):
    """What tells who a credential stands for (``accounts.Accounts``)."""

    def actor_of_session(self, token: str) -> Actor | None:
        """Who a session's token stands for."""

    def actor_of_key(self, secret: str) -> Actor | None:
        """Who a key stands for."""

    def csrf_token(self, session: str) -> str:
        """The token of a session's forms."""

    def csrf_holds(self, session: str, given: str) -> bool:
        """Whether a token is that of a session's forms."""


#: Asked of each request once it is known whose it is; raises TooMany or Busy.
Weigh = Callable[[Actor, HTTPConnection, Access], None]
#: Told of its answer afterwards; ``failed`` when there was none.
Note = Callable[[HTTPConnection, Response, Access], None]


@dataclass(frozen=True)
class Door:
    """``origins`` are the addresses of this service (``https://rakkan.example``), the first the usual one."""

    origins: tuple[str, ...]
    credentials: Credentials
    weigh: Weigh = lambda actor, request, access: None
    note: Note = lambda request, response, access: None
    failed: Callable[[HTTPConnection], None] = lambda request: None
    bodies: Bodies = field(default_factory=Bodies, repr=False, compare=False)

    def let_in(self, asked: guard.Asked, request: HTTPConnection, access: Access) -> Actor:
        """Who asks, if they may. Raises a Refusal."""
        actor = self.actor(asked, request)
        guard.check_site(asked, actor, self.origins)
        guard.check_actor(actor, access)
        self.weigh(actor, request, access)
        return actor

    def actor(self, asked: guard.Asked, request: HTTPConnection) -> Actor:
        """Who asks. Raises Unauthenticated for a key that does not hold; a session that does not is none."""
        secret = key_in(asked.headers.get("authorization", ""))
        if secret is not None:
            found = self.credentials.actor_of_key(secret)
            if found is None:
                raise Unauthenticated("The key does not hold", "Make another under Account")
            return found
        token = request.cookies.get(SESSION_COOKIE, "")
        return (self.credentials.actor_of_session(token) if token else None) or VISITOR

    def takes(self, asked: guard.Asked, request: HTTPConnection, access: Access) -> Stay | None:
        """What counts the body of a request as long as it is held; None for one that is always small, or is
        not held. Raises Busy or TooMany. What anybody may send counts for their network, whoever they are."""
        if not asked.changes or access.largest <= SMALL or not asked.is_held:
            return None
        is_open = access.role == "visitor"
        actor: Actor = request.state.actor
        sender = network_of(request.client.host if request.client else "") if is_open else actor.account
        return self.bodies.enter(sender, int(asked.headers.get("content-length", "0")), visitor=is_open)

    def token(self, request: HTTPConnection) -> str:
        """The CSRF token for a page's forms."""
        return self.credentials.csrf_token(self._bound_to(request))

    def check_token(self, request: HTTPConnection, given: str) -> None:
        """Raise Forbidden unless ``given`` is the token of a page that was sent here."""
        bound = self._bound_to(request)
        if not bound or not self.credentials.csrf_holds(bound, given):
            raise Forbidden("The form has expired", "Load the page again and send it once more")

    def _bound_to(self, request: HTTPConnection) -> str:
        actor: Actor = request.state.actor
        if actor.way == "session":
            return actor.credential
        visitor = getattr(request.state, "visitor", "") or request.cookies.get(VISITOR_COOKIE, "")
        return f"visitor {visitor}" if visitor else ""


def key_in(authorization: str) -> str | None:
    """The key that an Authorization header brings: as a bearer's token (RFC 6750), or as the password of HTTP
    basic authentication (RFC 7617), by whatever name. None for a header without either, "" for one that
    cannot be read. No account's password is ever looked for here."""
    if authorization.lower().startswith(_BEARER):
        return authorization[len(_BEARER) :].strip()
    if not authorization.lower().startswith(_BASIC):
        return None
    try:
        told = base64.b64decode(authorization[len(_BASIC) :].strip(), validate=True).decode()
    except ValueError:
        return ""
    return told.partition(":")[2]


def greet(request: HTTPConnection) -> str:
    """A name for a visitor that has none yet, "" for everybody else; a page sets it as a cookie."""
    if request.state.actor.way == "session" or request.cookies.get(VISITOR_COOKIE):
        return ""
    request.state.visitor = secrets.token_urlsafe(16)
    return str(request.state.visitor)


def set_cookie(response: Response, name: str, value: str, seconds: int | None) -> None:
    """Set a cookie that no script reads and no other site's request carries; None: until the browser ends."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def clear_cookie(response: Response, name: str) -> None:
    """Take a cookie back."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
