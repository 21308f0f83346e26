"""Patterns of cloth that follow the torso and the sleeves: stripes, checks, dots and flowers."""

from __future__ import annotations

from itertools import pairwise
from math import cos, sin

from rakkan.corpus.figures.body.arms import Sleeve
from rakkan.corpus.figures.body.garments import Wear
from rakkan.corpus.figures.body.pen import between, dots, joined, straight
from rakkan.corpus.figures.body.tube import Point, Tube
from rakkan.corpus.figures.palette import luminance, mix

#: Distance and thickness of the stripes around the body.
_PITCH = {"striped": (15.0, 7.0), "checked": (24.0, 9.0)}


def tones(colour: str, darker: str) -> tuple[str, str]:
    """The pattern's colour on a cloth, and a second one for centres of flowers and crossings."""
    if luminance(colour) > 0.62:
        return mix(colour, darker, 0.62), mix(colour, darker, 0.3)
    return mix(colour, "#ffffff", 0.62), mix(colour, "#ffffff", 0.3)


def draw_pattern(wear: Wear, colour: str, top: float, bottom: float) -> None:
    """Lay the scene's pattern over the torso of a garment between two heights."""
    pattern = wear.scene.attributes.outfit_pattern
    if pattern == "plain":
        return
    strong, faint = tones(colour, wear.scene.style.shadow(wear.scene.style.shadow(colour)))
    wear.pen.pattern_top = top
    bottom = min(bottom, wear.pen.bottom + 6)
    canvas, tube = wear.pen.canvas, wear.tube
    if pattern in ("striped", "checked"):
        pitch, thick = _PITCH[pattern]
        bands = []
        y = top
        while y < bottom:
            low = min(y + thick, bottom)
            bands.append(hoop(tube, y, low))
            y += pitch
        y = top - pitch
        while y > 79:  # beside the neckline
            for side in (-1, 1):
                far, near = tube.edge(side, y), tube.front(side * 31, y)
                below, beyond = tube.front(side * 31, y + thick), tube.edge(side, y + thick)
                bands.append(straight([far, near, below, beyond]))
            y -= pitch
        canvas.shape("outfit", "".join(bands), strong if pattern == "striped" else faint, region="outfit")
        if pattern == "checked":
            canvas.shape("outfit", _columns(wear, top, bottom), strong, region="outfit", opacity=0.55)
        return
    marks = _grid(wear, 76, bottom, 17.0 if pattern == "dotted" else 25.0)
    middle = wear.neck.base[0]
    marks = [mark for mark in marks if mark[1] > top + 3 or abs(mark[0] - middle) > 31]
    _spots(wear, "outfit", marks, pattern, strong, faint)


