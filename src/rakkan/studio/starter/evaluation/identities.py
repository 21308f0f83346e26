"""Characters in other poses, their near-twins, and a gallery to find them in: the truth is exact.

A *trial* is a figure to draw, a reference of the same character in another pose, outfit and place, a prompt
that names all but who it is, and a near-twin: the figure with one thing changed about who it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from rakkan.corpus.figures.attributes import ACCESSORY_PLACES, GROUPS, Attributes, consistent
from rakkan.corpus.figures.captions import write
from rakkan.corpus.figures.drawing import render
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE
from rakkan.studio.starter.evaluation.classifier import AttributeClassifier
from rakkan.studio.starter.evaluation.colours import lab
from rakkan.studio.starter.holdout import held_out
from rakkan.studio.starter.pairs import draw_pair, shared_slots
from rakkan.studio.starter.renders import Scope
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of

Pixels = NDArray[np.uint8]
#: The slots that say who somebody is.
IDENTITY: tuple[str, ...] = shared_slots("identity")
#: What near-twins differ in: what can be seen at a glance, and what cannot.
_TWIN_FIELDS = ("presentation", "hairstyle", "fringe", "hair_colour", "eye_shape", "eye_colour", "skin")
#: Seeds of the renderer that a picture is held against, the side of the blocks it is compared by, and how far
#: it is moved for that, in blocks.
_SEEDS, _BLOCK, _REACH = (101, 202, 303), 4, 2
#: Beyond this difference in CIELAB a place is merely wrong.
_LARGEST = 60.0


@dataclass(frozen=True)
class IdentityTrial:
    """``target`` is to be drawn, ``other`` is the same character as the reference shows it, ``twin`` the
    target with one thing changed; ``prompt`` names what the target has besides being somebody."""

    target: Attributes
    other: Attributes
    twin: Attributes
    prompt: str
    seed: int

    @property
    def asked(self) -> dict[str, str]:
        """Slot -> value for all that the prompt names."""
        return {
            slot: value
            for slot, value in condition_of(self.target).items()
            if slot not in IDENTITY and value != BARE
        }

    @property
    def kept(self) -> dict[str, str]:
        """Slot -> value of who it is, as far as the target shows it; bare places too."""
        seen = condition_of(self.target)
        return {slot: seen[slot] for slot in IDENTITY if slot in seen}

    @property
    def shown(self) -> Pixels:
        """The reference, uint8 [256, 256, 3]."""
        return render(self.other, 30_000_000 + self.seed)


def identity_trials(count: int, seed: int, scope: Scope) -> list[IdentityTrial]:
    """Trials of figures that training may have shown, none of it of a held-out combination."""
    random, bucket = Random(f"identities {seed}"), scope.buckets[0]
    trials: list[IdentityTrial] = []
    while len(trials) < count:
        target, other, _ = draw_pair(bucket, random, scope, "identity")
        told = {slot: value for slot, value in condition_of(target).items() if slot not in IDENTITY}
        words = {slot: value for slot, value in told.items() if value != BARE}
        twin = near_twin(target, random)
        trials.append(IdentityTrial(target, other, twin, write(words, random), random.getrandbits(31)))
    return trials


def near_twin(figure: Attributes, random: Random) -> Attributes:
    """The figure, which holds no combination kept out of training, with one visible thing changed about who
    it is."""
    before = condition_of(figure)
    while True:
        name = random.choice((*_TWIN_FIELDS, "accessories"))
        if name == "accessories":
            place = random.choice([slot for slot in ACCESSORY_SLOTS if slot in IDENTITY])
            worn = [one for one in figure.accessories if one not in ACCESSORY_SLOTS[place]]
            changed: Any = (*worn, random.choice(ACCESSORY_PLACES[place.removeprefix("accessory ")]))
        else:
            changed = random.choice(GROUPS[name])
        twin = consistent(replace(figure, **cast(dict[str, Any], {name: changed})))
        after = condition_of(twin)
        slots = {slot for slot in {*before, *after} if before.get(slot) != after.get(slot)}
        if len(slots - {"accessory_colour"}) == 1 and slots <= set(IDENTITY) and not held_out(twin):
            return twin


def probabilities(network: AttributeClassifier, features: NDArray[np.float32]) -> list[NDArray[np.float64]]:
    """For each slot how likely the classifier finds each value, the logarithm [n, values], from its features
    [n, 512]."""
    with torch.inference_mode():
        given = torch.from_numpy(features)
        return [torch.log_softmax(head(given), 1).double().numpy() for head in network.heads]


def ranks(
    likely: Sequence[NDArray[np.float64]], trials: Sequence[IdentityTrial], gallery: Sequence[IdentityTrial]
) -> list[int]:
    """The rank of each trial's character among those of the ``gallery`` (its own at the same index), by how
    likely the picture shows each; ties count against it."""
    values = {
        slot: np.array([_index(slot, _identity(one.target)[slot]) for one in gallery]) for slot in IDENTITY
    }
    found = []
    for row, trial in enumerate(trials):
        score = np.zeros(len(gallery))
        for slot in trial.kept:
            score += likely[SLOTS.index(slot)][row][values[slot]]
        found.append(int((score >= score[row]).sum()))
    return found


def told_from_twin(likely: Sequence[NDArray[np.float64]], trials: Sequence[IdentityTrial]) -> list[bool]:
    """Whether the classifier finds each picture likelier to be its character than the near-twin."""
    found = []
    for row, trial in enumerate(trials):
        own, twin = condition_of(trial.target), condition_of(trial.twin)
        score = 0.0
        for slot in IDENTITY:
            if own.get(slot) != twin.get(slot):
                scores = likely[SLOTS.index(slot)][row]
                score += scores[_index(slot, own[slot])] if slot in own else 0.0
                score -= scores[_index(slot, twin[slot])] if slot in twin else 0.0
        found.append(bool(score > 0))
    return found


def told_from_twin_by_pixels(trial: IdentityTrial, pixels: Pixels) -> bool:
    """Whether the picture is nearer to the renderer's drawing of its character than of the near-twin, in
    CIELAB and where the two differ; no network is asked."""
    least = {True: np.inf, False: np.inf}
    for seed in _SEEDS:
        drawn = {own: _blocks(render(trial.target if own else trial.twin, seed)) for own in (True, False)}
        apart = np.minimum(np.linalg.norm(drawn[True] - drawn[False], axis=2), _LARGEST)
        if not apart.any():
            continue
        for own, drawing in drawn.items():
            least[own] = min(least[own], _distance(_blocks(pixels), drawing, apart))
    return bool(least[True] < least[False])


def is_copied(trial: IdentityTrial, pixels: Pixels) -> bool:
    """Whether the picture is nearer to the reference's pixels than to the best drawing of what was asked."""
    seen = _blocks(pixels)
    even = np.ones(seen.shape[:2])
    asked = min(_distance(seen, _blocks(render(trial.target, seed)), even) for seed in _SEEDS)
    return _distance(seen, _blocks(trial.shown), even) < asked


