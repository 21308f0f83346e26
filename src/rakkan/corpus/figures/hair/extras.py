"""What each hairstyle has beyond cap and curtain: tails, braids, buns, crests, spikes, clouds of curls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.hair.geometry import Values, hairline, hang, shell_points, visible
from rakkan.corpus.figures.hair.locks import clumps, draw_patch
from rakkan.corpus.figures.hair.masses import draw_braid, draw_drill, draw_knot, draw_spikes, draw_tail
from rakkan.corpus.figures.hair.paths import brushes, loops, ramp, spline
from rakkan.corpus.figures.hair.shading import Paint

Extra = Callable[[Paint], None]


def _away(paint: Paint) -> int:
    """The side (-1 picture's left, 1 right) that the back of the head is turned to; left for a frontal view."""
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
    knots = [(0, -46, -36), (-12, -63, -46), (-42, -62, -58), (-66, -24, -66), (-70, 34, -64), (-58, 96 * drop, -52)]
    turned = [(-side * x * squeeze, y, z) for x, y, z in knots]
    draw_tail(paint, turned, (13, 30, 38, 40, 34, 6), layer="hair_back", accent=_split(paint, side), streak=_streaked(paint))


def _low_ponytail(paint: Paint) -> None:
    side = -1 if abs(paint.head.yaw) < 45 else _near(paint)
    drop = paint.chance.uniform(0.94, 1.06)
    knots = [(side * 26, 40, -6), (side * 44, 56, 8), (side * 50, 90, 22), (side * 47, 130 * drop, 22), (side * 38, 168 * drop, 18)]
    draw_tail(paint, knots, (18, 32, 40, 36, 6), layer="hair_behind_head", accent=_split(paint, side), streak=_streaked(paint))


def _side_ponytail(paint: Paint) -> None:
    side = _near(paint)
    flat = abs(np.sin(np.radians(paint.head.yaw)))
    back = -30 * flat
    knots = [(side * 38, -36, -10), (side * 58, -50, -12 + back * 0.4), (side * 74, -18, -12 + back), (side * 75, 34, -10 + back), (side * 62, 84, -6 + back)]
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
        knots = [(side * 39, -33, -10 + z * 0.3), (side * 57, -44, -10 + z), (side * 70, -8, -8 + z), (side * 73, 62, -4 + z), (side * 64, 150 * drop, 2 + z)]
        draw_tail(paint, knots, (11, 27, 33, 32, 5), accent=_split(paint, side), streak=_streaked(paint))


def _low_twin_tails(paint: Paint) -> None:
    drop = paint.chance.uniform(0.92, 1.06)
    for side in _pair(paint):
        z = _far_back(paint, side)
        knots = [(side * 39, 32, -8 + z * 0.5), (side * 52, 48, 0 + z), (side * 58, 84, 12 + z), (side * 52, 136 * drop, 16 + z)]
        draw_tail(paint, knots, (12, 26, 30, 5), layer="hair_behind_head", accent=_split(paint, side), streak=_streaked(paint))


def _drill_twin_tails(paint: Paint) -> None:
    drop = paint.chance.uniform(0.94, 1.06)
    for side in _pair(paint):
        z = _far_back(paint, side) - 10 * abs(np.sin(np.radians(paint.head.yaw)))
        knots = [(side * 42, -26, -8 + z), (side * 62, -16, -6 + z), (side * 67, 20, -4 + z), (side * 66, 70, 0 + z), (side * 64, 122 * drop, 4 + z)]
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
        knots = [(side * 38, 24, -8 + z), (side * 48, 48, -2 + z), (side * 51, 84, 10 + z), (side * 48, 150 * drop, 14 + z)]
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
    if abs(paint.head.yaw) > 45:
        draw_knot(paint, "hair_back", (0, -52, -30), 16, squash=1.05)
        return
    for side in _pair(paint):
        knots = [(0, -50, -26), (side * 15, -67, -28), (side * 33, -70, -30), (side * 36, -54, -32), (side * 12, -47, -30)]
        draw_tail(paint, knots, (7, 15, 19, 16, 8), layer="hair_back", accent=_split(paint, side), tie=False)
    draw_knot(paint, "hair_back", (0, -54, -28), 7.5)


def _pixie(paint: Paint) -> None:
    rows = [(150, -45, 20, 2, 15), (172, -46, 26, 4, 16), (-160, -46, 18, 0, 15)]
    rows += [(side * 98, 10, 15, -11, 14) for side in (1, -1)] + [(side * 100, -8, 12, -9, 14) for side in (1, -1)]
    draw_spikes(paint, rows, 6.0, paint.chance, bend=0.16, split=paint.tone == "split colour")


def _spiky(paint: Paint) -> None:
    rows = []
    for side in (1, -1):
        rows += [
            (side * 178, 20, 34, -4, 26), (side * 150, 24, 36, -8, 26), (side * 120, 18, 36, -6, 24),
            (side * 172, -14, 42, 6, 30), (side * 135, -8, 44, 4, 30), (side * 96, 2, 38, 0, 24),
            (side * 160, -38, 42, 12, 30), (side * 112, -32, 42, 12, 30), (side * 84, -18, 38, 4, 26),
            (side * 66, -38, 34, 12, 26), (side * 30, -46, 34, 10, 24),
        ]  # fmt: skip
    draw_spikes(paint, rows, 6.0, paint.chance, split=paint.tone == "split colour")


def _messy(paint: Paint) -> None:
    rows = []
    for side in (1, -1):
        rows += [
            (side * 165, -44, 24, 4, 20), (side * 120, -36, 24, -2, 22), (side * 94, -20, 23, -6, 22),
            (side * 96, 4, 27, -8, 24), (side * 75, -40, 20, 3, 18), (side * 160, -10, 24, -8, 24),
            (side * 104, 20, 27, -16, 22), (side * 150, 22, 26, -16, 22),
        ]  # fmt: skip
    draw_spikes(paint, rows, 7.0, paint.chance, bend=0.12, rim=0.45, split=paint.tone == "split colour")


def _mohawk(paint: Paint) -> None:
    rows = [(180, y, n, lift, 26.0) for y, n, lift in ((28, 24, 0), (12, 30, 2), (-6, 34, 4), (-24, 36, 8))]
    rows += [(180 + turn, -40, n, 8, 24.0) for turn, n in ((30, 25), (-30, 25), (0, 31))]
    rows += [(turn, y, n, 8, 22.0) for turn, y, n in ((40, -47, 23), (-40, -47, 23), (0, -47.5, 26), (22, -42, 17), (-22, -42, 17), (0, -38, 18))]
    draw_spikes(paint, rows, 5.0, paint.chance, front="hair_front", back="hair_back" if abs(paint.head.yaw) < 60 else "hair_front")


def _undercut(paint: Paint) -> None:
    """Long hair on top, swept over from the part on the picture's left; in profile swept back."""
    rise = paint.chance.uniform(0.94, 1.04)
    if abs(paint.head.yaw) > 45:
        near = _near(paint)
        start = np.array([(0, -32, 44), (near * 30, -20, 34.0)])
        over = np.array([(0, -106 * rise, 34), (near * 36, -50, 8.0)])
        finish = np.array([(0, -52, -68), (near * 32, -8, -52.0)])
    else:
        start = np.array([(-38, -33, -30), (-37, -18, 24.0)])
        over = np.array([(-18, -112 * rise, -34), (-14, -52, 46.0)])
        finish = np.array([(74, -46, -26), (50, 2, 22.0)])
    ends = clumps(paint.chance, 6, notch=(0.66, 0.8), reach=(0.86, 1.04), lean=0.15, belly=1.2)

    def field(u: Values, t: Values) -> Points:
        share = ((u + 1) / 2)[:, None]
        first, middle, last = (row[0] * (1 - share) + row[1] * share for row in (start, over, finish))
        along = t[:, None]
        return hang(paint.head, first * (1 - along) ** 2 + 2 * middle * along * (1 - along) + last * along**2)

    streaks = (2,) if _streaked(paint) else ()
    draw_patch(paint, "hair_front", field, ends, strand=0.6, split=True, streaks=streaks, depth=3, gleams=3)


def _afro(paint: Paint) -> None:
    """A ball of curls: its back behind the body, its front a horseshoe around the face."""
    head, chance = paint.head, paint.chance
    radius = 66.0 * chance.uniform(0.96, 1.04)
    x, y = hang(head, np.array([(0.0, -10.0, -8.0)]))[0].tolist()
    bumps, count = 22, 88
    turn = ramp(count + 1, 0.0, 2 * np.pi)[:-1]
    reach = radius * (1 + 0.06 * np.abs(np.sin(turn * bumps / 2)) + 0.012 * np.sin(turn * 3 + chance.uniform(0, 6)))
    ball = np.stack([x + 1.02 * reach * np.cos(turn), y + 0.98 * reach * np.sin(turn)], 1)
    _draw_both(paint, "hair_back", spline(ball, closed=True), (y - radius, y + radius), dark=True)
    # The horseshoe runs over the top from its left end to its right end (degrees clockwise from the right) and
    # back around the face; in profile the end at the back of the head comes down to the nape.
    turned = float(np.sin(np.radians(head.yaw)))
    left = 152 - 50 * turned if turned > 0 else 152 - 50 * turned
    right = 28 - 50 * turned if turned > 0 else 28 - 50 * turned
    arc = ball[np.arange(round(left / 360 * count), round((360 + right) / 360 * count) + 1) % count]
    sides = np.array([74, 70, 62, 48, 25, 0, -25, -48, -62, -70, -74.0])
    level = hairline(sides)
    level[[0, -1]] = 24
    angles = sides
    if turned > 0.3:
        angles, level = np.append(sides, [-88, -104, -122]), np.append(level, [22, 30, 38])
    elif turned < -0.3:
        angles, level = np.append([122, 104, 88], sides), np.append([38, 30, 22], level)
    inner = hang(head, shell_points(head, visible(head, angles), level, 4.0))
    knots = np.concatenate([arc, inner])
    corners = np.zeros(len(knots), bool)
    corners[[0, len(arc) - 1, len(arc), len(knots) - 1]] = True
    _draw_both(paint, "hair_side", spline(knots, corners, closed=True), (y - radius, y + radius))
    if paint.tone in ("dipped tips", "streaks"):
        dipped = paint.tone == "dipped tips"
        where = np.radians(np.arange(left + 4, 356 + right, 10.5 if dipped else 46))
        ring = ramp(9, 0.0, 2 * np.pi)[:-1]
        far = 0.93 if dipped else 0.78
        centre = np.stack([x + radius * far * np.cos(where), y + radius * far * np.sin(where)], 1)
        size = radius * (0.13 if dipped else 0.16)
        blobs = centre[:, None] + size * np.stack([np.cos(ring), np.sin(ring)], 1)
        paint.canvas.shape("hair_side", loops(blobs), paint.accent, region="hair_accent")
    _curls(paint, x, y, radius, (left, 360 + right))


def _draw_both(paint: Paint, layer: str, path: str, span: tuple[float, float], *, dark: bool = False) -> None:
    """A mass on both sides of the head, with its half of the second colour when the colour is split."""
    for second, clip in ((False, ""), (True, paint.half)):
        if clip or not second:
            paint.canvas.shape(
                layer, path, paint.fill(second, dark, *span), region="hair_accent" if second else "hair",
                line=paint.outline(second), line_width=paint.width, clip=clip,
            )  # fmt: skip


def _curls(paint: Paint, x: float, y: float, radius: float, span: tuple[float, float]) -> None:
    chance = paint.chance
    angles = np.radians([span[0] + (span[1] - span[0]) * (n + chance.uniform(0, 0.9)) / 40 for n in range(40)])
    reach = radius * np.array([chance.choice((0.92, 0.8, 0.7)) for _ in angles])
    size = np.array([chance.uniform(3.5, 6.5) for _ in angles])[:, None]
    sweep = ramp(5, 0.0, 3.0) + np.array([chance.uniform(0, 6.3) for _ in angles])[:, None]
    arcs = np.stack([(x + reach * np.cos(angles))[:, None] + size * np.cos(sweep), (y + reach * np.sin(angles))[:, None] + size * np.sin(sweep)], -1)
    weights = np.array([0.1, 0.9, 1.1, 0.8, 0.1])
    lit = (angles > np.radians(185)) & (angles < np.radians(275)) & (reach < radius * 0.85)
    if paint.style.shading != "flat":
        paint.canvas.shape("hair_side", brushes(arcs[lit] - 1.2, weights * 2.6), paint.gleam, region="line")
        paint.canvas.shape("hair_side", brushes(arcs[~lit] + 1.2, weights * 2.8), paint.shade, region="line")
    paint.canvas.shape("hair_side", brushes(arcs, weights * paint.width * 1.1), paint.line, region="line")


EXTRAS: dict[str, Extra] = {
    "pixie cut": _pixie,
    "afro": _afro,
    "spiky hair": _spiky,
    "messy hair": _messy,
    "undercut": _undercut,
    "mohawk": _mohawk,
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
