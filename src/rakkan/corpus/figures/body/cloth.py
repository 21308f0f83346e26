"""What all outfits share: the torso's cloth with its shade and folds, openings, plackets and collars."""

from __future__ import annotations

from rakkan.corpus.figures.body.garments import Wear, heights, neckline, torso_path
from rakkan.corpus.figures.body.patterns import draw_pattern
from rakkan.corpus.figures.body.pen import between, curve, dots, joined
from rakkan.corpus.figures.body.skeleton import WAIST
from rakkan.corpus.figures.body.tube import Point


def draw_cloth(wear: Wear, top: list[Point], colour: str, *, hem: float = 0.0, pattern: bool = True) -> None:
    """The torso of a garment from its neckline down: fill, pattern, shade on the right, folds."""
    pen, tube = wear.pen, wear.tube
    hem = min(hem or wear.cut.hem, pen.bottom + 14)
    path = torso_path(tube, top, hem)
    _inside_back(wear, top, colour)
    start, end = tube.edge(-1, 84), tube.edge(1, min(hem, 250))
    fill = pen.paint(colour, start, (end[0], max(end[1], 200)))
    pen.area("outfit", path, colour, fill=fill)
    if pattern:
        draw_pattern(wear, colour, max(top[len(top) // 2][1], 84) + 2, hem - 3)
    if hem > 160:
        marks = [110, *heights(112, hem - 1)]
        outer, left = tube.edges(1, *marks), tube.edges(-1, *marks)
        depth = [min(0.09 * index, 0.27 - 0.03 * (index % 2)) for index in range(len(marks))]
        inner = [between(b, a, share) for a, b, share in zip(left, outer, depth, strict=True)]
        pen.shade("outfit", inner, outer, colour, over=pattern and wear.patterned)
    # Repeat the contour, which pattern and shade have partly covered.
    pen.line("outfit", path, colour)
    _folds(wear, colour, hem)


def _inside_back(wear: Wear, top: list[Point], colour: str) -> None:
    """The inside of the neckline's back, seen behind the neck."""
    (x0, y0), (x1, y1) = top[0], top[-1]
    middle = (x0 + x1) / 2
    back = [(x0, y0), (middle, min(y0, y1) - 7), (x1, y1)]
    wear.pen.area("body_back", joined(back, [(x1, y1), (middle, 96), (x0, y0)]), wear.shadow(colour, 1.3))


def _folds(wear: Wear, colour: str, hem: float) -> None:
    if wear.pen.bottom < 120:
        return
    left, right = wear.tube.edge(-1, WAIST - 8), wear.tube.edge(1, WAIST - 4)
    armpit_left, armpit_right = wear.tube.edge(-1, 128), wear.tube.edge(1, 128)
    folds = [
        (left, between(left, right, 0.14), (between(left, right, 0.26)[0], left[1] + 7), 1.5),
        (right, between(right, left, 0.16), (between(right, left, 0.3)[0], right[1] + 10), 1.6),
        (
            (right[0] - 1, right[1] - 14),
            between(right, left, 0.1),
            (between(right, left, 0.2)[0], right[1] - 4),
            1.3,
        ),
        (armpit_left, (armpit_left[0] + 7, 131), (armpit_left[0] + 13, 142), 1.4),
        (armpit_right, (armpit_right[0] - 8, 130), (armpit_right[0] - 15, 144), 1.5),
    ]
    if hem > 300:
        for share in (0.22, 0.46, 0.7):
            upper, lower = (
                between(left, right, share),
                between(wear.tube.edge(-1, hem), wear.tube.edge(1, hem), share),
            )
            folds.append(((upper[0], 300), between((upper[0], 300), lower, 0.5), (lower[0], hem - 8), 1.6))
    wear.pen.creases("outfit", colour, *folds)


def crew(wear: Wear, front: float = 84, side: float = 68) -> list[Point]:
    """A round neckline close to the neck."""
    return neckline(wear.tube, side, front, side - 6)


def band(wear: Wear, top: list[Point], depth: float, colour: str, *, region: str = "outfit") -> None:
    """A ribbed band along a neckline."""
    centre = wear.neck.base[0]
    low = [
        (
            centre + (x - centre) * 1.1,
            y + depth * (0.55 + 0.45 * min(1.0, (y - top[0][1]) / 8 if y > top[0][1] else 0)),
        )
        for x, y in top
    ]
    wear.pen.area("outfit_trim", joined(top, low[::-1]), colour, region=region, weight=0.8)


def fallen(values: list[Point], depth: float = 4.0) -> list[Point]:
    """Points moved as the light from the upper left moves a shadow."""
    return [(x + depth * 0.5, y + depth) for x, y in values]


def opening(wear: Wear, *edge: Point) -> tuple[list[Point], list[Point]]:
    """The two edges of an open front, left and right, from points of the right one (mirrored)."""
    right = wear.front(*edge)
    left = wear.front(*((-x, y) for x, y in edge))
    return left, right


def collar_stand(
    wear: Wear, colour: str, low: float, high: float, ease: float, *, region: str = "outfit"
) -> tuple[list[Point], list[Point]]:
    """A collar standing around the neck between two shares of its height; its lower and upper edge."""
    lower = [(float(x), float(y)) for x, y in wear.neck.ring(low, ease + 4, 8)[0]]
    front, back = wear.neck.ring(high, ease, 5)
    upper = [(float(x), float(y)) for x, y in front]
    behind = [(float(x), float(y)) for x, y in back]
    wear.pen.area("body_back", joined(upper, behind[::-1]), wear.shadow(colour, 1.3), region=region)
    wear.pen.area("outfit_trim", joined(lower, upper[::-1]), colour, region=region)
    at = len(lower) * 2 // 3
    shares = (0.0, 0.5, 1.0)
    begin = [between(lower[at], upper[at], share) for share in shares]
    rim = [between(lower[-1], upper[-1], share) for share in shares]
    wear.pen.shade("outfit_trim", begin, rim, colour, region=region)
    wear.pen.line("outfit_trim", joined(lower, upper[::-1]), colour)
    return lower, upper


def shirt_collar(wear: Wear, colour: str, *, region: str = "outfit_trim", spread: float = 1.0) -> None:
    """Two pointed collar leaves about the neck."""
    for side in (-1, 1):
        leaf = wear.front((side * 15, 64), (side * 9, 73), (side * 1.5, 82))
        tip = wear.front((side * 1.5, 82), (side * 15 * spread, 99))
        outer = wear.front((side * 15 * spread, 99), (side * 22, 84), (side * 21, 68), (side * 15, 64))
        wear.pen.cast("outfit_trim", joined(*(fallen(part) for part in (leaf, tip, outer))), wear.main)
        wear.pen.area("outfit_trim", joined(leaf, tip, outer), colour, region=region)


def buttons(wear: Wear, values: list[Point], colour: str, radius: float = 2.4) -> None:
    """A row of buttons at points of the picture."""
    seen = [(x, y, radius, radius) for x, y in values if y < wear.pen.bottom]
    if seen:
        style = wear.pen.style
        wear.pen.canvas.shape(
            "outfit_trim",
            dots(seen),
            colour,
            region="outfit_trim",
            line=style.line(colour),
            line_width=wear.pen.width * 0.6,
        )


def seam(wear: Wear, *values: Point, colour: str = "", weight: float = 0.7, layer: str = "outfit") -> None:
    """A seam through points of the garment's front."""
    wear.pen.line(layer, curve(wear.front(*values)), colour or wear.main, weight)


def front_area(
    wear: Wear,
    *runs: tuple[Point, ...],
    colour: str,
    region: str = "outfit_trim",
    layer: str = "outfit_trim",
    weight: float = 0.9,
) -> None:
    """An area on the garment's front; its runs meet at corners."""
    wear.pen.area(layer, joined(*(wear.front(*part) for part in runs)), colour, region=region, weight=weight)
