"""Spring and winter: cherry blossoms and snow."""

from __future__ import annotations

import math

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.backgrounds.nature import fir
from rakkan.corpus.figures.backgrounds.painter import MARGIN, Painter
from rakkan.corpus.figures.scene import Scene

#: A petal a unit long on either side: its foot, a bulge, the two tips with the notch between, a bulge.
_PETAL = ((-1, 0), (0, -1.2), (1, -0.3), (0.7, 0), (1, 0.3), (0, 1.2))


def cherry_blossoms(scene: Scene) -> None:
    """A blossoming branch over a pale sky, and petals on the wind."""
    painter = Painter(scene)
    chance = painter.chance
    painter.wash([(0, "#cfe6f7"), (0.55, "#fdf1f4"), (1, "#fbd9e4")])
    painter.paint(painter.ground([(-MARGIN, 0.8), (0.3, 0.74), (0.7, 0.81), (1 + MARGIN, 0.76)]), "#f9cbdb")
    branches = (
        ([(-0.04, 0.42), (0.1, 0.26), (0.3, 0.12), (0.5, 0.05)], 0.05),
        ([(0.1, 0.26), (0.2, 0.26), (0.28, 0.31)], 0.024),
        ([(1.04, 0.1), (0.9, 0.16), (0.8, 0.3)], 0.03),
    )
    path = "".join(
        curves.ribbon(
            curves.sample_curve(painter.at(line), 7),
            [painter.width * width * (1.1 - 0.14 * at) for at in range(7)],
        )
        for line, width in branches
    )
    painter.paint(path, "#8a6470")
    clusters = (
        (0.02, 0.1, 0.2),
        (0.25, 0.03, 0.18),
        (0.5, 0.0, 0.15),
        (0.76, 0.02, 0.16),
        (0.98, 0.12, 0.18),
        (0.02, 0.36, 0.12),
    )
    placed = [
        (u + chance.uniform(-0.03, 0.03), v + chance.uniform(-0.02, 0.02), size) for u, v, size in clusters
    ]
    painter.paint("".join(_cluster(painter, u, v + 0.035, size) for u, v, size in placed), "#ee9dbb")
    painter.paint(
        "".join(_cluster(painter, u - 0.01, v, size * 0.82) for u, v, size in placed), "#fac6d8", edged=False
    )
    small = [
        (u + chance.uniform(-0.1, 0.1), v + chance.uniform(-0.06, 0.07), 0.012)
        for u, v, _ in placed
        for _ in "123"
    ]
    painter.paint(painter.discs(small), "#fff2f6", edged=False)
    petals = "".join(
        _petal(painter, chance.random(), chance.uniform(0.2, 1.0), chance.uniform(0, 6.28)) for _ in range(26)
    )
    painter.paint(petals, "#f7a9c4", edged=False)


def _cluster(painter: Painter, u: float, v: float, radius: float) -> str:
    """A scalloped ball of blossom, ``radius`` in frame widths."""
    lobes, turn = 8, painter.chance.uniform(0, 1)
    places = [
        (
            u + radius * 0.9 * math.cos(2 * math.pi * at / lobes + turn),
            v + radius * 0.72 * math.sin(2 * math.pi * at / lobes + turn) / painter.aspect,
        )
        for at in range(lobes)
    ]
    return painter.scallops(places, bulge=0.55)


def _petal(painter: Painter, u: float, v: float, turn: float) -> str:
    """One notched petal on the wind; ``turn`` in radians."""
    size = painter.width * painter.chance.uniform(0.016, 0.026)
    x, y = painter.spot(u, v)
    cosine, sine = math.cos(turn) * size, math.sin(turn) * size
    places = [(x + a * cosine - b * sine, y + a * sine + b * cosine) for a, b in _PETAL]
    start, bulge, tip, notch, other_tip, other_bulge = (f"{across:.1f} {down:.1f}" for across, down in places)
    return f"M{start}Q{bulge} {tip}L{notch}L{other_tip}Q{other_bulge} {start}Z"


def snow(scene: Scene) -> None:
    """Snowy hills with white-laden firs under a grey sky full of flakes."""
    painter = Painter(scene)
    chance = painter.chance
    painter.wash([(0, "#9fb4cf"), (0.6, "#cfdbe8"), (1, "#e6edf4")])
    painter.paint(painter.ground([(-MARGIN, 0.56), (0.25, 0.5), (0.6, 0.58), (1 + MARGIN, 0.5)]), "#dfe8f1")
    for u, v, height in ((0.05, 0.72, 0.36), (0.2, 0.7, 0.24), (0.82, 0.68, 0.28), (0.96, 0.72, 0.4)):
        _snowy_fir(painter, u + chance.uniform(-0.03, 0.03), v, height * chance.uniform(0.9, 1.1))
    painter.paint(painter.ground([(-MARGIN, 0.72), (0.25, 0.68), (0.6, 0.75), (1 + MARGIN, 0.69)]), "#f4f8fb")
    painter.paint(
        painter.ground([(-MARGIN, 0.9), (0.3, 0.86), (0.7, 0.83), (1 + MARGIN, 0.87)]), "#ffffff", edged=False
    )
    flakes = [
        ((at % 6 + chance.random()) / 6, (at // 6 + chance.random()) / 8, chance.choice((0.006, 0.01, 0.015)))
        for at in range(48)
    ]
    painter.paint(painter.discs(flakes), "#ffffff", edged=False)


def _snowy_fir(painter: Painter, u: float, v: float, height: float) -> None:
    """A dark fir with snow lying on its three tiers."""
    painter.paint(fir(painter, u, v, height), "#6f91a0")
    half = height * 0.32 * painter.aspect
    caps = ""
    for breadth, top, drop in ((0.34, 1.0, 0.26), (0.44, 0.66, 0.16), (0.6, 0.38, 0.16)):
        places = [
            (u, v - height * top),
            (u + half * breadth, v - height * (top - drop)),
            (u + half * breadth * 0.4, v - height * (top - drop * 0.75)),
            (u, v - height * (top - drop * 1.15)),
            (u - half * breadth * 0.45, v - height * (top - drop * 0.7)),
            (u - half * breadth, v - height * (top - drop)),
        ]
        caps += painter.shape(places, straight=True)
    painter.paint(caps, "#f6fafd", edged=False)
