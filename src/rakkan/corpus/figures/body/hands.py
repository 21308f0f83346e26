"""Hands: five gestures, each one outline with the fingers drawn inside it.

Hand space has the wrist at the origin, the fingers upwards (-y) and the thumb at +x; a hand is some
35 units long.
"""

from __future__ import annotations

from functools import lru_cache
from math import cos, radians, sin

from rakkan.corpus.figures.body.pen import Pen, joined
from rakkan.corpus.figures.body.tube import Point

#: Runs of the outline that meet at corners (webs between fingers), open lines inside it, and what
#: lies folded over the palm (closed); each a string of points "x,y".
_DRAWINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "open": (
        (
            "-5,3 -7.4,-5 -9.4,-13 -13.4,-21 -16.6,-26.6 -15.6,-29.4 -13,-28 -10,-22 -7,-17.4",
            "-7,-17.4 -8.8,-26 -9.6,-32.4 -7.6,-35 -5.2,-32.8 -3.9,-25 -2.5,-18.8",
            "-2.5,-18.8 -2,-28 -1.6,-35.2 0.5,-37.8 2.6,-35.2 2.9,-27 3,-18.8",
            "3,-18.8 5.2,-27 7.2,-33 9.8,-34.8 11.2,-32 9.8,-25 7.8,-17 8.2,-12.6",
            "8.2,-12.6 12,-15 16,-19 19.2,-20.2 19.8,-17.2 15.4,-11 10.5,-5.6 6.6,-1 5,3",
        ),
        (
            "-6,-6.5 -1,-8.6 3,-12.6 7,-13",
            "3.2,-2 2.6,-6 4.6,-10.5",
        ),
        (),
    ),
    "peace": (
        (
            "-5,3 -7.6,-5 -8.6,-12 -8.4,-16.8 -6,-19.2 -4.2,-18.4",
            "-4.2,-18.4 -2.4,-20.4 -1,-19.8",
            "-1,-19.8 -5.2,-28 -9,-36 -8,-39 -5,-38.6 -1,-30 3,-21.4",
            "3,-21.4 7,-29 11,-36.6 14,-38 15.4,-35.2 12.2,-27.4 8.8,-18.6 9.4,-12 8,-4 5,3",
        ),
        ("-4.2,-18.4 -4.4,-15.4",),
        (
            "-8.2,-16.4 -5.6,-18 -3.6,-15.4 -4.2,-11 -6.4,-10.2 -8,-12.4",
            "-3.8,-17 -1.4,-19 1,-16.6 0.4,-11.4 -2,-10.2 -4,-12",
            "8.8,-9.6 4,-12.6 -1.6,-14.2 -4.2,-12.8 -3,-10.2 2,-8 6.4,-3.6",
        ),
    ),
    "relaxed": (
        (
            "-4.6,2 -6.4,-6 -7,-13 -6.2,-21 -4.6,-28 -2.8,-31.4 -1,-31 0.4,-33 2.2,-32 "
            "3.6,-30.4 4.6,-25 5.6,-16.4",
            "5.6,-16.4 7.2,-19.6 9,-21.6 10.4,-19.6 9.4,-12.4 7,-5 4.6,2",
        ),
        (
            "-3.6,-18.6 -3.2,-24 -2.7,-30.6",
            "-0.4,-18 0.2,-25 0.6,-31.8",
            "3,-18 3.2,-24 2.9,-29.6",
        ),
        (),
    ),
    "chin": (
        (
            "-5.4,4 -7.6,-4 -9.2,-10 -9,-15.4 -6.4,-18.2 -3,-18.6 0.6,-18.8",
            "0.6,-18.8 2.2,-26 3,-32.4 5.2,-34.4 7.2,-32.2 7.6,-25 7.4,-17 7.8,-13",
            "7.8,-13 11,-15.6 14,-19.4 16.4,-19.4 16.4,-16.2 12.8,-9.6 8.4,-3.4 5.2,4",
        ),
        (
            "-6.2,-17.6 -6,-13 -4.4,-10.4",
            "-3,-18.4 -2.6,-13.4 -1,-10.8",
            "0.6,-18.6 1.4,-14 3,-11.6",
        ),
        (),
    ),
    "grip": (
        (
            "-6.4,3 -8,-5 -8.2,-13 -7.2,-18.6 -5.4,-20 -3.8,-18.8",
            "-3.8,-18.8 -3,-22.4 -1,-23.4 0.4,-21.6",
            "0.4,-21.6 1.8,-23.6 3.8,-23 4.8,-20.4",
            "4.8,-20.4 6.4,-21 8,-19 8.8,-14 8.6,-6 6.4,3",
        ),
        (
            "-3.8,-18.8 -3.4,-13 -3,-9.4",
            "0.4,-21.6 0.8,-14 0.8,-9.4",
            "4.8,-20.4 4.8,-14 4.4,-9.4",
        ),
        (),
    ),
}

Curves = tuple[tuple[Point, ...], ...]


@lru_cache(maxsize=8)
def gesture_curves(gesture: str) -> tuple[Curves, Curves, Curves]:
    """The outline's runs, the lines inside and the closed loops over the palm, in hand space."""
    outline, inside, over = (tuple(_points(text) for text in part) for part in _DRAWINGS[gesture])
    return outline, inside, tuple((*loop, loop[0]) for loop in over)


def _points(text: str) -> tuple[Point, ...]:
    pairs = (word.split(",") for word in text.split())
    return tuple((float(x), float(y)) for x, y in pairs)


def draw_hand(
    pen: Pen,
    layer: str,
    gesture: str,
    wrist: Point,
    angle: float,
    *,
    mirrored: bool = False,
    scale: float = 1.0,
    glove: str = "",
) -> None:
    """Draw a hand whose fingers point ``angle`` degrees clockwise from upwards, bare or gloved."""
    cosine, sine = cos(radians(angle)) * scale, sin(radians(angle)) * scale
    flip = -1 if mirrored else 1
    x0, y0 = wrist

    def place(values: tuple[Point, ...]) -> list[Point]:
        return [(x0 + flip * x * cosine - y * sine, y0 + flip * x * sine + y * cosine) for x, y in values]

    outline, inside, over = gesture_curves(gesture)
    skin, region = (glove, "outfit") if glove else (pen.scene.skin, "skin")
    pen.area(layer, joined(*(place(part) for part in outline)), skin, region=region, weight=0.9)
    for loop in over:
        pen.area(layer, joined(place(loop)), skin, region=region, weight=0.7)
    if inside:
        pen.line(layer, "".join(joined(place(part), closed=False) for part in inside), skin, 0.6)
