"""The door for clients of OpenAI's images: ``/v1/images``, as the ``openai`` packages use it.

Fields are those of OpenAI's API reference, "Images". What a picture cannot be given here is refused with an
error that these clients raise as one of their own; nothing is answered with a picture that is not asked for.
"""

from __future__ import annotations

import re
import time
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE
from rakkan.service import wishes
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.errors import NotFound
from rakkan.service.routes.api.common import models
from rakkan.service.routes.doors.a1111_words import read
from rakkan.service.routes.doors.drawing import (
    MOST_PICTURES,
    Drawn,
    draw,
    has_cut,
    let_in,
    model_named,
    size_for,
)
from rakkan.service.routes.doors.links import link_to
from rakkan.service.routes.showing import actor_of

router = new_router(prefix="/v1", include_in_schema=False)

#: Fields that change nothing of the picture here.
_HARMLESS = frozenset(("quality", "style", "user", "moderation", "input_fidelity", "output_compression"))
_SIZE = re.compile(r"(\d{2,5})x(\d{2,5})")


class Sent(BaseModel):
    """What both kinds of requests say."""

    model_config = ConfigDict(extra="allow", allow_inf_nan=False)

    prompt: Annotated[str, Field(min_length=1, max_length=4000)]
    model: Annotated[str, Field(max_length=200)] | None = None
    n: Annotated[int, Field(ge=1, le=MOST_PICTURES)] | None = None
    size: Annotated[str, Field(max_length=20)] | None = None
    response_format: Literal["url", "b64_json"] | None = None
    output_format: Literal["png"] | None = None
    background: Literal["auto", "opaque"] | None = None

    def check(self) -> None:
        """Raise RakkanError, naming it, for what cannot be honoured."""
        for name, value in (self.model_extra or {}).items():
            if name not in _HARMLESS and value not in (None, "", False, 0, "0", "false"):
                raise RakkanError(f"The field {name[:60]!r} is not known here", f"Leave out {name[:60]}")


@router.post("/images/generations")
@allow("member", "create", "own")
async def generations(request: Request, sent: Sent) -> dict[str, Any]:
    """Draw from words."""
    sent.check()
    model = await run_in_threadpool(model_named, actor_of(request).account, sent.model or "")
    told = {"prompt": sent.prompt, "count": sent.n, "size": _size(sent.size, model), "model": model}
    return _answer(request, sent, await draw(request, "create", read(wishes.Create, told)))


@router.post("/images/edits")
@allow("member", "create", "own", forms=True, largest=LARGEST_FILE + 8 * 1024 * 1024)
async def edits(request: Request) -> dict[str, Any]:
    """Draw the transparent part of a mask anew, or of the picture, or else all over it; it keeps its size."""
    form = await request.form(max_files=4, max_fields=64)
    files = [(name, one) for name, one in form.multi_items() if isinstance(one, UploadFile)]
    sent = _read({name: one for name, one in form.multi_items() if isinstance(one, str)})
    pictures = [one for name, one in files if name in ("image", "image[]")]
    masks = [one for name, one in files if name == "mask"]
    if len(pictures) != 1 or len(masks) > 1:
        raise RakkanError("One picture is edited at a time", "Send one image, and one mask at most")
    sent.check()
    account = actor_of(request).account
    model = await run_in_threadpool(model_named, actor_of(request).account, sent.model or "")
    given = await run_in_threadpool(let_in, account, pictures[0].file)
    mask = await run_in_threadpool(let_in, account, masks[0].file) if masks else given
    if masks and not await run_in_threadpool(has_cut, mask):
        raise RakkanError("The mask is nowhere transparent", "Make transparent what is to be drawn anew")
    told = {"picture": given.digest, "prompt": sent.prompt, "count": sent.n, "model": model}
    if await run_in_threadpool(has_cut, mask):
        told["mask"] = mask.digest
    return _answer(request, sent, await draw(request, "edit", read(wishes.Edit, told)))


@router.get("/models")
@allow("member", "read", "shown", weight="list")
def listed(request: Request) -> dict[str, Any]:
    """The models to draw with."""
    return {
        "object": "list",
        "data": [_model(one.name) for one in models(actor_of(request)) if one.kind == "checkpoint"],
    }


@router.get("/models/{model}")
@allow("member", "read", "shown", weight="list")
def model(request: Request, model: str) -> dict[str, Any]:
    """A model to draw with."""
    if model not in {one.name for one in models(actor_of(request)) if one.kind == "checkpoint"}:
        raise NotFound(f"There is no model {model[:60]!r}", "See /v1/models")
    return _model(model)


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "rakkan"}


def _read(told: dict[str, str]) -> Sent:
    try:
        return Sent.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        raise RakkanError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", "Correct it") from error


def _size(text: str | None, model: str) -> str | None:
    if text in (None, "", "auto"):
        return None
    found = _SIZE.fullmatch(text or "")
    if found is None:
        raise RakkanError(f"The size {text!r} cannot be read", "Send 1024x1024")
    return size_for(model, int(found[1]), int(found[2]))


def _answer(request: Request, sent: Sent, drawn: list[Drawn]) -> dict[str, Any]:
    """Pictures as the client asked for them: older clients look for an address where they said nothing,
    newer ones for the picture itself, so both are given then."""
    wanted = sent.response_format

    def told(one: Drawn) -> dict[str, str]:
        found = {} if wanted == "url" else {"b64_json": one.base64}
        return found if wanted == "b64_json" else found | {"url": link_to(request, one.shown.identifier)}

    return {"created": int(time.time()), "data": [told(one) for one in drawn]}
