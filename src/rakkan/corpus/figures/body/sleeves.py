"""What some outfits have on their sleeves: stripes, quilting, plates."""

from __future__ import annotations

from rakkan.corpus.figures.body.arms import Sleeve
from rakkan.corpus.figures.body.garments import Wear
from rakkan.corpus.figures.body.pen import between, curve, joined
from rakkan.corpus.figures.body.tube import Point


def decorate_sleeve(wear: Wear, sleeve: Sleeve) -> None:
    """Add an outfit's own decoration to one piece of a sleeve."""
    outfit = wear.scene.attributes.outfit
    if outfit == "track jacket":
        _stripes(wear, sleeve)
    elif outfit == "puffer jacket":
        _quilting(wear, sleeve, 20.0)
    elif outfit == "armour":
        _plates(wear, sleeve)


def _pairs(sleeve: Sleeve) -> tuple[list[Point], list[Point]]:
    count = min(len(sleeve.left), len(sleeve.right))
    return sleeve.left[-count:], sleeve.right[-count:]


def _stripes(wear: Wear, sleeve: Sleeve) -> None:
    """Two stripes along the outer side of the sleeve."""
    outer, inner = _pairs(sleeve)
    bands = []
    for start, end in ((0.12, 0.26), (0.38, 0.52)):
        one = [between(a, b, start) for a, b in zip(outer, inner, strict=True)]
        two = [between(a, b, end) for a, b in zip(outer, inner, strict=True)]
        bands.append(joined(one, two[::-1]))
    wear.pen.canvas.shape(sleeve.layer, "".join(bands), wear.accent, region="outfit_trim")


def _rungs(sleeve: Sleeve, pitch: float) -> list[tuple[Point, Point]]:
    outer, inner = _pairs(sleeve)
    rungs = []
    for at in range(len(outer) - 1):
        (ax, ay), (bx, by) = outer[at], outer[at + 1]
        pieces = max(1, round(max(abs(bx - ax), abs(by - ay)) / pitch))
        for step in range(pieces):
            share = step / pieces
            rungs.append((between(outer[at], outer[at + 1], share), between(inner[at], inner[at + 1], share)))
    return rungs[1:]


def _quilting(wear: Wear, sleeve: Sleeve, pitch: float) -> None:
    """Seams around the sleeve, with a light above each."""
    outer = _pairs(sleeve)[0]
    dx, dy = outer[-1][0] - outer[0][0], outer[-1][1] - outer[0][1]
    length = max((dx * dx + dy * dy) ** 0.5, 1.0)
    sag_x, sag_y = dx / length * 4, dy / length * 4
    seams, lights = [], []
    for a, b in _rungs(sleeve, pitch):
        middle = between(a, b, 0.5)
        seams.append(curve([a, (middle[0] + sag_x, middle[1] + sag_y), b]))
        lights.append(
            curve([(x - sag_x * 2.4, y - sag_y * 2.4) for x, y in (between(a, b, 0.2), between(a, b, 0.5))])
        )
    if seams:
        wear.pen.line(sleeve.layer, "".join(seams), wear.main, 0.9)
        wear.pen.canvas.stroke(
            sleeve.layer, "".join(lights), wear.pen.style.light(wear.main, 0.8), 2.6, opacity=0.7
        )


def _plates(wear: Wear, sleeve: Sleeve) -> None:
    """The edges of plates around the arm."""
    lines = [joined([a, b], closed=False) for a, b in _rungs(sleeve, 30.0)]
    if lines:
        wear.pen.line(sleeve.layer, "".join(lines), wear.main, 0.8)
