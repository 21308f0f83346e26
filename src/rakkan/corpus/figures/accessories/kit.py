"""What all accessories are drawn with: shaded forms in the scene's style, and hoops about the head."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.canvas import Fill, Gradient
from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.head import Head
from rakkan.corpus.figures.scene import Scene

GOLD, SILVER = "#eebf4a", "#c9cfdb"
#: How strongly each way of shading shows a shadow shape or a gleam.
_SHADE = {"hard": 0.9, "gradient": 0.5, "flat": 0.45, "hatched": 0.6}
#: Headwear that covers the top of the head, so that things worn in the hair move lower.
HATS = frozenset({"beret", "witch hat", "beanie", "straw hat"})


class Kit:
    """Draws on a scene's canvas with its style. ``near`` is the head-space side (-1 or 1) turned to us."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.canvas = scene.canvas
        self.style = scene.style
        self.head = scene.head
        self.chance = scene.random("accessories")
        self.near = -1 if scene.head.yaw > 0 else 1
        self.profile = abs(scene.head.yaw) > 60
        self.worn = scene.attributes.accessories
        #: How far things that stand on the hair are lifted from the middle of the skull.
        self.volume = 1.12 if scene.attributes.hairstyle == "afro" else 1.0

    def spot(self, x: float, y: float, z: float) -> tuple[float, float]:
        """One point of head space in the picture."""
        place = self.head.project([[x, y, z]])[0]
        return float(place[0]), float(place[1])

    def colour(self, colour: str) -> str:
        """A fixed natural colour as the style paints it."""
        return self.style.colour(colour)

    def form(
        self,
        layer: str,
        knots: ArrayLike,
        colour: str,
        *,
        corners: Sequence[int] = (),
        weight: float = 1.0,
        region: str = "accessory",
        path: str = "",
    ) -> None:
        """An outlined shape through knots (or along ``path``), lit from the upper left in soft styles."""
        outline = curves.points(knots)
        fill: Fill = colour
        if self.style.shading == "gradient":
            low, high = outline.min(axis=0).tolist(), outline.max(axis=0).tolist()
            ends = (low[0], low[1]), (low[0] + (high[0] - low[0]) * 0.7, high[1])
            stops = (
                (0.0, self.style.light(colour, 0.5)),
                (0.4, colour),
                (1.0, self.style.shadow(colour, 0.8)),
            )
            fill = Gradient(*ends, stops)
        self.canvas.shape(
            layer,
            path or curves.smooth(outline, corners=corners),
            fill,
            region=region,
            line=self.style.line(colour),
            line_width=self.style.line_width * weight,
        )

    def fill(
        self, layer: str, path: str, colour: str, *, region: str = "accessory", weight: float = 0.0
    ) -> None:
        """A flat shape of one colour, outlined when it has a ``weight``."""
        line = self.style.line(colour) if weight else ""
        width = self.style.line_width * weight
        self.canvas.shape(layer, path, colour, region=region, line=line, line_width=width)

    def shade(
        self, layer: str, path: str, colour: str, *, depth: float = 1.0, region: str = "accessory"
    ) -> None:
        """A shadow shape upon a form of this colour."""
        opacity = _SHADE[self.style.shading]
        self.canvas.shape(layer, path, self.style.shadow(colour, depth), region=region, opacity=opacity)

    def gleam(
        self, layer: str, path: str, colour: str, *, strength: float = 1.2, region: str = "accessory"
    ) -> None:
        """A highlight upon a form of this colour."""
        opacity = _SHADE[self.style.shading]
        self.canvas.shape(layer, path, self.style.light(colour, strength), region=region, opacity=opacity)

    def line(
        self, layer: str, knots: ArrayLike, colour: str, *, weight: float = 1.0, least: float = 0.12
    ) -> None:
        """A tapering line in the contour colour of this fill; three knots are drawn the quickest."""
        width, knot = self.style.line_width * weight, curves.points(knots)
        if len(knot) == 3 and least < 0.3:
            path = curves.blade(knot, width)
        else:
            path = curves.stroke(knot, width, count=7, least=least)
        self.canvas.shape(layer, path, self.style.line(colour), region="line")

    def hatch(self, layer: str, first: ArrayLike, last: ArrayLike, colour: str, count: int = 4) -> None:
        """In ink, strokes between two lines of equal length: each stroke joins a point to its fellow."""
        if self.style.shading != "hatched":
            return
        starts, ends = curves.sample_curve(first, count), curves.sample_curve(last, count)
        path = "".join(
            curves.blade([a, (a + b) / 2, b], self.style.line_width * 0.8)
            for a, b in zip(starts, ends, strict=True)
        )
        self.canvas.shape(layer, path, self.style.line(colour), region="line")


def by(x: float, y: float) -> NDArray[np.float64]:
    """A shift in the picture plane."""
    return np.array([x, y], dtype=np.float64)


def hoops(
    head: Head,
    rings: ArrayLike,
    *,
    dip: float = 0.14,
    count: int = 15,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The seen fronts and hidden backs of level rings about the head: each [k, count, 2], left to right.

    ``rings`` [k, 5] holds height, half breadth, half depth, and the x and z of the middle, in head
    space. ``dip`` is how much lower a ring's near side lies than its far side, per unit of depth,
    as though it were seen a little from above.
    """
    level, across, deep, middle_x, middle_z = np.asarray(rings, float).reshape(-1, 5).T[:, :, None]
    yaw = np.radians(head.yaw)
    cosine, sine = np.cos(yaw), np.sin(yaw)
    # Where a ring's silhouette lies, so that both halves begin and end on it.
    limit = np.arctan2(across * cosine, deep * sine)
    sweep = np.linspace(0, np.pi, count)
    arcs = []
    for turn in (limit - np.pi + sweep, limit + np.pi - sweep):
        x, z = across * np.sin(turn), deep * np.cos(turn)
        y = level + dip * (z * cosine - x * sine)
        space = np.stack([x + middle_x, y, z + middle_z], axis=-1)
        arcs.append(head.project(space).reshape(*space.shape[:2], 2))
    front, back = arcs
    return front, back[:, ::-1] if back[0, 0, 0] > back[0, -1, 0] else back


def stack(front: NDArray[np.float64], *, first: int = 0, top: Points | None = None) -> Points:
    """The outline of a form built of hoops (lowest first), from arc place ``first`` to its right edge.

    ``top`` is what closes it above, left to right, if not the front of the highest hoop.
    """
    arcs = front[:, first:]
    crest = arcs[-1] if top is None else top
    return np.concatenate([arcs[0], arcs[1:-1, -1], crest[::-1], arcs[-2:0:-1, 0]])


def band(front: NDArray[np.float64]) -> str:
    """Path of the seen strip between two hoops."""
    lower, upper = front[0], front[1]
    return curves.smooth(
        np.concatenate([lower, upper[::-1]]), corners=(0, len(lower) - 1, len(lower), 2 * len(lower) - 1)
    )
