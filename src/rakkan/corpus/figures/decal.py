"""Paths drawn flat, as on a face that looks straight ahead, and laid on the head however it is turned.

Drawing them once and moving only their points is what makes a face cheap: the curves are cached,
and a figure pays for one projection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rakkan.corpus.figures.curves import Points, points
from rakkan.corpus.figures.head import CHIN, CROWN, Head

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LEVELS = np.linspace(CROWN, CHIN, 41)
#: How far the face's outline in profile stands out (+) or in (-) from the skull's, by height.
_PROFILE = np.array(
    [
        (-50, 0.0), (-36, 0.0), (-24, 0.9), (-12, 0.9), (-6, 0.2), (0, -1.8), (4, -2.7), (8, -2.1), (12, 0.0),
        (16, 2.9), (18.6, 4.9), (20, 4.6), (21.6, 1.4), (23, -0.4), (25, -0.1), (27, 0.1), (28.6, -1.6),
        (30, -0.9), (32, -0.7), (34.5, -2.9), (37, -2.9), (41, -1.2), (45, 0.0), (48, 0.0), (50, 0.0),
    ]
)  # fmt: skip


def profile_relief(level: NDArray[np.float64]) -> NDArray[np.float64]:
    """What nose, lips and chin add to the skull's outline in profile, in figure units, by height."""
    return np.asarray(np.interp(level, _PROFILE[:, 0], _PROFILE[:, 1]))


@dataclass(frozen=True)
class Decal:
    """Named paths, kept as their points [n, 2] and the text in between."""

    names: tuple[str, ...]
    texts: tuple[str, ...]
    ends: tuple[int, ...]
    points: Points

    def written(self, numbers: list[float]) -> dict[str, str]:
        """The paths with other numbers: x and y of each point in turn."""
        found, start = {}, 0
        for name, text, end in zip(self.names, self.texts, self.ends, strict=True):
            found[name] = text % tuple(numbers[start:end])
            start = end
        return found


def decal(paths: Mapping[str, str]) -> Decal:
    """A decal of path data made of M, L, C and Z alone (what `curves` writes, but for ellipses)."""
    numbers = [_NUMBER.findall(path) for path in paths.values()]
    texts = tuple(_NUMBER.sub("%.2f", path) for path in paths.values())
    ends = tuple(np.cumsum([len(found) for found in numbers]).tolist())
    flat = [float(value) for found in numbers for value in found]
    return Decal(tuple(paths), texts, ends, points(flat))


@dataclass(frozen=True)
class Placement:
    """A decal, where its origin goes on the flat face, its scale (negative: mirrored) and its height."""

    drawing: Decal
    at: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    lift: float = 0.0


@lru_cache(maxsize=64)
def _rings(jaw: float) -> tuple[NDArray[np.float64], ...]:
    """Half width, depth of its middle and depth of its front for each of `_LEVELS`."""
    head = Head(jaw=jaw)
    side, front = head.surface(90.0, _LEVELS), head.surface(0.0, _LEVELS)
    return side[:, 0], side[:, 2], front[:, 2]


class Face:
    """The front of a head, on which decals are laid.

    Coordinates are those of a face that looks straight ahead: x to the picture's right, y down, the
    origin in the middle of the head.
    """

    def __init__(self, head: Head) -> None:
        self.head = head
        turn = abs(head.yaw)
        #: 0 while both eyes show, 1 in profile.
        self.profile = float(np.clip((turn - 55) / 25, 0, 1))
        #: The side (+1 or -1 in x) that is nearer to the viewer.
        self.near = -1 if head.yaw > 0 else 1

    def solid(self, flat: ArrayLike, lift: float | NDArray[np.float64] = 0.0) -> NDArray[np.float64]:
        """Points [n, 3] of head space under the points [n, 2] of the flat face, raised by ``lift``."""
        point = points(flat)
        x, level = point[:, 0], point[:, 1]
        width, middle, front = (np.interp(level, _LEVELS, row) for row in _rings(round(self.head.jaw, 2)))
        share = np.clip(x / np.maximum(width, 1.0), -0.97, 0.97)
        z = middle + (front - middle) * np.sqrt(1 - share * share)
        if self.profile:
            # Seen from the side a face drawn on an ellipse would shrink to a sliver, so the features
            # are fanned out along the cheek, and what lies beyond the nose's ridge is folded away.
            x = self.near * np.maximum(self.near * x, 0.0)
            beside = np.minimum(np.abs(x) / 12, 1.0)
            fanned = front + profile_relief(level) * (1 - beside) - 0.4 - 0.6 * beside - 0.62 * np.abs(x)
            z = z + (fanned - z) * self.profile
        return np.stack([x, level, z + lift], axis=1)

    def place(self, flat: ArrayLike, lift: float | NDArray[np.float64] = 0.0) -> Points:
        """Points [n, 2] of the picture for points [n, 2] of the flat face."""
        return self.head.project(self.solid(flat, lift))

    def paste(self, *placements: Placement) -> list[dict[str, str]]:
        """The paths of decals in the picture, one dictionary for each placement; best all at once."""
        flat = np.concatenate([place.drawing.points * place.scale + place.at for place in placements])
        lift: float | NDArray[np.float64] = 0.0
        if any(place.lift for place in placements):
            lift = np.repeat([p.lift for p in placements], [len(p.drawing.points) for p in placements])
        moved = self.place(flat, lift).ravel().tolist()
        found, start = [], 0
        for place in placements:
            end = start + 2 * len(place.drawing.points)
            found.append(place.drawing.written(moved[start:end]))
            start = end
        return found


def joined(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Paths of the same name strung together, to be painted as one."""
    found: dict[str, str] = {}
    for part in parts:
        for name, path in part.items():
            found[name] = found.get(name, "") + path
    return found
