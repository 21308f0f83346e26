""" "Someone used my picture": a claim that takes no account, and the page where it can be followed.

What is sent to be looked for is read in the sandbox and fingerprinted in memory; it is kept nowhere. Contact
and words are sealed with the case and shredded when it is closed.
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Form, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.accounts.ground import network_of
from rakkan.service.accounts.throttle import Throttle
from rakkan.service.core import Service
from rakkan.service.routes.showing import see_other, service_of, show, visit_of, wants_json
from rakkan.service.schema import is_identifier
from rakkan.service.times import moment
from rakkan.service.uploading import held
from rakkan.service.web.views import ClaimState, ClaimView
from rakkan.trust.takedown.desk import APPEAL_TERM
from rakkan.trust.takedown.digests import Digests, digests_of_path, from_line
from rakkan.trust.takedown.docket import Case
from rakkan.trust.takedown.files import MOST_CONTACT

router = new_router(include_in_schema=False)

_Line = Annotated[str, Form(max_length=500)]
_Text = Annotated[str, Form(max_length=4000)]
#: Lines of ``rakkan takedown digest``.
_Digests = Annotated[str, Form(max_length=400_000)]
_MOST_LINES = 20
_PICTURE = re.compile(r"/pictures/([0-9a-z]{26})(?:/.*)?")


@router.get("/claim")
@allow("visitor", weight="page")
def page(request: Request, link: str = "") -> Response:
    """Where anybody can say that a picture here is made from theirs, or shows them."""
    return show(request, "claim.html", ClaimView(link=link[:500]))


@router.post("/claim")
@allow("visitor", weight="essential", forms=True, largest=LARGEST_FILE + 1024 * 1024)
def claim(
    request: Request,
    right: _Line,
    text: _Text = "",
    who: _Line = "",
    contact: _Line = "",
    link: _Line = "",
    digests: _Digests = "",
    evidence: UploadFile | None = None,
) -> Response:
    """Look for what is claimed, hide it and its copies, and say where the claim can be followed. Ten times in
    a quarter of an hour from one network."""
    service = service_of(request)
    network = network_of(visit_of(request).address)
    Throttle(service.accounts.ground).begin(("claim", network))
    found = _shown(evidence) + [from_line(one) for one in _lines(digests)]
    reach = ", ".join(part for part in (who.strip(), contact.strip()) if part)[:MOST_CONTACT]
    made = service.reports.claim(right, found, _picture(service, link), reach, text)
    address = f"/claim/{made.secret}"
    if wants_json(request):
        told = {"case": made.case.name, "page": address, "found": made.found}
        return JSONResponse(told, 201)
    return see_other(f"{address}?received=1")


@router.get("/claim/{secret}")
@allow("visitor", weight="free")
def follow(request: Request, secret: str, received: str = "") -> Response:
    """How a claim stands, for whoever has its address."""
    service = service_of(request)
    case = service.reports.opened(secret)
    view = ClaimView(receipt=case.name, page=f"/claim/{secret}", state=state_of(service, case))
    reply = show(request, "claim_state.html", view)
    reply.headers["referrer-policy"] = "no-referrer"
    return reply


@router.post("/claim/{secret}/appeal")
@allow("visitor", weight="free", forms=True)
def appeal(request: Request, secret: str, text: _Text = "", contact: _Line = "") -> Response:
    """Ask for a second decision about one's claim."""
    service_of(request).reports.appeal_as_reporter(secret, text, contact[:MOST_CONTACT])
    return JSONResponse({"appealed": True}) if wants_json(request) else see_other(f"/claim/{secret}")


def _shown(evidence: UploadFile | None) -> list[Digests]:
    """The digests of what was sent; a form without a file sends one of no bytes and no name."""
    if evidence is None or not evidence.filename:
        return []
    with held(evidence.file) as place:
        return [digests_of_path(place)]


def _lines(text: str) -> list[str]:
    found = [line for line in text.splitlines() if line.strip()]
    if len(found) > _MOST_LINES:
        raise RakkanError(f"There are {len(found)} lines of digests", f"Send at most {_MOST_LINES} at once")
    return found


def _picture(service: Service, link: str) -> str:
    """The picture of here that a link leads to, "" for no link. Raises RakkanError for another one."""
    if not link.strip():
        return ""
    parts = urlsplit(link.strip())
    own = {urlsplit(origin).netloc for origin in service.settings.origins}
    named = _PICTURE.fullmatch(parts.path)
    if named is None and is_identifier(link.strip()):
        return link.strip()
    if named is None or (parts.netloc and parts.netloc not in own):
        raise RakkanError(
            "The link leads to no picture of here", "Copy the address of the picture's page, or leave it out"
        )
    return named[1]


def state_of(service: Service, case: Case) -> ClaimState:
    """How a case stands, as it is told to whoever it concerns."""
    state = case.state
    name = "appealed" if state.appealed else "waiting" if state.waits else state.outcome
    decided = bool(state.outcome) and not state.waits
    in_time = service.clock() < state.since + APPEAL_TERM
    return ClaimState(
        name,
        len(service.reports.covered(case)),
        moment(case.time * 1000),
        moment(state.due * 1000) if state.waits else "",
        state.reason,
        service.reports.verdict(case) if state.outcome else "",
        decided and not state.final and in_time,
        state.final or (decided and not in_time),
    )