def _distance(seen: NDArray[np.float64], drawing: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The mean difference of blocks, capped and weighted, where the two lie best on each other."""
    best, inside = np.inf, (slice(_REACH, -_REACH), slice(_REACH, -_REACH))
    share = weights[inside] / weights[inside].sum() if weights[inside].any() else weights[inside]
    for down in range(-_REACH, _REACH + 1):
        for right in range(-_REACH, _REACH + 1):
            moved = np.roll(seen, (-down, -right), (0, 1))[inside]
            apart = np.minimum(np.linalg.norm(moved - drawing[inside], axis=2), _LARGEST)
            best = min(best, float((apart * share).sum()))
    return best


def _blocks(pixels: Pixels) -> NDArray[np.float64]:
    height, width, _ = pixels.shape
    return lab(pixels.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3).mean((1, 3)))


def _identity(figure: Attributes) -> dict[str, str]:
    """Who a figure is, whether it shows now or not."""
    fields = {slot: getattr(figure, slot) for slot in IDENTITY if slot not in ACCESSORY_SLOTS}
    worn = {
        slot: next((one for one in figure.accessories if one in names), BARE)
        for slot, names in ACCESSORY_SLOTS.items()
        if slot in IDENTITY
    }
    return {**fields, **worn}


def _index(slot: str, value: str) -> int:
    return SLOT_VALUES[slot].index(value)
