"""A patch of hair: a field of strands from roots to tips, drawn as clumps with tapering ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.hair.paths import brushes, loops, ramp, spline
from rakkan.corpus.figures.hair.shading import Paint

Values = NDArray[np.float64]
#: Where a strand (u across from -1 to 1) is at t (0 root, 1 tip) in the picture.
Field = Callable[[Values, Values], Points]

_RISE = np.array([0.0, 0.42, 0.78])
_STRAND = np.array([0.1, 0.9, 1.0, 0.55, 0.05])
_WEDGE = np.array([0.5, 1.0, 0.7, 0.3, 0.05])


@dataclass(frozen=True)
class Clumps:
    """How the ends of a patch part into clumps: bounds [n + 1], notches [n + 1], tips [n], reach [n].

    ``belly`` over 1 makes round-sided clumps that close late, under 1 thin spikes.
    """

    bounds: Values
    notches: Values
    tips: Values
    reach: Values
    belly: float = 1.7

    def visible(self, keep: NDArray[np.bool_]) -> Clumps:
        """Only the clumps marked in ``keep`` [n], which must be one run."""
        first, last = int(np.argmax(keep)), len(keep) - int(np.argmax(keep[::-1]))
        return Clumps(
            self.bounds[first : last + 1],
            self.notches[first : last + 1],
            self.tips[first:last],
            self.reach[first:last],
            self.belly,
        )


def clumps(
    chance: Random,
    count: int,
    *,
    notch: tuple[float, float] = (0.7, 0.82),
    reach: tuple[float, float] = (0.92, 1.04),
    lean: float = 0.0,
    uneven: float = 0.25,
    belly: float = 1.7,
    edge: float = 0.0,
) -> Clumps:
    """Clumps of seeded unevenness. ``lean`` pushes the tips to one side (in clump widths); ``edge`` is the
    height at which the outermost flanks begin to taper, when it differs from the notches."""
    step = 2 / count
    bounds = np.linspace(-1, 1, count + 1)
    bounds[1:-1] += [chance.uniform(-uneven, uneven) * step for _ in range(count - 1)]
    notches = np.array([chance.uniform(*notch) for _ in range(count + 1)])
    if edge:
        notches[0] = notches[-1] = edge
    middle = (bounds[:-1] + bounds[1:]) / 2
    tips = middle + [step * (lean + chance.uniform(-0.25, 0.25)) for _ in range(count)]
    far = np.array([chance.uniform(*reach) for _ in range(count)])
    return Clumps(bounds, notches, tips, far, belly)


@dataclass(frozen=True)
class Parting:
    """How a kind of hair parts into clumps; the fields are those of `clumps`."""

    count: int = 4
    notch: tuple[float, float] = (0.72, 0.82)
    reach: tuple[float, float] = (0.92, 1.03)
    belly: float = 1.5

    def clumps(self, chance: Random, count: int = 0) -> Clumps:
        """Clumps parted so; ``count`` stands in for the usual number."""
        return clumps(chance, count or self.count, notch=self.notch, reach=self.reach, belly=self.belly)


def draw_patch(
    paint: Paint,
    layer: str,
    field: Field,
    ends: Clumps,
    *,
    accent: bool = False,
    dark: bool = False,
    root: float = 0.0,
    strand: float = 0.45,
    dip: float = 0.72,
    edge_steps: int = 5,
    streaks: tuple[int, ...] = (),
    split: bool = False,
    shadows: bool = True,
    seams: tuple[float, float] = (0.0, 0.0),
    depth: int = 0,
    gleams: int = 0,
) -> Points:
    """Draw a patch of hair and return the outline that it was filled with [n, 2].

    ``strand``: length of the lines between clumps; ``dip``: where dipped tips begin; ``streaks``:
    clumps of the second colour; ``split``: the patch lies on both sides of a split colour;
    ``seams``: how much of the left and right flank merges into other hair, hence has no contour;
    ``depth`` and ``gleams``: how many strands lie in shade and in the light.
    """
    count = len(ends.tips)
    flank_u, flank_t = _flanks(ends)
    left_t = root + (ends.notches[0] - root) * ramp(edge_steps + 1)[:-1]
    right_t = root + (ends.notches[-1] - root) * ramp(edge_steps + 1)[-2::-1]
    groups: list[tuple[Values, Values]] = [
        (np.full(edge_steps, ends.bounds[0]), left_t),
        (flank_u, flank_t),
        (np.full(edge_steps, ends.bounds[-1]), right_t),
        _strand_lines(paint.chance, ends, root, strand),
        _half_shadows(ends, root),
        _inner_strands(paint.chance, ends, root, depth, (0.3, 0.55), (0.78, 1.0), (-0.7, 0.9)),
        _inner_strands(paint.chance, ends, root, gleams, (0.1, 0.3), (0.4, 0.62), (-0.85, 0.35)),
    ]
    place = field(
        np.concatenate([group[0] for group in groups]), np.concatenate([group[1] for group in groups])
    )
    cuts = np.cumsum([len(group[0]) for group in groups])
    outline = place[: cuts[2]]
    lines = place[cuts[2] : cuts[3]].reshape(-1, 5, 2)
    halves = place[cuts[3] : cuts[4]].reshape(count, 6, 2)
    shaded, lit = place[cuts[4] : cuts[5]].reshape(-1, 5, 2), place[cuts[5] :].reshape(-1, 5, 2)
    # Where clumps are narrow in the picture, lines between them would only clutter.
    breadth = np.hypot(*np.diff(place[edge_steps : cuts[1] : 6], axis=0).T)
    least = 2.0 + 2.4 * paint.width
    lines = lines[np.concatenate([np.minimum(breadth[1:], breadth[:-1]) > least, breadth > 2.5 * least])]
    corners = np.zeros(len(outline), bool)
    corners[edge_steps + 3 : cuts[1] : 6] = True
    corners[edge_steps + 6 : cuts[1] - 1 : 6] = True
    _fill_patch(paint, layer, outline, corners, accent, dark, split, any(seams))
    for index in streaks:
        _draw_streak(paint, layer, field, ends, index, root, dark)
    if paint.tone == "dipped tips":
        _draw_dip(paint, layer, field, ends, place[edge_steps : cuts[1]], dip, dark)
    _finish(paint, layer, lines, halves if shadows and not dark else halves[:0], shaded, lit)
    if any(seams):
        first, last = int(seams[0] * edge_steps), len(outline) - int(seams[1] * edge_steps)
        contour = spline(outline[first:last], corners[first:last])
        paint.canvas.stroke(layer, contour, paint.outline(accent), paint.width)
    return outline


def _fill_patch(
    paint: Paint,
    layer: str,
    outline: Points,
    corners: NDArray[np.bool_],
    accent: bool,
    dark: bool,
    split: bool,
    seamed: bool,
) -> None:
    """Fill a patch's outline; a seamed one gets its contour later, a split one its second colour now."""
    path = spline(outline, corners)
    top, bottom = float(outline[:, 1].min()), float(outline[:, 1].max())
    paint.canvas.shape(
        layer,
        path,
        paint.fill(accent, dark, top, bottom),
        region="hair_accent" if accent else "hair",
        line="" if seamed else paint.outline(accent),
        line_width=paint.width,
    )
    if split and paint.half:
        paint.canvas.shape(
            layer,
            path,
            paint.fill(True, dark, top, bottom),
            region="hair_accent",
            clip=paint.half,
            line=paint.outline(True),
            line_width=paint.width,
        )


