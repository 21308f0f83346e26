"""Links to one picture, for one recipient, for minutes."""

from __future__ import annotations

from fastapi import Request, Response

from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.errors import NotFound
from rakkan.service.routes.api.pictures import attached
from rakkan.service.routes.showing import actor_of, service_of

router = new_router(include_in_schema=False)
_PICTURE = "picture "


def link_to(request: Request, picture: str) -> str:
    """The address of a picture for whoever asks now; it opens for nobody else."""
    service, actor = service_of(request), actor_of(request)
    return f"{service.settings.origin}/links/{service.links.make(_PICTURE + picture, actor.account)}"


@router.get("/links/{link}")
@allow("member", "read", "own", weight="asset")
def linked(request: Request, link: str) -> Response:
    """What a link opens, for its recipient while it holds."""
    service, actor = service_of(request), actor_of(request)
    found = service.links.read(link, actor.account)
    if not found.object.startswith(_PICTURE):
        raise NotFound("This link does not open a picture", "Ask for another")
    return attached(service, service.catalogue.openable(actor, found.object.removeprefix(_PICTURE)))
