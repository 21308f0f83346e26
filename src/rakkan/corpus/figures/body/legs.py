"""Legs, trousers and shoes; drawn only where the picture reaches below the waist."""

from __future__ import annotations

from rakkan.corpus.figures.body.arms import offsets
from rakkan.corpus.figures.body.garments import Wear
from rakkan.corpus.figures.body.pen import between, joined
from rakkan.corpus.figures.body.skeleton import ANKLES, KNEES, SOLES
from rakkan.corpus.figures.body.tube import Point

_THIGH = ((0.0, 27.5), (0.4, 25.0), (0.94, 17.0))
_SHIN = ((0.0, 17.0), (0.06, 16.2), (0.3, 17.4), (0.72, 12.0), (1.0, 9.6))


def draw_legs(wear: Wear) -> None:
    """Draw both legs, the farther one first, with their shoes."""
    if wear.pen.bottom < 300:
        return
    body = wear.body
    chance = wear.scene.random("stance")
    shift, open_ = chance.uniform(-6, 6), chance.uniform(1, 9)
    near = -1 if wear.scene.body_yaw > 0 else 1
    if wear.cut.hem < 320:
        colour = _trousers(wear)
        seat = [*body.edges(1, 236, 262, 300), (body.project(12, 326, 0)[0], 322)]
        other = [*body.edges(-1, 236, 262, 300), (body.project(-12, 326, 0)[0], 322)]
        wear.pen.area("torso", joined(seat, other[::-1]), colour)
    for side in (-near, near):
        depth = -6.0 * side * (1 if shift > 0 else -1)
        hip = body.project(side * 25.5, 286, 0)
        knee = body.project(side * (25 + open_ * 0.6) + shift * 0.5, KNEES, 3 + depth * 0.4)
        ankle = body.project(side * (25 + open_) + shift, ANKLES, -8 + depth)
        _leg(wear, side, hip, knee, ankle)


def _leg(wear: Wear, side: int, hip: Point, knee: Point, ankle: Point) -> None:
    pen, cut = wear.pen, wear.cut
    colour = _trousers(wear)
    _shoe(wear, ankle)
    ease = (
        2.2 if cut.lower in ("jeans", "trousers", "dark trousers") else 3.5 if cut.lower == "track" else 0.0
    )
    if cut.hem > 480:
        ease = 0.0
    one, other = offsets(hip, knee, _THIGH, 1.0, ease)
    low_one, low_other = offsets(knee, ankle, _SHIN[1:], 1.0, ease * 1.4)
    left, right = [*other, *low_other], [*one, *low_one]
    fill = pen.paint(colour, (left[0][0], left[0][1]), (right[-1][0], right[-1][1]), strength=0.7)
    pen.area("torso", joined(left, right[::-1]), colour, weight=0, fill=fill)
    begin = [between(b, a, 0.32) for a, b in zip(left, right, strict=True)]
    pen.shade("torso", begin, right, colour)
    # The contour is open at the hip; the inner edge begins below the seat.
    inner, outer = (left, right) if side > 0 else (right, left)
    inner = [between(inner[0], inner[1], 0.55), *inner[1:]] if cut.hem < 320 else inner
    pen.line("torso", joined(outer, inner[::-1], closed=False), colour)
    kx, ky = knee
    pen.creases(
        "torso",
        colour,
        ((kx - 15, ky - 6), (kx - 4, ky + 2), (kx + 6, ky + 1), 1.4),
        ((kx + 14, ky + 10), (kx + 4, ky + 8), (kx - 6, ky + 12), 1.3),
        ((ankle[0] - 10, ankle[1] - 16), (ankle[0], ankle[1] - 10), (ankle[0] + 8, ankle[1] - 12), 1.2),
    )
    if cut.lower == "track":
        band_one = [between(a, b, 0.86 if side > 0 else 0.06) for a, b in zip(left, right, strict=True)]
        band_two = [between(a, b, 0.96 if side > 0 else 0.16) for a, b in zip(left, right, strict=True)]
        pen.area("torso", joined(band_one, band_two[::-1]), wear.white, region="outfit_trim", weight=0)
    if cut.lower == "greaves":
        _greave(wear, left, right, knee)
    if cut.shoes == "boots" or cut.shoes == "sabatons":
        _boot(wear, left, right)


