"""Open skies: by day, by night and at sunset."""

from __future__ import annotations

import math

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.backgrounds.painter import MARGIN, Painter, scalloped
from rakkan.corpus.figures.canvas import Gradient
from rakkan.corpus.figures.palette import mix
from rakkan.corpus.figures.scene import Scene


def blue_sky(scene: Scene) -> None:
    """A deep blue sky with cumulus clouds towering at both sides."""
    painter = Painter(scene)
    chance = painter.chance
    painter.wash([(0, "#5a9fe6"), (0.55, "#9bcbf4"), (1, "#d9eefb")])
    cloud(painter, chance.uniform(0.66, 0.78), chance.uniform(0.12, 0.17), 0.3)
    cloud(painter, chance.uniform(0.06, 0.14), chance.uniform(0.4, 0.48), 0.58)
    cloud(painter, chance.uniform(0.88, 0.98), chance.uniform(0.6, 0.7), 0.64)
    cloud(painter, chance.uniform(0.1, 0.2), chance.uniform(0.84, 0.92), 0.74)
    cloud(painter, chance.uniform(0.62, 0.75), chance.uniform(1.0, 1.05), 0.8)


def cloud(
    painter: Painter, u: float, v: float, size: float, tone: str = "#ffffff", shade: str = "#b5cdec"
) -> None:
    """A cumulus on a flat base about (u, v), ``size`` frame widths broad, lit from above."""
    x, y = painter.spot(u, v)
    breadth = size * painter.width
    bumps = painter.chance.choice((6, 7))
    knots = []
    for at in range(bumps + 1):
        angle = math.pi * (1 - at / bumps)
        lift = 1 + painter.chance.uniform(-0.14, 0.14)
        height = math.sin(angle) ** 0.8 if 0 < at < bumps else 0.0
        knots.append((x + breadth / 2 * math.cos(angle), y - breadth * 0.36 * height * lift))
    knots += [(x + breadth * 0.22, y + breadth * 0.03), (x - breadth * 0.2, y + breadth * 0.035)]
    white, dim = painter.colour(tone), painter.colour(shade)
    top = y - breadth * 0.4
    fill = Gradient((0, top), (0, y + breadth * 0.06), ((0, white), (0.5, white), (1, mix(white, dim, 0.85))))
    painter.area(scalloped(curves.points(knots), 0.56), fill, edge=dim)
    inner = [
        (x - breadth * 0.3, y),
        (x - breadth * 0.22, y - breadth * 0.1),
        (x - breadth * 0.02, y - breadth * 0.07),
        (x + breadth * 0.12, y - breadth * 0.17),
        (x + breadth * 0.33, y - breadth * 0.1),
        (x + breadth * 0.42, y),
    ]
    painter.area(scalloped(curves.points(inner), 0.6, base=True), dim, opacity=0.7 if painter.hard else 0.45)


def night_sky(scene: Scene) -> None:
    """Stars and a large moon in a deep blue sky."""
    painter = Painter(scene)
    chance = painter.chance
    painter.wash([(0, "#1b2250"), (0.55, "#323c80"), (1, "#6a62ab")])
    stars = [
        (chance.random(), chance.random() ** 1.3, chance.choice((0.003, 0.004, 0.006))) for _ in range(56)
    ]
    painter.paint(painter.discs(stars), "#eef0ff", edged=False)
    glints = "".join(
        _glint(*painter.spot(u, v), painter.width * chance.uniform(0.02, 0.032))
        for u, v in ((0.9, 0.1), (0.78, 0.3), (0.93, 0.52), (0.08, 0.62), (0.2, 0.44), (0.5, 0.05))
        for u, v in [(u + chance.uniform(-0.05, 0.05), v + chance.uniform(-0.04, 0.04))]
    )
    painter.paint(glints, "#fff6cf", edged=False)
    u, v, radius = chance.uniform(0.14, 0.2), chance.uniform(0.15, 0.22), chance.uniform(0.085, 0.105)
    x, y = painter.spot(u, v)
    glow = painter.colour("#8f97d8")
    halo = Gradient(
        (x, y), (x + painter.width * radius * 2.2, y), ((0.3, glow), (1, painter.colour("#2c3574"))), True
    )
    painter.area(painter.discs([(u, v, radius * 1.7)]), halo, opacity=0.6)
    painter.paint(painter.discs([(u, v, radius)]), "#fdf3c8")
    craters = [(u + 0.03, v - 0.03 / painter.aspect, 0.018), (u - 0.035, v + 0.03 / painter.aspect, 0.024)]
    painter.paint(painter.discs(craters), "#ecdda4", edged=False)


def _glint(x: float, y: float, reach: float) -> str:
    """A four-pointed star."""
    near = reach * 0.16
    points = [(0, -reach), (near, -near), (reach, 0), (near, near), (0, reach), (-near, near), (-reach, 0)]
    points.append((-near, -near))
    return curves.polygon([(x + a, y + b) for a, b in points])


def sunset(scene: Scene) -> None:
    """A low sun in an orange sky with long purple clouds, over dark hills."""
    painter = Painter(scene)
    chance = painter.chance
    horizon = chance.uniform(0.74, 0.8)
    painter.wash([(0, "#7a5aa8"), (0.28, "#d9739b"), (0.55, "#fb9f6c"), (horizon, "#ffdf93"), (1, "#ffe7a8")])
    u, v, radius = chance.uniform(0.12, 0.2), horizon - chance.uniform(0.1, 0.14), 0.115
    x, y = painter.spot(u, v)
    warm = painter.colour("#ffe9a3")
    glow = Gradient(
        (x, y), (x + painter.width * 0.26, y), ((0.35, warm), (1, painter.colour("#fdae72"))), True
    )
    painter.area(painter.discs([(u, v, radius * 1.75)]), glow, opacity=0.55)
    painter.paint(painter.discs([(u, v, radius)]), "#fff6d2", edged=False)
    for at, (middle, level, length) in enumerate(
        ((0.82, 0.13, 0.5), (0.1, 0.26, 0.46), (0.9, 0.4, 0.5), (0.04, 0.46, 0.3), (0.85, 0.6, 0.44))
    ):
        middle, level = middle + chance.uniform(-0.06, 0.06), level + chance.uniform(-0.03, 0.03)
        painter.paint(
            _streak(painter, middle, level, length, 0.05), ("#a9649f", "#e4809a")[at % 2], opacity=0.85
        )
    far = [
        (u, horizon - 0.03 * math.sin(u * 7 + chance.random()))
        for u in (-MARGIN, 0.25, 0.5, 0.75, 1 + MARGIN)
    ]
    painter.paint(painter.ground(far), "#a0608f")
    near = [
        (-MARGIN, horizon + 0.1),
        (0.3, horizon + 0.05),
        (0.7, horizon + 0.11),
        (1 + MARGIN, horizon + 0.04),
    ]
    painter.paint(painter.ground(near), "#6d4a80")


def _streak(painter: Painter, u: float, v: float, length: float, depth: float) -> str:
    """A long flat cloud with pointed ends."""
    depth /= painter.aspect
    places = [
        (u - length / 2, v),
        (u - length * 0.22, v - depth * 0.5),
        (u, v - depth * 0.35),
        (u + length * 0.18, v - depth * 0.75),
        (u + length / 2, v + depth * 0.1),
        (u + length * 0.1, v + depth * 0.4),
        (u - length * 0.2, v + depth * 0.25),
    ]
    return painter.shape(places, corners=(0, 4))
