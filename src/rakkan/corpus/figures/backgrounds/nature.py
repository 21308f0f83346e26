"""Landscapes: forest, beach and mountains."""

from __future__ import annotations

import math

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.backgrounds.painter import MARGIN, Painter
from rakkan.corpus.figures.backgrounds.skies import cloud
from rakkan.corpus.figures.scene import Scene


def forest(scene: Scene) -> None:
    """Trunks under a canopy of leaves, with light falling between them."""
    painter = Painter(scene)
    chance = painter.chance
    painter.wash([(0, "#8fc48c"), (0.5, "#dcefb4"), (0.8, "#a8d08a"), (1, "#7db26f")])
    far = [(chance.uniform(-0.02, 0.02) + at * 0.14 + 0.04) for at in range(8)]
    painter.paint("".join(_trunk(painter, u, 0.026, 0.8) for u in far), "#a9c48c", edged=False)
    painter.paint(painter.scallops(foliage(painter, 0.22, 0.07, 9)), "#7cb878")
    beams = [[(u, -MARGIN), (u + 0.1, -MARGIN), (u - 0.1, 0.85), (u - 0.28, 0.85)] for u in (0.5, 0.98)]
    painter.paint(
        "".join(painter.shape(beam, straight=True) for beam in beams), "#fbffdc", opacity=0.35, edged=False
    )
    painter.paint(painter.ground([(-MARGIN, 0.79), (0.3, 0.84), (0.7, 0.81), (1 + MARGIN, 0.83)]), "#86b873")
    left, right = chance.uniform(0.06, 0.12), chance.uniform(0.87, 0.93)
    trunks = [_trunk(painter, left, 0.085, 0.9), _trunk(painter, right, 0.07, 0.87)]
    painter.paint("".join(trunks), "#8b6b55")
    sides = [_trunk(painter, left + 0.024, 0.03, 0.88), _trunk(painter, right + 0.02, 0.024, 0.85)]
    painter.paint("".join(sides), "#725545", opacity=0.7, edged=False)
    painter.paint(painter.scallops(foliage(painter, 0.1, 0.09, 7)), "#4f9463")
    bushes = [(-0.06, 1.05), (-0.04, 0.86), (0.08, 0.82), (0.22, 0.87), (0.34, 0.93), (0.4, 1.05)]
    painter.paint(painter.scallops(bushes), "#5c9f63")
    painter.paint(painter.scallops([(1.3 - u, v + 0.02) for u, v in bushes]), "#5c9f63")


def foliage(painter: Painter, level: float, drop: float, lumps: int) -> list[tuple[float, float]]:
    """Places around a mass of leaves across the frame's top, lower at the sides than in the middle."""
    edge = []
    for at in range(lumps + 1):
        u = -0.08 + 1.16 * at / lumps
        sag = abs(2 * u - 1) ** 2
        edge.append((u, level + drop * 1.8 * sag + painter.chance.uniform(-0.4, 0.4) * drop))
    return [*edge, (1.08, -0.1), (-0.08, -0.1)]


def _trunk(painter: Painter, u: float, breadth: float, foot: float) -> str:
    """A tree trunk from above the frame down to v = ``foot``, splayed at the roots."""
    half = breadth / 2
    places = [
        (u - half * 0.8, -MARGIN),
        (u + half * 0.8, -MARGIN),
        (u + half * 0.9, foot * 0.8),
        (u + half * 1.7, foot),
        (u - half * 1.6, foot),
        (u - half * 0.9, foot * 0.8),
    ]
    return painter.shape(places, corners=(0, 1, 3, 4))


def beach(scene: Scene) -> None:
    """Sea under a summer sky, a sandy shore, and a palm leaning in from one side."""
    painter = Painter(scene)
    chance = painter.chance
    horizon, shore = chance.uniform(0.4, 0.46), chance.uniform(0.66, 0.71)
    painter.wash([(0, "#86cdf3"), (horizon, "#dff4fb"), (1, "#dff4fb")])
    cloud(painter, chance.uniform(0.8, 0.92), horizon - 0.02, 0.42)
    sea = painter.graded([(0, "#3f9fcf"), (1, "#8fe0db")], horizon, shore + 0.05)
    painter.area(painter.band(horizon, shore + 0.12), sea)
    lines = [
        (u, horizon + 0.04 + row * 0.06, u + 0.16, horizon + 0.048 + row * 0.06)
        for row in range(3)
        for u in (chance.uniform(0, 0.16), chance.uniform(0.66, 0.84))
    ]
    painter.paint(painter.boxes(lines), "#d4f4f4", edged=False, opacity=0.7)
    wave = [
        (-MARGIN, shore),
        (0.2, shore + 0.03),
        (0.45, shore),
        (0.7, shore + 0.035),
        (1 + MARGIN, shore + 0.005),
    ]
    painter.paint(painter.ground(wave), "#ffffff")
    painter.paint(painter.ground([(u, v + 0.028) for u, v in wave]), "#e6cf9d", edged=False)
    painter.paint(painter.ground([(u, v + 0.055) for u, v in wave]), "#f6e4b8", edged=False)
    _palm(painter)


