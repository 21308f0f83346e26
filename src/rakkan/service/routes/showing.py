"""Pages for browsers: who looks, in which language, with the headers and cookies that go with them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.access.door import VISITOR_COOKIE, greet, set_cookie
from rakkan.service.accounts import Visit
from rakkan.service.core import Service
from rakkan.service.errors import TooMany
from rakkan.service.pictures.records import Card
from rakkan.service.web.rendering import CONTENT_SECURITY_POLICY, THEMES, Page, render
from rakkan.service.web.words import LOCALES, preferred
from rakkan.service.weighing import pair_of

#: Set on a picture file that is the thumbnail in place of the whole.
REDUCED = "rakkan-reduced"
THEME_COOKIE, LOCALE_COOKIE = "rakkan-theme", "rakkan-locale"


def service_of(request: Request) -> Service:
    """The service behind a request."""
    return cast(Service, request.app.state.service)


def actor_of(request: Request) -> Actor:
    """Who asks; nobody where no route has let them in."""
    return cast(Actor, getattr(request.state, "actor", VISITOR))


def visit_of(request: Request) -> Visit:
    """Where a request comes from."""
    return Visit(request.headers.get("user-agent", ""), request.client.host if request.client else "")


def page_of(request: Request) -> Page:
    """Who looks at a page, and how."""
    service, actor = service_of(request), actor_of(request)
    cookies = request.cookies
    locale = cookies.get(LOCALE_COOKIE, "")
    theme = cookies.get(THEME_COOKIE, "")
    return Page(
        _handle_of(request),
        actor.role,
        locale if locale in LOCALES else preferred(request.headers.get("accept-language", "")),
        service.door.token(request),
        request.url.path,
        theme if theme in THEMES else "auto",  # type: ignore[arg-type]
        service.settings.name,
    )


def _handle_of(request: Request) -> str:
    """The handle of who asks, "" for a visitor; looked up once for a request."""
    account, known = actor_of(request).account, getattr(request.state, "handle", ("", ""))
    if known[0] != account:
        known = account, service_of(request).accounts.profile(account).handle
        request.state.handle = known
    return str(known[1])


def show(request: Request, template: str, view: object, status: int = 200) -> Response:
    """A page or a fragment of one."""
    if not hasattr(request.state, "actor"):
        request.state.actor = VISITOR
    visitor = greet(request)
    reply = HTMLResponse(render(template, view, page_of(request)), status)
    reply.headers["content-security-policy"] = CONTENT_SECURITY_POLICY
    reply.headers["vary"] = "Cookie, Accept-Language, HX-Request"
    if visitor:
        set_cookie(reply, VISITOR_COOKIE, visitor, None)
    return reply


def listed(request: Request, found: Iterable[Card]) -> tuple[Card, ...]:
    """The pictures of a feed, a search, a profile or of what is near another: whoever asks has been shown
    them, so that opening them is no sign of going through the catalogue. Never for a picture that was asked
    for by its name."""
    given = tuple(found)
    reader = getattr(request.state, "reader", "")
    if reader:
        service_of(request).budgets.shown(reader, [one.identifier for one in given])
    return given


def listed_characters(request: Request, identifiers: Iterable[str]) -> None:
    """Whoever asks has been shown these shared characters in a list; see ``listed``."""
    reader, budgets = getattr(request.state, "reader", ""), service_of(request).budgets
    if reader:
        budgets.shown(reader, [pair_of(budgets, one) for one in identifiers])


def is_reduced(request: Request) -> bool:
    """Whether the budgets have said that the reply is to be without what is worth collecting."""
    return bool(getattr(request.state, "decoy", False))


def reduced(request: Request) -> TooMany:
    """What is said in place of a recipe or a file, to be raised."""
    return TooMany(
        "This reply is reduced to nothing, for more was read here than is usual",
        "The thumbnail stays; Account shows why, and takes an appeal where there is an alarm",
        getattr(request.state, "retry_after", None),
    )


def see_other(path: str) -> Response:
    """A redirect after a form (303) to a page of here."""
    return RedirectResponse(local(path), 303)


def local(path: str) -> str:
    """A path of this site: anything that could lead elsewhere becomes the start."""
    if not path.startswith("/") or any(ord(one) < 33 or one == "\\" for one in path):
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:  # an address that nobody can read
        return "/"
    return "/" if parts.scheme or parts.netloc or path.startswith("//") else path


def wants_json(request: Request) -> bool:
    """Whether a module asks, or a program, and no form of a page without scripts."""
    return "application/json" in request.headers.get("accept", "")
