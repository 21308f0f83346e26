"""A body or a garment as a stack of half-elliptic rings that turns about the vertical axis.

Body space shares the head's axes: x to the picture's right, y down, z towards the viewer, units of a
hundredth of the head. Everything here works on plain floats, because single points are what clothes
are drawn with and arrays would be slower for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from math import asin, atan2, cos, hypot, pi, radians, sin

import numpy as np

Point = tuple[float, float]
#: One ring: height, half width, reach to the front, reach to the back.
Ring = tuple[float, float, float, float]

_STEP = 2.0


@lru_cache(maxsize=256)
def _dense(rings: tuple[Ring, ...]) -> tuple[list[float], list[float], list[float]]:
    """Half width, front and back reach every two units of height (cubic Hermite between the rings)."""
    table = np.asarray(rings, float)
    level = table[:, 0]
    fine = np.arange(level[0], level[-1] + _STEP, _STEP)
    at = np.clip(np.searchsorted(level, fine, side="right") - 1, 0, len(level) - 2)
    step = level[at + 1] - level[at]
    t = np.clip((fine - level[at]) / step, 0, 1)
    columns = []
    for column in table[:, 1:].T:
        slope = np.gradient(column, level)
        columns.append(
            (2 * t**3 - 3 * t**2 + 1) * column[at]
            + (t**3 - 2 * t**2 + t) * step * slope[at]
            + (3 * t**2 - 2 * t**3) * column[at + 1]
            + (t**3 - t**2) * step * slope[at + 1]
        )
    width, front, back = (np.maximum(values, 0.5).tolist() for values in columns)
    return width, front, back


@dataclass(frozen=True)
class Tube:
    """A stack of rings seen at ``yaw`` degrees (positive: its front turns to the picture's right)."""

    rings: tuple[Ring, ...]
    yaw: float

    cosine: float = field(init=False)
    sine: float = field(init=False)
    _table: tuple[list[float], list[float], list[float]] = field(init=False, repr=False, compare=False)

    _known: dict[float, tuple[float, float, float, float, float]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "_table", _dense(self.rings))
        object.__setattr__(self, "cosine", cos(radians(self.yaw)))
        object.__setattr__(self, "sine", sin(radians(self.yaw)))

    @property
    def top(self) -> float:
        """Height of the uppermost ring."""
        return self.rings[0][0]

    @property
    def bottom(self) -> float:
        """Height of the lowest ring."""
        return self.rings[-1][0]

    def radii(self, y: float) -> tuple[float, float, float]:
        """Half width, front and back reach of the ring at a height (that of the end beyond the ends)."""
        return self._ring(y)[:3]

    def _ring(self, y: float) -> tuple[float, float, float, float, float]:
        """`radii` and `horizon` of a height, remembered because clothes ask for the same heights often."""
        known = self._known.get(y)
        if known is not None:
            return known
        width, front, back = self._table
        place = min(max((y - self.rings[0][0]) / _STEP, 0.0), len(width) - 1.001)
        index = int(place)
        share = place - index
        across = width[index] + (width[index + 1] - width[index]) * share
        ahead = front[index] + (front[index + 1] - front[index]) * share
        behind = back[index] + (back[index + 1] - back[index]) * share
        side, turn = across * self.cosine, abs(self.sine)
        near, far = pi - atan2(side, behind * turn), atan2(side, ahead * turn)
        left, right = (-near, far) if self.sine >= 0 else (-far, near)
        ring = across, ahead, behind, left, right
        self._known[y] = ring
        return ring

    def project(self, x: float, y: float, z: float) -> Point:
        """A point of body space in the picture."""
        return x * self.cosine + z * self.sine, y

    def horizon(self, y: float) -> tuple[float, float]:
        """The two angles (radians, left then right) at which the ring turns away from the viewer."""
        return self._ring(y)[3:]

    def at(self, angle: float, y: float) -> Point:
        """The point of the surface at an angle, kept on the seen side.

        ``angle`` in degrees: 0 is the front, 90 the side at +x.
        """
        return self._point(radians(angle), y)

    def _point(self, turn: float, y: float) -> Point:
        width, front, back, left, right = self._ring(y)
        turn = left if turn < left else right if turn > right else turn
        depth = cos(turn)
        return width * sin(turn) * self.cosine + (front if depth > 0 else back) * depth * self.sine, y

    def front(self, x: float, y: float) -> Point:
        """The point of the front at ``x`` (as seen from the front); beyond the horizon it stays upon it."""
        share = x / self._ring(y)[0]
        return self._point(asin(-1.0 if share < -1 else 1.0 if share > 1 else share), y)

    def fronts(self, *values: Point) -> list[Point]:
        """`front` of several points."""
        return [self.front(x, y) for x, y in values]

    def edge(self, side: int, y: float) -> Point:
        """The silhouette at a height, on the picture's left (-1) or right (1)."""
        width, front, back, _, _ = self._ring(y)
        reach = front if side * self.sine >= 0 else back
        return side * hypot(width * self.cosine, reach * self.sine), y

    def edges(self, side: int, *heights: float) -> list[Point]:
        """`edge` at several heights."""
        return [self.edge(side, y) for y in heights]

    def across(self, y: float, dip: float = 0.0, count: int = 7) -> list[Point]:
        """The seen half of the ring from left to right; its middle hangs ``dip`` lower."""
        left, right = self.horizon(y)
        angles = [left + (right - left) * step / (count - 1) for step in range(count)]
        return [(self._point(angle, y)[0], y + dip * cos(angle)) for angle in angles]
