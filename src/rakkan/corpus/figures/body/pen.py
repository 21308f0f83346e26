"""The pen the body is drawn with: fast paths from plain points, and form shown as each style shows it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

from rakkan.corpus.figures.body.tube import Point
from rakkan.corpus.figures.canvas import Fill, Gradient
from rakkan.corpus.figures.palette import luminance, mix
from rakkan.corpus.figures.scene import Scene

#: A tapering fold: start, control point, end, width at its heaviest.
Crease = tuple[Point, Point, Point, float]


def straight(values: Sequence[Point], *, closed: bool = True) -> str:
    """Path data of straight lines through the points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in values) + ("Z" if closed else "")


def run(values: Sequence[Point]) -> str:
    """The curve from the first point through the others, to follow a path that has reached the first.

    Tangents follow the neighbours; handles scale with their own stretch, so uneven spacing does not
    overshoot.
    """
    last = len(values) - 1
    if last == 1:
        return f"L{values[1][0]:.1f} {values[1][1]:.1f}"
    pieces = []
    x0, y0 = values[0]
    x1, y1 = values[1]
    along_x, along_y = x1 - x0, y1 - y0
    reach = 0.34 * (along_x * along_x + along_y * along_y) ** 0.5
    unit = 0.34 / reach if reach else 0.0
    tangent_x, tangent_y = along_x * unit, along_y * unit
    for index in range(2, last + 2):
        if index <= last:
            x2, y2 = values[index]
            next_x, next_y = x2 - x0, y2 - y0
        else:
            x2, y2 = x1, y1
            next_x, next_y = along_x, along_y
        length = (next_x * next_x + next_y * next_y) ** 0.5
        if length:
            next_x, next_y = next_x / length, next_y / length
        pieces.append(
            f"C{x0 + tangent_x * reach:.1f} {y0 + tangent_y * reach:.1f} "
            f"{x1 - next_x * reach:.1f} {y1 - next_y * reach:.1f} {x1:.1f} {y1:.1f}"
        )
        tangent_x, tangent_y = next_x, next_y
        along_x, along_y = x2 - x1, y2 - y1
        reach = 0.34 * (along_x * along_x + along_y * along_y) ** 0.5
        x0, y0, x1, y1 = x1, y1, x2, y2
    return "".join(pieces)


def _unit(x: float, y: float) -> Point:
    length = hypot(x, y) or 1.0
    return x / length, y / length


def curve(values: Sequence[Point]) -> str:
    """Path data of an open smooth curve."""
    return f"M{values[0][0]:.1f} {values[0][1]:.1f}{run(values)}"


def joined(*runs: Sequence[Point], closed: bool = True) -> str:
    """Path data of smooth runs that meet at corners."""
    x, y = runs[0][0]
    parts = [f"M{x:.1f} {y:.1f}"]
    for values in runs:
        if values[0] != (x, y):
            parts.append(f"L{values[0][0]:.1f} {values[0][1]:.1f}")
        if len(values) > 1:
            parts.append(run(values))
        x, y = values[-1]
    return "".join(parts) + ("Z" if closed else "")


def between(first: Point, second: Point, share: float) -> Point:
    """The point ``share`` of the way from the first to the second."""
    return first[0] + (second[0] - first[0]) * share, first[1] + (second[1] - first[1]) * share


def lens(crease: Crease) -> str:
    """Path data of a fold that swells in its middle and tapers to both ends."""
    (x0, y0), (cx, cy), (x1, y1), width = crease
    across, along = _unit(-(y1 - y0), x1 - x0)
    dx, dy = across * width, along * width
    return (
        f"M{x0:.1f} {y0:.1f}Q{cx + dx:.1f} {cy + dy:.1f} {x1:.1f} {y1:.1f}"
        f"Q{cx - dx:.1f} {cy - dy:.1f} {x0:.1f} {y0:.1f}Z"
    )


def dots(values: Sequence[tuple[float, float, float, float]]) -> str:
    """Path data of ellipses given as middle x, y and radii."""
    return "".join(
        f"M{x - rx:.1f} {y:.1f}a{rx:.1f} {ry:.1f} 0 1 0 {2 * rx:.1f} 0"
        f"a{rx:.1f} {ry:.1f} 0 1 0 {-2 * rx:.1f} 0Z"
        for x, y, rx, ry in values
    )


