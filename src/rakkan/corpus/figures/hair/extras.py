"""What each hairstyle has beyond cap and curtain: tails, braids, buns, crests, spikes, clouds of curls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rakkan.corpus.figures.hair.geometry import hairline, hang, shell_points
from rakkan.corpus.figures.hair.locks import clumps
from rakkan.corpus.figures.hair.masses import draw_braid, draw_drill, draw_knot, draw_spikes, draw_tail
from rakkan.corpus.figures.hair.paths import loops, spline
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
    return paint.tone == "split colour" and side > 0


def _high_ponytail(paint: Paint) -> None:
    side, drop = _away(paint), paint.chance.uniform(0.92, 1.1)
    squeeze = 1 - 0.55 * abs(np.sin(np.radians(paint.head.yaw)))
    knots = [(0, -46, -36), (-12, -70, -46), (-44, -66, -58), (-68, -22, -66), (-72, 34, -64), (-60, 96 * drop, -52)]
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
    knots = [(side * 38, -36, -10), (side * 62, -50, -12 + back * 0.4), (side * 80, -16, -12 + back), (side * 80, 34, -10 + back), (side * 68, 84, -6 + back)]
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
        knots = [(side * 39, -33, -10 + z * 0.3), (side * 60, -42, -10 + z), (side * 76, -6, -8 + z), (side * 78, 62, -4 + z), (side * 70, 150 * drop, 2 + z)]
        draw_tail(paint, knots, (11, 27, 34, 33, 5), accent=_split(paint, side), streak=_streaked(paint))


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
    for side in (1, -1):
        knots = [(0, -54, -22), (side * 16, -72, -24), (side * 34, -72, -26), (side * 34, -56, -28), (side * 12, -52, -26)]
        draw_tail(paint, knots, (7, 15, 18, 15, 8), layer="hair_back", accent=_split(paint, side), tie=False)


def _pixie(paint: Paint) -> None:
    draw_spikes(
        paint,
        [(side * a, y, n, lift, w) for side in (1, -1) for a, y, n, lift, w in (
            (150, 34, 18, -12, 15), (172, 36, 18, -14, 15), (125, 28, 17, -14, 15), (104, 12, 15, -12, 13))]
        + [(170, -46, 24, 6, 16), (150, -44, 20, 4, 15)],
        6.0, paint.chance, back="hair_back", split=paint.tone == "split colour",
    )  # fmt: skip


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
            (side * 165, -44, 22, 4, 20), (side * 120, -36, 20, -3, 20), (side * 94, -20, 19, -8, 20),
            (side * 96, 4, 20, -10, 20), (side * 75, -40, 17, 2, 16), (side * 160, -10, 20, -8, 24),
        ]  # fmt: skip
    draw_spikes(paint, rows, 7.0, paint.chance, bend=0.12, split=paint.tone == "split colour")


def _mohawk(paint: Paint) -> None:
    rows = [(0.0, -32.0 - 2 * n, 46.0, 16.0, 20.0) for n in range(0)]
    rows += [(180, y, n, lift, 24.0) for y, n, lift in ((26, 26, 0), (8, 34, 2), (-12, 38, 6), (-30, 38, 10), (-43, 34, 8))]
    rows += [(0, y, n, lift, 24.0) for y, n, lift in ((-47, 30, 2), (-42, 28, 6), (-35, 26, 6))]
    draw_spikes(paint, rows, 4.0, paint.chance, front="hair_front", back="hair_back" if abs(paint.head.yaw) < 60 else "hair_side")


def _undercut(paint: Paint) -> None:
    rows = []
    for angle, y, n, lift, width in (
        (-60, -42, 22, 10, 26), (-25, -46, 26, 10, 28), (170, -46, 26, 12, 30), (20, -47, 32, 8, 28),
        (60, -42, 36, -2, 28), (95, -38, 36, -12, 28), (130, -40, 30, 0, 28),
    ):  # fmt: skip
        rows.append((angle, y, n, lift, width))
    draw_spikes(paint, rows, 6.0, paint.chance, front="hair_front", bend=-0.1, split=paint.tone == "split colour")


def _afro(paint: Paint) -> None:
    """A ball of curls: its back behind the body, its front a horseshoe around the face."""
    head, chance = paint.head, paint.chance
    radius = 68.0 * chance.uniform(0.96, 1.04)
    x, y = hang(head, np.array([(0.0, -12.0, -8.0)]))[0].tolist()
    bumps = 22
    turn = np.linspace(0, 2 * np.pi, bumps * 4 + 1)[:-1]
    reach = radius * (1 + 0.06 * np.abs(np.sin(turn * bumps / 2)) + 0.012 * np.sin(turn * 3 + chance.uniform(0, 6)))
    ball = np.stack([x + 1.02 * reach * np.cos(turn), y + 0.98 * reach * np.sin(turn)], 1)
    path = spline(ball, closed=True)
    top, bottom = y - radius, y + radius
    for second, clip in ((False, ""), (True, paint.half)):
        if second and not clip:
            continue
        paint.canvas.shape(
            "hair_back", path, paint.fill(second, True, top, bottom), region="hair_accent" if second else "hair",
            line=paint.outline(second), line_width=paint.width, clip=clip,
        )  # fmt: skip
    angles = np.clip(np.linspace(74, -74, 17), -88 - head.yaw, 88 - head.yaw)
    level = np.where(np.abs(np.linspace(74, -74, 17)) > 66, 22, hairline(np.linspace(74, -74, 17)))
    inner = hang(head, shell_points(head, angles, level, 5.0))

    first = int(bumps * 4 * 0.07)
    arc = np.roll(ball, -bumps * 2 + first, axis=0)[: bumps * 2 + 1 + 2 * 0]
    # From the lower left over the top to the lower right, then back around the face.
    start = int(len(ball) * 0.43)
    arc = np.roll(ball, -start, axis=0)[: int(len(ball) * 0.64)]
    knots = np.concatenate([arc, inner])
    corners = np.zeros(len(knots), bool)
    corners[[0, len(arc) - 1, len(arc), len(knots) - 1]] = True
    shape = spline(knots, corners, closed=True)
    for second, clip in ((False, ""), (True, paint.half)):
        if second and not clip:
            continue
        paint.canvas.shape(
            "hair_side", shape, paint.fill(second, False, top, bottom), region="hair_accent" if second else "hair",
            line=paint.outline(second), line_width=paint.width, clip=clip,
        )  # fmt: skip
    if paint.tone in ("dipped tips", "streaks"):
        where = turn[(np.sin(turn) < 0.35)][::3] if paint.tone == "dipped tips" else turn[np.sin(turn) < 0][::9]
        blobs = [np.stack([x + radius * (0.9 + 0.13 * np.cos(loop)) * np.cos(a) + radius * 0.13 * np.sin(loop) * np.sin(a), y + radius * (0.9 + 0.13 * np.cos(loop)) * np.sin(a) - radius * 0.13 * np.sin(loop) * np.cos(a)], 1) for a in where for loop in [np.linspace(0, 6.28, 8)[:-1]]]
        paint.canvas.shape("hair_side", loops(np.array(blobs)), paint.accent, region="hair_accent")
    _curls(paint, x, y, radius)


def _curls(paint: Paint, x: float, y: float, radius: float) -> None:
    from rakkan.corpus.figures.hair.paths import brushes

    chance = paint.chance
    arcs = []
    for n in range(34):
        angle = -np.pi * (n + chance.uniform(0, 0.9)) / 34 - 0.0
        reach = radius * chance.choice((0.9, 0.78, 0.68))
        cx, cy = x + reach * np.cos(angle), y + reach * np.sin(angle)
        sweep = np.linspace(0, 2.6, 5) + chance.uniform(0, 6)
        size = chance.uniform(3.5, 6)
        arcs.append(np.stack([cx + size * np.cos(sweep), cy + size * np.sin(sweep)], 1))
    paint.canvas.shape(
        "hair_side", brushes(np.array(arcs), np.array([0.1, 0.9, 1.1, 0.8, 0.1]) * paint.width * 1.2), paint.line, region="line"
    )


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
