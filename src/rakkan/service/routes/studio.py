"""Drawing in the browser: drafts while somebody types, pictures through the queue, and what comes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import Form, Path, Query, Request, UploadFile
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE
from rakkan.service import following, wishes
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.errors import Busy, Conflict, NotFound
from rakkan.service.pictures.records import Shown
from rakkan.service.routes.presenting import create_view
from rakkan.service.routes.showing import (
    REDUCED,
    actor_of,
    is_reduced,
    page_of,
    see_other,
    service_of,
    show,
    wants_json,
)
from rakkan.service.schema import new_identifier
from rakkan.service.submitting import give_up, submit
from rakkan.service.uploading import let_in
from rakkan.service.web.words import Words

router = new_router(include_in_schema=False)

#: Seconds that a request for a draft waits.
DRAFT_PATIENCE = 20.0
_Line = Annotated[str, Field(max_length=200)]


class StudioForm(BaseModel):
    """The fields of the Create page; "" is what was left as it is."""

    model_config = ConfigDict(extra="ignore")

    prompt: Annotated[str, Field(max_length=4000)] = ""
    negative: Annotated[str, Field(max_length=4000)] = ""
    seed: _Line = ""
    size: _Line = ""
    guidance: _Line = ""
    steps: _Line = ""
    model: _Line = ""
    character: _Line = ""
    style: _Line = ""
    reference: _Line = ""
    reference_kind: _Line = "identity"
    reference_strength: _Line = "1"
    parent: _Line = ""
    slot: Annotated[str, Field(max_length=60)] = ""

    def wish(self) -> wishes.Create:
        """What it asks for. Raises RakkanError for a field that cannot be read."""
        plain = [name for name in type(self).model_fields if not name.startswith(("reference", "slot"))]
        told: dict[str, Any] = {name: getattr(self, name) for name in plain if getattr(self, name)}
        if self.reference:
            told["reference"] = {
                "picture": self.reference,
                "kind": self.reference_kind,
                "strength": self.reference_strength,
            }
        wish: wishes.Create = read_wish(wishes.Create, told)
        return wish


def read_wish(kind: type[wishes.Wish], told: dict[str, Any]) -> Any:
    """A wish of what a form says. Raises RakkanError, naming the field, for what cannot be read."""
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RakkanError(f"The field {where} cannot be read: {first['msg']}", "Correct it") from error


@router.get("/create")
@allow("member", "create", weight="page")
def create_page(
    request: Request,
    prompt: Annotated[str, Query(max_length=4000)] = "",
    parent: Annotated[str, Query(alias="from", max_length=26)] = "",
    character: Annotated[str, Query(max_length=80)] = "",
) -> Response:
    """The studio; ``from`` is a picture to go on from, with credit."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    if parent and service.catalogue.get(actor, parent).account != actor.account:
        return see_other(f"/pictures/{parent}/remix")  # somebody else's words count as a pair
    view = create_view(service, actor, words, new_identifier(), prompt, parent, character)
    return show(request, "create.html", view)


