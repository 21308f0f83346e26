"""Everyday tops: t-shirt, shirt, hoodie, turtleneck, cardigan, dungarees, dress and poncho."""

from __future__ import annotations

from itertools import pairwise

from rakkan.corpus.figures.body.cloth import (
    band,
    buttons,
    collar_stand,
    crew,
    draw_cloth,
    fallen,
    front_area,
    opening,
    seam,
    shirt_collar,
)
from rakkan.corpus.figures.body.garments import Wear, neckline
from rakkan.corpus.figures.body.patterns import hoop
from rakkan.corpus.figures.body.pen import joined
from rakkan.corpus.figures.body.tube import Point


def t_shirt(wear: Wear) -> None:
    """A round ribbed neck."""
    top = crew(wear, 88, 72)
    draw_cloth(wear, top, wear.main)
    band(wear, top, 6, wear.shadow(depth=0.7))


def shirt(wear: Wear) -> None:
    """A pointed collar, a placket and buttons."""
    top = neckline(wear.tube, 69, 88, 62, "v")
    draw_cloth(wear, top, wear.main)
    low = wear.hem - 2
    front_area(
        wear,
        ((-4.5, 86), (-4.5, low)),
        ((4.5, low), (4.5, 86)),
        colour=wear.main,
        region="outfit",
        layer="outfit",
        weight=0.7,
    )
    shirt_collar(wear, wear.pen.style.light(wear.main, 0.25), region="outfit", spread=1.3)
    buttons(wear, wear.front(*((0, y) for y in (94, 118, 142, 166, 190, 214, 238))), wear.accent, 2.1)
    front_area(
        wear,
        ((16, 130), (36, 130)),
        ((36, 148), (26, 153), (16, 148)),
        colour=wear.main,
        region="outfit",
        layer="outfit",
        weight=0.7,
    )


def hoodie(wear: Wear) -> None:
    """A thick hood lying about the neck, drawstrings and a pouch."""
    pen = wear.pen
    # The hood hangs at the back, so that a turned body shows it on that side.
    x = wear.neck.base[0] - 17 * wear.tube.sine
    wide = wear.neck.half_width / 13 * (0.78 + 0.22 * wear.tube.cosine)
    hood = [
        (x - 44 * wide, 88),
        (x - 41 * wide, 68),
        (x - 24 * wide, 54),
        (x, 50),
        (x + 24 * wide, 54),
        (x + 41 * wide, 68),
        (x + 44 * wide, 88),
    ]
    pen.area("body_back", joined(hood, [hood[-1], (x, 104), hood[0]]), wear.shadow(depth=0.9))
    top = crew(wear, 84, 67)
    draw_cloth(wear, top, wear.main)
    for side in (-1, 1):
        inner = wear.front((side * 17, 60), (side * 17, 70), (side * 11, 82), (side * 0.5, 92))
        outer = wear.front(
            (side * 0.5, 106),
            (side * 20, 97),
            (side * 36, 84),
            (side * 36, 72),
            (side * 27, 62),
            (side * 17, 60),
        )
        pen.cast("outfit_trim", joined(fallen(inner), fallen(outer)), wear.main)
        pen.area("outfit_trim", joined(inner, outer), wear.main)
        if side > 0:
            edge = wear.front((5, 103.5), (20, 96.5), (35, 84), (35.5, 73))
            start = wear.front((6, 98), (17, 91), (28, 80), (31, 70))
            pen.shade("outfit_trim", start, edge, wear.main)
    for side in (-1, 1):
        string = wear.front((side * 8, 95), (side * 10, 112), (side * 9, 132), (side * 10, 142))
        pen.canvas.stroke(
            "outfit_trim", joined(string, closed=False), pen.style.line(wear.accent), 3.4 + pen.width
        )
        pen.canvas.stroke("outfit_trim", joined(string, closed=False), wear.accent, 3.0)
    buttons(wear, wear.front((-8, 94), (8, 94)), wear.dark, 2.0)
    if pen.bottom > 190:
        front_area(
            wear,
            ((-24, 202), (24, 202)),
            ((24, 202), (38, 222), (36, 246)),
            ((-36, 246), (-38, 222), (-24, 202)),
            colour=wear.main,
            region="outfit",
            layer="outfit",
        )
        seam(wear, (-50, 252), (0, 256), (50, 252))


