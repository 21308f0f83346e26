"""Where the body is: its proportions, the turned torso, the joints and the neck.

A figure is 6.8 heads tall: crown at y = -50, chin 50, pit of the neck 74, shoulders 84, waist 205,
hips 262, knees 440, soles 630.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np

from rakkan.corpus.figures.body.tube import Point, Ring, Tube
from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.scene import Scene

WAIST, HIPS, KNEES, ANKLES, SOLES = 205.0, 262.0, 440.0, 602.0, 630.0

_LEVELS = (58, 66, 72, 78, 84, 90, 98, 110, 126, 142, 166, 190, 205, 225, 246, 262, 304)
_WIDTHS = {
    "woman": (12, 16.5, 23, 34, 46, 54, 57.5, 56, 52, 51, 46, 41.5, 40, 43, 49, 52, 52),
    "androgynous": (13.5, 18.5, 26, 38, 50.5, 59, 62.5, 61, 57, 55, 51, 47.5, 46, 47, 50, 51.5, 51),
    "man": (15.5, 22, 32, 45, 58, 67, 71.5, 70, 66, 63, 58, 54, 52.5, 53, 54, 54.5, 53),
}
_FRONTS = {
    "woman": (9, 11, 12, 14, 16, 18, 21, 25, 29, 29, 25, 22, 21, 23, 25, 25, 25),
    "androgynous": (9, 11, 12, 14, 16, 18, 21, 24, 26, 26, 24, 22, 21, 23, 25, 25, 25),
    "man": (10, 12, 14, 16, 18, 20, 24, 28, 30, 29.5, 27, 25, 24, 25, 26, 26, 26),
}
_BACKS = (15, 17, 19, 21, 22, 23, 24, 25, 25, 24, 21, 19, 19, 22, 27, 29, 27)
_NECK_WIDTH = {"woman": 13.0, "androgynous": 15.0, "man": 18.0}
#: Half width of the shoulders, arms included.
SHOULDERS = {"woman": 68.0, "androgynous": 74.0, "man": 84.0}


def torso_rings(presentation: str) -> tuple[Ring, ...]:
    """The bare torso's rings from the root of the neck to below the hips."""
    return tuple(zip(_LEVELS, _WIDTHS[presentation], _FRONTS[presentation], _BACKS, strict=True))


def torso(scene: Scene) -> Tube:
    """The bare torso of a figure; ``torso(scene).front(x, y)`` is a point of the chest in the picture."""
    return Tube(torso_rings(scene.attributes.presentation), scene.body_yaw)


def shoulder_joint(presentation: str, side: int) -> tuple[float, float, float]:
    """The joint of the arm on the picture's left (-1) or right (1) in body space, body facing front."""
    return side * (SHOULDERS[presentation] - 14.5), 99.0, -1.0


@dataclass(frozen=True)
class Neck:
    """A neck in the picture: middle of its top (below the jaw) and of its base (y about 74)."""

    top: Point
    base: Point
    half_width: float
    depth: float
    yaw: float

    def centre(self, share: float) -> Point:
        """The middle of the neck, from the base (0) to below the jaw (1)."""
        (x0, y0), (x1, y1) = self.base, self.top
        return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share

    def ring(
        self, share: float, ease: float = 0.0, slope: float = 5.0, count: int = 9
    ) -> tuple[Points, Points]:
        """A ring around the neck: its seen front and its hidden back, each [count, 2] from left to right.

        ``share`` is the height from the base (0) to the jaw (1), ``ease`` how far it stands off the
        skin, ``slope`` how much lower its front lies than its sides.
        """
        x, y = self.centre(share)
        flare = 2.5 * (1 - share) ** 2
        across, deep = self.half_width + flare + ease, self.depth + flare + ease
        cosine, sine = cos(radians(self.yaw)), sin(radians(self.yaw))
        # The horizon of the ring, so that both halves begin and end on its silhouette.
        limit = np.arctan2(across * cosine, deep * sine)
        turn = np.linspace(limit - np.pi, limit, count)
        arcs = []
        for angle in (turn, limit + np.pi - np.linspace(0, np.pi, count)):
            level = y + slope * np.cos(angle)
            arcs.append(
                np.stack([x + across * np.sin(angle) * cosine + deep * np.cos(angle) * sine, level], axis=1)
            )
        back = np.asarray(arcs[1])
        return np.asarray(arcs[0]), back[::-1] if back[0, 0] > back[-1, 0] else back


def neck(scene: Scene) -> Neck:
    """The neck of a figure, between its turned (and tilted) head and its body."""
    width = _NECK_WIDTH[scene.attributes.presentation]
    top = scene.head.project([[0.0, 44.0, -11.0]])[0]
    base = (-5.0 * sin(radians(scene.body_yaw)), 75.0)
    return Neck((float(top[0]), float(top[1])), base, width, width * 1.08, scene.body_yaw)
