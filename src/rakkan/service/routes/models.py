"""Models: what one may draw with, what it is and who says so, and where one sends more."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Path, Request
from fastapi.responses import Response

from rakkan.service import sending
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.routes.bringing import models_view
from rakkan.service.routes.showing import actor_of, page_of, see_other, service_of, show
from rakkan.service.web.words import Words

router = new_router(include_in_schema=False)

_Digest = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]


@router.get("/models")
@allow("member", "read", "shown", weight="page")
def page(request: Request) -> Response:
    """The models that one may draw with."""
    view = models_view(service_of(request), actor_of(request), Words(page_of(request).locale))
    return show(request, "models.html", view)


@router.post("/models/{digest}/share")
@allow("member", "share", "own", forms=True)
def share(request: Request, digest: _Digest, shared: Annotated[str, Form(max_length=1)] = "1") -> Response:
    """Let everybody draw with a model of one's own, or nobody else."""
    sending.share(actor_of(request), digest, shared == "1")
    return see_other("/models")


@router.post("/models/{digest}/remove")
@allow("member", "create", "own", forms=True)
def remove(request: Request, digest: _Digest) -> Response:
    """Destroy a model of one's own."""
    sending.remove(service_of(request), actor_of(request), digest)
    return see_other("/models")


@router.post("/models/uploads/{upload}/give-up")
@allow("member", "create", "own", forms=True)
def give_up(request: Request, upload: str) -> Response:
    """Give an upload up, with all that came."""
    service, account = service_of(request), actor_of(request).account
    service.uploads.get(account, upload)
    service.uploads.discard(account, upload)
    return see_other("/models")
