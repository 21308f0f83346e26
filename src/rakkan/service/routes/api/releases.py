"""Further files of one's own pictures over the API: in another format, or telling more or less."""

from __future__ import annotations

from typing import Literal

from fastapi import Request, Response

from rakkan.service import releasing, wishes
from rakkan.service.access.actors import Actor
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.pictures.releases import Released, Releases
from rakkan.service.routes.api import shapes
from rakkan.service.routes.api.common import PREFIX, v1_router
from rakkan.service.routes.api.jobs import ACCEPTED, Key, whole
from rakkan.service.routes.showing import actor_of, service_of

router = v1_router("pictures")


class ReleaseWish(shapes.Told):
    """A file to have: the format, and how much of its recipe it tells."""

    format: Literal["png", "webp", "jpeg"]
    disclosure: Literal["full", "redacted", "digest"] = "full"


@router.post("/pictures/{picture}/releases", status_code=202, responses=ACCEPTED)
@allow("member", "create", "own")
def release(
    request: Request,
    response: Response,
    picture: shapes.PictureName,
    wanted: ReleaseWish,
    key: Key = None,
) -> shapes.Job:
    """Release a picture of one's own again: the same pixels under a seal of their own, in another format, or
    telling more or less of the recipe. What was made before is answered with the job that made it."""
    service, actor = service_of(request), actor_of(request)
    wish = wishes.Release(picture=picture, format=wanted.format, disclosure=wanted.disclosure)
    name = releasing.ask(service, actor, wish, key)
    response.headers["location"] = f"{PREFIX}/jobs/{name}"
    return whole(service, actor.account, name)


@router.get("/pictures/{picture}/releases")
@allow("member", "read", "own", weight="list")
def releases(request: Request, picture: shapes.PictureName) -> shapes.Page[shapes.Release]:
    """The files of a picture of one's own, the one it was sealed as first; there is one page."""
    service, actor = service_of(request), actor_of(request)
    found = Releases(service.catalogue).of(actor, picture)
    return shapes.Page(items=[_told(service, actor, one) for one in found])


def _told(service: Service, actor: Actor, one: Released) -> shapes.Release:
    named = (one.picture, one.format, one.disclosure)
    return shapes.Release(
        picture=one.picture,
        format=one.format,  # type: ignore[arg-type]
        disclosure=one.disclosure,  # type: ignore[arg-type]
        url=releasing.address(service, actor.account, *named),
    )