def _palm(painter: Painter) -> None:
    """A palm at the left edge whose fronds hang into the picture's upper corner."""
    chance = painter.chance
    top = (chance.uniform(0.08, 0.13), chance.uniform(0.14, 0.19))
    trunk = painter.at([(-0.03, 0.95), (0.0, 0.6), (0.04, 0.38), top])
    line = curves.sample_curve(trunk, 9)
    painter.paint(
        curves.ribbon(
            line, [painter.width * w for w in (0.07, 0.06, 0.055, 0.05, 0.047, 0.045, 0.042, 0.04, 0.036)]
        ),
        "#b08b64",
    )
    x, y = painter.spot(*top)
    leaves = {"#4c9c6a": (-165, -115, -70, 5), "#63b578": (-140, -92, -30, 40, 150)}
    facing = -1 if painter.mirrored else 1
    for colour, angles in leaves.items():
        path = ""
        for angle in angles:
            bearing = math.radians(angle + chance.uniform(-7, 7))
            reach = painter.width * chance.uniform(0.2, 0.25)
            dx, dy = math.cos(bearing) * reach * facing, math.sin(bearing) * reach * 0.75
            middle = (x + dx * 0.5, y + dy * 0.75 - reach * 0.1)
            tip = (x + dx, y + dy + reach * 0.38)
            path += curves.blade([(x, y), middle, tip], painter.width * 0.062)
        painter.paint(path, colour)


def mountains(scene: Scene) -> None:
    """Snow-capped peaks behind green foothills."""
    painter = Painter(scene)
    chance = painter.chance
    painter.wash([(0, "#9ccdf0"), (0.6, "#e6f4fb"), (1, "#e6f4fb")])
    cloud(painter, chance.uniform(0.34, 0.4), chance.uniform(0.13, 0.2), 0.24, shade="#d3e2f2")
    far = [
        (-MARGIN, 0.5),
        (0.14, 0.42),
        (0.34, 0.5),
        (0.5, 0.37),
        (0.68, 0.48),
        (0.84, 0.4),
        (1 + MARGIN, 0.5),
    ]
    painter.paint(painter.ground(far, straight=True), "#b9cfe6")
    for peak, height in (
        (chance.uniform(0.08, 0.16), chance.uniform(0.14, 0.2)),
        (chance.uniform(0.82, 0.9), 0.26),
    ):
        _peak(painter, peak, height, chance.uniform(0.4, 0.46))
    hills = [(-MARGIN, 0.64), (0.2, 0.6), (0.45, 0.68), (0.72, 0.62), (1 + MARGIN, 0.66)]
    painter.paint(painter.ground(hills), "#93bf97")
    firs = "".join(
        fir(painter, u, 0.76 + 0.02 * math.sin(u * 9), chance.uniform(0.09, 0.13))
        for u in (-0.01, 0.07, 0.15, 0.24, 0.74, 0.83, 0.91, 1.0)
    )
    painter.paint(firs, "#5f9479")
    painter.paint(painter.ground([(-MARGIN, 0.74), (0.3, 0.77), (0.6, 0.73), (1 + MARGIN, 0.76)]), "#a9d08c")


def _peak(painter: Painter, u: float, v: float, half: float) -> None:
    """A mountain with its lit left side, its shaded right side and a jagged cap of snow."""
    foot = 0.72
    lean = -half if painter.mirrored else half
    painter.paint(painter.shape([(u - half, foot), (u, v), (u + half, foot)], straight=True), "#8ea9cf")
    painter.paint(
        painter.shape(
            [(u, v), (u + lean * 0.1, 0.48), (u - lean * 0.04, foot), (u + lean, foot)], straight=True
        ),
        "#7791bd",
        edged=False,
    )
    drop = (foot - v) * 0.34
    cap = [
        (u, v),
        (u + half * 0.34, v + drop),
        (u + half * 0.2, v + drop * 0.8),
        (u + half * 0.12, v + drop * 1.15),
        (u + half * 0.01, v + drop * 0.75),
        (u - half * 0.1, v + drop * 1.2),
        (u - half * 0.2, v + drop * 0.82),
        (u - half * 0.34, v + drop),
    ]
    painter.paint(painter.shape(cap, straight=True), "#ffffff")
    shaded = [
        (u, v),
        (u + lean * 0.34, v + drop),
        (u + lean * 0.2, v + drop * 0.8),
        (u + lean * 0.12, v + drop * 1.15),
    ]
    shaded.append((u + lean * 0.01, v + drop * 0.75))
    painter.paint(painter.shape(shaded, straight=True), "#d3def0", edged=False)


def fir(painter: Painter, u: float, v: float, height: float) -> str:
    """Path of a fir standing at (u, v), ``height`` in shares of the frame's height, in three tiers."""
    half = height * 0.32 * painter.aspect
    right = [(0, 1.0), (0.5, 0.62), (0.25, 0.62), (0.75, 0.32), (0.4, 0.32), (1.0, 0.0)]
    places = [(u + half * a, v - height * b) for a, b in right]
    return painter.shape(places + [(2 * u - a, b) for a, b in places[:0:-1]], straight=True)