def turtleneck(wear: Wear) -> None:
    """A high rolled collar that covers the neck."""
    top = crew(wear, 80, 65)
    draw_cloth(wear, top, wear.main)
    lower, upper = collar_stand(wear, wear.main, -0.12, 0.86, 2.4)
    middle = [
        ((a[0] * 0.55 + b[0] * 0.45), (a[1] * 0.5 + b[1] * 0.5)) for a, b in zip(lower, upper, strict=True)
    ]
    wear.pen.line("outfit_trim", joined(middle, closed=False), wear.main, 0.9)
    folds = [
        ((a[0] * 0.9 + b[0] * 0.1, a[1] - 2), a, (b[0], b[1] + 3), 0.9)
        for a, b in list(zip(lower, upper, strict=True))[1:-1]
    ]
    wear.pen.creases("outfit_trim", wear.main, *folds)


def cardigan(wear: Wear) -> None:
    """An open V with a ribbed border over a white tee, large buttons below."""
    pen = wear.pen
    top = crew(wear, 84, 67)
    draw_cloth(wear, top, wear.main)
    left, right = opening(wear, (21, 69), (24, 84), (19, 112), (5, 168))
    pen.area("outfit", joined(top, right, left[::-1]), wear.white, region="outfit_trim")
    band(wear, top, 4.5, wear.shadow(wear.white, 0.5), region="outfit_trim")
    rib = wear.shadow(depth=0.6)
    low = wear.hem - 2
    for side in (-1, 1):
        one = wear.front((side * 18, 64), (side * 23, 84), (side * 18, 112), (side * 3, 168), (side * 3, low))
        two = wear.front(
            (side * 11, low),
            (side * 11, 170),
            (side * 26, 112),
            (side * 32, 84),
            (side * 26, 66),
            (side * 18, 64),
        )
        pen.area("outfit_trim" if pen.bottom < 120 else "outfit", joined(one, two), rib)
    buttons(wear, wear.front(*((0, y) for y in (176, 200, 224, 248))), wear.accent, 4.0)


def dungarees(wear: Wear) -> None:
    """A bib and straps over a pale tee with stripes."""
    pen, style = wear.pen, wear.pen.style
    shirt_colour = wear.white if wear.scene.attributes.outfit_colour != "white" else style.colour("#8fb0d6")
    top = crew(wear, 86, 71)
    draw_cloth(wear, top, shirt_colour, pattern=False)
    bands = []
    y = 92.0
    while y < min(pen.bottom, 235):
        bands.append(hoop(wear.tube, y, y + 5))
        y += 12
    pen.canvas.shape("outfit", "".join(bands), style.colour("#7f8ea8"), region="outfit_trim")
    pen.line("outfit", joined(wear.tube.edges(1, 90, 126, 170, 205), closed=False), shirt_colour)
    band(wear, top, 4.5, style.colour("#7f8ea8"), region="outfit_trim")
    low = wear.hem
    sides = wear.tube.edges(1, 196, 226, min(low, pen.bottom + 12))
    left = wear.tube.edges(-1, 196, 226, min(low, pen.bottom + 12))
    if pen.bottom > 190:
        pen.area("outfit", joined([*wear.tube.across(200, 3, 5)], sides, left[::-1]), wear.main)
    front_area(
        wear,
        ((-33, 120), (33, 120)),
        ((33, 120), (35, 160), (44, 204)),
        ((-44, 204), (-35, 160), (-33, 120)),
        colour=wear.main,
        region="outfit",
    )
    for side in (-1, 1):
        strap = (
            ((side * 35, 74), (side * 31, 96), (side * 29, 126)),
            ((side * 20, 126), (side * 21, 96), (side * 26, 71)),
        )
        front_area(wear, *strap, colour=wear.main, region="outfit")
    brass = style.colour("#d9a93c")
    buttons(wear, wear.front((-24.5, 124), (24.5, 124)), brass, 4.2)
    front_area(
        wear,
        ((-17, 140), (17, 140)),
        ((17, 162), (0, 170), (-17, 162)),
        colour=wear.shadow(depth=0.25),
        region="outfit",
    )


