"""Shared characters as programs are told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import Request

from rakkan.service.core import Service
from rakkan.service.routes.api import shapes, sharing_shapes
from rakkan.service.routes.showing import listed_characters, service_of
from rakkan.service.sharing.records import Shared
from rakkan.service.times import moment

if TYPE_CHECKING:
    from rakkan.studio.characters.keeping import Kept
    from rakkan.studio.characters.records import Character


def shared_page(
    request: Request, text: str, cursor: str, limit: int
) -> shapes.Page[sharing_shapes.SharedCharacterCard]:
    """A page of shared characters, found by words of their names or by tags."""
    service = service_of(request)
    found = service.sharing.listed(text, "", cursor, limit)
    listed_characters(request, [one.shared.identifier for one in found.cards])
    people = service.accounts.people.profiles(one.shared.account for one in found.cards)
    items = [
        sharing_shapes.SharedCharacterCard(
            id=one.shared.identifier,
            name=one.shared.name,
            artist=people[one.shared.account].handle if one.shared.account in people else "",
            version=one.shared.number,
            terms=one.shared.terms,
            published=moment(one.shared.published, "milliseconds"),
            pictures=one.pictures,
        )
        for one in found.cards
    ]
    return shapes.Page(items=items, next=found.cursor or None)


def shared_character(service: Service, shared: Shared) -> sharing_shapes.SharedCharacter:
    """A shared character in full. Raises NotFound when its maker has removed it meanwhile."""
    history = service.sharing.history(shared)
    one = history[0].version
    return sharing_shapes.SharedCharacter(
        id=shared.identifier,
        name=shared.name,
        artist=service.accounts.profile(shared.account).handle,
        version=shared.number,
        terms=shared.terms,
        description=one.description,
        tags=one.tags,
        palette=list(one.palette),
        seed=int(one.seed) if one.seed else None,
        licence=one.licence,
        digest=shared.head,
        versions=[_version(each) for each in history],
        copied_from=_credits(service, shared.account, history),
    )


def _version(kept: Kept[Character]) -> sharing_shapes.SharedVersion:
    one = kept.version
    saved = moment(one.time * 1000, "milliseconds")
    return sharing_shapes.SharedVersion(
        version=one.number, because=one.because, saved=saved, digest=kept.digest
    )


def _credits(service: Service, account: str, history: list[Kept[Character]]) -> list[sharing_shapes.Credit]:
    found = service.sharing.credits(account, [one.digest for one in history])
    people = service.accounts.people.profiles(one.maker for one in found if one.maker)
    return [
        sharing_shapes.Credit(
            name=one.name,
            artist=people[one.maker].handle if one.maker in people else "",
            digest=one.head,
        )
        for one in found
    ]