def _finish(paint: Paint, layer: str, lines: Values, halves: Values, shaded: Values, lit: Values) -> None:
    shading, width, canvas = paint.style.shading, paint.width, paint.canvas
    if shading in ("hard", "gradient"):
        shade = loops(halves) + brushes(shaded, _WEDGE * 3.4)
        if shade:
            canvas.shape(layer, shade, paint.shade, region="line")
        if len(lit):
            canvas.shape(layer, brushes(lit, _STRAND * 2.2), paint.gleam, region="line")
    elif shading == "hatched" and len(shaded):
        lines = np.concatenate([lines, shaded])
    if len(lines):
        weight = {"hard": 1.1, "gradient": 1.1, "flat": 0.9, "hatched": 1.2}[shading]
        canvas.shape(layer, brushes(lines, _STRAND * width * weight), paint.line, region="line")


def _flanks(ends: Clumps) -> tuple[Values, Values]:
    """Notch, two points, tip, two points of every clump, and the last notch: (u, t) of [6 × n + 1]."""
    across, along = _RISE**ends.belly, _RISE
    tips, reach = ends.tips[:, None], ends.reach[:, None]
    left, right = ends.bounds[:-1, None], ends.bounds[1:, None]
    down, up = ends.notches[:-1, None], ends.notches[1:, None]
    back = np.array([2, 1])
    u = np.concatenate([left + (tips - left) * across, tips, right + (tips - right) * across[back]], axis=1)
    t = np.concatenate([down + (reach - down) * along, reach, up + (reach - up) * along[back]], axis=1)
    return np.append(u.ravel(), ends.bounds[-1]), np.append(t.ravel(), ends.notches[-1])


