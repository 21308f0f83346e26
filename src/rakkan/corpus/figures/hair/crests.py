"""Hair that stands up or out: spikes, flicks, crests, a swept top, a cloud of curls."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.hair.geometry import Values, hairline, hang, shell_points, visible
from rakkan.corpus.figures.hair.locks import clumps, draw_patch
from rakkan.corpus.figures.hair.masses import draw_spikes
from rakkan.corpus.figures.hair.paths import brushes, loops, ramp, spline
from rakkan.corpus.figures.hair.shading import Paint


def draw_pixie(paint: Paint) -> None:
    rows = [(140, -43, 17, -1, 13), (170, -46, 21, 3, 15), (-158, -46, 19, 1, 14), (-128, -41, 14, -3, 12)]
    rows += [(side * 98, 10, 15, -11, 14) for side in (1, -1)] + [
        (side * 100, -8, 12, -9, 14) for side in (1, -1)
    ]
    draw_spikes(paint, rows, 6.0, paint.chance, bend=0.16, rim=0.45, split=paint.tone == "split colour")


def draw_spiky(paint: Paint) -> None:
    rows = []
    for side in (1, -1):
        rows += [
            (side * 178, 20, 34, -4, 26),
            (side * 150, 24, 36, -8, 26),
            (side * 120, 18, 36, -6, 24),
            (side * 172, -14, 42, 6, 30),
            (side * 135, -8, 44, 4, 30),
            (side * 96, 2, 38, 0, 24),
            (side * 160, -38, 42, 12, 30),
            (side * 112, -32, 42, 12, 30),
            (side * 84, -18, 38, 4, 26),
            (side * 66, -38, 34, 12, 26),
            (side * 30, -46, 34, 10, 24),
        ]
    draw_spikes(paint, rows, 6.0, paint.chance, split=paint.tone == "split colour")


def draw_messy(paint: Paint) -> None:
    rows = []
    for side in (1, -1):
        rows += [
            (side * 165, -44, 24, 4, 20),
            (side * 120, -36, 24, -2, 22),
            (side * 94, -20, 23, -6, 22),
            (side * 96, 4, 27, -8, 24),
            (side * 75, -40, 20, 3, 18),
            (side * 160, -10, 24, -8, 24),
            (side * 104, 20, 27, -16, 22),
            (side * 150, 22, 26, -16, 22),
        ]
    draw_spikes(paint, rows, 7.0, paint.chance, bend=0.12, rim=0.45, split=paint.tone == "split colour")


def draw_mohawk(paint: Paint) -> None:
    rows: list[tuple[float, ...]] = [
        (180, y, n, lift, 26.0) for y, n, lift in ((28, 24, 0), (12, 30, 2), (-6, 34, 4), (-24, 36, 8))
    ]
    rows += [(180 + turn, -40, n, 8, 24.0) for turn, n in ((30, 25), (-30, 25), (0, 31))]
    rows += [
        (turn, y, n, 8, 22.0)
        for turn, y, n in (
            (40, -47, 23),
            (-40, -47, 23),
            (0, -47.5, 26),
            (22, -42, 17),
            (-22, -42, 17),
            (0, -38, 18),
        )
    ]
    draw_spikes(
        paint,
        rows,
        5.0,
        paint.chance,
        front="hair_front",
        back="hair_back" if abs(paint.head.yaw) < 60 else "hair_front",
    )


def draw_undercut(paint: Paint) -> None:
    """Long hair on top, swept over from the part on the picture's left; in profile swept back."""
    if paint.hatted:
        return
    rise = paint.chance.uniform(0.94, 1.04)
    if abs(paint.head.yaw) > 45:
        near = -1 if paint.head.yaw > 45 else 1
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

    streaks = (2,) if paint.tone == "streaks" else ()
    draw_patch(paint, "hair_front", field, ends, strand=0.6, split=True, streaks=streaks, depth=3, gleams=3)


def draw_afro(paint: Paint) -> None:
    """A ball of curls: its back behind the body, its front a horseshoe around the face."""
    head, chance = paint.head, paint.chance
    radius = 66.0 * chance.uniform(0.96, 1.04)
    x, y = hang(head, np.array([(0.0, -10.0, -8.0)]))[0].tolist()
    bumps, count = 22, 88
    turn = ramp(count + 1, 0.0, 2 * np.pi)[:-1]
    reach = radius * (
        1 + 0.06 * np.abs(np.sin(turn * bumps / 2)) + 0.012 * np.sin(turn * 3 + chance.uniform(0, 6))
    )
    ball = np.stack([x + 1.02 * reach * np.cos(turn), y + 0.98 * reach * np.sin(turn)], 1)
    _draw_both(paint, "hair_back", spline(ball, closed=True), (y - radius, y + radius), dark=True)
    # The horseshoe runs over the top from its left end to its right end (degrees clockwise from the
    # right) and back around the face; in profile the end at the back of the head comes down to the nape.
    turned = float(np.sin(np.radians(head.yaw)))
    left, right = 152 - 50 * turned, 28 - 50 * turned
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
                layer,
                path,
                paint.fill(second, dark, *span),
                region="hair_accent" if second else "hair",
                line=paint.outline(second),
                line_width=paint.width,
                clip=clip,
            )


def _curls(paint: Paint, x: float, y: float, radius: float, span: tuple[float, float]) -> None:
    chance = paint.chance
    angles = np.radians(
        [span[0] + (span[1] - span[0]) * (n + chance.uniform(0, 0.9)) / 40 for n in range(40)]
    )
    reach = radius * np.array([chance.choice((0.92, 0.8, 0.7)) for _ in angles])
    size = np.array([chance.uniform(3.5, 6.5) for _ in angles])[:, None]
    sweep = ramp(5, 0.0, 3.0) + np.array([chance.uniform(0, 6.3) for _ in angles])[:, None]
    arcs = np.stack(
        [
            (x + reach * np.cos(angles))[:, None] + size * np.cos(sweep),
            (y + reach * np.sin(angles))[:, None] + size * np.sin(sweep),
        ],
        -1,
    )
    weights = np.array([0.1, 0.9, 1.1, 0.8, 0.1])
    lit = (angles > np.radians(185)) & (angles < np.radians(275)) & (reach < radius * 0.85)
    if paint.style.shading != "flat":
        paint.canvas.shape("hair_side", brushes(arcs[lit] - 1.2, weights * 2.6), paint.gleam, region="line")
        paint.canvas.shape("hair_side", brushes(arcs[~lit] + 1.2, weights * 2.8), paint.shade, region="line")
    paint.canvas.shape("hair_side", brushes(arcs, weights * paint.width * 1.1), paint.line, region="line")