@router.get("/pictures/{picture}/remix")
@allow("member", "create", "shown", weight="pair")
def remix_page(request: Request, picture: str) -> Response:
    """The studio, to go on from a picture with credit, and with its words where they are disclosed."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    view = create_view(service, actor, words, new_identifier(), parent=picture)
    if request.state.decoy:
        view = replace(view, prompt="", negative="")
    return show(request, "create.html", view)


@router.post("/studio/draft")
@allow("member", "create", weight="draft", forms=True)
async def draft(request: Request, form: Annotated[StudioForm, Form()]) -> Response:
    """A small picture of what the page says now. 409 when a newer draft has taken its place."""
    service, actor = service_of(request), actor_of(request)
    wish = form.wish()
    slot = f"{actor.credential} {form.slot}"[:120]
    job = await run_in_threadpool(submit, service, actor, "draft", wish, priority="draft", slot=slot)
    found = await following.wait_for(service, actor.account, job, DRAFT_PATIENCE)
    if found.state == "superseded" or found.state == "cancelled":
        raise Conflict("A newer draft has taken its place")
    if not found.over or found.result is None:
        if found.error:
            raise RakkanError(found.error, found.hint)
        raise Busy("No worker is free for a draft", "Draw the picture itself, or wait")
    file = json.loads(found.result)["file"]
    data = await run_in_threadpool(service.vault.read, actor.account, file)
    # It is told once and kept no longer; whoever is drawing does not wait for that.
    return Response(
        data,
        media_type="image/webp",
        background=BackgroundTask(service.transit.discard, actor.account, [file]),
    )


@router.post("/studio/create")
@allow("member", "create", forms=True)
def create(request: Request, form: Annotated[StudioForm, Form()]) -> Response:
    """Draw the picture: its job, to be followed."""
    key = request.headers.get("idempotency-key")
    return accepted(
        request, submit(service_of(request), actor_of(request), "create", form.wish(), idempotency=key)
    )


@router.get("/studio/jobs/{job}/events")
@allow("member", "read", "own", weight="free")
async def events(request: Request, job: str) -> Response:
    """What becomes of a job, as it happens."""
    service, account = service_of(request), actor_of(request).account
    await run_in_threadpool(service.queue.get, account, job)  # a stranger's is not there
    return StreamingResponse(
        following.events(service, account, job),
        media_type="text/event-stream",
        headers={"x-accel-buffering": "no"},
    )


@router.post("/studio/jobs/{job}/cancel")
@allow("member", "create", "own", forms=True)
def cancel(request: Request, job: str) -> Response:
    """Give a job up."""
    service, account = service_of(request), actor_of(request).account
    give_up(service, account, job)
    return JSONResponse({"cancelled": True}) if wants_json(request) else see_other("/queue")


@router.post("/studio/reference")
@allow("member", "create", forms=True, largest=LARGEST_FILE + 64 * 1024)
def reference(request: Request, picture: UploadFile) -> Response:
    """Let a picture in that is to guide drawings: the digest it is known by."""
    digest = let_in(actor_of(request).account, picture.file)
    return JSONResponse({"reference": digest, "thumbnail": f"/studio/reference/{digest}"})


@router.get("/studio/reference/{digest}")
@allow("member", "create", "own", weight="asset")
def reference_file(request: Request, digest: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
    """A picture that one let in oneself, as it came: for its own page alone, and never as anything but a
    picture."""
    try:
        found = assemble.known_pictures(actor_of(request).account)(FilePath(digest))
    except RakkanError as error:
        raise NotFound("There is no such picture", "Let it in again") from error
    headers = {"content-disposition": "inline", "cache-control": "private, max-age=300"}
    return Response(found.data, media_type=found.media_type, headers=headers)


@router.get("/pictures/{picture}/file")
@allow("visitor", "read", "shown", weight="pair")
def file(request: Request, picture: str) -> Response:
    """The picture, whole, as it was sealed: to look at."""
    service = service_of(request)
    shown = service.catalogue.openable(actor_of(request), picture)
    if is_reduced(request):  # an honest picture, only not the one worth collecting
        small = sealed_file(service, shown, shown.thumbnail, "image/webp")
        small.headers[REDUCED] = "thumbnail"
        return small
    return sealed_file(service, shown, shown.file, shown.media_type)


@router.get("/pictures/{picture}/thumbnail")
@allow("visitor", "read", "shown", weight="asset")
def thumbnail(request: Request, picture: str) -> Response:
    """The picture, small, telling nothing of how it was made."""
    service = service_of(request)
    shown = service.catalogue.get(actor_of(request), picture)
    return sealed_file(service, shown, shown.thumbnail, "image/webp")


def sealed_file(service: Service, shown: Shown, digest: str, media_type: str) -> Response:
    """A file of a picture, never to be taken for anything but a picture."""
    headers = {
        "content-disposition": "inline",
        "cache-control": "private, max-age=300",
        "vary": "Cookie, Authorization",  # the next one at this browser does not see what the last one saw
    }
    return Response(service.vault.read(shown.account, digest), media_type=media_type, headers=headers)


def accepted(request: Request, job: str) -> Response:
    """A job that was accepted: where to follow it, or the queue for a page without scripts."""
    if not wants_json(request):
        return see_other("/queue")
    told = {"job": job, "events": f"/studio/jobs/{job}/events", "cancel": f"/studio/jobs/{job}/cancel"}
    return JSONResponse(told, 202)
