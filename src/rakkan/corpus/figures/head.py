"""The head: one three-dimensional form that turns, and everything on it turns with it.

The form is a stack of horizontal rings. Head space has its origin in the middle of the head, x to
the viewer's right, y down, z towards the viewer, and is 100 units tall from crown (y = -50) to chin
(y = 50). The eyes lie at y = `EYE_LINE`. A turn about the vertical axis (yaw), a tilt (roll) and an
orthographic projection give the plane of the picture, so the outline of any view is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rakkan.corpus.figures.curves import Points

EYE_LINE = 5.0
CROWN, CHIN = -50.0, 50.0
#: The pit of the neck, about which the head tilts.
PIVOT = (0.0, 58.0)
#: Middle of the skull, from which shells of hair and hats are scaled.
CENTRE = np.array([0.0, -8.0, -5.0])

_LEVELS = np.array([-50, -48, -45, -40, -30, -20, -10, 0, 8, 16, 24, 32, 40, 45, 48, 50.0])
_WIDTH = np.array([0, 12, 20, 27.5, 35, 38.6, 40, 39.6, 38.6, 36.8, 33.2, 27, 17.5, 10.6, 6, 1.5])
_STRONG_WIDTH = np.array([0, 12, 20, 27.5, 35, 38.6, 40, 39.6, 39, 38, 35.6, 30.5, 22, 15.5, 10.5, 3])
_FRONT = np.array([0, 12, 19.5, 27, 33.5, 36, 36.6, 36, 35.4, 35.6, 35.8, 35.4, 35, 34, 31.5, 27.0])
_BACK = np.array([0, 13, 21, 30, 40.5, 46, 48.5, 48, 45, 38.5, 26, 10, -8, -17, -22, -25.0])
_MIDDLE = np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 1.5, 5, 10, 16, 20, 23, 25.5])
_FINE = np.linspace(CROWN, CHIN, 101)


@lru_cache(maxsize=32)
def _tables(jaw: float) -> tuple[NDArray[np.float64], ...]:
    """Half width, front and back reach from the ring's middle, and that middle, on a fine grid of y."""
    width = _WIDTH + (_STRONG_WIDTH - _WIDTH) * jaw
    rows = (width, _FRONT - _MIDDLE, _BACK + _MIDDLE, _MIDDLE)
    return tuple(
        np.maximum(_catmull_rom(row), 0.0) if at < 3 else _catmull_rom(row) for at, row in enumerate(rows)
    )


def _catmull_rom(values: NDArray[np.float64]) -> NDArray[np.float64]:
    slope = np.gradient(values, _LEVELS)
    at = np.clip(np.searchsorted(_LEVELS, _FINE, side="right") - 1, 0, len(_LEVELS) - 2)
    step = _LEVELS[at + 1] - _LEVELS[at]
    t = (_FINE - _LEVELS[at]) / step
    return np.asarray(
        (2 * t**3 - 3 * t**2 + 1) * values[at]
        + (t**3 - 2 * t**2 + t) * step * slope[at]
        + (3 * t**2 - 2 * t**3) * values[at + 1]
        + (t**3 - t**2) * step * slope[at + 1]
    )


@dataclass(frozen=True)
class Head:
    """A head in a given attitude.

    ``yaw`` turns the face towards the picture's right (degrees, -90 to 90), ``roll`` tilts it
    clockwise as seen, ``jaw`` runs from 0 (tapering) to 1 (strong).
    """

    yaw: float = 0.0
    roll: float = 0.0
    jaw: float = 0.0

    def surface(self, angle: ArrayLike, y: ArrayLike, shell: float = 0.0) -> NDArray[np.float64]:
        """Points [n, 3] on the head, in head space.

        ``angle`` in degrees around the head: 0 is the middle of the face, 90 the side at +x, 180 the
        back, -90 the side at -x. ``y`` is the height (crown -50, chin 50). ``shell`` lifts the points
        off the skull by about so many units (for hair, hats, bands).
        """
        turn, level = np.broadcast_arrays(np.radians(np.asarray(angle, float)), np.asarray(y, float))
        width, front, back, middle = (np.interp(level, _FINE, row) for row in _tables(self.jaw))
        cosine = np.cos(turn)
        z = middle + np.where(cosine >= 0, front, back) * cosine
        return self.lift(np.stack([width * np.sin(turn), level, z], axis=-1).reshape(-1, 3), shell)

    @staticmethod
    def lift(values: NDArray[np.float64], shell: float) -> NDArray[np.float64]:
        """Points scaled away from the middle of the skull by about ``shell`` units."""
        return CENTRE + (values - CENTRE) * (1 + shell / 44) if shell else values

    def project(self, values: ArrayLike) -> Points:
        """Points [n, 3] of head space to the picture [n, 2]."""
        point = np.asarray(values, float).reshape(-1, 3)
        yaw, roll = np.radians(self.yaw), np.radians(self.roll)
        x = point[:, 0] * np.cos(yaw) + point[:, 2] * np.sin(yaw)
        flat = np.stack([x, point[:, 1]], axis=1) - PIVOT
        cosine, sine = np.cos(roll), np.sin(roll)
        return np.asarray(flat @ np.array([[cosine, sine], [-sine, cosine]]) + PIVOT)

    def depth(self, values: ArrayLike) -> NDArray[np.float64]:
        """How near points [n, 3] of head space lie to the viewer after the turn (larger is nearer)."""
        point = np.asarray(values, float).reshape(-1, 3)
        yaw = np.radians(self.yaw)
        return np.asarray(point[:, 2] * np.cos(yaw) - point[:, 0] * np.sin(yaw))

    def facing(self, angle: float) -> float:
        """Cosine between the viewer and the head's side at ``angle`` degrees (negative: turned away)."""
        return float(np.cos(np.radians(angle + self.yaw)))

    def on_surface(self, angle: ArrayLike, y: ArrayLike, shell: float = 0.0) -> Points:
        """`surface`, projected to the picture: [n, 2]."""
        return self.project(self.surface(angle, y, shell))

    def outline(
        self, shell: float = 0.0, top: float = CROWN, bottom: float = CHIN, count: int = 41
    ) -> Points:
        """The silhouette of the head between two heights, as a closed outline [2 × count, 2].

        The first half runs down the picture's right side, the second up its left. For each ring the
        extreme x after the turn is that of two half ellipses, hence exact.
        """
        level = np.linspace(top, bottom, count)
        width, front, back, middle = (np.interp(level, _FINE, row) for row in _tables(self.jaw))
        yaw = np.radians(self.yaw)
        cosine, sine = np.cos(yaw), np.sin(yaw)
        right_reach, left_reach = (front, back) if sine >= 0 else (back, front)
        right = middle * sine + np.hypot(width * cosine, right_reach * sine)
        left = middle * sine - np.hypot(width * cosine, left_reach * sine)
        # Back to head space in the turned frame: undo the yaw so that `lift` and `project` apply.
        outline = np.concatenate([np.stack([right, level], 1), np.stack([left, level], 1)[::-1]])
        centre = np.array([CENTRE[0] * cosine + CENTRE[2] * sine, CENTRE[1]])
        if shell:
            outline = centre + (outline - centre) * (1 + shell / 44)
        roll = np.radians(self.roll)
        turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
        return np.asarray((outline - PIVOT) @ turn + PIVOT)
