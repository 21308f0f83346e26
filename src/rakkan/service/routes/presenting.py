"""From what the parts know to what pages show."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from rakkan import assemble
from rakkan.service.access.actors import Actor
from rakkan.service.core import Service
from rakkan.service.pictures.records import Card
from rakkan.service.web.chips import chip_groups, phrase_table
from rakkan.service.web.views import Choice, CreateView, PictureCard
from rakkan.studio.create import SIZES


def create_view(service: Service, actor: Actor, prompt: str, slot: str) -> CreateView:
    """The studio as an account has it."""
    steps, guidance = assemble.usual_sampling()
    casting = assemble.casting()
    kept = [one.version.name for one in casting.characters.all(actor.account)]
    styles = [one.version.name for one in casting.styles.all(actor.account)]
    shipped = [one.name for one in casting.other_styles(actor.account)]
    models = [kept.card.name for kept in assemble.models().all() if kept.card.kind == "checkpoint"]
    return CreateView(
        groups=chip_groups(),
        phrases=phrase_table(),
        sizes=(Choice("", "auto"), *(Choice(one, one.replace("x", " × ")) for one in SIZES)),
        models=(Choice("", "Rakkan starter"), *(Choice(name, name) for name in models)),
        characters=tuple(Choice(name, name) for name in kept),
        styles=tuple(Choice(name, name) for name in dict.fromkeys((*styles, *shipped))),
        prompt=prompt,
        steps=steps,
        guidance=guidance,
        slot=slot,
    )


def cards(service: Service, found: Iterable[Card]) -> tuple[PictureCard, ...]:
    """Pictures of a list."""
    given = list(found)
    profiles = service.accounts.people.profiles(one.account for one in given)
    return tuple(
        PictureCard(
            one.identifier,
            f"/pictures/{one.identifier}/thumbnail",
            *_sides(one),
            one.title,
            profiles[one.account].handle if one.account in profiles else "",
            one.likes,
        )
        for one in given
    )


def _sides(card: Card) -> tuple[int, int]:
    from rakkan.service.pictures.thumbnails import sides

    return sides(card.width, card.height)


def moment(milliseconds: int) -> str:
    """A time as pages have it: ISO 8601 in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