def hoop(tube: Tube, upper: float, lower: float, dip: float = 3.5) -> str:
    """Path data of a stripe around a tube between two heights."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (
        tube.edge(-1, upper),
        tube.edge(1, upper),
        tube.edge(1, lower),
        tube.edge(-1, lower),
    )
    middle = tube.front(0, (upper + lower) / 2)[0]
    return (
        f"M{x0:.1f} {y0:.1f}Q{middle:.1f} {y0 + 2 * dip:.1f} {x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}"
        f"Q{middle:.1f} {y2 + 2 * dip:.1f} {x3:.1f} {y3:.1f}Z"
    )


def _columns(wear: Wear, top: float, bottom: float) -> str:
    tube = wear.tube
    left, right = tube.horizon(120)
    levels = [
        top,
        *[y for y in (90.0, 110.0, 150.0, 205.0, 262.0, 360.0, 480.0) if top + 4 < y < bottom - 4],
        bottom,
    ]
    pieces = []
    for step in range(-6, 7):
        angle = step * 25.0
        if not left * 57.3 + 6 < angle < right * 57.3 - 6:
            continue
        one = [tube.at(angle, y) for y in levels]
        other = [tube.at(angle + 9, y) for y in levels]
        pieces.append(joined(one, other[::-1]))
    return "".join(pieces) or "M0 0"


def _grid(wear: Wear, top: float, bottom: float, pitch: float) -> list[tuple[float, float, float]]:
    """Staggered places on the seen cloth: x, y and how much the turn narrows a mark there."""
    tube = wear.tube
    left, right = tube.horizon(120)
    marks = []
    row, y = 0, top + 4
    while y < bottom - 3:
        width = tube.radii(y)[0]
        step = pitch / width * 0.92
        count = int(3.0 / step) + 1
        for index in range(-count, count + 1):
            angle = (index + (0.5 if row % 2 else 0)) * step
            if left + 0.16 < angle < right - 0.16:
                x = tube.at(angle * 57.29578, y)[0]
                facing = min((right - angle), (angle - left)) / ((right - left) / 2)
                marks.append((x, y + 3 * cos(angle), 0.35 + 0.65 * sin(facing * 1.5708)))
        row += 1
        y += pitch * 0.86
    return marks


def _spots(
    wear: Wear, layer: str, marks: list[tuple[float, float, float]], pattern: str, strong: str, faint: str
) -> None:
    if not marks:
        return
    canvas = wear.pen.canvas
    if pattern == "dotted":
        canvas.shape(
            layer, dots([(x, y, 3.4 * narrow, 3.4) for x, y, narrow in marks]), strong, region="outfit"
        )
        return
    petals: list[tuple[float, float, float, float]] = []
    for index, (x, y, narrow) in enumerate(marks):
        turn = index * 0.7
        for petal in range(5):
            angle = turn + petal * 1.2566
            petals.append((x + 3.3 * narrow * cos(angle), y + 3.3 * sin(angle), 2.5 * narrow, 2.5))
    canvas.shape(layer, dots(petals), strong, region="outfit")
    warm = wear.scene.style.colour("#f2b632" if luminance(strong) < 0.86 else "#e8914c")
    canvas.shape(layer, dots([(x, y, 2.0 * narrow, 2.0) for x, y, narrow in marks]), warm, region="outfit")
    del faint


def draw_sleeve_pattern(wear: Wear, sleeve: Sleeve, colour: str) -> None:
    """Lay the scene's pattern over one piece of a sleeve."""
    pattern = wear.scene.attributes.outfit_pattern
    if pattern == "plain":
        return
    strong, faint = tones(colour, wear.scene.style.shadow(wear.scene.style.shadow(colour)))
    count = min(len(sleeve.left), len(sleeve.right))
    left, right = sleeve.left[-count:], sleeve.right[-count:]
    rungs: list[tuple[Point, Point]] = []
    for index in range(count - 1):
        pieces = max(1, round(abs(left[index + 1][1] - left[index][1]) / 14))
        for step in range(pieces):
            share = step / pieces
            rungs.append(
                (between(left[index], left[index + 1], share), between(right[index], right[index + 1], share))
            )
    rungs = [rung for rung in rungs if min(rung[0][1], rung[1][1]) < wear.pen.bottom]
    if pattern in ("striped", "checked"):
        bands = _cap_stripes(sleeve, wear.pen.pattern_top, *_PITCH[pattern])
        for (a, b), (c, d) in pairwise(rungs):
            bands.append(joined([a, b], [between(b, d, 0.45), between(a, c, 0.45)]))
        if bands:
            tone = strong if pattern == "striped" else faint
            wear.pen.canvas.shape(sleeve.layer, "".join(bands), tone, region="outfit")
        if pattern == "checked" and len(rungs) > 2:
            one = [between(a, b, 0.38) for a, b in rungs]
            other = [between(a, b, 0.64) for a, b in rungs]
            wear.pen.canvas.shape(
                sleeve.layer, joined(one, other[::-1]), strong, region="outfit", opacity=0.55
            )
        return
    spots = _cap_spots(sleeve, pattern)
    for index, (a, b) in enumerate(rungs):
        for share in (0.3, 0.72) if index % 2 else (0.5,):
            x, y = between(a, b, share)
            spots.append((x, y + 4, 0.85))
    if pattern == "floral":
        spots = spots[::2]
    _spots(wear, sleeve.layer, spots, pattern, strong, faint)


def _cap_stripes(sleeve: Sleeve, top: float, pitch: float, thick: float) -> list[str]:
    """The torso's stripes carried on over the shoulder."""
    if not sleeve.cap:
        return []
    start, *over, armpit = sleeve.cap
    bands = []
    y = top
    while y - pitch > start[1]:
        y -= pitch
    while y + thick < over[-1][1] + 4:
        near = [
            between(start, armpit, (level - start[1]) / max(armpit[1] - start[1], 1))
            for level in (y, y + thick)
        ]
        far = [(_across(over, level), level) for level in (y, y + thick)]
        bands.append(straight([near[0], far[0], far[1], near[1]]))
        y += pitch
    return bands


def _across(over: list[Point], y: float) -> float:
    """Where the run over the shoulder crosses a height."""
    for (x0, y0), (x1, y1) in pairwise(over):
        if y0 <= y <= y1:
            return x0 + (x1 - x0) * (y - y0) / max(y1 - y0, 0.1)
    return over[0][0] if y < over[0][1] else over[-1][0]


def _cap_spots(sleeve: Sleeve, pattern: str) -> list[tuple[float, float, float]]:
    """Marks upon the shoulder."""
    if not sleeve.cap:
        return []
    start, *over, armpit = sleeve.cap
    outer = over[-2] if len(over) > 1 else over[-1]
    places = [between(outer, armpit, 0.22)]
    if pattern == "dotted":
        places += [between(start, armpit, 0.35), between(over[-1], armpit, 0.45)]
    return [(x, y + 2, 0.85) for x, y in places]
