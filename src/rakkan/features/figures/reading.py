"""What a picture of a figure shows: the most likely value of every attribute, and where its parts are.

One network of our own answers both; it has learnt from renders alone, whose attributes and parts are known
exactly (`rakkan starter reader`). A figure that is small in its picture is looked at twice, the second
time at its head.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

from rakkan.errors import RakkanError
from rakkan.features.figures import tints
from rakkan.features.figures.framing import Box, bust_of
from rakkan.features.figures.palette import Palette
from rakkan.features.figures.parts import Look, Parts, fitted
from rakkan.features.networks import Network, load, verified

_WEIGHTS = Path(__file__).parent / "weights"
READER = Network(
    _WEIGHTS / "reader",
    graph_sha256="623ca68ae86b657388d8d9e61b9eaa3885068edf4e856d0ccbad638f5351e7ed",
    weights_sha256="f7415d1b82211b4f827b04790866a7483e3c4f347cf96588c7fb374cb181f645",
)
#: Names of slots, values and parts in the order of the network's answers, and how far it is to be trusted.
_MEANINGS_SHA256 = "d5d918fd2e272ae83f6e99794eb224a068d9257b98d4df45ba2ec2dd09644823"

#: Slots that a closer look at the head answers better than the whole picture; the others need all of it.
OF_THE_HEAD = frozenset(
    {
        "presentation", "view", "hairstyle", "fringe", "hair_colour", "hair_tone", "hair_accent", "eye_shape",
        "eye_colour", "expression", "skin", "accessory_colour", "accessory head", "accessory hair",
        "accessory face", "accessory ears", "accessory neck",
    }
)  # fmt: skip
#: A bust this much smaller than its picture, by the longer side, is looked at again.
_SMALL = 0.75

Pixels = NDArray[numpy.uint8]


@dataclass(frozen=True, eq=False)
class FigureReading:
    """What was read off a picture.

    ``slots`` maps every slot to its most likely value and the probability, 0 to 1, that it shows there: low
    both when it could be another and when the slot cannot be seen at all. ``parts`` maps ``background``,
    ``skin`` (all bare skin, the face's too), ``face`` (with eyes and mouth), ``hair``, ``eyes``, ``mouth``,
    ``outfit`` and ``accessories`` to float32 [height, width], 0 to 1, how likely each pixel belongs to it;
    each is made when it is asked for. ``embedding``, float32 [n] of unit length, says who it is like: the
    product of two is 1 for the same answers about who somebody is, whatever they do and wear. ``palette``
    maps parts to their main colours as ``#rrggbb``, the largest first. ``bust`` is head and shoulders as the
    starter model draws them, or None where no head was found.
    """

    slots: Mapping[str, tuple[str, float]]
    parts: Mapping[str, NDArray[numpy.float32]]
    embedding: NDArray[numpy.float32]
    palette: Mapping[str, tuple[str, ...]]
    bust: Box | None


@dataclass(frozen=True)
class Meanings:
    """What the network's answers stand for: values by slot, parts, what each slot's logits are divided by so
    that probabilities are true ones, and how much each slot tells of who somebody is."""

    slots: Mapping[str, tuple[str, ...]]
    parts: tuple[str, ...]
    temperatures: Mapping[str, float]
    identity: Mapping[str, float]


def read(pixels: Pixels) -> FigureReading:
    """Read a picture, uint8 [height, width, 3], of any size and proportions.

    Raises RakkanError when the pixels are not such a picture, or the network is not the one that shipped.
    """
    if pixels.dtype != numpy.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
        raise RakkanError(
            f"An array of {pixels.dtype} {list(pixels.shape)} is no picture to read",
            "Give 8-bit RGB pixels of shape [height, width, 3]",
        )
    known = meanings()
    height, width = pixels.shape[:2]
    answers, look = _looked(pixels, Box(0, 0, width, height), known)
    looks = [look]
    bust = bust_of(Parts((height, width), tuple(looks)))
    if bust is not None and max(bust.width, bust.height) < _SMALL * max(width, height):
        closer, near = _looked(pixels, bust, known)
        answers = {slot: closer[slot] if slot in OF_THE_HEAD else answers[slot] for slot in answers}
        looks.append(near)
    parts = Parts((height, width), tuple(looks))
    slots = {}
    for slot, values in known.slots.items():
        best = int(answers[slot][:-1].argmax())
        slots[slot] = (values[best], float(answers[slot][best]))
    return FigureReading(slots, parts, _embedding(answers, known), Palette(pixels, parts), bust)


def digest() -> str:
    """What a reading depends on: the SHA-256 of the network's digest, its meanings' and its tints'."""
    pinned = (READER.weights_sha256, _MEANINGS_SHA256, tints.WEIGHTS_SHA256)
    return hashlib.sha256(" ".join(pinned).encode()).hexdigest()


@cache
def meanings() -> Meanings:
    """What the answers stand for, as it shipped beside the weights."""
    told: dict[str, Any] = json.loads(verified(_WEIGHTS / "reader.json", _MEANINGS_SHA256))
    return Meanings(
        {slot: tuple(values) for slot, values in told["slots"].items()},
        tuple(told["parts"]),
        dict(told["temperatures"]),
        dict(told["identity"]),
    )


def asked(
    picture: NDArray[numpy.float32], known: Meanings
) -> tuple[dict[str, NDArray[numpy.float32]], dict[str, NDArray[numpy.float32]]]:
    """The network's answers about a picture float32 [1, 3, 256, 256], 0 to 1: the probabilities of every
    slot's, the last that it cannot be seen, and its parts, float32 [n, n]."""
    logits, maps = load(READER)(picture)
    if not (numpy.isfinite(logits).all() and numpy.isfinite(maps).all()):
        raise RakkanError("The figure reader answered something that is no number")
    answers, at = {}, 0
    for slot, values in known.slots.items():
        answers[slot] = _softmax(logits[0, at : at + len(values) + 1] / known.temperatures[slot])
        at += len(values) + 1
    return answers, dict(zip(known.parts, maps[0], strict=True))


def _looked(pixels: Pixels, box: Box, known: Meanings) -> tuple[dict[str, NDArray[numpy.float32]], Look]:
    """The probabilities of every slot's answers in the box, in the light of the parts' colours, and the
    parts."""
    picture = fitted(pixels, box)
    answers, maps = asked(picture, known)
    return tints.answered(tints.counted(picture[0], maps), answers), Look(box, maps)


def _embedding(answers: Mapping[str, NDArray[numpy.float32]], known: Meanings) -> NDArray[numpy.float32]:
    """Square roots of probabilities, so that a product is how much two distributions overlap (Bhattacharyya
    1943), weighted by slot. What cannot be seen could be anything."""
    told = []
    for slot, weight in known.identity.items():
        values, unseen = answers[slot][:-1], answers[slot][-1]
        told.append(numpy.sqrt(weight * (values + unseen / len(values))))
    made = numpy.concatenate(told).astype(numpy.float32)
    return made / numpy.float32(numpy.linalg.norm(made))


def _softmax(logits: NDArray[numpy.float32]) -> NDArray[numpy.float32]:
    raised = numpy.exp(logits - logits.max())
    shares: NDArray[numpy.float32] = raised / raised.sum()
    return shares
