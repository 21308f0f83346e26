"""Models that programs bring: sent in parts, shared, removed. What can be drawn with, ``instance`` lists."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request, Response
from starlette.concurrency import run_in_threadpool

from rakkan.service import sending
from rakkan.service.access.guard import PART as PART_TYPE
from rakkan.service.access.rules import allow
from rakkan.service.arrivals.uploads import LARGEST, PART, Told, Upload
from rakkan.service.routes.api import model_shapes, shapes
from rakkan.service.routes.api.common import PREFIX, model_of, v1_router
from rakkan.service.routes.api.jobs import ACCEPTED, whole
from rakkan.service.routes.showing import actor_of, service_of
from rakkan.service.times import moment

router = v1_router("models")

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {PART_TYPE: {"schema": {"type": "string", "format": "binary"}}},
    }
}
_Start = Annotated[int, Path(ge=0, le=LARGEST, description="The byte of the file that the part begins at")]


@router.post("/models/uploads", status_code=201)
@allow("member", "create", "own", weight="free")
def begin(request: Request, wish: model_shapes.ModelWish) -> model_shapes.ModelUpload:
    """Begin to send a model, or go on with one that was told of in the same words."""
    told = Told(wish.file, wish.name.strip(), wish.licence, wish.shared, wish.mark)
    return _told(sending.begin(service_of(request), actor_of(request), told, wish.size))


@router.get("/models/uploads")
@allow("member", "read", "own", weight="list")
def uploads(request: Request) -> shapes.Page[model_shapes.ModelUpload]:
    """What one has on its way; there is one page."""
    found = service_of(request).uploads.of(actor_of(request).account)
    return shapes.Page(items=[_told(one) for one in found])


@router.get("/models/uploads/{upload}")
@allow("member", "read", "own", weight="free")
def upload(request: Request, upload: model_shapes.UploadName) -> model_shapes.ModelUpload:
    """How far an upload is."""
    return _told(service_of(request).uploads.get(actor_of(request).account, upload))


@router.put("/models/uploads/{upload}/{start}", openapi_extra=_BODY)
@allow("member", "create", "own", weight="free", largest=PART, parts=True)
async def put(request: Request, upload: model_shapes.UploadName, start: _Start) -> model_shapes.ModelUpload:
    """Send the part that begins at a byte, as it is. One that is there already changes nothing."""
    data = await request.body()
    service, actor = service_of(request), actor_of(request)
    return _told(await run_in_threadpool(sending.put, service, actor, upload, start, data))


@router.post("/models/uploads/{upload}/finish", status_code=202, responses=ACCEPTED)
@allow("member", "create", "own", weight="interactive")
def finish(request: Request, response: Response, upload: model_shapes.UploadName) -> shapes.Job:
    """Have the whole file looked at and let in: a job, whose remark says what came of it."""
    service, actor = service_of(request), actor_of(request)
    job = sending.finish(service, actor, upload)
    response.headers["location"] = f"{PREFIX}/jobs/{job}"
    return whole(service, actor.account, job)


@router.delete("/models/uploads/{upload}", status_code=204)
@allow("member", "create", "own", weight="free")
def give_up(request: Request, upload: model_shapes.UploadName) -> None:
    """Give an upload up, with all that came."""
    service, account = service_of(request), actor_of(request).account
    service.uploads.get(account, upload)
    service.uploads.discard(account, upload)


@router.patch("/models/{digest}")
@allow("member", "share", "own", weight="interactive")
def share(request: Request, digest: model_shapes.Digest, wish: model_shapes.ModelShare) -> shapes.ModelCard:
    """Say who may draw with a model of one's own."""
    return model_of(sending.share(actor_of(request), digest, wish.shared))


@router.delete("/models/{digest}", status_code=204)
@allow("member", "create", "own", weight="interactive")
def remove(request: Request, digest: model_shapes.Digest) -> None:
    """Destroy a model of one's own. The instance's owner removes what its machine's person added, too, and
    ends the sharing of others'."""
    sending.remove(service_of(request), actor_of(request), digest)


def _told(upload: Upload) -> model_shapes.ModelUpload:
    return model_shapes.ModelUpload(
        id=upload.identifier,
        file=upload.told.file,
        size=upload.size,
        received=upload.received,
        part=PART,
        state=upload.state,
        expires=moment(upload.until) or "",
    )
