"""Where a picture came from and what became of it: by the catalogue, and by what the ledger states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import select

from rakkan.service.access.actors import Actor
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import Card, Lineage, Link, Origin, Shown
from rakkan.service.pictures.tables import pictures
from rakkan.store.database import transaction
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.statements import Derived, Generated, Licensed, Trained

#: Steps back and forth, and pictures that are listed in all.
MOST_STEPS = 32
MOST_DESCENDANTS = 200

#: What the ledger states of a picture, by its digest; None for nothing.
Told = Callable[[str], Origin | None]


def lineage(
    catalogue: Catalogue,
    actor: Actor,
    picture: str,
    told: Told = lambda digest: None,
    seal: Callable[[Shown], str] = lambda shown: "",
) -> Lineage:
    """A picture's ancestors and descendants, each with its card as far as the actor may see it.

    ``told`` is ``from_ledger`` of the instance's; each step up that leads to a known picture is looked for in
    what it states. ``seal`` says what the picture's own seal is worth. Raises NotFound as
    ``Catalogue.openable`` does.
    """
    shown = catalogue.openable(actor, picture)
    origin = told(shown.digest)
    if origin is not None:
        origin = replace(origin, seal=seal(shown))
    return Lineage(_ancestors(catalogue, actor, shown, told), _descendants(catalogue, actor, picture), origin)


def from_ledger(ledger: Ledger, digest: str) -> Origin | None:
    """What a ledger states of a picture by the SHA-256 of its file without its seal: how it was made, by a
    model trained on what, out of which pictures, under which licences. None when it states nothing.

    Raises RakkanError when a statement is lost.
    """
    made: Origin | None = None
    licences: list[str] = []
    for entry, said in ledger.about(digest):
        predicate = said.predicate
        if isinstance(predicate, Generated | Derived):
            made = Origin(
                operation=predicate.operation,
                model=predicate.model,
                model_digest=predicate.model_digest,
                training=_training(ledger, predicate.model_digest),
                parents=getattr(predicate, "parents", ()),
                references=predicate.references,
                entry=entry.index,
                time=said.time,
            )
        elif isinstance(predicate, Licensed):
            licences.append(predicate.licence)
    return None if made is None else Origin(**{**vars(made), "licences": tuple(licences)})


def _training(ledger: Ledger, model: str) -> dict[str, object]:
    if not model:
        return {}
    stated = [vars(said.predicate) for _, said in ledger.about(model) if isinstance(said.predicate, Trained)]
    return dict(stated[-1]) if stated else {}


def _ancestors(catalogue: Catalogue, actor: Actor, shown: Shown, told: Told) -> tuple[Link, ...]:
    links: list[Link] = []
    below, parent, seen = shown.digest, shown.parent, {shown.identifier}
    while parent and parent not in seen and len(links) < MOST_STEPS:
        seen.add(parent)
        wanted = select(pictures.c.digest, pictures.c.parent).where(pictures.c.identifier == parent)
        with transaction(catalogue.engine) as connection:
            row = connection.execute(wanted).first()
        cards = catalogue.cards(actor, [parent])
        stated = told(below) if row is not None else None
        names = None if stated is None else (row is not None and row.digest in _pictures_of(stated))
        links.append(Link(parent, len(links) + 1, cards[0] if cards else None, names))
        if row is None:
            break
        below, parent = row.digest, row.parent
    return tuple(links)


def _pictures_of(origin: Origin) -> tuple[str, ...]:
    return (*origin.parents, *origin.references)


def _descendants(catalogue: Catalogue, actor: Actor, picture: str) -> tuple[Link, ...]:
    """Generation by generation; of one that may not be seen nothing is told, nor what was made of it."""
    links: list[Link] = []
    parents, seen = [picture], {picture}
    for depth in range(1, MOST_STEPS + 1):
        left = MOST_DESCENDANTS - len(links)
        if not parents or left <= 0:
            break
        wanted = (
            select(pictures.c.identifier)
            .where(pictures.c.parent.in_(parents), pictures.c.identifier.not_in(seen))
            .order_by(pictures.c.parent, pictures.c.identifier)
            .limit(left)
        )
        with transaction(catalogue.engine) as connection:
            found = list(connection.scalars(wanted))
        seen.update(found)
        cards: tuple[Card, ...] = catalogue.cards(actor, found)
        links += [Link(card.identifier, depth, card) for card in cards]
        parents = [card.identifier for card in cards]
    return tuple(links)
