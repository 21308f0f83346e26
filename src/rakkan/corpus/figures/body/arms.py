"""Arms and sleeves: tapering limbs from shoulder to wrist, with cuffs, folds and shade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from rakkan.corpus.figures.body.garments import Wear
from rakkan.corpus.figures.body.hands import draw_hand
from rakkan.corpus.figures.body.pen import between, joined
from rakkan.corpus.figures.body.poses import Arm
from rakkan.corpus.figures.body.tube import Point

_STRENGTH = {"woman": 1.0, "androgynous": 1.08, "man": 1.22}
_UPPER = ((0.12, 14.0), (0.55, 12.0), (1.0, 10.2))
_FORE = ((0.0, 10.2), (0.25, 10.6), (0.62, 8.8), (1.0, 6.6))

Sides = tuple[list[Point], list[Point]]


@dataclass(frozen=True)
class Sleeve:
    """One drawn piece of a sleeve or bare arm: its two long edges, and the fill's colour."""

    layer: str
    left: list[Point]
    right: list[Point]
    #: The run over the shoulder and the armpit, of a piece that begins at the shoulder.
    cap: tuple[Point, ...] = ()


def offsets(
    start: Point, end: Point, profile: Sequence[tuple[float, float]], scale: float, ease: float
) -> Sides:
    """The edges of a limb from start to end, on the left and on the right of its direction."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = hypot(dx, dy) or 1.0
    nx, ny = dy / length, -dx / length
    one, other = [], []
    for share, half in profile:
        x, y = start[0] + dx * share, start[1] + dy * share
        reach = half * scale + ease
        one.append((x + nx * reach, y + ny * reach))
        other.append((x - nx * reach, y - ny * reach))
    return one, other


def draw_arm(wear: Wear, arm: Arm, colour: str, pattern: bool = True) -> list[Sleeve]:
    """Draw an arm with its sleeve; returns the sleeve's pieces so that patterns can follow them."""
    kind = wear.cut.sleeve
    scale = _STRENGTH[wear.scene.attributes.presentation]
    skin = wear.scene.skin
    ease = wear.cut.sleeve_ease
    pieces: list[Sleeve] = []
    if kind in ("bare", "short"):
        _limb(wear, arm, skin, "skin", scale, 0.0, 0.0)
        _hand(wear, arm, scale)
        if kind == "short":
            pieces.append(_short_sleeve(wear, arm, colour, scale, ease))
        return pieces
    if arm.lower != "arms_front":
        _hand(wear, arm, scale)
    flare = {"wide": 17.0, "long": 0.0, "puffy": -1.0, "plate": 0.5}[kind]
    pieces = _limb(wear, arm, colour, "outfit", scale, ease, flare)
    if arm.lower == "arms_front":
        _hand(wear, arm, scale)
        _cuff_over(wear, arm, colour, scale, ease + flare)
    else:
        _cuff_over(wear, arm, colour, scale, ease + flare)
    return pieces


def _shoulder(wear: Wear, arm: Arm, half: float) -> tuple[list[Point], Point]:
    """The run over the shoulder (from the torso's slope) and the point of the armpit."""
    x, y = arm.shoulder
    start = wear.tube.edge(arm.side, 82)
    side = arm.side
    ease = wear.cut.sleeve_ease
    over = [
        start,
        (x + side * half * 0.26, 87.5 - ease * 0.25),
        (x + side * half * 0.8, 96 - ease * 0.2),
        (x + side * half, y + 9),
    ]
    if (over[1][0] - start[0]) * side < 2:  # a turned body: the joint lies inside the torso's outline
        over = [(x + side * half * 0.1, 87.5 - ease * 0.25), *over[2:]]
    return over, (x - side * half * 0.82, y + 24)


def _limb(
    wear: Wear, arm: Arm, colour: str, region: str, scale: float, ease: float, flare: float
) -> list[Sleeve]:
    pen = wear.pen
    half = 14.5 * scale + ease
    over, armpit = _shoulder(wear, arm, half)
    one, other = offsets(arm.shoulder, arm.elbow, _UPPER[1:], scale, ease)
    # Of a limb that points down, `one` is the side at +x.
    outer, inner = (one, other) if arm.side > 0 else (other, one)
    fore = tuple((share, width + flare * share**1.5) for share, width in _FORE)
    first, second = offsets(arm.elbow, arm.wrist, fore, scale, ease)
    fore_outer, fore_inner = (first, second) if arm.side > 0 else (second, first)
    if not arm.bent:
        outline = [*over, outer[0], between(outer[1], fore_outer[0], 0.5), *fore_outer[1:]]
        inside = [armpit, inner[0], between(inner[1], fore_inner[0], 0.5), *fore_inner[1:]]
        _piece(wear, arm.upper, outline, inside, colour, region)
        pen.creases(arm.upper, colour, *_elbow_folds(inside[2], outline[-3], inside[3]))
        return [Sleeve(arm.upper, outline[len(over) - 1 :], inside, (*over, armpit))]
    bow = _elbow_bow(arm, 10.2 * scale + ease)
    if bow[0] > 0:  # the elbow points to the side of `one`
        left_bend, right_bend = [one[-1], bow[1], first[0]], [other[-1]]
    else:
        left_bend, right_bend = [one[-1]], [other[-1], bow[1], second[0]]
    outer_bend, inner_bend = (left_bend, right_bend) if arm.side > 0 else (right_bend, left_bend)
    _piece(wear, arm.upper, [*over, outer[0], *outer_bend], [armpit, inner[0], *inner_bend], colour, region)
    fore_left = [one[-1], bow[1], *first] if bow[0] > 0 else first
    fore_right = [other[-1], bow[1], *second] if bow[0] < 0 else second
    if arm.side > 0:
        fore_outer, fore_inner = fore_left, fore_right
    else:
        fore_outer, fore_inner = fore_right, fore_left
    _piece(wear, arm.lower, fore_outer, fore_inner, colour, region)
    inside, outside = (second, first) if bow[0] > 0 else (first, second)
    pen.creases(arm.lower, colour, *_elbow_folds(inside[0], outside[1], inside[1]))
    return [
        Sleeve(arm.upper, [over[-1], *outer], [armpit, *inner], (*over, armpit)),
        Sleeve(arm.lower, first, second) if arm.side > 0 else Sleeve(arm.lower, second, first),
    ]


