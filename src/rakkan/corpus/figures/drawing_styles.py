"""The four ways of drawing: how lines, shadows and lights follow from a flat colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rakkan.corpus.figures.palette import adjust, luminance, mix

Shading = Literal["hard", "gradient", "flat", "hatched"]


@dataclass(frozen=True)
class DrawingStyle:
    """One way of drawing.

    ``line_width`` is the weight of a contour in figure units; ``shading`` says how form is shown:
    hard-edged shadow shapes (cel), gradients (soft), none (pastel flat), or hatching strokes (ink).
    """

    name: str
    line_width: float
    shading: Shading
    line_darkness: float
    shadow_depth: float
    light_strength: float
    paleness: float

    def colour(self, colour: str) -> str:
        """The flat colour as this style paints it."""
        if self.paleness:
            return mix(adjust(colour, saturation=0.95), "#ffffff", self.paleness)
        if self.shading == "hatched":
            return mix(adjust(colour, saturation=0.82), "#f6efdf", 0.12)
        return colour

    def shadow(self, colour: str, depth: float = 1.0) -> str:
        """The colour in shadow: darker, cooler and a little more saturated (the input is already styled)."""
        amount = self.shadow_depth * depth
        cool = mix(colour, "#4a3a78", 0.42 * amount)
        return adjust(cool, lightness=1 - 0.22 * amount, saturation=1.08)

    def light(self, colour: str, strength: float = 1.0) -> str:
        """The colour where the light strikes it."""
        return mix(colour, "#fffaf0", min(0.75, self.light_strength * strength))

    def line(self, colour: str) -> str:
        """The contour around a fill: the fill's own hue, darker; near black for ink."""
        if self.shading == "hatched":
            return mix("#16131a", colour, 0.06)
        dark = mix(colour, "#2a1430", self.line_darkness)
        return adjust(dark, lightness=0.72 if luminance(colour) > 0.35 else 0.6)


DRAWING_STYLES = {
    style.name: style
    for style in (
        DrawingStyle("cel", 1.25, "hard", 0.62, 1.0, 0.55, 0.0),
        DrawingStyle("soft", 0.75, "gradient", 0.45, 0.8, 0.5, 0.06),
        DrawingStyle("pastel", 0.9, "flat", 0.3, 0.45, 0.35, 0.34),
        DrawingStyle("ink", 1.9, "hatched", 1.0, 0.7, 0.3, 0.0),
    )
}
