"""Moderation: reports, appeals, bans, alarms, and the log of all that is done. Everything takes a reason."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.errors import Forbidden
from rakkan.service.moderation.words import demand_reason
from rakkan.service.routes.account import Days, evidence_file
from rakkan.service.routes.showing import actor_of, page_of, see_other, service_of, show, wants_json
from rakkan.service.routes.showing_moderation import moderation_view
from rakkan.service.web.words import Words

router = new_router(include_in_schema=False)

_Line = Annotated[str, Form(max_length=300)]
_Note = Annotated[str, Form(max_length=4000)]


@router.get("/moderation")
@allow("moderator", "moderate", weight="page")
def page(request: Request, before: str = "") -> Response:
    """What waits, what stands, and what was done."""
    number = int(before) if before.isdecimal() and len(before) < 16 else None
    words = Words(page_of(request).locale)
    view = moderation_view(service_of(request), actor_of(request), words, number)
    return show(request, "moderation.html", view)


@router.post("/moderation/reports/{report}")
@allow("moderator", "moderate", weight="free", forms=True)
def decide(
    request: Request, report: str, decision: _Line, reason: _Line = "", note: _Note = "", alike: _Line = ""
) -> Response:
    """Take what is reported down (``take_down``), or keep it (``keep``)."""
    if decision not in ("take_down", "keep"):
        raise RakkanError(f"{decision[:40]!r} is no decision", "Say take_down or keep")
    service = service_of(request)
    service.reports.decide(actor_of(request), report, decision == "take_down", reason, note, bool(alike))
    return _done(request, "reports")


@router.post("/moderation/appeals/{case}")
@allow("moderator", "moderate", weight="free", forms=True)
def settle(request: Request, case: str, decision: _Line, reason: _Line = "", note: _Note = "") -> Response:
    """Grant an appeal, which turns the first decision round, or refuse it."""
    if decision not in ("grant", "refuse"):
        raise RakkanError(f"{decision[:40]!r} is no decision", "Say grant or refuse")
    service_of(request).reports.settle_appeal(actor_of(request), case, decision == "grant", reason, note)
    return _done(request, "appeals")


@router.post("/moderation/bans")
@allow("moderator", "moderate", weight="free", forms=True)
def ban(
    request: Request, kind: _Line, who: _Line, reason: _Line, note: _Note = "", days: _Line = ""
) -> Response:
    """Bar a person or an organisation."""
    number = Days(days).number() or 0
    made = service_of(request).bans.ban(actor_of(request), kind, who.strip(), reason, note, number)
    if wants_json(request):
        return JSONResponse({"ban": made.identifier}, 201)
    return _done(request, "bans")


@router.post("/moderation/bans/{ban}/lift")
@allow("moderator", "moderate", weight="free", forms=True)
def lift(request: Request, ban: str, note: _Note = "") -> Response:
    """Let whoever is barred in again."""
    service_of(request).bans.lift(actor_of(request), ban, note)
    return _done(request, "bans")


@router.get("/moderation/alarms/{alarm}/evidence")
@allow("moderator", "moderate", weight="free")
def evidence(request: Request, alarm: str) -> Response:
    """What an alarm rests on, signed."""
    return evidence_file(service_of(request).budgets.desk.evidence(alarm), alarm)


@router.post("/moderation/alarms/{alarm}")
@allow("moderator", "moderate", weight="free", forms=True)
def settle_alarm(request: Request, alarm: str, decision: _Line, note: _Note = "") -> Response:
    """Uphold an alarm (``uphold``) or lift it (``lift``)."""
    service, actor = service_of(request), actor_of(request)
    if decision not in ("uphold", "lift"):
        raise RakkanError(f"{decision[:40]!r} is no decision", "Say uphold or lift")
    told = demand_reason(note)
    if actor.account in service.budgets.desk.concerned(alarm):
        raise Forbidden("Nobody decides about their own account", "Let another moderator decide")
    service.budgets.desk.settle(alarm, decision == "uphold")
    action = "alarm upheld" if decision == "uphold" else "alarm lifted"
    service.catalogue.audit.write(actor.account, action, alarm, told)
    return _done(request, "alarms")


@router.post("/moderation/roles")
@allow("owner", "", weight="free", forms=True)
def role(request: Request, who: _Line, role: _Line, note: _Note = "") -> Response:
    """Make somebody a member, a moderator or an owner."""
    service, actor = service_of(request), actor_of(request)
    told = demand_reason(note)
    found = service.accounts.people.find(who.removeprefix("@"))
    if found is None:
        raise RakkanError(f"There is nobody called {who[:40]!r}", "Look at their page")
    service.accounts.people.set_role(actor, found.identifier, role)  # type: ignore[arg-type]
    service.catalogue.audit.write(actor.account, "role given", found.identifier, f"{role}: {told}")
    return _done(request, "log")


@router.get("/moderation/log/check")
@allow("moderator", "moderate", weight="batch")
def check(request: Request) -> Response:
    """Whether the audit log is whole: how many rows there are, or which does not hold."""
    return JSONResponse({"rows": service_of(request).catalogue.audit.verify()})


def _done(request: Request, part: str) -> Response:
    return JSONResponse({"done": True}) if wants_json(request) else see_other(f"/moderation#{part}")
