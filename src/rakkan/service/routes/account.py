"""One's own account: what others see of it, who may act in its name, what can be taken along, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from rakkan.errors import RakkanError
from rakkan.service import exporting
from rakkan.service.access.actors import Actor
from rakkan.service.access.door import SESSION_COOKIE, clear_cookie, set_cookie
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.errors import Unauthenticated
from rakkan.service.routes.showing import (
    LOCALE_COOKIE,
    actor_of,
    see_other,
    service_of,
    wants_json,
)
from rakkan.service.routes.showing_account import show_account
from rakkan.service.web.words import LOCALES

router = new_router(include_in_schema=False)

#: Seconds in which a session counts as fresh: whoever has no password shows that they are there by it.
FRESH = 600
_YEAR = 365 * 24 * 3600
_DONE = "/account?done=1"

_Line = Annotated[str, Form(max_length=300)]
_Lines = Annotated[str, Form(max_length=4000)]


@dataclass(frozen=True)
class Days:
    """Until when a key or an invitation holds; "" is as long as is usual."""

    text: str

    def number(self) -> int | None:
        """The number. Raises RakkanError for what is none."""
        if not self.text.strip():
            return None
        if not self.text.strip().isdecimal() or len(self.text) > 8:
            raise RakkanError("The number of days cannot be read", "Give a whole number")
        return int(self.text)


@router.get("/account")
@allow("member", "account", "own", weight="free")
def page(request: Request, done: str = "", join: str = "") -> Response:
    """The account of whoever asks."""
    return show_account(request, done=bool(done), join=join[:200])


@router.post("/account/profile")
@allow("member", "account", "own", weight="free", forms=True)
def profile(request: Request, name: _Line = "", about: _Lines = "", locale: _Line = "") -> Response:
    """Change what others see, and the language."""
    account = actor_of(request).account
    people = service_of(request).accounts.people
    people.change(account, name or None, about, locale if locale in LOCALES else None)
    reply = see_other(_DONE)
    if locale in LOCALES:
        set_cookie(reply, LOCALE_COOKIE, locale, _YEAR)
    return reply


@router.post("/account/password")
@allow("member", "", "own", weight="free", forms=True)
def password(request: Request, new: _Line, old: _Line = "") -> Response:
    """Change the password: everybody else who is signed in to the account is signed out."""
    service, actor = service_of(request), actor_of(request)
    if not service.accounts.has_password(actor.account):
        demand_fresh(service, actor)
    service.accounts.set_password(actor, new, old)
    return see_other(_DONE)


@router.post("/account/sessions/revoke-others")
@allow("member", "account", "own", weight="free", forms=True)
def revoke_others(request: Request) -> Response:
    """Sign out everywhere else."""
    count = service_of(request).accounts.sign_out_others(actor_of(request))
    return JSONResponse({"revoked": count}) if wants_json(request) else see_other(_DONE)


@router.post("/account/sessions/{session}/revoke")
@allow("member", "account", "own", weight="free", forms=True)
def revoke_session(request: Request, session: str) -> Response:
    """Sign one browser out."""
    service_of(request).accounts.sessions.revoke(actor_of(request).account, session)
    return JSONResponse({"revoked": 1}) if wants_json(request) else see_other(_DONE)


@router.post("/account/keys")
@allow("member", "", "own", weight="free", forms=True)
def make_key(
    request: Request,
    label: _Line = "",
    scopes: Annotated[list[str], Form(max_length=10)] = [],  # noqa: B006 (never changed)
    days: _Line = "",
) -> Response:
    """Make a key; its secret is told in this reply and never again."""
    keys = service_of(request).accounts.keys
    key, secret = keys.make(actor_of(request), label, scopes, Days(days).number())
    if wants_json(request):
        return JSONResponse({"key": secret, "identifier": key.identifier}, 201)
    return show_account(request, 201, new_key=secret)


@router.post("/account/keys/{key}/revoke")
@allow("member", "", "own", weight="free", forms=True)
def revoke_key(request: Request, key: str) -> Response:
    """Let a key hold no more."""
    service_of(request).accounts.keys.revoke(actor_of(request).account, key)
    return JSONResponse({"revoked": 1}) if wants_json(request) else see_other(_DONE)


@router.post("/account/invitations")
@allow("moderator", "", "none", weight="free", forms=True)
def invite(request: Request, role: _Line = "member", days: _Line = "") -> Response:
    """A link to make an account with, told in this reply and never again."""
    service = service_of(request)
    if role not in ("member", "moderator", "owner"):
        raise RakkanError(f"{role[:40]!r} is no role", "Say member or moderator")
    holds = Days(days).number()
    token = service.accounts.invite(actor_of(request), role, *([holds] if holds else []))  # type: ignore[arg-type]
    link = f"{service.settings.origin}/join?token={token}"
    if wants_json(request):
        return JSONResponse({"invitation": link}, 201)
    return show_account(request, 201, invitation=link)


@router.post("/account/export")
@allow("member", "account", "own", weight="free", forms=True)
def export(request: Request) -> Response:
    """A link to everything of the account, for its owner, for minutes."""
    service, actor = service_of(request), actor_of(request)
    link = f"/account/export/{service.links.make('export', actor.account)}"
    return JSONResponse({"export": link}) if wants_json(request) else see_other(link)


@router.get("/account/export/{link}")
@allow("member", "account", "own", weight="batch")
def exported(request: Request, link: str) -> Response:
    """The archive behind the link."""
    service, actor = service_of(request), actor_of(request)
    if service.links.read(link, actor.account).object != "export":
        raise RakkanError("This link is of something else", "Ask for another")
    headers = {"content-disposition": 'attachment; filename="rakkan-account.zip"'}
    pieces = exporting.archive(service, actor)
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.post("/account/delete")
@allow("member", "", "own", weight="free", forms=True)
def delete(request: Request, confirm: _Line, password: _Line = "") -> Response:
    """Erase the account: nobody gets in with it from now on, and what it had is shredded."""
    service, actor = service_of(request), actor_of(request)
    found = service.accounts.profile(actor.account)
    if confirm.strip() != found.handle:
        raise RakkanError("That is not the handle of this account", f"Type {found.handle} to confirm")
    if service.accounts.has_password(actor.account):
        service.accounts.check_password(actor, password)
    else:
        demand_fresh(service, actor)
    service.closing.begin(actor.account)
    service.closing.finish(actor.account)
    reply = see_other("/gallery")
    clear_cookie(reply, SESSION_COOKIE)
    return reply


@router.post("/account/appeal")
@allow("member", "account", "own", weight="free", forms=True)
def appeal(request: Request, text: _Lines, alarm: _Line = "", case: _Line = "") -> Response:
    """Ask to look again at an alarm, at a refusal by the number of its case, or at what was decided about a
    picture of one's own."""
    service, actor = service_of(request), actor_of(request)
    if case:
        service.reports.appeal(actor, case.strip().lower(), text)
    else:
        service.budgets.desk.appeal(alarm, actor.account, text)
    service.catalogue.audit.write(actor.account, "appealed", case or alarm)
    return JSONResponse({"appealed": True}) if wants_json(request) else see_other(_DONE)


@router.get("/account/alarms/{alarm}/evidence")
@allow("member", "account", "own", weight="free")
def evidence(request: Request, alarm: str) -> Response:
    """What an alarm against the account rests on, signed."""
    return evidence_file(service_of(request).budgets.desk.evidence(alarm, actor_of(request).account), alarm)


def evidence_file(bundle: bytes, alarm: str) -> Response:
    """A bundle of evidence, to keep."""
    headers = {"content-disposition": f'attachment; filename="alarm-{alarm[:26]}.txt"'}
    return Response(bundle, media_type="text/plain; charset=utf-8", headers=headers)


def demand_fresh(service: Service, actor: Actor) -> None:
    """Raise Unauthenticated unless the session that asks has just begun."""
    began = {one.identifier: one.created for one in service.accounts.sessions.of(actor.account)}
    if began.get(actor.credential, 0) / 1000 + FRESH < service.clock():
        raise Unauthenticated("You have been signed in for a while", "Sign out, come back, and try again")
