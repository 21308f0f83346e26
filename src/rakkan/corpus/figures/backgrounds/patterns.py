"""Plain backgrounds, which take the figure's background colour."""

from __future__ import annotations

import math

from rakkan.corpus.figures import palette
from rakkan.corpus.figures.backgrounds.painter import MARGIN, Painter
from rakkan.corpus.figures.palette import adjust, mix
from rakkan.corpus.figures.scene import Scene


def plain(scene: Scene) -> None:
    """One flat colour."""
    Painter(scene).wash([(0, _tones(scene)[0])])


def gradient(scene: Scene) -> None:
    """A deep tone above that pales to almost white below."""
    painter = Painter(scene)
    colour, _ = _tones(scene)
    deep, pale = adjust(colour, lightness=0.93, saturation=1.1), mix(colour, "#ffffff", 0.82)
    if scene.attributes.background_colour == "white":
        deep, pale = "#e4e6ee", "#fdfdfd"
    painter.wash([(0, deep), (painter.chance.uniform(0.85, 1.0), pale)])


def dotted(scene: Scene) -> None:
    """Large staggered polka dots."""
    painter = Painter(scene)
    colour, second = _tones(scene)
    painter.wash([(0, colour)])
    step = painter.chance.uniform(0.135, 0.165)
    shift_x, shift_y = painter.chance.uniform(0, step), painter.chance.uniform(0, step)
    rows, columns = int(painter.aspect / (step * 0.5)) + 3, int(1 / step) + 3
    dots = [
        (
            shift_x + (column - 1 + row % 2 / 2) * step,
            (shift_y + (row - 1) * step * 0.5) / painter.aspect,
            step * 0.2,
        )
        for row in range(rows)
        for column in range(columns)
    ]
    painter.paint(painter.discs(dots), second, edged=False)


def rays(scene: Scene) -> None:
    """Broad rays that burst from behind the head."""
    painter = Painter(scene)
    colour, second = _tones(scene)
    painter.wash([(0, colour)])
    count = painter.chance.choice((11, 12, 13, 14))
    start = painter.chance.uniform(0, 2 * math.pi)
    centre_x, centre_y, reach = 0.0, 0.0, math.hypot(painter.width, painter.height) * (1 + MARGIN)
    wedge = math.pi / count
    path = ""
    for at in range(count):
        angle = start + 2 * at * wedge
        corners = [
            (centre_x + reach * math.cos(a), centre_y + reach * math.sin(a)) for a in (angle, angle + wedge)
        ]
        path += f"M{centre_x} {centre_y}" + "".join(f"L{x:.1f} {y:.1f}" for x, y in corners) + "Z"
    painter.paint(path, second, edged=False)


def _tones(scene: Scene) -> tuple[str, str]:
    """The background's colour, and the paler tone (deeper for white) of its dots and rays."""
    name = scene.attributes.background_colour
    colour = palette.BACKGROUND[name]
    return colour, "#dfe1ea" if name == "white" else mix(colour, "#ffffff", 0.68)
