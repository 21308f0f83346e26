"""Where hair lies: shells over the skull, draperies that fall from it, and the pull of gravity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rakkan.corpus.figures.curves import Points, sample_curve
from rakkan.corpus.figures.head import CENTRE, PIVOT, Head

Values = NDArray[np.float64]

#: The hairline: angle around the head and height on the skull.
_LINE_ANGLES = np.array([0, 25, 42, 52, 60, 68, 76, 84, 92, 102, 112, 126, 150, 180.0])
_LINE_HEIGHTS = np.array([-31, -30, -25, -15, -1, 11, 16, 6, 1, 4, 18, 29, 34, 35.0])
#: Below this height locks no longer follow the tilt of the head but fall straight.
_FREE = 24.0


def hairline(angle: ArrayLike) -> Values:
    """Height on the skull of the hairline at angles (degrees, any turn)."""
    turn = np.abs((np.asarray(angle, float) + 180) % 360 - 180)
    return np.asarray(np.interp(turn, _LINE_ANGLES, _LINE_HEIGHTS))


def shell_points(head: Head, angle: ArrayLike, y: ArrayLike, shell: float) -> Values:
    """Points [n, 3] at true heights ``y`` on a shell over the skull.

    Unlike `Head.surface`, which lifts the heights too.
    """
    height = np.asarray(y, float)
    low = (height - CENTRE[1]) / (1 + shell / 44) + CENTRE[1]
    return head.surface(angle, np.maximum(low, -49.9), shell)


def hang(head: Head, values: Values) -> Points:
    """Points [n, 3] of head space to the picture.

    What hangs below the cheeks falls plumb when the head tilts.
    """
    yaw, roll = np.radians(head.yaw), np.radians(head.roll)
    x = values[:, 0] * np.cos(yaw) + values[:, 2] * np.sin(yaw)
    y = values[:, 1]
    fallen = 12.0 * np.logaddexp(0.0, (y - _FREE) / 12.0)
    held = y - fallen - PIVOT[1]
    cosine, sine = np.cos(roll), np.sin(roll)
    return np.stack(
        [x * cosine - held * sine + PIVOT[0], x * sine + held * cosine + fallen + PIVOT[1]], axis=1
    )


def visible(head: Head, angle: Values) -> Values:
    """Angles held within the side of the head that faces the viewer."""
    return np.clip(angle, -91 - head.yaw, 91 - head.yaw)


@dataclass(frozen=True)
class Drape:
    """Hair that falls around the head like a curtain.

    ``contour`` holds (height, scale sideways, scale front to back) relative to the ring of the skull
    at the cheeks; ``wave`` and ``period`` add waves (in units), ``scallop`` makes them rounded curls.
    """

    contour: tuple[tuple[float, float, float], ...]
    shell: float = 7.0
    wave: float = 0.0
    period: float = 40.0
    scallop: bool = False

    def place(self, head: Head, angle: Values, y: Values, phase: float = 0.0) -> Values:
        """Points [n, 3] at angles and heights."""
        point = shell_points(head, angle, np.minimum(y, 6.0), self.shell)
        table = _contour(self.contour)
        point[:, 0] *= np.interp(y, table[:, 0], table[:, 1])
        point[:, 2] *= np.interp(y, table[:, 0], table[:, 2])
        point[:, 1] = np.where(y > -40, y, point[:, 1])
        if self.wave:
            turn = np.radians(angle)
            beat = np.pi * y / self.period
            swell = np.clip((y + 30) / 45, 0, 1) * self.wave
            ripple = np.abs(np.sin(beat + phase)) * 1.6 - 0.8 if self.scallop else np.sin(2 * beat + phase)
            cross = np.sin(2 * beat + 2.2 + turn * 1.5 + phase) * 0.8
            point[:, 0] += swell * (np.sin(turn) * ripple + np.cos(turn) * cross)
            point[:, 2] += swell * (np.cos(turn) * ripple - np.sin(turn) * cross)
        return point


@lru_cache(maxsize=64)
def _contour(knots: tuple[tuple[float, float, float], ...]) -> Values:
    rows = np.asarray(knots, float)
    plane = [sample_curve(rows[:, [0, column]], 48) for column in (1, 2)]
    return np.stack([plane[0][:, 0], plane[0][:, 1], plane[1][:, 1]], axis=1)
