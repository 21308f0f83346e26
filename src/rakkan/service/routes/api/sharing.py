"""Sharing characters over the API: the same as on their pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request, Response, UploadFile

from rakkan.formats.caps import LARGEST_FILE
from rakkan.service.access.rules import allow
from rakkan.service.pictures.records import character_identifier
from rakkan.service.routes.api import shapes, sharing_shapes
from rakkan.service.routes.api.characters import found_character, told_character
from rakkan.service.routes.api.common import v1_router
from rakkan.service.routes.api.told import shared_character
from rakkan.service.routes.api.uploads import ROOM
from rakkan.service.routes.sharing import copied, file_of, taken
from rakkan.service.routes.showing import actor_of, is_reduced, reduced, service_of

router = v1_router("characters")

_Character = Annotated[str, Path(min_length=26, max_length=26, description="A shared character")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "A signed .rakkan file"}
}


@router.get("/shared-characters/{character}")
@allow("visitor", "read", "shown", weight="pair")
def shared(request: Request, character: _Character) -> sharing_shapes.SharedCharacter:
    """A shared character in full, one's own too."""
    if is_reduced(request):
        raise reduced(request)
    service = service_of(request)
    return shared_character(service, service.sharing.get(actor_of(request), character))


@router.get("/shared-characters/{character}/file", response_class=Response, responses=_FILE)
@allow("member", "read", "shown", weight="pair")
def shared_file(request: Request, character: _Character) -> Response:
    """A shared character that may be copied, as one file."""
    if is_reduced(request):
        raise reduced(request)
    found = service_of(request).sharing.copyable(character)
    return file_of(found.account, found.name, found.head)


@router.post("/shared-characters/{character}/copy", status_code=201)
@allow("member", "create", "shown", weight="pair")
def copy(request: Request, character: _Character, wish: sharing_shapes.CopyWish) -> shapes.KeptCharacter:
    """Take a copy of a shared character, with credit to its maker."""
    account = actor_of(request).account
    _, name = copied(request, character, wish.name)
    return told_character(account, found_character(account, name))


@router.get("/characters/{name}/file", response_class=Response, responses=_FILE)
@allow("member", "read", "own", weight="list")
def own_file(request: Request, name: shapes.CharacterName) -> Response:
    """A character of one's own, as one file."""
    account = actor_of(request).account
    return file_of(account, found_character(account, name).version.name)


@router.post("/characters/import", status_code=201)
@allow("member", "create", "own", forms=True, largest=LARGEST_FILE + ROOM)
def bring_in(request: Request, file: UploadFile) -> shapes.KeptCharacter:
    """Let a character's file in."""
    account = actor_of(request).account
    _, name = taken(account, file)
    return told_character(account, found_character(account, name))


@router.post("/characters/{name}/publish")
@allow("member", "share", "own")
def publish(
    request: Request, name: shapes.CharacterName, wish: sharing_shapes.SharingWish
) -> sharing_shapes.SharedCharacter:
    """Share the newest version of a character of one's own; again, to share what has changed."""
    service, actor = service_of(request), actor_of(request)
    found = found_character(actor.account, name)
    return shared_character(service, service.sharing.publish(actor, found.version.name, wish.terms))


@router.post("/characters/{name}/unpublish", status_code=204, response_class=Response)
@allow("member", "share", "own")
def unpublish(request: Request, name: shapes.CharacterName) -> Response:
    """Share a character no longer. Copies that others took stay."""
    service, actor = service_of(request), actor_of(request)
    called = found_character(actor.account, name).version.name
    service.sharing.withdraw(actor, character_identifier(actor.account, called))
    return Response(status_code=204)
