"""Masses of hair away from the skull: curtains, tails, braids, spirals, knots and spikes."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from rakkan.corpus.figures.curves import Points, normals, sample_curve
from rakkan.corpus.figures.hair.geometry import Drape, Values, hang
from rakkan.corpus.figures.hair.locks import Clumps, Parting, clumps, draw_patch
from rakkan.corpus.figures.hair.paths import brushes, loops, spline
from rakkan.corpus.figures.hair.shading import Paint

Knots = Sequence[tuple[float, float, float]]


def depth_layer(paint: Paint, knots: Values, front: float = 20.0, back: float = -24.0) -> str:
    """The layer for a mass by how near the middle of its path lies to the viewer."""
    depth = float(np.mean(paint.head.depth(knots)))
    return "hair_side" if depth > front else "hair_behind_head" if depth > back else "hair_back"


class Tube:
    """A band of hair along a path: ``field`` gives points by place across (-1 to 1) and along (0 to 1)."""

    def __init__(self, paint: Paint, knots: Knots, widths: Sequence[float]) -> None:
        self.path = np.asarray(knots, float)
        self.line = sample_curve(hang(paint.head, self.path), 28)
        self.side = normals(self.line)
        self.places = np.linspace(0, 1, 28)
        self.widths = np.interp(self.places, np.linspace(0, 1, len(widths)), np.asarray(widths, float))

    def field(self, u: Values, t: Values) -> Points:
        """Points in the picture."""
        x, y, right, down = (
            np.interp(t, self.places, column)
            for column in (self.line[:, 0], self.line[:, 1], self.side[:, 0], self.side[:, 1])
        )
        reach = np.interp(t, self.places, self.widths) * u / 2
        return np.stack([x + right * reach, y + down * reach], axis=1)


def draw_curtain(
    paint: Paint,
    drape: Drape,
    lengths: tuple[tuple[float, float], ...],
    ends: Parting,
    *,
    front: float,
    root: float = -32.0,
    split_sides: bool = False,
    streaks: bool = False,
) -> None:
    """Hair that falls all around from ``front`` degrees backwards: its far side behind the body, its
    near sides before the ears.

    ``lengths``: (angle, height of the tips); ``ends``: the parting of a quarter turn.
    """
    head = paint.head
    turns, lows = np.asarray(lengths, float).T
    profile = abs(head.yaw) > 45

    def draw(first: float, last: float, layer: str, dark: bool) -> None:
        span = abs(last - first)
        count = max(2 if span > 25 else 1, round(ends.count * span / 90))
        parting = ends.clumps(paint.chance, count)

        def field(u: Values, t: Values) -> Points:
            angle = first + (last - first) * (u + 1) / 2
            low = np.interp(np.abs((angle + 180) % 360 - 180), turns, lows)
            return hang(head, drape.place(head, angle, root + (low - root) * t))

        side = bool((first + last) / 2 % 360 < 180)
        draw_patch(
            paint,
            layer,
            field,
            parting,
            dark=dark,
            strand=0.6,
            edge_steps=12 if drape.wave else 8,
            accent=split_sides and side and not dark and not profile,
            split=dark or profile,
            streaks=(count // 2,) if streaks and not dark else (),
            dip=0.62,
            depth=0 if dark else round(span / 13),
            gleams=0 if dark else round(span / 24),
            seams=(0.5 * (last == 360 - front), 0.5 * (first == front)),
        )

    far = max(front, 90 - head.yaw), min(360 - front, 270 - head.yaw)
    if far[1] - far[0] > 4:
        draw(far[1], far[0], "hair_back", True)
    right = front, min(360 - front, 90 - head.yaw)
    left = max(front, 270 - head.yaw), 360 - front
    for first, last in (right, left):
        if last - first > 6:
            draw(first, last, "hair_side", False)


def draw_tail(
    paint: Paint,
    knots: Knots,
    widths: Sequence[float],
    *,
    layer: str = "",
    accent: bool = False,
    ends: Clumps | None = None,
    tie: bool = True,
    streak: bool = False,
) -> None:
    """A tail of hair along a path in head space; ``widths`` are full widths along it."""
    tube = Tube(paint, knots, widths)
    layer = layer or depth_layer(paint, tube.path)
    if ends is None:
        ends = clumps(
            paint.chance, 4, notch=(0.66, 0.8), reach=(0.86, 0.97), uneven=0.15, belly=1.3, edge=0.6
        )
        ends.reach[int(paint.chance.random() < 0.5) + 1] = 1.0
        ends.tips[:] *= 0.72
    draw_patch(
        paint,
        layer,
        tube.field,
        ends,
        accent=accent,
        strand=0.5,
        edge_steps=8,
        dip=0.6,
        streaks=(1,) if streak else (),
        depth=2,
        gleams=2,
    )
    if tie:
        draw_tie(paint, layer, tube)


def draw_tie(paint: Paint, layer: str, tube: Tube) -> None:
    """The band that holds a tail."""
    ring = np.array([(-1.25, 0.0), (0, -0.015), (1.25, 0.0), (1.35, 0.045), (0, 0.06), (-1.35, 0.045)])
    knots = tube.field(ring[:, 0], np.clip(ring[:, 1], 0, 1))
    paint.canvas.shape(
        layer, loops(knots[None]), paint.deep, region="hair", line=paint.line, line_width=paint.width
    )


def draw_knot(
    paint: Paint,
    layer: str,
    centre: tuple[float, float, float],
    radius: float,
    *,
    squash: float = 0.9,
    accent: bool = False,
) -> None:
    """A bun: a ball of wound strands."""
    (x, y), chance = hang(paint.head, np.array([centre]))[0].tolist(), paint.chance
    turn = np.linspace(0, 2 * np.pi, 15)[:-1]
    reach = radius * (1 + np.array([chance.uniform(-0.03, 0.05) for _ in turn]))
    knots = np.stack([x + reach * np.cos(turn), y + squash * reach * np.sin(turn)], 1)
    path = spline(knots, closed=True)
    paint.canvas.shape(
        layer,
        path,
        paint.fill(accent, False, y - radius, y + radius),
        region="hair_accent" if accent else "hair",
        line=paint.outline(accent),
        line_width=paint.width,
    )
    if paint.style.shading in ("hard", "gradient"):
        crescent = np.array([(0.95, -0.2), (0.75, 0.6), (0.1, 0.97), (-0.6, 0.75), (0.1, 0.6), (0.6, 0.25)])
        paint.canvas.shape(
            layer, loops((crescent * (radius, radius * squash) + (x, y))[None]), paint.shade, region="line"
        )
    curls = []
    for start, inner in ((2.4, 0.78), (3.9, 0.62), (0.6, 0.7), (5.2, 0.4), (1.6, 0.35)):
        sweep = np.linspace(start, start + 1.7, 5)
        spiral = radius * np.linspace(inner, inner * 0.55 + 0.1, 5)
        curls.append(np.stack([x + spiral * np.cos(sweep), y + squash * spiral * np.sin(sweep)], 1))
    paint.canvas.shape(
        layer,
        brushes(np.array(curls), np.array([0.1, 0.8, 1.0, 0.7, 0.1]) * paint.width),
        paint.line,
        region="line",
    )
    gleam = np.array([(-0.62, -0.25), (-0.3, -0.62), (0.15, -0.7), (-0.2, -0.48), (-0.5, -0.12)]) * (
        radius,
        radius * squash,
    )
    paint.canvas.shape(layer, loops((gleam + np.array([x, y]))[None]), paint.gleam, region="line")


def draw_spikes(
    paint: Paint,
    spikes: Sequence[tuple[float, ...]],
    shell: float,
    chance: Random,
    *,
    front: str = "hair_side",
    back: str = "hair_back",
    bend: float = 0.0,
    split: bool = False,
    rim: float = 2.0,
) -> None:
    """Spikes from the skull: (angle, height, length, lift, width).

    They stand away from it, the more upwards the greater ``lift``. Those turned away go on the layer
    ``back``, the others on ``front``; those that face the viewer more than ``rim`` (a cosine) are left out.
    """
    head = paint.head
    rows = np.asarray(spikes, float)
    rows[:, 0] += [chance.uniform(-4, 4) for _ in rows]
    rows[:, 2] *= [chance.uniform(0.88, 1.12) for _ in rows]
    root = head.surface(rows[:, 0], rows[:, 1], shell - 5)
    out = root - (0.0, 0.0, -5.0)
    out[:, 1] = root[:, 1] + 8
    out /= np.linalg.norm(out, axis=1)[:, None]
    tip = root + out * rows[:, 2:3]
    tip[:, 1] -= rows[:, 3]
    depth = head.depth(root)
    facing = np.cos(np.radians(rows[:, 0] + head.yaw))
    start, end = hang(head, root), hang(head, tip)
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])[:, None]
    side = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(length, 1)
    half = rows[:, 4:5] / 2
    bow = side * length * bend * np.sign(root[:, :1] + 0.01)
    for index in np.argsort(depth):
        if facing[index] > rim or (paint.hatted and root[index, 1] < -22):
            continue
        layer = front if facing[index] > -0.1 else back
        base, top, across = start[index], end[index], side[index] * half[index]
        profile = abs(head.yaw) > 45
        accent = split and bool(abs(rows[index, 0]) < 62 if profile else root[index, 0] > 0)
        accent = accent or (paint.tone == "streaks" and index % 4 == 1)
        _draw_spike(paint, layer, base, top, across, bow[index], accent)


def _draw_spike(
    paint: Paint, layer: str, base: Values, top: Values, across: Values, bow: Values, accent: bool
) -> None:
    """One spike from ``base`` to ``top``, half as wide as ``across`` is long, bent by ``bow``: all [2]."""
    along = top - base
    belly = base + along * 0.45 + bow
    near = base + along * 0.78 + bow * 0.8
    outline = np.array(
        [
            base - across,
            belly - across * 0.85,
            near - across * 0.36,
            top,
            near + across * 0.3,
            belly + across * 0.72,
            base + across,
        ]
    )
    path = spline(outline, np.array([0, 0, 0, 1, 0, 0, 0], bool))
    paint.canvas.shape(
        layer,
        path,
        paint.fill(accent, False, float(outline[:, 1].min()), float(outline[:, 1].max())),
        region="hair_accent" if accent else "hair",
        line=paint.outline(accent),
        line_width=paint.width,
    )
    if paint.tone == "dipped tips":
        paint.canvas.shape(
            layer, spline(outline[2:5], np.array([1, 1, 1], bool)), paint.accent, region="hair_accent"
        )
    if paint.style.shading in ("hard", "gradient"):
        shade = np.array(
            [top, near + across * 0.3, belly + across * 0.72, base + across, belly + across * 0.1]
        )
        paint.canvas.shape(layer, spline(shade, np.array([1, 0, 0, 1, 0], bool)), paint.shade, region="line")
