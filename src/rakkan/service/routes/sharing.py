"""Sharing characters: published and withdrawn by their makers, copied, taken along as files, reported."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import Form, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from rakkan import assemble, config
from rakkan.formats.caps import LARGEST_FILE
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.errors import NotFound
from rakkan.service.pictures.records import character_identifier
from rakkan.service.reporting import report, take_down
from rakkan.service.routes.showing import (
    actor_of,
    is_reduced,
    reduced,
    see_other,
    service_of,
    wants_json,
)
from rakkan.service.routes.showing_characters import own_character
from rakkan.service.uploading import held

router = new_router(include_in_schema=False)

#: What a form adds to the file in it.
_ROOM = 64 * 1024
_Line = Annotated[str, Form(max_length=300)]
_Text = Annotated[str, Form(max_length=2000)]


@router.post("/characters/import")
@allow("member", "create", "own", forms=True, largest=LARGEST_FILE + _ROOM)
def bring_in(request: Request, file: UploadFile) -> Response:
    """Let a character's file in: all its versions, its words and pictures through the gate."""
    account = actor_of(request).account
    identifier, name = taken(account, file)
    if wants_json(request):
        return JSONResponse({"character": identifier, "name": name}, 201)
    return see_other(f"/characters/{identifier}")


@router.post("/characters/{character}/publish")
@allow("member", "share", "own", forms=True)
def publish(request: Request, character: str, terms: _Line = "draw") -> Response:
    """Share the newest version of one's character, to draw with (``draw``) or to copy (``copy``)."""
    actor = actor_of(request)
    service_of(request).sharing.publish(actor, own_character(actor, character).version.name, terms)
    return _back(request, character, {"published": True})


@router.post("/characters/{character}/withdraw")
@allow("member", "share", "own", forms=True)
def withdraw(request: Request, character: str) -> Response:
    """Share it no longer; from now on nobody else sees it or draws with it. Copies stay."""
    actor = actor_of(request)
    own_character(actor, character)
    service_of(request).sharing.withdraw(actor, character)
    return _back(request, character, {"published": False})


@router.post("/characters/{character}/copy")
@allow("member", "create", "shown", weight="pair", forms=True)
def copy(request: Request, character: str, name: _Line = "") -> Response:
    """Take a copy of a shared character, with credit to its maker."""
    identifier, called = copied(request, character, name)
    if wants_json(request):
        return JSONResponse({"character": identifier, "name": called}, 201)
    return see_other(f"/characters/{identifier}")


@router.get("/characters/{character}/file")
@allow("member", "read", "shown", weight="pair")
def file(request: Request, character: str) -> Response:
    """A character as one signed file: one's own, or a shared one that may be copied."""
    service, actor = service_of(request), actor_of(request)
    try:
        kept = own_character(actor, character)
    except NotFound:
        if is_reduced(request):
            raise reduced(request) from None
        shared = service.sharing.copyable(character)
        return file_of(shared.account, shared.name, shared.head)
    return file_of(actor.account, kept.version.name)


@router.post("/characters/{character}/report")
@allow("member", "share", "shown", forms=True)
def report_character(request: Request, character: str, reason: _Line, text: _Text = "") -> Response:
    """Say that a character should not be here: nobody sees it from now on until that is decided."""
    service, actor = service_of(request), actor_of(request)
    service.sharing.get(actor, character)
    report(service, actor, character, reason, text)
    return JSONResponse({"reported": True}) if wants_json(request) else see_other("/characters?tab=shared")


@router.post("/characters/{character}/take-down")
@allow("moderator", "moderate", "none", forms=True)
def take_character_down(request: Request, character: str, text: _Text) -> Response:
    """Take a shared character down, saying why; its maker may appeal."""
    service, actor = service_of(request), actor_of(request)
    service.sharing.get(actor, character)
    take_down(service, actor, character, text)
    return _back(request, character, {"removed": True})


def copied(request: Request, character: str, name: str) -> tuple[str, str]:
    """A copy of a shared character for whoever asks: its identifier and name. Raises what ``Sharing.copy``
    does, and TooMany for whoever reads more than is usual."""
    service, actor = service_of(request), actor_of(request)
    if is_reduced(request):
        raise reduced(request)
    made = service.sharing.copy(actor, character, name.strip())
    return character_identifier(actor.account, made.version.name), made.version.name


def file_of(account: str, name: str, head: str = "") -> Response:
    """A character's file as the gate hands it out, never shown by a browser as anything of this site. Raises
    RakkanError for what the gate refuses."""
    spool = config.load().home / "spool"
    spool.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=spool) as folder:
        path = assemble.casting().export(name, Path(folder) / "taken.rakkan", account, head)
        data = path.read_bytes()
    told = f"character-{character_identifier(account, name)[:8]}.rakkan"
    headers = {"content-disposition": f'attachment; filename="{told}"', "cache-control": "no-store"}
    return Response(data, media_type="application/octet-stream", headers=headers)


def taken(account: str, file: UploadFile) -> tuple[str, str]:
    """Let a character's file in for an account: its identifier and name. Raises RakkanError for what does not
    hold, what the gate refuses, and a name that is taken."""
    with held(file.file) as place:
        kept, _ = assemble.casting().take(place, account)
    return character_identifier(account, kept.version.name), kept.version.name


def _back(request: Request, character: str, told: dict[str, bool]) -> Response:
    return JSONResponse(told) if wants_json(request) else see_other(f"/characters/{character}")