def _trousers(wear: Wear) -> str:
    style = wear.scene.style
    return {
        "jeans": style.colour(wear.scene.random("jeans").choice(("#43597f", "#384a6b", "#5a7196"))),
        "trousers": wear.main,
        "dark trousers": style.colour("#41404d"),
        "skirted": style.colour("#4a4552"),
        "greaves": wear.main,
        "track": wear.main,
    }[wear.cut.lower]


def _shoe_colour(wear: Wear) -> str:
    style = wear.scene.style
    return {
        "sneakers": style.colour("#f2f0ee"),
        "shoes": style.colour("#4a3330"),
        "boots": style.colour("#4d382f"),
        "sabatons": wear.shadow(wear.main, 0.5),
        "sandals": style.colour("#8a5a3a"),
    }[wear.cut.shoes]


def _shoe(wear: Wear, ankle: Point) -> None:
    """A shoe seen from the view's side: short from the front, long in profile."""
    pen = wear.pen
    x, y = ankle
    toe = 40 * wear.body.sine
    out = 13.0
    low, front = SOLES - 3, 8 * wear.body.cosine
    left, right = x + min(toe, 0) - out + max(toe, 0) * 0.14, x + max(toe, 0) + out + min(toe, 0) * 0.14
    outline = [
        [
            (x - 11, y - 8),
            (min(x - 12, left + 6) if toe < -6 else x - 13, y + 8),
            (left, low - 8 + front),
            (left + 3, low + front),
        ],
        [(left + 3, low + front), ((left + right) / 2, low + front + 3), (right - 3, low + front)],
        [
            (right - 3, low + front),
            (right, low - 8 + front),
            (max(x + 12, right - 6) if toe > 6 else x + 13, y + 8),
            (x + 11, y - 8),
        ],
    ]
    colour = _shoe_colour(wear)
    pen.area("torso", joined(*outline), colour, region="outfit")
    sole = [
        [(left + 1, low - 4 + front), ((left + right) / 2, low + front), (right - 1, low - 4 + front)],
        [
            (right - 1, low - 4 + front),
            (right - 3, low + front),
            ((left + right) / 2, low + front + 3),
            (left + 3, low + front),
        ],
    ]
    base = wear.dark if wear.cut.shoes != "sneakers" else wear.main
    pen.area("torso", joined(*sole), base, region="outfit_trim", weight=0.6)


def _boot(wear: Wear, left: list[Point], right: list[Point]) -> None:
    """The shaft of a boot over the calf."""
    colour = _shoe_colour(wear)
    one = [between(left[-3], left[-2], 0.35), left[-2], left[-1], (left[-1][0], left[-1][1] + 4)]
    two = [between(right[-3], right[-2], 0.35), right[-2], right[-1], (right[-1][0], right[-1][1] + 4)]
    one, two = [(x - 2, y) for x, y in one], [(x + 2, y) for x, y in two]
    wear.pen.area("torso", joined(one, two[::-1]), colour)
    begin = [between(b, a, 0.32) for a, b in zip(one, two, strict=True)]
    wear.pen.shade("torso", begin, two, colour)


def _greave(wear: Wear, left: list[Point], right: list[Point], knee: Point) -> None:
    """A knee plate and the lines of the plates."""
    x, y = knee
    plate = [
        [(x - 18, y - 14), (x, y - 22), (x + 18, y - 14)],
        [(x + 18, y - 14), (x + 12, y + 12), (x, y + 22), (x - 12, y + 12), (x - 18, y - 14)],
    ]
    wear.pen.area("torso", joined(*plate), wear.pen.style.light(wear.main, 0.5))
    lines = "".join(joined([left[at], right[at]], closed=False) for at in (1, -2))
    wear.pen.line("torso", lines, wear.main, 0.8)
