"""What a picture's maker is told of a case about it, and asking for a second decision."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.moderation.reports import CLAIM, KINDS
from rakkan.service.pictures.records import Shown
from rakkan.service.routes.claim import state_of
from rakkan.service.routes.showing import actor_of, see_other, service_of, wants_json
from rakkan.service.times import moment
from rakkan.service.web.releases import Barred, DownView
from rakkan.service.web.words import Words

router = new_router(include_in_schema=False)

LONGEST = 1000
_KIND_OF = {claim: kind for kind, claim in KINDS.items()}
_Text = Annotated[str, Form(max_length=4000)]


@router.post("/pictures/{picture}/appeal")
@allow("member", "account", "own", weight="free", forms=True)
def appeal(request: Request, picture: str, text: _Text) -> Response:
    """Ask for a second decision about a picture of one's own that was taken down, saying why."""
    service, actor = service_of(request), actor_of(request)
    said = " ".join(text.split())
    if not 0 < len(said) <= LONGEST:
        raise RakkanError("The appeal says nothing, or too much", f"Say why, in 1 to {LONGEST} characters")
    service.reports.appeal(actor, picture, said)
    service.catalogue.audit.write(actor.account, "appealed", picture)
    return JSONResponse({"appealed": True}) if wants_json(request) else see_other(f"/pictures/{picture}")


def barred(service: Service, actor: Actor, shown: Shown) -> Barred | None:
    """What the maker of a picture is told of the case that hides it or took it down; None for anybody else,
    and where no case does."""
    if shown.account != actor.account or shown.state not in ("hidden", "removed"):
        return None
    found = service.reports.answer(actor, shown.identifier)
    if found is None:
        return None
    case, _ = found
    came = service.reports.of_case(case.name)
    category = came.kind if came else _KIND_OF.get(case.claim, CLAIM)
    return Barred(category, state_of(service, case), shown.state == "removed")


def down_view(shown: Shown, told: Barred, handle: str, words: Words) -> DownView:
    """The page of a picture that was taken down, for its maker."""
    title = shown.title or words("picture.of", handle=handle)
    return DownView(shown.identifier, title, moment(shown.published or shown.created), told)
