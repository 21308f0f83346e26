"""Suits, jackets and coats: everything with lapels, zips or a stand-up collar."""

from __future__ import annotations

from rakkan.corpus.figures.body.cloth import (
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
from rakkan.corpus.figures.body.pen import between, curve, dots, joined


def _shirt_front(wear: Wear, colour: str, close: float, width: float = 22) -> None:
    """A shirt seen in a V that closes at a height."""
    top = neckline(wear.tube, 69, 86, 62, "v")
    left, right = opening(wear, (width - 2, 68), (width, 88), (width * 0.55, (close + 88) / 2), (1, close))
    wear.pen.area("outfit", joined(top, right, left[::-1]), colour, region="outfit_trim")


def _tie(wear: Wear, colour: str, end: float) -> None:
    front_area(wear, ((-5, 83), (5, 83)), ((5, 83), (3.4, 95)), ((-3.4, 95), (-5, 83)), colour=colour)
    front_area(
        wear,
        ((-3.4, 95), (3.4, 95)),
        ((3.4, 95), (7.5, end - 10)),
        ((0, end), (-7.5, end - 10)),
        colour=colour,
    )


def _lapels(
    wear: Wear, colour: str, close: float, *, peak: float = 36, notch: float = 101, layer: str = "outfit_trim"
) -> None:
    """Lapels with a notch, which end where the front closes."""
    for side in (-1, 1):
        roll = wear.front(
            (side * 19, 63), (side * 22, 82), (side * 12, (close + 90) / 2), (side * 0.5, close)
        )
        edge = wear.front(
            (side * 0.5, close), (side * (peak - 8), (close + notch) / 2 + 2), (side * peak, notch)
        )
        collar = wear.front(
            (side * peak, notch), (side * (peak - 11), notch - 4), (side * (peak - 1), notch - 12)
        )
        back = wear.front((side * (peak - 1), notch - 12), (side * 32, 76), (side * 26, 66), (side * 19, 63))
        path = joined(roll, edge, collar[:2], collar[1:], back)
        wear.pen.cast(layer, joined(*(fallen(part) for part in (edge, collar))), wear.main)
        wear.pen.area(layer, path, colour)


def suit(wear: Wear) -> None:
    """Notched lapels over a white shirt and a tie."""
    draw_cloth(wear, neckline(wear.tube, 69, 86, 62, "v"), wear.main)
    _shirt_front(wear, wear.white, 172)
    tie = wear.pen.style.colour("#b3343f") if wear.scene.attributes.outfit_colour != "red" else wear.dark
    _tie(wear, tie, 168)
    shirt_collar(wear, wear.white)
    _lapels(wear, wear.shadow(depth=0.35), 174)
    seam(wear, (1, 174), (2, 220), (6, wear.hem))
    buttons(wear, wear.front((0, 180), (2, 206)), wear.dark, 3.0)
    front_area(wear, ((18, 138), (36, 135)), ((36, 140), (18, 143)), colour=wear.white, layer="outfit")


def waistcoat(wear: Wear) -> None:
    """A sleeveless front over a white shirt, closed by buttons, points at the hem."""
    white_top = neckline(wear.tube, 69, 86, 62, "v")
    draw_cloth(wear, white_top, wear.main)
    _shirt_front(wear, wear.white, 150, 25)
    shirt_collar(wear, wear.white, spread=1.2)
    low = min(wear.hem, wear.pen.bottom)
    seam(wear, (0, 150), (0, low))
    for side in (-1, 1):
        edge = wear.front((side * 24, 68), (side * 27, 88), (side * 14, 120), (side * 0.5, 150))
        wear.pen.line("outfit_trim", curve(edge), wear.main, 2.0)
    buttons(wear, wear.front(*((0, y) for y in (104, 120, 136))), wear.shadow(wear.white, 0.8), 1.7)
    buttons(wear, wear.front(*((3, y) for y in (158, 178, 198, 218, 238))), wear.accent, 2.8)
    front_area(
        wear,
        ((14, 196), (36, 193)),
        ((36, 198), (14, 201)),
        colour=wear.shadow(),
        region="outfit",
        layer="outfit",
    )


def leather_jacket(wear: Wear) -> None:
    """A wide lapel with studs on either side and a zip that runs aslant."""
    pen = wear.pen
    draw_cloth(wear, crew(wear, 86, 65), wear.main)
    top = crew(wear, 84, 68)
    left, right = opening(wear, (22, 66), (25, 86), (22, 112), (14, 140))
    low = wear.hem - 2
    flap = wear.front((20, low))
    pen.area(
        "outfit",
        joined(top, right, [right[-1], *flap], [*wear.front((15, low)), left[-1]], left[::-1]),
        wear.dark,
        region="outfit_trim",
    )
    steel = pen.style.colour("#c9cdd6")
    # The left front laps over to the zip on the right.
    front_area(
        wear,
        ((-15, 140), (10, 128)),
        ((10, 128), (17, 190), (17, low)),
        ((-16, low), (-15, 140)),
        colour=wear.main,
        region="outfit",
        layer="outfit",
        weight=0,
    )
    teeth = wear.front((10, 126), (17, 190), (17, low))
    pen.canvas.stroke("outfit", curve(teeth), pen.style.line(wear.main), 3.6 + pen.width)
    pen.canvas.stroke("outfit", curve(teeth), steel, 2.6)
    _lapels(wear, wear.shadow(depth=0.3), 130, peak=52, notch=107)
    for side in (-1, 1):  # the zip's teeth along the lapels
        rim = wear.front((side * 3, 127), (side * 46, 105))
        pen.canvas.stroke("outfit_trim", joined(rim, closed=False), steel, 1.6)
    studs = wear.front((-44, 101), (44, 101), (-36, 97), (36, 97), (-29, 84), (29, 84), (-34, 88), (34, 88))
    pen.canvas.shape(
        "outfit_trim",
        dots([(x, y, 2.0, 2.0) for x, y in studs]),
        steel,
        region="outfit_trim",
        line=pen.style.line(wear.main),
        line_width=0.7,
    )
    front_area(
        wear,
        ((-50, 228), (50, 228)),
        ((50, low), (-50, low)),
        colour=wear.shadow(depth=0.4),
        region="outfit",
        layer="outfit",
    )
    front_area(
        wear, ((-8, 231), (8, 231)), ((8, low - 3), (-8, low - 3)), colour=steel, layer="outfit", weight=0.7
    )
    front_area(
        wear, ((-38, 176), (-22, 168)), ((-22, 171), (-38, 179)), colour=steel, layer="outfit", weight=0.6
    )


def trench_coat(wear: Wear) -> None:
    """Broad lapels, a storm flap, two rows of buttons and a belt."""
    pen = wear.pen
    draw_cloth(wear, neckline(wear.tube, 69, 88, 62, "v"), wear.main)
    _shirt_front(wear, wear.dark, 146, 20)
    front_area(
        wear,
        ((12, 92), (46, 88)),
        ((46, 88), (50, 120), (40, 142)),
        ((40, 142), (16, 132), (12, 92)),
        colour=wear.shadow(depth=0.25),
        region="outfit",
        layer="outfit",
    )
    _lapels(wear, pen.style.light(wear.main, 0.3), 148, peak=44, notch=106)
    seam(wear, (14, 146), (16, 200), (16, wear.hem))
    rows = [(side * 17.0 + 3, y) for y in (112, 156, 182, 232) for side in (-1, 1)]
    buttons(wear, wear.front(*rows), wear.dark, 3.2)
    if pen.bottom > 190:
        pen.area(
            "outfit",
            joined(wear.tube.across(199, 4), wear.tube.across(213, 4)[::-1]),
            wear.shadow(depth=0.45),
        )
        front_area(wear, ((-8, 199), (8, 199)), ((8, 218), (-8, 218)), colour=pen.style.colour("#b98a4a"))
    for side in (-1, 1):
        front_area(
            wear,
            ((side * 36, 80), (side * 54, 88)),
            ((side * 54, 94), (side * 36, 86)),
            colour=wear.shadow(depth=0.3),
            region="outfit",
        )


def puffer_jacket(wear: Wear) -> None:
    """Bulging quilted rows, a zip and a high stuffed collar."""
    pen, tube = wear.pen, wear.tube
    draw_cloth(wear, crew(wear, 84, 65), wear.main)
    rows = [y for y in (98, 118, 138, 158, 178, 198, 218, 238, 256) if y < pen.bottom + 20]
    bulges, lines, shines = [], [], []
    for upper, lower in zip([86, *rows[:-1]], rows, strict=True):
        for side in (-1, 1):
            a, b, c = tube.edge(side, upper), tube.edge(side, (upper + lower) / 2), tube.edge(side, lower)
            if lower > 120:
                bulges.append(joined([a, (b[0] + side * 4.5, b[1]), c], closed=False))
        lines.append(curve(tube.across(lower, 5)))
        shines.append(curve(tube.across(lower - 13, 5)[1:4]))
    pen.canvas.shape(
        "outfit",
        "".join(bulges) or "M0 0",
        wear.main,
        region="outfit",
        line=pen.style.line(wear.main),
        line_width=pen.width,
    )
    for lower in rows:
        pen.shade("outfit", tube.across(lower - 4, 6)[2:], tube.across(lower, 5)[2:], wear.main)
    pen.line("outfit", "".join(lines), wear.main, 0.9)
    pen.canvas.stroke("outfit", "".join(shines), pen.style.light(wear.main, 0.8), 3.0, opacity=0.75)
    seam(wear, (0, 84), (0, 170), (0, wear.hem), weight=2.4)
    lower_edge, upper_edge = collar_stand(wear, wear.main, -0.3, 0.72, 8.0)
    middle = [between(a, b, 0.5) for a, b in zip(lower_edge, upper_edge, strict=True)]
    pen.line("outfit_trim", curve(middle), wear.main, 0.9)
    shine = [between(a, b, 0.75) for a, b in zip(lower_edge, upper_edge, strict=True)][1:4]
    pen.canvas.stroke("outfit_trim", curve(shine), pen.style.light(wear.main, 0.8), 2.4, opacity=0.75)
    half = len(lower_edge) // 2
    pen.line("outfit_trim", joined([lower_edge[half], upper_edge[half]], closed=False), wear.main, 2.0)


def track_jacket(wear: Wear) -> None:
    """A zipped stand-up collar and pale stripes down the sleeves."""
    pen = wear.pen
    draw_cloth(wear, crew(wear, 84, 65), wear.main)
    lower, upper = collar_stand(wear, wear.accent, -0.25, 0.42, 4.2, region="outfit_trim")
    pen.line("outfit", curve(wear.front((0, 84), (0, 170), (0, wear.hem))), wear.main, 2.4)
    pen.canvas.stroke("outfit", curve(wear.front((0, 84), (0, 170), (0, wear.hem))), wear.white, 1.6)
    middle = len(lower) // 2
    pen.canvas.stroke(
        "outfit_trim", joined([upper[middle], lower[middle]], closed=False), pen.style.line(wear.main), 1.6
    )
    for side in (-1, 1):
        front_area(
            wear,
            ((side * 4, 108), (side * 60, 98)),
            ((side * 60, 106), (side * 4, 118)),
            colour=wear.accent,
            layer="outfit",
            weight=0.6,
        )


def lab_coat(wear: Wear) -> None:
    """An open coat over a dark shirt, with a pen pocket."""
    pen = wear.pen
    draw_cloth(wear, neckline(wear.tube, 69, 90, 62, "v"), wear.main)
    top = crew(wear, 82, 68)
    left, right = opening(wear, (20, 69), (22, 88), (13, 140), (11, 204), (15, wear.hem))
    pen.area("outfit", joined(top, right, left[::-1]), wear.dark, region="outfit_trim")
    shirt_collar(wear, wear.dark)
    ribbon = pen.style.colour("#3f78c4")
    for side in (-1, 1):
        strap = wear.front((side * 17, 66), (side * 13, 88), (side * 2, 150))
        pen.canvas.stroke("outfit_trim", curve(strap), pen.style.line(ribbon), 3.0 + pen.width)
        pen.canvas.stroke("outfit_trim", curve(strap), ribbon, 3.0)
    front_area(wear, ((-9, 150), (9, 150)), ((9, 174), (-9, 174)), colour=wear.white)
    _lapels(wear, pen.style.light(wear.main, 0.4), 146, peak=35, notch=103)
    front_area(
        wear,
        ((22, 126), (42, 124)),
        ((42, 146), (32, 149), (22, 147)),
        colour=wear.main,
        region="outfit",
        layer="outfit",
    )
    for at, ink in ((27, "#3f6fb8"), (32, "#c8373d")):
        front_area(
            wear,
            ((at, 118), (at + 2.6, 118)),
            ((at + 2.6, 134), (at, 134)),
            colour=pen.style.colour(ink),
            layer="outfit",
            weight=0.5,
        )
