"""Every pair of attribute values drawn at least once, and each drawing searched for faults.

A fault is a part of the figure cut off at the top of the frame, a place that nothing covers, or
background showing through the head or the neck, where there is always something solid. And how fast
the renderer draws, since training lives on fresh renders.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from random import Random

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.attributes import (
    ACCESSORY_PLACES,
    GROUPS,
    Attributes,
    consistent,
    sample,
)
from rakkan.corpus.figures.canvas import REGIONS, Canvas
from rakkan.corpus.figures.curves import polygon
from rakkan.corpus.figures.drawing import NATIVE_SIZES, compose, regions, render
from rakkan.corpus.figures.scene import Scene

Value = tuple[str, str]
Pair = tuple[Value, Value]

_TRIES = 6
_HEAD_PARTS = ("skin", "hair", "hair_accent", "accessory")
#: Pixels of a fault below which it is the blend of two edges.
_TOLERATED = 3


@dataclass(frozen=True)
class Fault:
    """What is wrong with one drawing."""

    attributes: Attributes
    seed: int
    kind: str
    pixels: int


@dataclass(frozen=True)
class Scan:
    """What a search for faults has found: in how many figures, which show how many pairs of values."""

    figures: int
    pairs: int
    faults: tuple[Fault, ...]

    @property
    def faulty(self) -> int:
        """How many figures have a fault, or several."""
        return len({(fault.attributes, fault.seed) for fault in self.faults})


@dataclass(frozen=True)
class Pace:
    """How long ``pictures`` took: on the wall's clock, and of the time of all processor cores together."""

    pictures: int
    seconds: float
    processor_seconds: float


Subject = tuple[Attributes, int]
#: Draws figures and says of each how many seconds of processor time it took.
Timed = Callable[[Callable[[Subject], float], Iterable[Subject]], Iterator[float]]
#: Searches figures for faults. The plain ``map`` is of both kinds; a pool of processes is faster.
Searched = Callable[[Callable[[Subject], list[Fault]], Iterable[Subject]], Iterator[list[Fault]]]


def scan(figures: Iterable[Attributes], seed: int = 0, spread: Searched = map) -> Scan:
    """Draw each figure, the n-th with seed ``seed`` + n, and search it for faults."""
    drawn = list(figures)
    found = spread(_faults, [(figure, seed + at) for at, figure in enumerate(drawn)])
    shown = {pair for figure in drawn for pair in combinations(values_of(figure), 2)}
    return Scan(len(drawn), len(shown), tuple(fault for several in found for fault in several))


def pace(pictures: int, seed: int = 0, spread: Timed = map) -> Pace:
    """Draw so many random figures of 256 × 256 pixels, and time it."""
    random = Random(f"pace {seed}")
    square = [name for name, size in NATIVE_SIZES.items() if size == (256, 256)]
    figures = [(sample(random, framing=square[at % len(square)]), at) for at in range(pictures)]
    started = time.perf_counter()
    used = sum(spread(_timed, figures))
    return Pace(pictures, time.perf_counter() - started, used)


def _faults(subject: Subject) -> list[Fault]:
    return faults(*subject)


def _timed(subject: Subject) -> float:
    started = time.process_time()
    render(*subject)
    return time.process_time() - started


def values_of(attributes: Attributes) -> list[Value]:
    """Every (group, value) of a figure, the places of its accessories among the groups."""
    values = [(group, getattr(attributes, group)) for group in GROUPS]
    for place, names in ACCESSORY_PLACES.items():
        worn = next((name for name in attributes.accessories if name in names), "")
        values.append((f"accessory {place}", worn))
    return values


def covering_figures(seed: int = 0) -> Iterator[Attributes]:
    """Figures that together show every pair of values that can be drawn together (greedy)."""
    random = Random(f"pairs {seed}")
    choices = {**GROUPS, **{f"accessory {place}": ("", *names) for place, names in ACCESSORY_PLACES.items()}}
    missing: dict[Pair, None] = {
        ((one, first), (other, second)): None
        for one, other in combinations(choices, 2)
        for first in choices[one]
        for second in choices[other]
    }
    while missing:
        wanted = next(iter(missing))
        best, covered = None, list[Pair]()
        for _ in range(_TRIES):
            chosen = {group: random.choice(values) for group, values in choices.items()} | dict(wanted)
            figure = _figure(chosen)
            new = [pair for pair in combinations(values_of(figure), 2) if pair in missing]
            if best is None or (wanted in new, len(new)) > (wanted in covered, len(covered)):
                best, covered = figure, new
        # A pair that no try could show is one that `consistent` rules out.
        del missing[wanted]
        for pair in covered:
            missing.pop(pair, None)
        if best is not None and covered:
            yield best


def _figure(chosen: dict[str, str]) -> Attributes:
    worn = tuple(value for group, value in chosen.items() if group.startswith("accessory ") and value)
    single = {group: value for group, value in chosen.items() if group in GROUPS}
    return consistent(Attributes(**single, accessories=worn))


def faults(attributes: Attributes, seed: int) -> list[Fault]:
    """What is wrong with the drawing of these attributes and this seed; empty when nothing is."""
    scene = compose(attributes, seed)
    labels = regions(scene.canvas, scene)
    found = {
        "uncovered": int((labels == REGIONS.index("none")).sum()),
        "cut off at the top": int(np.isin(labels[0], [REGIONS.index(part) for part in _HEAD_PARTS]).sum()),
        "background through the head": _background_inside(scene, labels),
    }
    return [Fault(attributes, seed, kind, pixels) for kind, pixels in found.items() if pixels > _TOLERATED]


def _background_inside(scene: Scene, labels: NDArray[np.uint8]) -> int:
    solid = Canvas()
    inner = scene.head.outline()
    middle = inner.mean(axis=0)
    solid.shape("head", polygon(middle + (inner - middle) * 0.93), "#000000", region="skin")
    mask = regions(solid, scene) == REGIONS.index("skin")
    return int((mask & (labels == REGIONS.index("background"))).sum())