class Pen:
    """Draws areas, lines, folds and shade on the scene's canvas in the scene's style."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.canvas = scene.canvas
        self.style = scene.style
        self.width = scene.style.line_width
        #: Height at which the torso's pattern begins, so that the shoulders' falls in with it.
        self.pattern_top = 88.0
        #: Lowest height that the picture shows; nothing below need be drawn.
        self.bottom = scene.frame[1] + scene.frame[3]

    def paint(self, colour: str, start: Point, end: Point, *, strength: float = 1.0) -> Fill:
        """The fill of a large area: in the soft style light at ``start`` turns to shade at ``end``."""
        if self.style.shading != "gradient":
            return colour
        light = self.style.light(colour, 0.3 * strength)
        shade = mix(colour, self.style.shadow(colour), 0.85 * strength)
        return Gradient(start, end, ((0.0, light), (0.45, colour), (1.0, shade)))

    def area(
        self,
        layer: str,
        path: str,
        colour: str,
        *,
        region: str = "outfit",
        weight: float = 1.0,
        fill: Fill = "",
    ) -> None:
        """A filled and outlined area (``weight`` scales the outline, 0 leaves it out)."""
        self.canvas.shape(
            layer,
            path,
            fill or colour,
            region=region,
            line=self.style.line(colour),
            line_width=self.width * weight,
        )

    def line(self, layer: str, path: str, colour: str, weight: float = 1.0) -> None:
        """An open contour on a fill of that colour."""
        self.canvas.stroke(layer, path, self.style.line(colour), self.width * weight)

    def creases(self, layer: str, colour: str, *creases: Crease, dark: float = 0.7) -> None:
        """Folds on a fill of that colour, as one shape."""
        if self.style.shading == "flat":
            dark *= 0.6
        shade = mix(self.style.shadow(colour), self.style.line(colour), dark)
        heavy = 1.25 if self.style.shading == "hatched" else 0.9
        path = "".join(lens((a, b, c, width * heavy)) for a, b, c, width in creases if a[1] < self.bottom)
        if path:
            self.canvas.shape(layer, path, shade, region="line")

    def cast(self, layer: str, path: str, colour: str, *, region: str = "outfit") -> None:
        """The shadow of something that lies on cloth of that colour: its outline, moved by the caller."""
        strength = {"hard": 0.42, "gradient": 0.26, "hatched": 0.3}.get(self.style.shading, 0.0)
        if strength:
            dark = mix(self.style.shadow(self.style.shadow(colour)), "#2a1c50", 0.25)
            self.canvas.shape(layer, path, dark, region=region, opacity=strength)

    def shade(
        self,
        layer: str,
        inner: Sequence[Point],
        outer: Sequence[Point],
        colour: str,
        *,
        region: str = "outfit",
        depth: float = 1.0,
        wash: bool = False,
        over: bool = False,
    ) -> None:
        """Shadow between an inner edge (where it begins) and an outer one of as many points.

        Cel paints it hard; soft blends it in (unless ``wash``: then evenly faint); pastel hints at
        it; ink hatches across it. ``over`` lets what lies below show through (patterned cloth).
        """
        shading = self.style.shading
        if shading == "hatched":
            self._hatch(layer, inner, outer, colour)
            return
        path = joined(inner, outer[::-1])
        tone = self.style.shadow(colour, depth)
        if over:
            dark = mix(self.style.shadow(tone), "#2a1c50", 0.25)
            strength = {"hard": 0.42, "gradient": 0.28}.get(shading, 0.16)
            self.canvas.shape(layer, path, dark, region=region, opacity=strength)
        elif shading == "hard":
            self.canvas.shape(layer, path, tone, region=region)
        elif shading == "gradient":
            if wash:
                self.canvas.shape(layer, path, mix(colour, tone, 0.6), region=region)
                return
            middle = len(inner) // 2
            fill = Gradient(inner[middle], outer[middle], ((0.0, colour), (1.0, mix(colour, tone, 0.8))))
            self.canvas.shape(layer, path, fill, region=region)
        else:
            self.canvas.shape(layer, path, mix(colour, tone, 0.55), region=region)

    def _hatch(self, layer: str, inner: Sequence[Point], outer: Sequence[Point], colour: str) -> None:
        """Strokes from the outer edge inwards, each a wedge that tapers to a point."""
        pieces = []
        last = len(inner) - 1
        length = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(outer))
        count = max(4, min(26, int(length / 4.2)))
        for step in range(count):
            place = (step + 0.5) / count * last
            index = min(int(place), last - 1)
            share = place - index
            ax, ay = between(outer[index], outer[index + 1], share)
            bx, by = between(inner[index], inner[index + 1], share)
            reach = 0.95 if step % 3 else 0.7
            bx, by = ax + (bx - ax) * reach, ay + (by - ay) * reach
            dx, dy = _unit(-(by - ay), bx - ax)
            half = self.width * 0.36
            pieces.append(
                f"M{ax + dx * half:.1f} {ay + dy * half:.1f}L{bx:.1f} {by:.1f}"
                f"L{ax - dx * half:.1f} {ay - dy * half:.1f}Z"
            )
        ink = self.style.line(colour)
        if luminance(colour) < 0.22:  # black on black would not show
            ink = mix(colour, "#ffffff", 0.35)
        self.canvas.shape(layer, "".join(pieces), ink, region="line")
