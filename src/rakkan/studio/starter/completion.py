"""What a prompt leaves open is decided by the seed, before drawing.

A model asked for half a figure draws the average of all that would fit. Told all of it, it draws one
figure, and another for the next seed. The choices are modest (a face one can see, no accessories, calm
expressions): what is special is for the prompt to ask for.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from rakkan.corpus.figures.attributes import ACCESSORY_PLACES, GROUPS, Attributes, sample
from rakkan.corpus.figures.words import BARE
from rakkan.studio.starter.vocabulary import condition_of

#: What may be chosen unasked, where that is less than everything.
MODEST: dict[str, tuple[str, ...]] = {
    "presentation": ("woman", "man"),
    "view": ("front", "front", "three-quarter left", "three-quarter right"),
    "style": ("cel", "cel", "soft"),
    "fringe": ("blunt fringe", "parted fringe", "swept fringe", "choppy fringe", "curtain fringe"),
    "hair_tone": ("plain",),
    "eye_shape": ("round eyes", "almond eyes", "wide eyes"),
    "expression": ("neutral", "smile"),
    "skin": ("porcelain", "fair", "peach", "golden", "tan", "brown"),
    "outfit_pattern": ("plain",),
    "pose": ("arms at sides",),
    "background": ("plain background", "gradient background", "blue sky"),
    "background_colour": ("white", "grey", "teal", "blue", "purple", "pink"),
}


#: Figures that are tried to find one in which all that is given can be seen together.
_ATTEMPTS = 24


def complete(
    condition: Mapping[str, str], seed: int, avoided: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The condition with all that it leaves open filled in: the same for the same condition and seed.

    What is given is kept as it is. What is chosen goes with it where anything does: no mohawk under a hat,
    no stripes on armour. A value of ``avoided`` (a negative prompt) is not chosen where there is another.
    """
    random, unwanted = Random(f"complete {seed}"), avoided or {}
    best: dict[str, str] = {}
    fewest: int | None = None
    for _ in range(_ATTEMPTS):
        full = condition_of(_choose(condition, random, unwanted))
        clashes = sum(full.get(slot) != value for slot, value in condition.items())
        clashes += sum(full.get(slot) == value for slot, value in unwanted.items() if slot not in condition)
        if fewest is None or clashes < fewest:
            best, fewest = full, clashes
        if not clashes:
            break
    return {**best, **condition}


def _choose(condition: Mapping[str, str], random: Random, unwanted: Mapping[str, str]) -> Attributes:
    """A figure with what is given, as far as the renderer draws it together, and modest choices."""
    chosen: dict[str, str | tuple[str, ...]] = {}
    for group, values in GROUPS.items():
        allowed = [value for value in MODEST.get(group, values) if value != unwanted.get(group)]
        drawn = random.choice(allowed or [value for value in values if value != unwanted.get(group)])
        chosen[group] = condition.get(group, drawn)
    if "hair_accent" in condition and "hair_tone" not in condition:
        chosen["hair_tone"] = "dipped tips"
    if "background_colour" in condition and "background" not in condition:
        chosen["background"] = "plain background"
    worn = (condition.get(f"accessory {place}", BARE) for place in ACCESSORY_PLACES)
    chosen["accessories"] = tuple(name for name in worn if name != BARE)
    return sample(random, **chosen)
