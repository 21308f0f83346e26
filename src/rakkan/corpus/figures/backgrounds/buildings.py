"""City skylines, by day and by night."""

from __future__ import annotations

from collections.abc import Iterator

from rakkan.corpus.figures.backgrounds.painter import MARGIN, Painter
from rakkan.corpus.figures.backgrounds.skies import cloud
from rakkan.corpus.figures.scene import Scene

Box = tuple[float, float, float, float]


def city(scene: Scene) -> None:
    """Pale towers under a morning sky."""
    painter = Painter(scene)
    painter.wash([(0, "#a6d3f2"), (0.6, "#eaf5fa"), (1, "#f3f3ee")])
    cloud(
        painter, painter.chance.uniform(0.68, 0.76), painter.chance.uniform(0.13, 0.18), 0.34, shade="#d8e6f4"
    )
    _far_towers(painter, "#c3d5e6")
    blocks = _near_towers(painter)
    for block, wall, shade in zip(
        blocks, ("#e6d9cb", "#c9d3dc", "#dcc8bb", "#d5d9d4"), _day_shades(), strict=True
    ):
        _block(painter, block, wall, shade)
    panes = [pane for block in blocks for pane in _panes(block, painter)]
    painter.paint(painter.boxes(panes), "#8fb3d3", edged=False)
    painter.paint(painter.band(0.9, 1 + MARGIN), "#c5c8cd")
    painter.paint(painter.boxes([(-MARGIN, 0.9, 1 + MARGIN, 0.91)]), "#e9e9e6", edged=False)


def _day_shades() -> tuple[str, ...]:
    return "#d3c3b4", "#b3bfcb", "#c8b1a4", "#bec4c0"


def night_city(scene: Scene) -> None:
    """Dark towers full of lit windows under a violet glow."""
    painter = Painter(scene)
    chance = painter.chance
    painter.wash([(0, "#1d1f4a"), (0.45, "#473c80"), (0.8, "#b0669a"), (1, "#d98a93")])
    _far_towers(painter, "#3d3b78")
    blocks = _near_towers(painter)
    for block, wall in zip(blocks, ("#2a2c5a", "#242650", "#2f2d5e", "#262852"), strict=True):
        _block(painter, block, wall, "#1f2148")
    panes = [pane for block in blocks for pane in _panes(block, painter)]
    lit = [pane for pane in panes if chance.random() < 0.72]
    cool = {pane for pane in lit if chance.random() < 0.15}
    painter.paint(painter.boxes(pane for pane in lit if pane not in cool), "#ffd977", edged=False)
    painter.paint(painter.boxes(cool), "#a9e0f2", edged=False)
    painter.paint(painter.band(0.9, 1 + MARGIN), "#23244a")
    lamps = [(at / 7 + chance.uniform(-0.03, 0.03), chance.uniform(0.92, 0.98), 0.012) for at in range(8)]
    painter.paint(painter.discs(lamps), "#ffc28a", edged=False, opacity=0.8)


def _far_towers(painter: Painter, colour: str) -> None:
    """A hazy row of towers from edge to edge."""
    boxes, u = [], -MARGIN
    while u < 1:
        breadth = painter.chance.uniform(0.07, 0.12)
        boxes.append((u, painter.chance.uniform(0.36, 0.56), u + breadth, 0.95))
        u += breadth + painter.chance.uniform(-0.01, 0.02)
    painter.paint(painter.boxes(boxes), colour, edged=False)


def _near_towers(painter: Painter) -> list[Box]:
    """Four tall blocks, two at either side of the figure; the outer ones are the nearer."""
    chance = painter.chance
    inner_left, inner_right = chance.uniform(0.15, 0.19), chance.uniform(0.8, 0.84)
    return [
        (inner_left, chance.uniform(0.4, 0.5), inner_left + 0.17, 0.92),
        (inner_right - 0.17, chance.uniform(0.34, 0.44), inner_right, 0.92),
        (-MARGIN, chance.uniform(0.12, 0.2), inner_left + 0.03, 0.92),
        (inner_right - 0.03, chance.uniform(0.22, 0.3), 1 + MARGIN, 0.92),
    ]


def _block(painter: Painter, block: Box, wall: str, shade: str) -> None:
    """A tower with a parapet and its side in shadow."""
    left, top, right, bottom = block
    near = 0.02 / painter.aspect
    painter.paint(painter.boxes([block, (left + 0.05, top - near * 1.6, right - 0.07, top)]), wall)
    away = (left, top, left + 0.035, bottom) if painter.mirrored else (right - 0.035, top, right, bottom)
    painter.paint(painter.boxes([away, (left, top, right, top + near * 0.5)]), shade, edged=False)


def _panes(block: Box, painter: Painter) -> Iterator[Box]:
    """The windows of a tower, in columns and rows."""
    left, top, right, bottom = block
    first, last = (left + 0.05, right - 0.02) if painter.mirrored else (left + 0.02, right - 0.05)
    pitch, storey = 0.045, 0.075 / painter.aspect
    columns, rows = max(int((last - first) / pitch), 2), int((bottom - top) / storey)
    pitch = (last - first) / columns
    for row in range(rows):
        level = top + storey * (row + 0.45)
        for column in range(columns):
            start = first + pitch * (column + 0.18)
            yield start, level, start + pitch * 0.64, level + storey * 0.52
