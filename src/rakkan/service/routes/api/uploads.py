"""Pictures that programs send: let in by the gate, and known by a digest from then on."""

from __future__ import annotations

import io
from typing import IO, Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE
from rakkan.service.access.guard import PICTURES
from rakkan.service.access.rules import allow
from rakkan.service.routes.api import shapes
from rakkan.service.routes.api.common import v1_router
from rakkan.service.routes.showing import actor_of
from rakkan.service.uploading import let_in

router = v1_router("pictures")

#: What a form adds to the file in it.
ROOM = 64 * 1024
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["picture"],
                    "properties": {"picture": {"type": "string", "format": "binary"}},
                }
            },
            **dict.fromkeys(sorted(PICTURES), _BINARY),
        },
    }
}


@router.post("/uploads", status_code=201, openapi_extra=_BODY)
@allow("member", "create", "own", forms=True, largest=LARGEST_FILE + ROOM, pictures=True)
async def upload(request: Request) -> shapes.Upload:
    """Let a picture in, to be named in wishes: as a form with a file, or the file alone."""
    sent = await _sent(request)
    return shapes.Upload(picture=await run_in_threadpool(let_in, actor_of(request).account, sent))


async def _sent(request: Request) -> IO[bytes]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in PICTURES:
        return io.BytesIO(await request.body())
    given = None
    if kind == "multipart/form-data":
        given = (await request.form(max_files=4, max_fields=64)).get("picture")
    if not isinstance(given, UploadFile):
        raise RakkanError("There is no picture in the request", "Send it as the file field picture")
    return given.file
