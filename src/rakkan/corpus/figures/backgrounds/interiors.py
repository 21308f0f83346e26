"""Indoor scenes: a library and a room with a window."""

from __future__ import annotations

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.backgrounds.painter import MARGIN, Painter
from rakkan.corpus.figures.backgrounds.skies import cloud
from rakkan.corpus.figures.scene import Scene

_BINDINGS = ("#b9776c", "#7f95a6", "#8fa37f", "#cfae78", "#95819c", "#dccdb0")


def library(scene: Scene) -> None:
    """Wooden shelves full of books."""
    painter = Painter(scene, haze=0.24)
    chance = painter.chance
    painter.wash([(0, "#8a6753")])
    rows = 4 if painter.aspect < 1.2 else 6
    pitch, start = 1.0 / rows, chance.uniform(-0.06, 0.02)
    plank = 0.028 / painter.aspect
    books: dict[str, list[tuple[float, float, float, float]]] = {colour: [] for colour in _BINDINGS}
    labels: list[tuple[float, float, float, float]] = []
    for row in range(rows + 1):
        floor = start + (row + 1) * pitch - plank
        u = -MARGIN
        while u < 1:
            breadth = chance.uniform(0.036, 0.062)
            if chance.random() < 0.92:
                top = floor - pitch * chance.uniform(0.56, 0.78)
                books[chance.choice(_BINDINGS)].append((u, top, u + breadth - 0.004, floor))
                if chance.random() < 0.5:
                    labels.append((u + 0.004, top + pitch * 0.12, u + breadth - 0.008, top + pitch * 0.18))
            u += breadth
    for colour, boxes in books.items():
        painter.paint(painter.boxes(boxes), colour)
    painter.paint(painter.boxes(labels), "#efdcae", edged=False, opacity=0.8)
    shades = [
        (-MARGIN, start + row * pitch, 1 + MARGIN, start + row * pitch + pitch * 0.16)
        for row in range(rows + 1)
    ]
    painter.paint(painter.boxes(shades), "#4f3633", opacity=0.35, edged=False)
    planks = [
        (-MARGIN, start + row * pitch - plank, 1 + MARGIN, start + row * pitch) for row in range(rows + 2)
    ]
    post = chance.uniform(0.24, 0.3)
    posts = [(at - 0.016, -MARGIN, at + 0.016, 1 + MARGIN) for at in (post, post + 0.5)]
    painter.paint(painter.boxes(planks + posts), "#c99a6c")
    painter.paint(
        painter.boxes([(a, d - plank * 0.3, c, d) for a, _, c, d in planks]), "#a3764f", edged=False
    )


def room(scene: Scene) -> None:
    """A cream wall, a bright window with curtains at one side, a picture and a plant at the other."""
    painter = Painter(scene)
    chance = painter.chance
    painter.wash([(0, chance.choice(("#f1e4cf", "#efe0d2", "#e8e4d2")))])
    floor = 0.84
    painter.paint(painter.band(floor, 1 + MARGIN), "#c69c74")
    painter.paint(painter.band(floor - 0.03, floor), "#fbf5ea")
    left, top, right, bottom = 0.03, chance.uniform(0.1, 0.14), chance.uniform(0.38, 0.42), 0.66
    rim = 0.022
    rim_down = rim / painter.aspect
    frame = (left - rim, top - rim_down, right + rim, bottom + rim_down)
    painter.paint(painter.boxes([frame]), "#fffaf0")
    painter.area(
        painter.boxes([(left, top, right, bottom)]),
        painter.graded([(0, "#8cc6f0"), (1, "#e2f3fb")], top, bottom),
    )
    cloud(painter, left + 0.17, top + 0.26, 0.2, shade="#d5e6f5")
    middle, bar = (left + right) / 2, top + (bottom - top) * 0.45
    bars = [
        (middle - 0.009, top, middle + 0.009, bottom),
        (left, bar - 0.009 / painter.aspect, right, bar + 0.009),
    ]
    painter.paint(
        painter.boxes([*bars, (left - 0.05, bottom, right + 0.05, bottom + 0.03)]), "#fffaf0", edged=False
    )
    cloth = chance.choice(("#a9c7a6", "#d99f96", "#8fb0cd", "#d8b57a"))
    for inner, outer in ((left + 0.07, -0.06), (right - 0.05, right + 0.09)):
        _curtain(painter, inner, outer, top - 0.05, bottom + 0.1, cloth)
    painter.paint(painter.boxes([(-MARGIN, top - 0.06, right + 0.12, top - 0.045)]), "#a87c58")
    _picture(painter)
    _plant(painter, floor)


def _curtain(painter: Painter, inner: float, outer: float, top: float, bottom: float, cloth: str) -> None:
    """One curtain, gathered outwards, with two soft folds."""
    waist = outer + (inner - outer) * 0.62
    places = [
        (outer, top),
        (inner, top),
        (waist, (top + bottom) * 0.6),
        (inner - (inner - outer) * 0.12, bottom),
        (outer, bottom),
    ]
    painter.paint(painter.shape(places, corners=(0, 1, 3, 4)), cloth)
    folds = ""
    for share in (0.3, 0.62):
        line = [
            (outer + (inner - outer) * share, top),
            (outer + (waist - outer) * share, (top + bottom) * 0.55),
        ]
        line.append((outer + (inner - outer) * share * 0.9, bottom))
        folds += curves.blade(painter.at(line), painter.width * 0.022)
    painter.area(folds, painter.colour("#5b4a5a"), opacity=0.18)


def _picture(painter: Painter) -> None:
    """A framed picture on the wall."""
    u, v = painter.chance.uniform(0.8, 0.86), painter.chance.uniform(0.16, 0.24)
    half, tall = 0.1, 0.08 / painter.aspect
    painter.paint(painter.boxes([(u - half, v - tall, u + half, v + tall)]), "#a87c58")
    painter.paint(
        painter.boxes([(u - half + 0.018, v - tall * 0.78, u + half - 0.018, v + tall * 0.78)]),
        "#cfe0d6",
        edged=False,
    )
    hill = [
        (u - half + 0.018, v + tall * 0.78),
        (u - 0.02, v),
        (u + 0.04, v + tall * 0.4),
        (u + half - 0.018, v + tall * 0.78),
    ]
    painter.paint(painter.shape(hill, straight=True), "#8fb394", edged=False)


def _plant(painter: Painter, floor: float) -> None:
    """A leafy plant in a pot, standing at the right edge."""
    u, x_foot = 0.92, floor + 0.04
    leaves = ""
    for across, up, bend in (
        (-0.14, 0.24, -0.02),
        (-0.09, 0.36, -0.05),
        (0.0, 0.4, 0.02),
        (0.07, 0.34, 0.05),
        (-0.15, 0.12, -0.05),
    ):
        line = [
            (u, x_foot - 0.1),
            (u + across * 0.5 + bend * 0.3, x_foot - 0.12 - up * 0.5),
            (u + across, x_foot - 0.1 - up * 0.8),
        ]
        leaves += curves.blade(painter.at(line), painter.width * 0.07)
    painter.paint(leaves, "#79a878")
    pot = [(u - 0.075, x_foot - 0.12), (u + 0.075, x_foot - 0.12), (u + 0.055, x_foot), (u - 0.055, x_foot)]
    painter.paint(painter.shape(pot, straight=True), "#c9866a")
