"""From what the parts know to what pages show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rakkan import assemble
from rakkan.records import Recipe
from rakkan.service.access.actors import VISITOR, Actor
from rakkan.service.core import Service
from rakkan.service.pictures.records import Card, Shown, character_identifier
from rakkan.service.web.chips import chip_groups, phrase_table
from rakkan.service.web.views import Choice, CreateView, PictureCard
from rakkan.service.web.words import Words
from rakkan.studio.create import SIZES

#: Own pictures among which the one for the easel is looked for.
_LATEST = 12


def create_view(
    service: Service,
    actor: Actor,
    words: Words,
    slot: str,
    prompt: str = "",
    parent: str = "",
    character: str = "",
) -> CreateView:
    """The studio as an account has it, to go on from the picture ``parent`` or with a ``character``, by its
    name or identifier, "" for none. Raises NotFound for a picture that the actor may not see."""
    steps, guidance = assemble.usual_sampling()
    casting = assemble.casting()
    kept = [one.version.name for one in casting.characters.all(actor.account)]
    styles = [one.version.name for one in casting.styles.all(actor.account)]
    shipped = [one.name for one in casting.other_styles(actor.account)]
    negative = ""
    if parent:
        shown = service.catalogue.openable(actor, parent)
        recipe = disclosed(service, actor, shown)
        prompt, negative = (prompt or recipe.prompt, recipe.negative) if recipe else (prompt, "")
    # What was brought in was not drawn here, and the easel says that it was.
    latest = [one for one in service.catalogue.mine(actor, most=_LATEST).cards if one.operation != "import"][
        :1
    ]
    return CreateView(
        groups=chip_groups(),
        phrases=phrase_table(),
        sizes=(Choice("", "auto"), *(Choice(one, one.replace("x", " × ")) for one in SIZES)),
        models=(Choice("", "Rakkan starter"), *_checkpoints(actor)),
        characters=(
            *(Choice(name, name, _is(actor, name, character)) for name in kept),
            *_lent(service, actor, character),
        ),
        styles=tuple(Choice(name, name) for name in dict.fromkeys((*styles, *shipped))),
        prompts=tuple(one.text for one in service.texts.of(actor.account, "prompt")),
        wildcards=tuple(one.name for one in service.texts.of(actor.account, "wildcard")),
        prompt=prompt,
        negative=negative,
        steps=steps,
        guidance=guidance,
        latest=next(iter(cards(service, latest, words, actor)), None),
        slot=slot,
        parent=next(iter(cards(service, service.catalogue.cards(actor, [parent]), words, actor)), None)
        if parent
        else None,
    )


def _lent(service: Service, actor: Actor, character: str) -> tuple[Choice, ...]:
    """The shared character that somebody came to draw with; nothing for one's own, and for none."""
    shared = service.sharing.among([character]).get(character)
    if shared is None or shared.account == actor.account:
        return ()
    handle = service.accounts.profile(shared.account).handle
    return (Choice(character, f"{shared.name} (@{handle})", chosen=True),)


def _checkpoints(actor: Actor) -> list[Choice]:
    """The checkpoints that somebody may draw with; those of one name are told apart by their digests."""
    found = [kept.card for kept in assemble.reach(actor.account).all() if kept.card.kind == "checkpoint"]
    named = Counter(card.name for card in found)
    return [
        Choice(card.name, card.name)
        if named[card.name] == 1
        else Choice(card.digest, f"{card.name} [{card.digest[:10]}]")
        for card in found
    ]


def _is(actor: Actor, name: str, wanted: str) -> bool:
    return wanted in (name, character_identifier(actor.account, name))


def disclosed(service: Service, actor: Actor, shown: Shown) -> Recipe | None:
    """How a picture was drawn, its words included, as far as whoever asks may read them: its maker always,
    others what was disclosed in full. None for what has no words, or keeps them back."""
    if shown.account != actor.account and shown.disclosure != "full":
        return None
    recipe = service.catalogue.recipe(actor, shown.identifier)
    return recipe if isinstance(recipe, Recipe) else None


def cards(
    service: Service, found: Iterable[Card], words: Words, actor: Actor = VISITOR
) -> tuple[PictureCard, ...]:
    """Pictures of a list, with what whoever looks likes."""
    given = list(found)
    profiles = service.accounts.people.profiles(one.account for one in given)
    handles = {account: profile.handle for account, profile in profiles.items()}
    liked = service.social.likes_of(actor, [one.identifier for one in given]) if actor.account else ()
    return tuple(
        PictureCard(
            one.identifier,
            f"/pictures/{one.identifier}/thumbnail",
            *_sides(one),
            one.title or words("picture.of", handle=handles.get(one.account, "")),
            handles.get(one.account, ""),
            one.likes,
            one.identifier in liked,
        )
        for one in given
    )


def _sides(card: Card) -> tuple[int, int]:
    from rakkan.service.pictures.thumbnails import sides

    return sides(card.width, card.height)
