"""Organisations in the browser: making, inviting, joining, leaving, and who is admin."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.errors import NotFound
from rakkan.service.routes.showing import actor_of, see_other, service_of, wants_json
from rakkan.service.routes.showing_account import show_account

router = new_router(include_in_schema=False)

_Line = Annotated[str, Form(max_length=300)]
_DONE = "/account?done=1"


@router.post("/organisations")
@allow("member", "account", "none", weight="free", forms=True)
def make(request: Request, handle: _Line, name: _Line = "") -> Response:
    """Make one, as its admin."""
    made = service_of(request).accounts.organisations.create(actor_of(request), handle, name)
    told = {"organisation": made.identifier, "handle": made.handle}
    return JSONResponse(told, 201) if wants_json(request) else see_other(_DONE)


@router.post("/organisations/join")
@allow("member", "account", "none", weight="free", forms=True)
def join(request: Request, token: _Line) -> Response:
    """Join the one of an invitation."""
    made = service_of(request).accounts.organisations.join(actor_of(request), token)
    return JSONResponse({"organisation": made.organisation}) if wants_json(request) else see_other(_DONE)


@router.post("/organisations/{organisation}/invite")
@allow("member", "account", "organisation", weight="free", forms=True)
def invite(request: Request, organisation: str, role: _Line = "member") -> Response:
    """A link to join with, once, told in this reply and never again."""
    service = service_of(request)
    token = service.accounts.organisations.invite(actor_of(request), organisation, role)  # type: ignore[arg-type]
    link = f"{service.settings.origin}/account?join={token}"
    if wants_json(request):
        return JSONResponse({"invitation": link}, 201)
    return show_account(request, 201, invitation=link)


@router.post("/organisations/{organisation}/leave")
@allow("member", "account", "organisation", weight="free", forms=True)
def leave(request: Request, organisation: str) -> Response:
    """Leave it; with its last member it ends."""
    service_of(request).accounts.organisations.leave(actor_of(request), organisation)
    return JSONResponse({"left": True}) if wants_json(request) else see_other(_DONE)


@router.post("/organisations/{organisation}/members")
@allow("member", "account", "organisation", weight="free", forms=True)
def change(request: Request, organisation: str, handle: _Line, role: _Line) -> Response:
    """Make a member an admin or an admin a member, or put somebody out (``role`` is ``none``)."""
    accounts, actor = service_of(request).accounts, actor_of(request)
    if organisation not in {one.identifier for one, _ in accounts.organisations.of(actor.account)}:
        raise NotFound("There is no such organisation", "Look at the list of yours")
    if role not in ("member", "admin", "none"):
        raise RakkanError(f"There is no role {role[:40]!r} in an organisation", "Take member, admin or none")
    found = accounts.people.find(handle)
    if found is None:
        raise NotFound("There is no such member", "Look at the list of members")
    if role == "none":
        accounts.organisations.remove(actor, organisation, found.identifier)
    else:
        accounts.organisations.set_role(actor, organisation, found.identifier, role)  # type: ignore[arg-type]
    return JSONResponse({"role": role}) if wants_json(request) else see_other(_DONE)
