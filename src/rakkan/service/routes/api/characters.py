"""Characters over the API: one's own, with all their versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request, Response

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.errors import NotFound
from rakkan.service.making import materials
from rakkan.service.pictures.records import character_identifier
from rakkan.service.routes.api import shapes, sharing_shapes
from rakkan.service.routes.api.common import v1_router
from rakkan.service.routes.api.told import shared_page
from rakkan.service.routes.showing import actor_of, service_of
from rakkan.service.times import moment

if TYPE_CHECKING:
    from rakkan.studio.characters.keeping import Kept
    from rakkan.studio.characters.records import Character

router = v1_router("characters")


@router.get("/characters")
@allow("member", "read", "own", weight="list")
def characters(
    request: Request,
    shared: bool = False,
    q: Annotated[str, Query(max_length=200, description="Words of a name, or tags; shared ones only")] = "",
    cursor: shapes.Cursor = "",
    limit: shapes.Limit = 24,
) -> shapes.Page[sharing_shapes.SharedCharacterCard] | shapes.Page[shapes.KeptCharacter]:
    """One's own characters by name, the newest version of each, on one page; with `shared`, those that all
    people share, the newest first."""
    account = actor_of(request).account
    if shared:
        return shared_page(request, q, cursor, limit)
    return shapes.Page(
        items=[told_character(account, one) for one in assemble.casting().characters.all(account)]
    )


@router.post("/characters", status_code=201)
@allow("member", "create", "own")
def create(request: Request, character: shapes.NewCharacter) -> shapes.KeptCharacter:
    """Keep a new character."""
    from rakkan.studio.characters.making import CharacterRequest

    service, actor = service_of(request), actor_of(request)
    named = [*character.references, *([character.picture] if character.picture else [])]
    with _files(service, actor, named) as files:
        asked = CharacterRequest(
            character.name,
            character.tags,
            character.description,
            tuple(files[: len(character.references)]),
            character.palette,
            character.seed,
            licence=character.licence,
            picture=files[-1] if character.picture else None,
            because=character.because,
        )
        return told_character(actor.account, assemble.casting().make(asked, actor.account))


@router.get("/characters/{name}")
@allow("member", "read", "own", weight="list")
def character(request: Request, name: shapes.CharacterName) -> shapes.KeptCharacter:
    """A character as it is now."""
    account = actor_of(request).account
    return told_character(account, found_character(account, name))


@router.get("/characters/{name}/versions")
@allow("member", "read", "own", weight="list")
def versions(request: Request, name: shapes.CharacterName) -> shapes.Page[shapes.KeptCharacter]:
    """All versions of a character, the newest first; there is one page."""
    account = actor_of(request).account
    found = found_character(account, name)
    history = assemble.casting().characters.history(found.version.name, account)
    return shapes.Page(items=[told_character(account, one) for one in history])


@router.patch("/characters/{name}")
@allow("member", "create", "own")
def revise(
    request: Request, name: shapes.CharacterName, change: shapes.CharacterChange
) -> shapes.KeptCharacter:
    """Keep another version of a character."""
    from rakkan.studio.characters.making import Revision

    service, actor = service_of(request), actor_of(request)
    found = found_character(actor.account, name)
    if change.name is not None and change.name != found.version.name:
        service.sharing.demand_free(actor.account, found.version.name)
    with _files(service, actor, change.references) as files:
        revision = Revision(
            change.tags,
            tuple(change.add),
            tuple(change.remove),
            change.description,
            tuple(files),
            tuple(change.drop),
            change.palette,
            change.seed,
            licence=change.licence,
            name=change.name,
            because=change.because,
        )
        made = assemble.casting().revise(found.version.name, revision, actor.account)
        return told_character(actor.account, made)


@router.delete("/characters/{name}", status_code=204, response_class=Response)
@allow("member", "create", "own")
def remove(request: Request, name: shapes.CharacterName) -> Response:
    """Remove a character with all its versions; pictures of it stay."""
    actor = actor_of(request)
    called = found_character(actor.account, name).version.name
    service_of(request).sharing.let_go(actor, called)
    assemble.casting().characters.remove(called, actor.account)
    return Response(status_code=204)


def found_character(account: str, name: str) -> Kept[Character]:
    """A character of an account by its name. Raises NotFound."""
    try:
        return assemble.casting().characters.find(name, account)
    except RakkanError as error:
        raise NotFound(error.message, error.hint) from error


def told_character(account: str, kept: Kept[Character]) -> shapes.KeptCharacter:
    """A version of a character as its maker is told of it."""
    version = kept.version
    return shapes.KeptCharacter(
        id=character_identifier(account, version.name),
        name=version.name,
        version=version.number,
        because=version.because,
        saved=moment(version.time * 1000, "milliseconds"),
        description=version.description,
        tags=version.tags,
        palette=list(version.palette),
        references=list(version.references),
        seed=int(version.seed) if version.seed else None,
        licence=version.licence,
        digest=kept.digest,
    )


@contextmanager
def _files(service: Service, actor: Actor, named: Sequence[str]) -> Iterator[list[Path]]:
    """The pictures that a body names, as files that lie on no disk."""
    from rakkan.studio.characters.pictures import in_memory

    uploaded = assemble.known_pictures(actor.account)
    find = materials.finder(actor, service.catalogue, service.vault, uploaded)
    with ExitStack() as opened:
        yield [opened.enter_context(in_memory(find(Path(one)).data)) for one in named]