def _strand_lines(chance: Random, ends: Clumps, root: float, length: float) -> tuple[Values, Values]:
    """Lines up from the notches, and a few short ones within the clumps: (u, t) of [m × 5]."""
    inner = ends.bounds[1:-1]
    start = ends.notches[1:-1]
    stretch = np.array([chance.uniform(0.55, 1.1) for _ in inner]) * length
    middle = (ends.tips + ends.bounds[:-1] + ends.bounds[1:]) / 3
    within = np.array([chance.uniform(-0.1, 0.1) for _ in middle])
    u = np.concatenate([inner, middle + within * (2 / max(len(middle), 1))])
    from_t = np.concatenate([start, ends.reach - 0.12 * (ends.reach - ends.notches[:-1]) - 0.04])
    to_t = np.concatenate([start - stretch, ends.reach - 0.3 - 0.35 * length])
    t = from_t[:, None] + (np.maximum(to_t, root) - from_t)[:, None] * ramp(5)
    return np.repeat(u, 5), t.ravel()


def _half_shadows(ends: Clumps, root: float) -> tuple[Values, Values]:
    """The side of every clump away from the light: (u, t) of [n × 6]."""
    tips, reach = ends.tips, ends.reach
    right, notch = ends.bounds[1:], ends.notches[1:]
    width = right - ends.bounds[:-1]
    high = np.maximum(notch - 0.75 * (reach - notch) - 0.1, root)
    near = 0.78**ends.belly
    u = np.stack(
        [tips, right + (tips - right) * near, right, right - 0.03, right - 0.1 * width, tips + 0.16 * width],
        1,
    )
    middle = notch + (reach - notch) * 0.4
    t = np.stack([reach, notch + (reach - notch) * 0.78, notch, high, notch - 0.05, middle], 1)
    return u.ravel(), t.ravel()


def _inner_strands(
    chance: Random,
    ends: Clumps,
    root: float,
    count: int,
    start: tuple[float, float],
    stop: tuple[float, float],
    span: tuple[float, float],
) -> tuple[Values, Values]:
    """Strands within the mass: (u, t) of [count × 5]; ``start``, ``stop`` are
    shares of the way to the notches."""
    if not count:
        return np.empty(0), np.empty(0)
    middle, half = (ends.bounds[0] + ends.bounds[-1]) / 2, (ends.bounds[-1] - ends.bounds[0]) / 2
    step = (span[1] - span[0]) / count
    u = np.array([middle + half * (span[0] + step * (at + chance.uniform(0.1, 0.9))) for at in range(count)])
    reach = float(ends.notches.min())
    first = np.array([root + (reach - root) * chance.uniform(*start) for _ in range(count)])
    last = np.array([root + (reach - root) * chance.uniform(*stop) for _ in range(count)])
    return np.repeat(u, 5), (first[:, None] + (last - first)[:, None] * ramp(5)).ravel()


def _draw_dip(
    paint: Paint, layer: str, field: Field, ends: Clumps, flanks: Points, dip: float, dark: bool
) -> None:
    """The ends in the second colour, with a jagged upper edge."""
    count = len(ends.tips) * 4 + 1
    u = np.linspace(ends.bounds[-1], ends.bounds[0], count)
    jag = np.where(np.arange(count) % 2 == 0, 0.055, -0.055) * (1 + 0.6 * np.sin(np.arange(count) * 2.3))
    level = np.minimum(dip, np.interp(u, ends.bounds, ends.notches) - 0.04)
    edge = field(u, level + jag * 0.8)
    outline = np.concatenate([flanks, edge])
    corners = np.ones(len(outline), bool)
    corners[1 : len(flanks) - 1] = False
    corners[3 : len(flanks) : 6] = True
    corners[6 : len(flanks) - 1 : 6] = True
    top, bottom = float(outline[:, 1].min()), float(outline[:, 1].max())
    path = spline(outline, corners, closed=True)
    paint.canvas.shape(layer, path, paint.fill(True, dark, top, bottom), region="hair_accent")


def _draw_streak(
    paint: Paint, layer: str, field: Field, ends: Clumps, index: int, root: float, dark: bool
) -> None:
    """One clump from root to tip in the second colour."""
    index %= len(ends.tips)
    one = ends.visible(np.arange(len(ends.tips)) == index)
    flank_u, flank_t = _flanks(one)
    t = np.linspace(root, 1, 5)[:-1]
    # It starts as a point, for its root may lie upon hair of the other colour.
    middle, widening = one.bounds.mean(), np.minimum(0.04 + 2.2 * t, 1.0)
    left, right = (middle + (bound - middle) * widening for bound in one.bounds)
    u = np.concatenate([left, flank_u, right[::-1]])
    outline = field(u, np.concatenate([t * one.notches[0], flank_t, t[::-1] * one.notches[1]]))
    corners = np.zeros(len(outline), bool)
    corners[[0, 7, len(outline) - 1]] = True
    top, bottom = float(outline[:, 1].min()), float(outline[:, 1].max())
    paint.canvas.shape(
        layer,
        spline(outline, corners),
        paint.fill(True, dark, top, bottom),
        region="hair_accent",
        line=paint.accent_line,
        line_width=paint.width * 0.8,
    )