def dress(wear: Wear) -> None:
    """A round collar of two leaves (a Peter Pan collar), a waist seam and a long skirt."""
    pen = wear.pen
    top = crew(wear, 82, 68)
    draw_cloth(wear, top, wear.main)
    collar = wear.white if wear.scene.attributes.outfit_colour != "white" else pen.style.colour("#7d8db0")
    for side in (-1, 1):
        inner = wear.front((side * 16, 66), (side * 11, 76), (side * 0.5, 83))
        outer = wear.front(
            (side * 0.5, 83),
            (side * 6, 99),
            (side * 20, 102),
            (side * 32, 94),
            (side * 33, 80),
            (side * 26, 70),
            (side * 16, 66),
        )
        pen.cast("outfit_trim", joined(fallen(inner), fallen(outer)), wear.main)
        pen.area("outfit_trim", joined(inner, outer), collar, region="outfit_trim")
    buttons(wear, wear.front(*((0, y) for y in (106, 124, 142, 160, 178))), collar, 2.0)
    if pen.bottom > 180:
        belt = wear.tube.across(200, 3)
        pen.area("outfit_trim", joined(belt, wear.tube.across(209, 3)[::-1]), collar, region="outfit_trim")
    if pen.bottom > 300:
        hem = wear.tube.across(486, 8)
        pen.area(
            "outfit", joined(hem, wear.tube.across(492, 8)[::-1]), collar, region="outfit_trim", weight=0.5
        )


def poncho(wear: Wear) -> None:
    """A triangular drape with a border and fringe; the arms hang beneath it."""
    draw_cloth(wear, crew(wear, 84, 65), wear.dark, pattern=False)


def draw_poncho_drape(wear: Wear) -> None:
    """The drape itself, over the arms."""
    pen, tube = wear.pen, wear.tube
    reach = abs(tube.edge(1, 98)[0])
    wide = reach * 1.32
    x = wear.neck.base[0] * 0.4
    top = crew(wear, 84, 65)
    tip = (tube.front(0, 200)[0] * 1.1, 226.0)
    left_end, right_end = (x - wide * 1.06, 182.0), (x + wide * 1.06, 182.0)
    right: list[Point] = [
        top[-1],
        tube.edge(1, 80),
        (x + reach * 1.06, 92),
        (x + reach * 1.24, 124),
        right_end,
    ]
    left: list[Point] = [top[0], tube.edge(-1, 80), (x - reach * 1.06, 92), (x - reach * 1.24, 124), left_end]
    hem = [right_end, (x + wide * 0.55, 205), tip, (x - wide * 0.55, 205), left_end]
    path = joined(top, right, hem[:3], hem[2:], left[::-1])
    pen.cast("outfit_trim", joined(fallen(hem[:3], 9), fallen(hem[2:], 9)), wear.dark)
    _fringe(wear, hem)
    pen.area("outfit_trim", path, wear.main, fill=pen.paint(wear.main, left[2], right_end))
    collar_stand(wear, wear.shadow(depth=0.6), -0.2, 0.42, 4.5)


def _fringe(wear: Wear, hem: list[Point]) -> None:
    pen = wear.pen
    threads = []
    for (x0, y0), (x1, y1) in pairwise(hem):
        for step in range(9):
            x, y = x0 + (x1 - x0) * step / 9, y0 + (y1 - y0) * step / 9
            threads.append(f"M{x:.1f} {y - 2:.1f}l0 13")
    pen.canvas.stroke("outfit_trim", "".join(threads), pen.style.line(wear.accent), 2.4 + pen.width)
    pen.canvas.stroke("outfit_trim", "".join(threads), wear.accent, 2.4)


__all__ = [
    "cardigan",
    "draw_poncho_drape",
    "dress",
    "dungarees",
    "hoodie",
    "poncho",
    "shirt",
    "t_shirt",
    "turtleneck",
]