def _elbow_bow(arm: Arm, half: float) -> tuple[float, Point]:
    """Which side the elbow points to (positive: left of the arm's direction), and its tip."""
    ax, ay = arm.elbow[0] - arm.shoulder[0], arm.elbow[1] - arm.shoulder[1]
    bx, by = arm.wrist[0] - arm.elbow[0], arm.wrist[1] - arm.elbow[1]
    a, b = hypot(ax, ay) or 1.0, hypot(bx, by) or 1.0
    dx, dy = ax / a - bx / b, ay / a - by / b
    length = hypot(dx, dy) or 1.0
    tip = (arm.elbow[0] + dx / length * half * 1.06, arm.elbow[1] + dy / length * half * 1.06)
    return ax * by - ay * bx, tip


def _elbow_folds(inner: Point, outer: Point, along: Point) -> tuple[tuple[Point, Point, Point, float], ...]:
    """Two folds that run from the crook of the elbow into the sleeve."""
    lower = between(inner, along, 0.3)
    one, two = between(inner, outer, 0.6), between(lower, outer, 0.55)
    return (
        (inner, between(between(inner, one, 0.5), lower, 0.35), one, 1.5),
        (lower, between(between(lower, two, 0.5), along, 0.2), two, 1.3),
    )


def _piece(wear: Wear, layer: str, outer: list[Point], inner: list[Point], colour: str, region: str) -> None:
    """Fill between two edges, shade its right, and draw the contour, open where it joins the body."""
    pen = wear.pen
    fill = pen.paint(colour, outer[0] if outer[0][0] < inner[0][0] else inner[0], inner[-1], strength=0.7)
    pen.area(layer, joined(outer, inner[::-1]), colour, region=region, weight=0, fill=fill)
    right, left = (
        (outer, inner) if sum(p[0] for p in outer[1:3]) > sum(p[0] for p in inner[1:3]) else (inner, outer)
    )
    count = min(len(right), len(left))
    tail_right, tail_left = right[-count:], left[-count:]
    # The shade swells from nothing at the shoulder and thins towards the wrist.
    swell = [0.0, 0.3, 0.42, 0.36, 0.32, 0.3, 0.28]
    begin = [
        between(b, a, swell[min(at, 6)]) for at, (a, b) in enumerate(zip(tail_left, tail_right, strict=True))
    ]
    pen.shade(layer, begin, tail_right, colour, region=region)
    pen.line(layer, joined(outer, inner[::-1], closed=False), colour)


def _short_sleeve(wear: Wear, arm: Arm, colour: str, scale: float, ease: float) -> Sleeve:
    over, armpit = _shoulder(wear, arm, 14.5 * scale + ease * 0.6)
    one, other = offsets(arm.shoulder, arm.elbow, ((0.3, 13.6), (0.56, 13.6)), scale, ease)
    outer, inner = (one, other) if arm.side > 0 else (other, one)
    outline, inside = [*over, *outer], [armpit, *inner]
    _piece(wear, arm.upper, outline, inside, colour, "outfit")
    lower_one, lower_other = between(outer[0], outer[1], 0.8), between(inner[0], inner[1], 0.8)
    wear.pen.line(
        arm.upper,
        f"M{lower_one[0]:.1f} {lower_one[1]:.1f}L{lower_other[0]:.1f} {lower_other[1]:.1f}",
        colour,
        0.6,
    )
    return Sleeve(arm.upper, outline[len(over) - 1 :], inside, (*over, armpit))


def _hand(wear: Wear, arm: Arm, scale: float) -> None:
    if not arm.gesture or min(arm.wrist[1], arm.wrist[1] - 30) > wear.pen.bottom:
        return
    draw_hand(
        wear.pen,
        arm.lower,
        arm.gesture,
        arm.wrist,
        arm.angle,
        mirrored=arm.mirrored,
        scale=1.04 * scale**0.7,
        glove=wear.dark if wear.cut.sleeve == "plate" else "",
    )


def _cuff_over(wear: Wear, arm: Arm, colour: str, scale: float, ease: float) -> None:
    kind = wear.cut.cuff
    if not kind or arm.wrist[1] > wear.pen.bottom + 20:
        return
    tone = {
        "own": colour,
        "rib": wear.shadow(colour, 0.55),
        "shirt": wear.white,
        "white": wear.white,
        "strap": colour,
    }[kind]
    one, other = offsets(arm.elbow, arm.wrist, ((0.88, 6.9), (1.02, 6.8)), scale, ease + 0.6)
    if kind == "shirt":
        one, other = offsets(arm.elbow, arm.wrist, ((0.97, 6.4), (1.06, 6.4)), scale, ease - 0.8)
    region = "outfit_trim" if kind == "shirt" else "outfit"
    wear.pen.area(arm.lower, "M" + joined(one, other[::-1])[1:], tone, region=region, weight=0.8)
