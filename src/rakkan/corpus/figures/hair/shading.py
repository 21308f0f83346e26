"""The colours hair is painted with: base, shade, light and line, and which locks take the second colour."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from rakkan.corpus.figures.canvas import Canvas, Fill, Gradient
from rakkan.corpus.figures.drawing_styles import DrawingStyle
from rakkan.corpus.figures.head import Head
from rakkan.corpus.figures.palette import luminance, mix
from rakkan.corpus.figures.scene import Scene

_HATS = frozenset({"beret", "witch hat", "beanie", "straw hat"})


@dataclass(frozen=True)
class Paint:
    """What every lock needs to know about how it is painted.

    ``shade`` and ``gleam`` are translucent, so that one shape serves hair of either colour.
    """

    canvas: Canvas
    head: Head
    style: DrawingStyle
    chance: Random
    tone: str
    base: str
    accent: str
    shade: str
    deep: str
    gleam: str
    line: str
    accent_line: str
    width: float
    hatted: bool  # nothing may stand up from the crown
    half: str  # id of the clip around the half of the second colour, or empty

    def fill(self, accent: bool, dark: bool, top: float, bottom: float) -> Fill:
        """The fill of a mass that reaches from height ``top`` to ``bottom`` in the picture."""
        colour = self.accent if accent else self.base
        if dark:
            return self.style.shadow(colour, 1.25 if self.style.shading != "flat" else 1.5)
        if self.style.shading == "gradient":
            return Gradient(
                (0, top),
                (0, bottom),
                (
                    (0.0, self.style.light(colour, 0.22)),
                    (0.45, colour),
                    (1.0, self.style.shadow(colour, 0.75)),
                ),
            )
        return colour

    def outline(self, accent: bool) -> str:
        """The colour of the contour."""
        return self.accent_line if accent else self.line

    @property
    def region(self) -> str:
        """The region of a mass of the base colour."""
        return "hair"


def make_paint(scene: Scene, half: str) -> Paint:
    """The paint of a scene's hair. ``half``: outline of the half that a split colour takes, or empty."""
    style, base, accent = scene.style, scene.hair, scene.hair_accent
    pale = luminance(base) > 0.72
    tone = scene.attributes.hair_tone
    return Paint(
        canvas=scene.canvas,
        head=scene.head,
        style=style,
        chance=scene.random("hair"),
        tone=tone,
        base=base,
        accent=accent,
        shade=_veil(style.shadow(base, 1.5), 0.62),
        deep=style.shadow(base, 1.9),
        gleam=_veil(
            mix(style.light(base, 1.15), "#ffffff", 0.55 if pale else 0.12),
            0.55 if style.shading == "gradient" else 0.8,
        ),
        line=style.line(base),
        accent_line=style.line(accent),
        width=style.line_width,
        hatted=not _HATS.isdisjoint(scene.attributes.accessories),
        half=scene.canvas.clip_to(half) if half else "",
    )


def _veil(colour: str, opacity: float) -> str:
    """A translucent paint; unlike the opacity of a shape it costs the renderer no layer of its own."""
    return f"{colour}{round(opacity * 255):02x}"
