"""Pairs of figures that share something: what the model learns to read a reference from.

The renderer knows exactly which attributes two figures have in common, so what a reference is to keep is
a list of attributes for each role, and nothing is labelled by anybody.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import numpy.typing as npt

from rakkan.corpus.figures.attributes import ACCESSORY_PLACES, Attributes, consistent
from rakkan.studio.starter.holdout import held_out
from rakkan.studio.starter.renders import SCOPES, Bucket, Item, Scope, draw_attributes
from rakkan.studio.starter.roles import ROLES
from rakkan.studio.starter.vocabulary import SLOTS

#: Places of accessories that belong to who somebody is, not to what they wear today.
_OWN_PLACES = ("head", "hair", "face", "ears")
#: By role, the fields of `Attributes` that a reference and a drawing have in common.
SHARED_FIELDS: dict[str, tuple[str, ...]] = {
    "identity": (
        "presentation",
        "hairstyle",
        "fringe",
        "hair_colour",
        "hair_tone",
        "hair_accent",
        "eye_shape",
        "eye_colour",
        "skin",
        "accessory_colour",
    ),
    "style": ("style",),
    "palette": (
        "hair_colour",
        "hair_tone",
        "hair_accent",
        "eye_colour",
        "outfit_colour",
        "accessory_colour",
        "background_colour",
    ),
}
#: How often each role is practised.
SHARES: dict[str, float] = {"identity": 0.8, "style": 0.08, "palette": 0.12}
#: Share of the figures to draw that show something of the scope's ``further`` values.
FURTHER = 0.35


def shared_slots(role: str) -> tuple[str, ...]:
    """The slots of a condition that a reference of this role answers, so that a prompt need not."""
    worn = tuple(f"accessory {place}" for place in _OWN_PLACES) if role == "identity" else ()
    return (*SHARED_FIELDS[role], *worn)


def told_by_reference(role: str) -> npt.NDArray[np.bool_]:
    """Which of the slots a reference of this role answers, bool [slots]."""
    answered = shared_slots(role)
    return np.array([slot in answered for slot in SLOTS])


def draw_pair(
    bucket: Bucket, random: Random, scope: Scope = SCOPES["all"], role: str | None = None, **fixed: str
) -> tuple[Attributes, Attributes, str]:
    """A figure to draw, another that shares what its role says and nothing else on purpose, and the role.

    ``fixed`` fields of the figure to draw are given. Neither holds a combination that is kept out of
    training.
    """
    chosen = role or random.choices(list(SHARES), list(SHARES.values()))[0]
    while True:
        target = draw_attributes(bucket, random, scope, **fixed)
        shared = {name: getattr(target, name) for name in SHARED_FIELDS[chosen]}
        other = scope.sample(random, framing=random.choice(bucket.framings), **shared)
        if chosen == "identity":
            other = consistent(replace(other, accessories=_worn(target, other)))
        if not held_out(other) and _shares(target, other, chosen):
            return target, other, chosen


def draw_pair_item(bucket: Bucket, random: Random, scope: Scope) -> Item:
    """``draw_pair`` as the render queue takes it, with a share of what the scope further holds: a character
    seen from the side is learnt from one seen from the front."""
    further = random.random() < FURTHER
    fixed = {name: random.choice(values) for name, values in scope.further.items()} if further else {}
    target, other, role = draw_pair(bucket, random, scope, **fixed)
    return Item((target, other), ROLES.index(role))


def _worn(target: Attributes, other: Attributes) -> tuple[str, ...]:
    """The one's accessories where they are its own, the other's elsewhere."""
    return tuple(
        name
        for place, names in ACCESSORY_PLACES.items()
        for name in (target if place in _OWN_PLACES else other).accessories
        if name in names
    )


def _shares(target: Attributes, other: Attributes, role: str) -> bool:
    """Whether mending clashes has left in common what was to be."""
    same = all(getattr(target, name) == getattr(other, name) for name in SHARED_FIELDS[role])
    if role != "identity":
        return same
    own = {name for place in _OWN_PLACES for name in ACCESSORY_PLACES[place]}
    return same and own.intersection(target.accessories) == own.intersection(other.accessories)
