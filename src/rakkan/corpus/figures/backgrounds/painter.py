"""A brush for backgrounds: places are shares of the frame, so a scene fills every framing alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random

import numpy as np
from numpy.typing import ArrayLike

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.canvas import Fill, Gradient
from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.palette import mix
from rakkan.corpus.figures.scene import Scene

Stops = Sequence[tuple[float, str]]
#: How far a background reaches beyond the frame, as a share of it, so that no edge shows.
MARGIN = 0.02


class Painter:
    """Draws on a scene's background layer.

    Places are (u, v): 0-1 across and down the frame. Sizes are in frame widths. Some scenes are
    mirrored by chance (`at` turns u round), so they say "left" and mean "this or the other side".
    """

    def __init__(self, scene: Scene, *, haze: float = 0.0) -> None:
        """``haze`` (0-1) is how far all colours pale, so that a busy scene stays behind its figure."""
        self.left, self.top, self.width, self.height = scene.frame
        self.chance: Random = scene.random("background")
        self.mirrored = self.chance.random() < 0.5
        self.haze = haze
        self.aspect = self.height / self.width
        self.inked = scene.style.shading == "hatched"
        self.hard = scene.style.shading in ("hard", "hatched")
        self._scene = scene

    def colour(self, colour: str) -> str:
        """A colour as the scene's style paints it."""
        return self._scene.style.colour(mix(colour, "#fbefdf", self.haze) if self.haze else colour)

    def at(self, places: ArrayLike) -> Points:
        """Places [n, 2] in figure units."""
        place = curves.points(places)
        across = 1 - place[:, 0] if self.mirrored else place[:, 0]
        return np.stack([self.left + across * self.width, self.top + place[:, 1] * self.height], axis=1)

    def spot(self, u: float, v: float) -> tuple[float, float]:
        """One place in figure units."""
        return self.left + (1 - u if self.mirrored else u) * self.width, self.top + v * self.height

    def area(self, path: str, fill: Fill, *, opacity: float = 1.0, edge: str = "") -> None:
        """A filled path; ``edge`` is the colour whose darker tone outlines it in ink (none for others)."""
        line = mix(edge, "#16131a", 0.42) if self.inked and edge else ""
        self._scene.canvas.shape(
            "background",
            path,
            fill,
            region="background",
            line=line,
            line_width=self.width * 0.0035,
            opacity=opacity,
        )

    def paint(self, path: str, colour: str, *, opacity: float = 1.0, edged: bool = True) -> None:
        """A path in one unstyled colour, outlined in ink unless it is not ``edged``."""
        styled = self.colour(colour)
        self.area(path, styled, opacity=opacity, edge=styled if edged else "")

    def graded(self, stops: Stops, top: float = 0.0, bottom: float = 1.0) -> Gradient:
        """A gradient running down the frame from v = ``top`` to v = ``bottom``."""
        styled = tuple((at, self.colour(colour)) for at, colour in stops)
        return Gradient((0, self.top + top * self.height), (0, self.top + bottom * self.height), styled)

    def wash(self, stops: Stops) -> None:
        """Cover the frame with a gradient running down it (or one flat colour)."""
        self.area(
            self.band(-MARGIN, 1 + MARGIN), self.graded(stops) if len(stops) > 1 else self.colour(stops[0][1])
        )

    def band(self, top: float, bottom: float) -> str:
        """Path of a level band across the frame."""
        return self.boxes([(-MARGIN, top, 1 + MARGIN, bottom)])

    def boxes(self, corners: Iterable[tuple[float, float, float, float]]) -> str:
        """One path of many upright boxes, each (left, top, right, bottom) in shares of the frame."""
        left, top, width, height = self.left, self.top, self.width, self.height
        if self.mirrored:
            left, width = left + width, -width
        return "".join(
            f"M{left + a * width:.1f} {top + b * height:.1f}H{left + c * width:.1f}"
            f"V{top + d * height:.1f}H{left + a * width:.1f}Z"
            for a, b, c, d in corners
        )

    def shape(self, places: ArrayLike, *, corners: Sequence[int] = (), straight: bool = False) -> str:
        """Path of a smooth (or straight-edged) outline through places."""
        return (
            curves.polygon(self.at(places)) if straight else curves.smooth(self.at(places), corners=corners)
        )

    def ground(self, heights: Sequence[tuple[float, float]], *, straight: bool = False) -> str:
        """Path of land whose skyline runs through (u, v) from edge to edge, down to the frame's bottom."""
        skyline = self.at(heights)
        line = curves.polygon(skyline, closed=False) if straight else curves.smooth(skyline, closed=False)
        first, last = float(skyline[0, 0]), float(skyline[-1, 0])
        bottom = self.top + self.height * (1 + MARGIN)
        return f"{line}L{last:.1f} {bottom:.1f}L{first:.1f} {bottom:.1f}Z"

    def scallops(self, places: ArrayLike, *, bulge: float = 0.56) -> str:
        """Path of a closed outline whose sides bulge outwards, for clouds and foliage.

        ``bulge`` is the arcs' radius in chords: 0.5 gives half circles, more is flatter.
        """
        return scalloped(self.at(places), bulge)

    def discs(self, spots: Iterable[tuple[float, float, float]]) -> str:
        """One path of many discs, each (u, v, radius in frame widths)."""
        width = self.width
        return "".join(
            curves.ellipse(*self.spot(u, v), radius * width, radius * width) for u, v, radius in spots
        )


def scalloped(outline: Points, bulge: float, *, base: bool = False) -> str:
    """Path data of a closed outline whose sides bulge outwards, whatever way round it runs.

    With a ``base``, the side from the last corner back to the first is straight.
    """
    following = np.roll(outline, -1, axis=0)
    area = float(np.sum(outline[:, 0] * following[:, 1] - following[:, 0] * outline[:, 1]))
    sweep = 1 if area > 0 else 0
    radius = np.hypot(*(following - outline).T) * bulge
    arcs = "".join(
        f"A{r:.1f} {r:.1f} 0 0 {sweep} {x:.1f} {y:.1f}"
        for r, (x, y) in list(zip(radius.tolist(), following.tolist(), strict=True))[: -1 if base else None]
    )
    return f"M{outline[0, 0]:.1f} {outline[0, 1]:.1f}{arcs}Z"
