"""The eye as it is drawn on paper: eight shapes, opened or closed by the expression.

Local coordinates: the origin in the middle of the eye, u towards the temple, v down. Everything is
cached; a figure only moves the points (`decal`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.curves import Points, points, polygon, sample_curve, smooth, stroke
from rakkan.corpus.figures.decal import Decal, decal

Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class EyeShape:
    """One shape: both lids from the inner corner outwards, the iris, and how the lashes run out.

    ``iris`` is (half width, half height, v of its middle); ``wing`` the point where the upper lash
    line ends; ``crease`` the height of the fold above the lid; ``lid`` says how much of the lid's own
    skin shows.
    """

    upper: Knots
    lower: Knots
    iris: tuple[float, float, float]
    wing: tuple[float, float]
    lash: float = 2.7
    crease: float = 3.6
    lid: float = 0.0


EYE_SHAPES: dict[str, EyeShape] = {
    "round eyes": EyeShape(
        ((-9.2, 0.5), (-7.6, -5.2), (-2.5, -9.2), (3.6, -9.3), (8.2, -5.6), (10.2, 0.2)),
        ((-8.4, 3.2), (-6.0, 7.6), (0.0, 9.6), (5.8, 7.8), (9.2, 3.0)),
        (7.3, 8.9, 0.4), (12.0, -1.4),
    ),
    "almond eyes": EyeShape(
        ((-11.2, 3.4), (-7.8, -2.0), (-2.5, -5.6), (3.4, -6.2), (8.4, -4.4), (12.2, -1.2)),
        ((-10.8, 3.8), (-6.5, 5.4), (0.0, 6.6), (6.2, 5.2), (11.8, -0.4)),
        (6.6, 7.4, -0.2), (14.8, -3.0),
    ),
    "upturned eyes": EyeShape(
        ((-10.0, 4.8), (-8.0, -0.8), (-3.4, -6.2), (2.4, -8.9), (7.8, -9.8), (12.2, -8.2)),
        ((-9.6, 5.4), (-5.6, 8.0), (0.4, 8.0), (6.4, 3.4), (11.8, -6.8)),
        (6.9, 8.5, -0.2), (15.8, -12.0), lash=3.0,
    ),
    "drooping eyes": EyeShape(
        ((-9.6, -2.8), (-7.4, -7.0), (-2.2, -8.8), (3.6, -7.0), (8.6, -1.4), (11.2, 5.4)),
        ((-9.0, 0.0), (-6.6, 5.2), (-0.6, 8.6), (5.4, 9.2), (10.4, 7.0)),
        (7.1, 8.4, 0.6), (13.4, 8.4), lash=2.6,
    ),
    "narrow eyes": EyeShape(
        ((-10.8, 2.2), (-7.4, -1.2), (-2.4, -3.2), (3.2, -3.6), (8.2, -2.4), (11.6, 0.2)),
        ((-10.2, 2.6), (-6.0, 4.2), (0.0, 5.2), (6.0, 4.6), (11.0, 1.0)),
        (5.9, 6.6, 0.2), (13.8, -0.4), lash=2.2, crease=3.0,
    ),
    "wide eyes": EyeShape(
        ((-10.4, -0.5), (-8.4, -7.4), (-3.0, -11.4), (3.8, -11.4), (9.0, -7.2), (11.2, -0.6)),
        ((-9.8, 3.0), (-7.2, 8.6), (0.0, 11.0), (7.0, 8.8), (10.6, 2.8)),
        (6.5, 7.5, -0.2), (12.6, -2.4), lash=2.4,
    ),
    "half-lidded eyes": EyeShape(
        ((-9.8, 0.2), (-7.0, -1.6), (-2.5, -2.3), (3.4, -2.3), (8.2, -1.5), (11.0, 0.8)),
        ((-8.8, 2.8), (-6.2, 7.4), (0.0, 9.4), (6.0, 7.6), (9.8, 2.8)),
        (7.1, 8.6, 0.8), (13.2, 1.2), lash=2.7, crease=5.6, lid=1.0,
    ),
    "sharp eyes": EyeShape(
        ((-11.6, 4.6), (-8.4, 0.2), (-3.6, -2.9), (2.4, -5.6), (8.0, -7.4), (12.4, -7.0)),
        ((-11.0, 5.2), (-6.4, 5.3), (-0.6, 5.0), (5.6, 3.0), (12.0, -6.2)),
        (5.8, 7.4, 0.0), (16.2, -9.6), lash=2.5, crease=2.8,
    ),
}  # fmt: skip

#: Lash spikes from the temple inwards: place along the lid, reach (u, v) and half their foot.
_SPIKES = ((0.93, (3.6, -1.6), 1.2), (0.82, (3.3, -2.6), 1.2), (0.70, (2.4, -2.9), 1.0))

#: How an expression moves the lids: raise of the upper lid's inner and outer half, raise of the lower
#: lid, and the size of the iris.
MOODS: dict[str, tuple[float, float, float, float]] = {
    "open": (0.0, 0.0, 0.0, 1.0),
    "soft": (-0.3, 0.0, 1.3, 1.0),
    "sad": (0.8, -2.6, 0.0, 1.0),
    "angry": (-4.6, 0.6, 0.5, 0.92),
    "shocked": (1.7, 1.7, -0.8, 0.74),
    "shy": (-0.6, -1.8, 0.4, 1.0),
}


@dataclass(frozen=True)
class Lids:
    """Both lids of an eye as dense lines [n, 2] from the inner corner outwards."""

    upper: Points
    lower: Points

    def between(self, outline: Points, ceiling: float = 0.0, floor: float | None = None) -> Points:
        """An outline held between the lids: at least ``ceiling`` and at most ``floor`` below the upper."""
        top = np.interp(outline[:, 0], self.upper[:, 0], self.upper[:, 1])
        bottom = np.interp(outline[:, 0], self.lower[:, 0], self.lower[:, 1])
        lowest = bottom if floor is None else np.minimum(bottom, top + floor)
        held = np.maximum(np.minimum(outline[:, 1], lowest), np.minimum(top + ceiling, lowest))
        return np.stack([np.clip(outline[:, 0], self.upper[0, 0], self.upper[-1, 0]), held], axis=1)


def _lids(shape: EyeShape, mood: str, profile: bool) -> Lids:
    inner, outer, below, _ = MOODS[mood]
    upper, lower = sample_curve(shape.upper, 21), sample_curve(shape.lower, 17)
    for line, rise in ((upper, (inner, outer)), (lower, (below, below))):
        place = (line[:, 0] - line[0, 0]) / (line[-1, 0] - line[0, 0])
        line[:, 1] -= np.sin(np.pi * np.clip(place, 0, 1)) ** 0.6 * (rise[0] * (1 - place) + rise[1] * place)
    upper[:, 1] = np.minimum(upper[:, 1], np.interp(upper[:, 0], lower[:, 0], lower[:, 1]) - 0.4)
    if profile:
        # From the side the eyeball's front is a tall edge near the nose: the inner half is cut off.
        upper, lower = upper[upper[:, 0] > -4.6], lower[lower[:, 0] > -4.6]
    return Lids(upper, lower)


def _oval(u: float, v: float, radius_u: float, radius_v: float, count: int = 30) -> Points:
    turn = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([u + radius_u * np.cos(turn), v + radius_v * np.sin(turn)], axis=1)


def _round(u: float, v: float, radius_u: float, radius_v: float) -> str:
    return smooth(_oval(u, v, radius_u, radius_v, 8))


def _taper(line: Points, widths: NDArray[np.float64], outwards: float) -> str:
    """A band on a line, ``outwards`` (0-1) of its width above it, the rest below."""
    direction = np.gradient(line, axis=0)
    direction /= np.maximum(np.hypot(direction[:, 0], direction[:, 1]), 1e-6)[:, None]
    up = np.stack([direction[:, 1], -direction[:, 0]], axis=1) * widths[:, None]
    band = np.concatenate([line + up * outwards, (line - up * (1 - outwards))[::-1]])
    return smooth(band, corners=(0, len(line) - 1))


def _lash_line(upper: Points, shape: EyeShape, weight: float, fullness: int, profile: bool) -> str:
    line = np.concatenate([upper[:: 1 if profile else 2], [shape.wing]])
    place = np.linspace(0, 1, len(line))
    if profile:
        swell = np.interp(place, [0, 0.15, 0.5, 0.8, 1], [0.35, 0.85, 1.0, 0.9, 0.05])
    else:
        swell = np.interp(place, [0, 0.12, 0.4, 0.72, 0.9, 1], [0.12, 0.4, 0.74, 1.0, 0.86, 0.04])
    drawn = _taper(line, swell * shape.lash * weight, 0.72)
    wing = points(shape.wing)[0]
    for at, (reach_u, reach_v), half in _SPIKES[: (0, 1, 3)[fullness]]:
        base = upper[min(int(at * len(upper)), len(upper) - 1)] - np.array([0.0, 0.9 * weight])
        lean = np.clip((wing[1] - upper[-1, 1]) * 0.25, -0.8, 1.2)
        tip_u, tip_v = reach_u * weight, (reach_v + lean) * weight
        spike = points([(-half, 0.3), (half * 0.2 + tip_u * 0.3, -0.9), (tip_u, tip_v), (half, 0.8)])
        drawn += smooth(base + spike, corners=(0, 2, 3))
    return drawn


def _lower_lash(lower: Points, weight: float, fullness: int, profile: bool) -> str:
    first = 0 if profile else len(lower) // 3
    drawn = stroke(lower[first::2] + np.array([0.0, 0.25]), 0.95 * weight, count=5, heaviest=0.7)
    if fullness == 2:
        base = lower[int(0.84 * len(lower))]
        drawn += polygon(base + points([(-0.6, 0.1), (1.9, 1.5), (0.7, -0.5)]))
    return drawn


def _crease(upper: Points, shape: EyeShape, mood: str, weight: float) -> str:
    first = len(upper) // 5
    # Under an angry brow the fold hides but for its outer end.
    first = len(upper) // 2 if mood == "angry" else first
    line = upper[first : len(upper) - 2 : 3] - (0, shape.crease + 0.4 * weight)
    if shape.lid and mood != "shocked":
        line = line - np.stack([0 * line[:, 0], 2.4 * (1 - (line[:, 0] / 11) ** 2)], axis=1)
    return stroke(line, 0.8, count=5, heaviest=0.6)


@lru_cache(maxsize=4096)
def open_eye(name: str, mood: str, fullness: int, highlight: int, gaze: float, profile: bool) -> Decal:
    """An open eye, flat.

    ``fullness`` is the lashes' (0-2); ``highlight`` is the side (+1 or -1 of u) of the light; ``gaze`` moves
    the iris along u; ``profile`` shapes the eye for a head seen from the side. Paths: white,
    white_shade, iris_ring, iris, iris_glow, iris_shade, pupil, shine, lash, lower_lash, crease, lid.
    """
    shape = EYE_SHAPES[name]
    lids, grow = _lids(shape, mood, profile), MOODS[mood][3]
    weight = (0.8, 0.92, 1.04)[fullness]
    radius_u, radius_v, middle = shape.iris[0] * grow * 1.06, shape.iris[1] * grow * 1.02, shape.iris[2]
    if profile:
        gaze, radius_u = gaze - 1.9, radius_u * 0.92
    white = np.concatenate([lids.upper, lids.lower[::-1]])
    ring = _oval(gaze, middle, radius_u, radius_v)
    iris = _oval(gaze, middle, radius_u * 0.9, radius_v * 0.93)
    glow = _oval(gaze, middle + radius_v * 0.5, radius_u * 0.62, radius_v * 0.36)
    pupil = _oval(gaze, middle - radius_v * 0.06, radius_u * 0.4, radius_v * 0.46)
    aside = highlight * radius_u * (0.14 if profile else 0.42)
    light = _oval(gaze + aside, middle - radius_v * 0.44, radius_u * 0.32, radius_v * 0.29, 16)
    spark = (gaze - aside, middle + radius_v * 0.46)
    band = np.concatenate([lids.upper, (lids.upper + np.array([0.0, 2.6]))[::-1]])
    lid = np.concatenate([lids.upper, (lids.upper - (0, shape.crease * 0.9))[::-1]])
    paths = {
        "white": polygon(white),
        "white_shade": polygon(lids.between(band)),
        "iris_ring": polygon(lids.between(ring)),
        "iris": polygon(lids.between(iris)),
        "iris_glow": polygon(lids.between(glow)),
        "iris_shade": polygon(lids.between(iris, floor=radius_v * 0.62 if not shape.lid else radius_v * 0.4)),
        "pupil": polygon(lids.between(pupil)),
        "shine": polygon(lids.between(light, ceiling=0.9)) + _round(*spark, radius_u * 0.15, radius_v * 0.14),
        "lash": _lash_line(lids.upper, shape, weight, fullness, profile),
        "lower_lash": _lower_lash(lids.lower, weight, fullness, profile),
        "crease": _crease(lids.upper, shape, mood, weight),
    }
    if shape.lid:
        paths["lid"] = polygon(lid)
    return decal(paths)


@lru_cache(maxsize=16)
def closed_eye(happy: bool, fullness: int) -> Decal:
    """A closed eye, flat: an arch for laughter, a bowl for rest. Paths: lash, crease."""
    if happy:
        line = points([(-10.4, 4.6), (-6.6, 0.0), (-0.6, -3.0), (5.6, -1.4), (10.8, 4.4)])
        ticks = [((9.2, 2.2), (13.4, 1.6)), ((7.4, 0.2), (11.4, -1.6))]
        crease = points([(-5.0, -5.2), (0.5, -6.6), (6.0, -5.0)])
    else:
        line = points([(-10.2, 0.4), (-6.4, 4.0), (0.2, 5.8), (6.6, 4.2), (11.4, -0.6)])
        ticks = [((9.6, 1.2), (13.8, 2.4)), ((7.0, 3.6), (10.6, 6.2)), ((3.4, 5.2), (5.8, 8.2))]
        crease = points([(-6.0, -2.2), (0.0, 0.0), (6.6, -2.0)])
    dense = sample_curve(line, 15)
    place = np.linspace(0, 1, 15)
    swell = np.interp(place, [0, 0.3, 0.7, 1], [0.15, 0.8, 1.0, 0.12])
    lash = _taper(dense, swell * (2.4, 2.7, 2.9)[fullness], 0.5)
    for base, tip in ticks[: (0, 1, 3)[fullness]]:
        lash += stroke([base, tip], 1.5, count=4, heaviest=0.05, least=0.05)
    return decal({"lash": lash, "crease": stroke(crease, 0.8)})
