"""Coming in and going out: the owner's first link, passwords, passkeys, invitations, and how pages look."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import replace
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.access.door import SESSION_COOKIE, clear_cookie, set_cookie
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.accounts import passwords
from rakkan.service.accounts.sessions import Issued
from rakkan.service.errors import NotFound, Refusal
from rakkan.service.routes.passkeys import Credential, read
from rakkan.service.routes.showing import (
    LOCALE_COOKIE,
    THEME_COOKIE,
    actor_of,
    local,
    page_of,
    see_other,
    service_of,
    show,
    visit_of,
)
from rakkan.service.web.rendering import THEMES
from rakkan.service.web.views import SignInView
from rakkan.service.web.words import LOCALES
from rakkan.service.weighing import DEVICE_COOKIE
from rakkan.store.database import transaction

router = new_router(include_in_schema=False)

_YEAR = 365 * 24 * 3600
_Line = Annotated[str, Form(max_length=300)]


@router.get("/")
@allow("visitor", weight="page")
def start(request: Request) -> Response:
    """The studio for those who are signed in, the gallery for everybody else."""
    return see_other("/create" if actor_of(request).account else "/gallery")


@router.get("/welcome")
@allow("visitor", weight="free")
def welcome(request: Request, token: str = "") -> Response:
    """Where the link leads that the service prints when it starts."""
    return show(request, "sign_in.html", _welcome(request, token[:200]))


@router.post("/welcome")
@allow("visitor", weight="free", forms=True)
def claim(request: Request, token: _Line, handle: _Line = "", password: _Line = "") -> Response:
    """Let the owner in, once for each token; the first time the account is made, with a password if one is
    given."""
    accounts, page = service_of(request).accounts, page_of(request)
    try:
        if password:
            passwords.check(password)
        issued = accounts.claim(token, visit_of(request), handle, locale=page.locale)
    except RakkanError as error:
        return _again(request, _welcome(request, token, handle), error)
    if password and not accounts.has_password(issued.account):
        accounts.set_password(Actor(issued.account, "owner", credential=issued.identifier), password)
    return _entered(request, issued, "/create")


@router.get("/sign-in")
@allow("visitor", weight="free")
def sign_in_page(request: Request, next: str = "/create") -> Response:
    """Where people sign in."""
    mode = service_of(request).settings.sign_up
    return show(request, "sign_in.html", SignInView("sign_in", local(next), open=mode == "open"))


@router.post("/sign-in")
@allow("visitor", weight="free", forms=True)
def sign_in(request: Request, handle: _Line, password: _Line, next: _Line = "/create") -> Response:
    """Begin a session by a password."""
    service = service_of(request)
    try:
        issued = service.accounts.sign_in(handle, password, visit_of(request))
    except RakkanError as error:
        shown = SignInView("sign_in", local(next), handle=handle, open=service.settings.sign_up == "open")
        return _again(request, shown, error)
    return _entered(request, issued, next)


@router.get("/join")
@allow("visitor", weight="page")
def join_page(request: Request, token: str = "") -> Response:
    """Where people make an account, with an invitation where one is needed."""
    mode = service_of(request).settings.sign_up
    return show(request, "sign_in.html", SignInView("join", token=token[:200], open=mode == "open"))


@router.post("/join")
@allow("visitor", forms=True)
def join(request: Request, handle: _Line, password: _Line, token: _Line = "", name: _Line = "") -> Response:
    """Make an account and sign it in."""
    service, locale = service_of(request), page_of(request).locale
    try:
        issued = service.accounts.sign_up(handle, password, visit_of(request), name, locale, token)
    except RakkanError as error:
        shown = SignInView("join", token=token, handle=handle, open=service.settings.sign_up == "open")
        return _again(request, shown, error)
    return _entered(request, issued, "/create")


@router.post("/sign-in/passkey/options")
@allow("visitor", weight="free", forms=True)
def passkey_options(request: Request) -> Response:
    """Begin to sign in by a passkey: what the browser is to ask the device."""
    begun = service_of(request).accounts.passkeys.begin_sign_in()
    return JSONResponse({"ceremony": begun.identifier, "publicKey": begun.options})


@router.post("/sign-in/passkey")
@allow("visitor", weight="free", forms=True)
def passkey(request: Request, ceremony: _Line, credential: Credential, next: _Line = "/create") -> Response:
    """End it: a session, if the device's answer holds."""
    passkeys = service_of(request).accounts.passkeys
    issued = passkeys.finish_sign_in(ceremony, read(credential), visit_of(request))
    reply = JSONResponse({"next": local(next)})
    _set_session(request, reply, issued)
    return reply


@router.post("/sign-out")
@allow("member", weight="free", forms=True)
def sign_out(request: Request) -> Response:
    """End this session."""
    service_of(request).accounts.sign_out(actor_of(request))
    reply = see_other("/gallery")
    clear_cookie(reply, SESSION_COOKIE)
    return reply


@router.post("/preferences")
@allow("visitor", weight="free", forms=True)
def preferences(request: Request, theme: _Line = "", locale: _Line = "", next: _Line = "/") -> Response:
    """Choose between light and dark, and a language."""
    reply = see_other(next)
    if theme in THEMES:
        set_cookie(reply, THEME_COOKIE, theme, _YEAR)
    if locale in LOCALES:
        set_cookie(reply, LOCALE_COOKIE, locale, _YEAR)
    return reply


def _entered(request: Request, issued: Issued, path: str) -> Response:
    reply = see_other(path)
    _set_session(request, reply, issued)
    return reply


def _set_session(request: Request, reply: Response, issued: Issued) -> None:
    """Give the browser its new session; the one it had, of whoever that was, ends."""
    before = actor_of(request)
    if before.way == "session":
        with suppress(NotFound):
            service_of(request).accounts.sign_out(before)
    seconds = max(0, issued.expires // 1000 - int(service_of(request).clock()))
    set_cookie(reply, SESSION_COOKIE, issued.token, seconds)
    if not request.cookies.get(DEVICE_COOKIE):
        set_cookie(reply, DEVICE_COOKIE, secrets.token_urlsafe(16), _YEAR)


def _welcome(request: Request, token: str, handle: str = "") -> SignInView:
    """The first page; an owner who is there already is not asked what they want to be called."""
    service = service_of(request)
    with transaction(service.engine) as connection:
        known = service.accounts.people.owner(connection) is not None
    return SignInView("welcome", token=token, handle=handle, known=known)


def _again(request: Request, view: SignInView, error: RakkanError) -> Response:
    """The form once more, with what was wrong."""
    status = error.status if isinstance(error, Refusal) else 422
    return show(request, "sign_in.html", replace(view, message=str(error)), status)
