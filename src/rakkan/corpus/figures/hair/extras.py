"""What each hairstyle has beyond cap and curtain: tails, braids, buns, crests, spikes, clouds of curls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rakkan.corpus.figures.hair.crests import (
    draw_afro,
    draw_messy,
    draw_mohawk,
    draw_pixie,
    draw_spiky,
    draw_undercut,
)
from rakkan.corpus.figures.hair.masses import draw_knot, draw_tail
from rakkan.corpus.figures.hair.plaits import draw_braid, draw_drill
from rakkan.corpus.figures.hair.shading import Paint

Extra = Callable[[Paint], None]


def _away(paint: Paint) -> int:
    """The side (-1 picture's left, 1 right) that the back of the head is turned to; left from the front."""
    return 1 if paint.head.yaw < -10 else -1


def _near(paint: Paint) -> int:
    """The side of the head that faces the viewer (1: the side at +x); right for a frontal view."""
    return -1 if paint.head.yaw > 45 else 1


def _streaked(paint: Paint) -> bool:
    return paint.tone == "streaks"


def _split(paint: Paint, side: float) -> bool:
    """Whether a mass on a side takes the second colour of split hair: in profile it is the far side's."""
    if paint.tone != "split colour":
        return False
    return side * paint.head.yaw > 0 if abs(paint.head.yaw) > 45 else side > 0


def _high_ponytail(paint: Paint) -> None:
    side, drop = _away(paint), paint.chance.uniform(0.92, 1.1)
    squeeze = 1 - 0.55 * abs(np.sin(np.radians(paint.head.yaw)))
    knots = [
        (0, -46, -36),
        (-12, -63, -46),
        (-42, -62, -58),
        (-66, -24, -66),
        (-70, 34, -64),
        (-58, 96 * drop, -52),
    ]
    if paint.hatted:
        knots[:3] = [(0, -10, -40), (-22, -22, -52), (-48, -14, -60)]
    turned = [(-side * x * squeeze, y, z) for x, y, z in knots]
    draw_tail(
        paint,
        turned,
        (13, 30, 38, 40, 34, 6),
        layer="hair_back",
        accent=_split(paint, side),
        streak=_streaked(paint),
    )


def _low_ponytail(paint: Paint) -> None:
    side = -1 if abs(paint.head.yaw) < 45 else _near(paint)
    drop = paint.chance.uniform(0.94, 1.06)
    knots = [
        (side * 26, 40, -6),
        (side * 44, 56, 8),
        (side * 50, 90, 22),
        (side * 47, 130 * drop, 22),
        (side * 38, 168 * drop, 18),
    ]
    draw_tail(
        paint,
        knots,
        (18, 32, 40, 36, 6),
        layer="hair_behind_head",
        accent=_split(paint, side),
        streak=_streaked(paint),
    )


def _side_ponytail(paint: Paint) -> None:
    side = _near(paint)
    flat = abs(np.sin(np.radians(paint.head.yaw)))
    back = -30 * flat
    knots = [
        (side * 38, -36, -10),
        (side * 58, -50, -12 + back * 0.4),
        (side * 74, -18, -12 + back),
        (side * 75, 34, -10 + back),
        (side * 62, 84, -6 + back),
    ]
    draw_tail(paint, knots, (12, 28, 36, 34, 5), accent=_split(paint, side), streak=_streaked(paint))


def _pair(paint: Paint) -> tuple[int, ...]:
    """Both sides, the far one first."""
    return (1, -1) if paint.head.yaw >= 0 else (-1, 1)


def _far_back(paint: Paint, side: int) -> float:
    """In profile the far mass is set back so that it shows behind the near one."""
    far = side * paint.head.yaw > 60
    return -34.0 if far else 0.0


def _twin_tails(paint: Paint) -> None:
    drop = paint.chance.uniform(0.92, 1.06)
    for side in _pair(paint):
        z = _far_back(paint, side) - 14 * abs(np.sin(np.radians(paint.head.yaw)))
        knots = [
            (side * 39, -33, -10 + z * 0.3),
            (side * 57, -44, -10 + z),
            (side * 70, -8, -8 + z),
            (side * 73, 62, -4 + z),
            (side * 64, 150 * drop, 2 + z),
        ]
        draw_tail(paint, knots, (11, 27, 33, 32, 5), accent=_split(paint, side), streak=_streaked(paint))


def _low_twin_tails(paint: Paint) -> None:
    drop = paint.chance.uniform(0.92, 1.06)
    for side in _pair(paint):
        z = _far_back(paint, side)
        knots = [
            (side * 39, 32, -8 + z * 0.5),
            (side * 52, 48, 0 + z),
            (side * 58, 84, 12 + z),
            (side * 52, 136 * drop, 16 + z),
        ]
        draw_tail(
            paint,
            knots,
            (12, 26, 30, 5),
            layer="hair_behind_head",
            accent=_split(paint, side),
            streak=_streaked(paint),
        )


def _drill_twin_tails(paint: Paint) -> None:
    drop = paint.chance.uniform(0.94, 1.06)
    for side in _pair(paint):
        z = _far_back(paint, side) - 10 * abs(np.sin(np.radians(paint.head.yaw)))
        knots = [
            (side * 42, -26, -8 + z),
            (side * 62, -16, -6 + z),
            (side * 67, 20, -4 + z),
            (side * 66, 70, 0 + z),
            (side * 64, 122 * drop, 4 + z),
        ]
        draw_drill(paint, knots, 36, 7, accent=_split(paint, side))


def _single_braid(paint: Paint) -> None:
    side = 1 if abs(paint.head.yaw) < 45 else _near(paint)
    drop = paint.chance.uniform(0.95, 1.05)
    knots = [(side * 24, 38, -8), (side * 40, 54, 10), (side * 42, 92, 26), (side * 36, 172 * drop, 26)]
    draw_braid(paint, knots, 22, 8, layer="hair_behind_head", accent=_split(paint, side))


def _twin_braids(paint: Paint) -> None:
    drop = paint.chance.uniform(0.95, 1.05)
    for side in _pair(paint):
        z = _far_back(paint, side)
        knots = [
            (side * 38, 24, -8 + z),
            (side * 48, 48, -2 + z),
            (side * 51, 84, 10 + z),
            (side * 48, 150 * drop, 14 + z),
        ]
        draw_braid(paint, knots, 19, 8, layer="hair_behind_head", accent=_split(paint, side))


def _hair_bun(paint: Paint) -> None:
    front = abs(paint.head.yaw) < 60
    draw_knot(paint, "hair_back" if front else "hair_side", (0, -62, -22), 20)


def _double_bun(paint: Paint) -> None:
    for side in _pair(paint):
        centre = (side * 38.0, -50.0, -12 + _far_back(paint, side) * 0.6)
        near = paint.head.depth(np.array([centre]))[0] > 10
        draw_knot(paint, "hair_side" if near else "hair_back", centre, 18, accent=_split(paint, side))


def _half_updo(paint: Paint) -> None:
    if paint.hatted:
        return
    if abs(paint.head.yaw) > 45:
        draw_knot(paint, "hair_back", (0, -52, -30), 16, squash=1.05)
        return
    for side in _pair(paint):
        knots = [
            (0, -50, -26),
            (side * 15, -67, -28),
            (side * 33, -70, -30),
            (side * 36, -54, -32),
            (side * 12, -47, -30),
        ]
        draw_tail(paint, knots, (7, 15, 19, 16, 8), layer="hair_back", accent=_split(paint, side), tie=False)
    draw_knot(paint, "hair_back", (0, -54, -28), 7.5)


EXTRAS: dict[str, Extra] = {
    "pixie cut": draw_pixie,
    "afro": draw_afro,
    "spiky hair": draw_spiky,
    "messy hair": draw_messy,
    "undercut": draw_undercut,
    "mohawk": draw_mohawk,
    "high ponytail": _high_ponytail,
    "low ponytail": _low_ponytail,
    "side ponytail": _side_ponytail,
    "twin tails": _twin_tails,
    "low twin tails": _low_twin_tails,
    "drill twin tails": _drill_twin_tails,
    "single braid": _single_braid,
    "twin braids": _twin_braids,
    "hair bun": _hair_bun,
    "double bun": _double_bun,
    "half updo": _half_updo,
}
