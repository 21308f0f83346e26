"""Characters and what is shared of them, from what the parts know to what pages show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rakkan import assemble
from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.core import Service
from rakkan.service.errors import NotFound
from rakkan.service.pictures import counts, tags
from rakkan.service.pictures.records import Wanted, character_identifier
from rakkan.service.routes.presenting import cards
from rakkan.service.sharing.records import Shared, SharedCard
from rakkan.service.times import moment
from rakkan.service.web.views import CharacterCard, CharacterView, Credit, Fact
from rakkan.service.web.words import Words

if TYPE_CHECKING:
    from rakkan.studio.characters.keeping import Kept
    from rakkan.studio.characters.records import Character

#: Pictures of a character on its page.
_MOST = 12


def own_cards(service: Service, actor: Actor, found: Iterable[Kept[Character]]) -> tuple[CharacterCard, ...]:
    """Characters of one's own in a list."""
    given = [(character_identifier(actor.account, one.version.name), one.version) for one in found]
    counted = counts.with_characters(service.engine, actor.account, [name for name, _ in given])
    shared = service.sharing.of(actor.account)
    made = []
    for identifier, one in given:
        newest = counts.drawn_with(service.engine, actor.account, identifier, 1)
        thumbnail = f"/pictures/{newest[0]}/thumbnail" if newest else ""
        amount = counted.get(identifier, 0)
        card = CharacterCard(identifier, one.name, one.number, one.tags, thumbnail, amount)
        made.append(card if identifier not in shared else _shared(card))
    return tuple(made)


def _shared(card: CharacterCard) -> CharacterCard:
    from dataclasses import replace

    return replace(card, shared=True)


def shared_cards(service: Service, found: Iterable[SharedCard]) -> tuple[CharacterCard, ...]:
    """Shared characters in a list: nothing of what they say."""
    given = list(found)
    people = service.accounts.people.profiles(one.shared.account for one in given)
    return tuple(
        CharacterCard(
            one.shared.identifier,
            one.shared.name,
            one.shared.number,
            "",
            f"/pictures/{one.picture}/thumbnail" if one.picture else "",
            one.pictures,
            people[one.shared.account].handle if one.shared.account in people else "",
            shared=True,
        )
        for one in given
    )


def own_view(service: Service, actor: Actor, words: Words, kept: Kept[Character]) -> CharacterView:
    """All that the page of a character shows to its maker."""
    name = kept.version.name
    history = list(assemble.casting().characters.history(name, actor.account))
    (card,) = own_cards(service, actor, [kept])
    drawn = counts.drawn_with(service.engine, actor.account, card.identifier, _MOST)
    sheets = counts.drawn_with(service.engine, actor.account, card.identifier, 1, "sheet")
    shared = service.sharing.of(actor.account).get(card.identifier)
    return _view(
        service,
        words,
        history,
        card,
        actor.account,
        f"/pictures/{sheets[0]}/file" if sheets else "",
        pictures=cards(service, service.catalogue.cards(actor, drawn), words, actor),
        mine=True,
        state=shared.state if shared else "",
        terms=shared.terms if shared else "",
        newer=shared is not None and shared.head != kept.digest,
        allowed=frozenset({"draw", "file"}),
    )


def shared_view(service: Service, actor: Actor, words: Words, shared: Shared) -> CharacterView:
    """All that the page of a shared character shows to others: what is published of it, and no picture that
    is not. Raises NotFound when its maker has removed it meanwhile."""
    history = service.sharing.history(shared)
    feed = service.catalogue.feed(VISITOR, Wanted(character=shared.identifier), most=_MOST).cards
    sheets = [one for one in feed if one.operation == "sheet" and one.account == shared.account]
    thumbnail = f"/pictures/{feed[0].identifier}/thumbnail" if feed else ""
    version = history[0].version
    card = CharacterCard(
        shared.identifier, shared.name, shared.number, version.tags, thumbnail, len(feed), shared=True
    )
    return _view(
        service,
        words,
        history,
        card,
        shared.account,
        f"/pictures/{sheets[0].identifier}/thumbnail" if sheets else "",
        pictures=cards(service, feed, words, actor),
        state=shared.state,
        terms=shared.terms,
        allowed=allowed(actor, shared),
    )


def allowed(actor: Actor, shared: Shared) -> frozenset[str]:
    """What somebody who is not its maker may do with a shared character."""
    found: set[str] = set()
    if actor.account and shared.state == "published":
        found |= {"draw", "report"} | ({"copy", "file"} if shared.may_be_copied else set())
    if actor.at_least("moderator") and shared.state != "removed":
        found.add("take_down")
    return frozenset(found)


def own_character(actor: Actor, character: str) -> Kept[Character]:
    """A character of one's own by its identifier. Raises NotFound."""
    for kept in assemble.casting().characters.all(actor.account) if actor.account else ():
        if character_identifier(actor.account, kept.version.name) == character:
            return kept
    raise NotFound("There is no such character", "See your characters")


def _view(
    service: Service,
    words: Words,
    history: list[Kept[Character]],
    card: CharacterCard,
    account: str,
    sheet: str,
    **more: object,
) -> CharacterView:
    one = history[0].version
    told = {"description": one.description, "seed": one.seed, "made": words.moment(moment(one.time * 1000))}
    return CharacterView(
        card,
        service.accounts.profile(account).handle,
        one.licence,
        sheet,
        tuple(Fact("", colour) for colour in one.palette),
        tuple(Fact(words(f"fact.{name}"), text) for name, text in told.items() if text),
        tuple(
            Fact(words("characters.version", version=each.version.number), _about(each, words))
            for each in history
        ),
        credits=_credits(service, account, history),
        tags=tags.of_prompt(one.tags),
        **more,  # type: ignore[arg-type]
    )


def _credits(service: Service, account: str, history: Iterable[Kept[Character]]) -> tuple[Credit, ...]:
    found = service.sharing.credits(account, [one.digest for one in history])
    people = service.accounts.people.profiles(one.maker for one in found if one.maker)
    seen = service.sharing.among(one.original for one in found)
    return tuple(
        Credit(
            one.name,
            people[one.maker].handle if one.maker in people else "",
            f"/characters/{one.original}" if one.original in seen else "",
            one.head,
        )
        for one in found
    )


def _about(kept: Kept[Character], words: Words) -> str:
    made = words.day(moment(kept.version.time * 1000))
    return " · ".join(filter(None, (made, kept.version.because)))
