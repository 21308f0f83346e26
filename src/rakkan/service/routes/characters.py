"""Characters: one's own, each with its versions, colours, pictures and sheet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from fastapi import Form, Request
from fastapi.responses import JSONResponse, Response

from rakkan import assemble
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.errors import NotFound
from rakkan.service.pictures import counts
from rakkan.service.pictures.records import character_identifier
from rakkan.service.routes.presenting import cards
from rakkan.service.routes.showing import (
    actor_of,
    page_of,
    see_other,
    service_of,
    show,
    wants_json,
)
from rakkan.service.routes.studio import accepted
from rakkan.service.submitting import submit
from rakkan.service.times import moment
from rakkan.service.web.views import CharacterCard, CharactersView, CharacterView, Fact
from rakkan.service.web.words import Words

if TYPE_CHECKING:
    from rakkan.studio.characters.keeping import Kept
    from rakkan.studio.characters.records import Character

router = new_router(include_in_schema=False)

#: Pictures of a character on its page.
_MOST = 12
_Name = Annotated[str, Form(max_length=120)]
_Text = Annotated[str, Form(max_length=2000)]


@router.get("/characters")
@allow("member", "read", "own", weight="page")
def characters_page(request: Request) -> Response:
    """One's characters."""
    service, actor = service_of(request), actor_of(request)
    mine = assemble.casting().characters.all(actor.account)
    return show(request, "characters.html", CharactersView(_cards(service, actor, mine), ()))


@router.post("/characters")
@allow("member", "create", "own", forms=True)
def make(request: Request, name: _Name, words: _Text) -> Response:
    """Make a character from words."""
    from rakkan.studio.characters.making import CharacterRequest

    account = actor_of(request).account
    kept = assemble.casting().make(CharacterRequest(name, words), account)
    identifier = character_identifier(account, kept.version.name)
    if wants_json(request):
        return JSONResponse({"character": identifier, "name": kept.version.name}, 201)
    return see_other(f"/characters/{identifier}")


@router.get("/characters/{character}")
@allow("member", "read", "own", weight="page")
def character_page(request: Request, character: str) -> Response:
    """A character of one's own."""
    service, actor, words = service_of(request), actor_of(request), Words(page_of(request).locale)
    return show(request, "character.html", character_view(service, actor, words, _own(actor, character)))


@router.post("/characters/{character}/sheet")
@allow("member", "create", "own", forms=True)
def sheet(request: Request, character: str) -> Response:
    """Draw its sheet."""
    actor = actor_of(request)
    wish = wishes.Sheet(character=_own(actor, character).version.name)
    return accepted(request, submit(service_of(request), actor, "sheet", wish))


@router.post("/characters/{character}/rename")
@allow("member", "create", "own", forms=True)
def rename(request: Request, character: str, name: _Name) -> Response:
    """Call it otherwise; pictures drawn before keep the name they were drawn with."""
    from rakkan.studio.characters.making import Revision

    account = actor_of(request).account
    called = _own(actor_of(request), character).version.name
    kept = assemble.casting().revise(called, Revision(name=name), account)
    return see_other(f"/characters/{character_identifier(account, kept.version.name)}")


@router.post("/characters/{character}/remove")
@allow("member", "create", "own", forms=True)
def remove(request: Request, character: str) -> Response:
    """Remove all versions of it."""
    actor = actor_of(request)
    assemble.casting().characters.remove(_own(actor, character).version.name, actor.account)
    return JSONResponse({"removed": True}) if wants_json(request) else see_other("/characters")


def character_view(service: Service, actor: Actor, words: Words, kept: Kept[Character]) -> CharacterView:
    """All that a character's page shows."""
    one = kept.version
    (card,) = _cards(service, actor, [kept])
    history = list(assemble.casting().characters.history(one.name, actor.account))
    drawn = counts.drawn_with(service.engine, actor.account, card.identifier, _MOST)
    sheets = counts.drawn_with(service.engine, actor.account, card.identifier, 1, "sheet")
    told = {"description": one.description, "seed": one.seed, "made": words.moment(moment(one.time * 1000))}
    return CharacterView(
        card,
        service.accounts.profile(actor.account).handle,
        one.licence,
        f"/pictures/{sheets[0]}/file" if sheets else "",
        tuple(Fact("", colour) for colour in one.palette),
        tuple(Fact(words(f"fact.{name}"), text) for name, text in told.items() if text),
        tuple(
            Fact(words("characters.version", version=each.version.number), _about(each, words))
            for each in history
        ),
        cards(service, service.catalogue.cards(actor, drawn), words, actor),
        mine=True,
    )


def _about(kept: Kept[Character], words: Words) -> str:
    made = words.day(moment(kept.version.time * 1000))
    return " · ".join(filter(None, (made, kept.version.because)))


def _cards(service: Service, actor: Actor, found: Iterable[Kept[Character]]) -> tuple[CharacterCard, ...]:
    given = [(character_identifier(actor.account, one.version.name), one.version) for one in found]
    counted = counts.with_characters(service.engine, actor.account, [name for name, _ in given])
    made = []
    for identifier, one in given:
        newest = counts.drawn_with(service.engine, actor.account, identifier, 1)
        thumbnail = f"/pictures/{newest[0]}/thumbnail" if newest else ""
        amount = counted.get(identifier, 0)
        made.append(CharacterCard(identifier, one.name, one.number, one.tags, thumbnail, amount))
    return tuple(made)


def _own(actor: Actor, character: str) -> Kept[Character]:
    """A character of one's own by its identifier. Raises NotFound."""
    for kept in assemble.casting().characters.all(actor.account):
        if character_identifier(actor.account, kept.version.name) == character:
            return kept
    raise NotFound("There is no such character", "See your characters")
