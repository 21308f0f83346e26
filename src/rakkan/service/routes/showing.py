"""Pages for browsers: who looks, in which language, with the headers and cookies that go with them."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.access.door import VISITOR_COOKIE, greet, set_cookie
from rakkan.service.accounts import Visit
from rakkan.service.core import Service
from rakkan.service.web.rendering import CONTENT_SECURITY_POLICY, THEMES, Page, render
from rakkan.service.web.words import LOCALES, preferred

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
    handle = service.accounts.profile(actor.account).handle if actor.account else ""
    return Page(
        handle,
        actor.role,
        locale if locale in LOCALES else preferred(request.headers.get("accept-language", "")),
        service.door.token(request),
        request.url.path,
        theme if theme in THEMES else "auto",  # type: ignore[arg-type]
        service.settings.name,
    )


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
