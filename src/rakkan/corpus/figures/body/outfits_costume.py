"""Costumes: kimono, wizard robe and armour."""

from __future__ import annotations

from rakkan.corpus.figures.body.cloth import collar_stand, crew, draw_cloth, fallen, front_area, seam
from rakkan.corpus.figures.body.garments import Wear, neckline
from rakkan.corpus.figures.body.pen import curve, dots, joined


def kimono(wear: Wear) -> None:
    """Collars that overlap, left over right, with a white under-collar, and an obi."""
    pen = wear.pen
    draw_cloth(wear, neckline(wear.tube, 68, 96, 60, "v"), wear.main)
    edge = wear.shadow(depth=0.5)
    front_area(wear, ((17, 62), (15, 78), (-6, 108)), ((-12, 104), (9, 76), (13, 62)), colour=wear.white)
    front_area(
        wear, ((24, 64), (23, 82), (-8, 122)), ((-14, 113), (14, 78), (17, 63)), colour=edge, region="outfit"
    )
    front_area(wear, ((-17, 62), (-15, 78), (14, 114)), ((20, 108), (-9, 75), (-13, 62)), colour=wear.white)
    front_area(
        wear,
        ((-26, 64), (-25, 84), (22, 150)),
        ((28, 138), (-14, 78), (-17, 62)),
        colour=edge,
        region="outfit",
    )
    if pen.bottom > 170:
        sash = wear.accent if wear.scene.attributes.outfit_colour not in ("red", "orange") else wear.dark
        pen.area(
            "outfit",
            joined(
                wear.tube.across(168, 3), wear.tube.edges(1, 168, 205, 212), wear.tube.across(212, 3)[::-1]
            ),
            sash,
            region="outfit_trim",
        )
        pen.area(
            "outfit",
            joined(wear.tube.across(186, 3), wear.tube.across(193, 3)[::-1]),
            pen.style.colour("#d9a93c"),
            region="outfit_trim",
            weight=0.6,
        )
    if pen.bottom > 300:
        seam(wear, (14, 214), (24, 400), (30, 590), weight=1.0)


def wizard_robe(wear: Wear) -> None:
    """A long robe; its mantle is drawn over the arms."""
    draw_cloth(wear, crew(wear, 86, 65), wear.main)
    gold = wear.pen.style.colour("#dcae45")
    if wear.pen.bottom > 180:
        wear.pen.area(
            "outfit",
            joined(wear.tube.across(202, 4), wear.tube.across(211, 4)[::-1]),
            gold,
            region="outfit_trim",
            weight=0.8,
        )
    if wear.pen.bottom > 300:
        wear.pen.area(
            "outfit",
            joined(wear.tube.across(576, 9), wear.tube.across(586, 9)[::-1]),
            gold,
            region="outfit_trim",
            weight=0.6,
        )


def draw_mantle(wear: Wear) -> None:
    """A short cape with a golden border, closed by a clasp, and a standing collar."""
    pen, tube = wear.pen, wear.tube
    gold = pen.style.colour("#dcae45")
    reach_left, reach_right = abs(tube.edge(-1, 98)[0]) + 15, abs(tube.edge(1, 98)[0]) + 15
    top = crew(wear, 84, 65)
    x = tube.front(0, 140)[0]
    right = [top[-1], tube.edge(1, 78), (reach_right * 0.9, 89), (reach_right, 110), (reach_right + 4, 136)]
    left = [top[0], tube.edge(-1, 78), (-reach_left * 0.9, 89), (-reach_left, 110), (-reach_left - 4, 136)]
    hem = [right[-1], (reach_right * 0.55 + x * 0.3, 150), (x + 2, 132)]
    hem_left = [(x + 2, 132), (-reach_left * 0.55 + x * 0.3, 150), left[-1]]
    path = joined(top, right, hem, hem_left, left[::-1])
    pen.cast("outfit_trim", joined(fallen(hem, 9), fallen(hem_left, 9)), wear.main)
    tone = wear.shadow(depth=0.45)
    pen.area("outfit_trim", path, tone, fill=pen.paint(tone, left[2], right[-1]))
    pen.canvas.stroke(
        "outfit_trim",
        joined([(a, b - 4) for a, b in hem], [(a, b - 4) for a, b in hem_left], closed=False),
        gold,
        4.0,
    )
    split = wear.front((0, 86))[0]
    pen.line("outfit_trim", joined([split, (x + 2, 132)], closed=False), tone, 1.0)
    collar_stand(wear, tone, -0.3, 0.5, 6.5)
    clasp = wear.front((0, 95))[0]
    pen.canvas.shape(
        "outfit_trim",
        dots([(clasp[0], clasp[1], 6.5, 6.5)]),
        gold,
        region="outfit_trim",
        line=pen.style.line(gold),
        line_width=pen.width,
    )
    pen.canvas.shape(
        "outfit_trim",
        dots([(clasp[0], clasp[1], 3.2, 3.2)]),
        pen.style.colour("#4aa3c7"),
        region="outfit_trim",
    )


def armour(wear: Wear) -> None:
    """A breastplate with a ridge, plates below and a gorget about the neck."""
    pen = wear.pen
    draw_cloth(wear, crew(wear, 84, 65), wear.main)
    light = pen.style.light(wear.main, 0.9)
    front_area(
        wear,
        ((-44, 96), (-30, 92), (0, 100), (30, 92), (44, 96)),
        ((44, 96), (48, 140), (36, 172), (0, 184)),
        ((0, 184), (-36, 172), (-48, 140), (-44, 96)),
        colour=pen.style.light(wear.main, 0.35),
        region="outfit",
        layer="outfit",
    )
    front_area(
        wear,
        ((-34, 104), (-20, 112), (-12, 146)),
        ((-20, 150), (-36, 132), (-34, 104)),
        colour=light,
        region="outfit",
        layer="outfit",
        weight=0,
    )
    seam(wear, (0, 100), (1, 140), (0, 184), weight=0.9)
    for y in (196, 214, 232, 252):
        if y < pen.bottom:
            pen.line("outfit", curve(wear.tube.across(y, 5)), wear.main, 0.9)
    gold = pen.style.colour("#dcb45a")
    pen.canvas.stroke(
        "outfit", curve(wear.front((-44, 96), (-30, 92), (0, 100), (30, 92), (44, 96))), gold, 3.0
    )
    lower, upper = collar_stand(wear, pen.style.light(wear.main, 0.3), -0.3, 0.5, 5.0)
    pen.canvas.stroke("outfit_trim", curve(upper), gold, 2.6)
    del lower


def draw_pauldrons(wear: Wear) -> None:
    """Three overlapping plates upon each shoulder."""
    pen = wear.pen
    far = 1 if wear.scene.body_yaw > 8 else -1 if wear.scene.body_yaw < -8 else 0
    scale = 1.12 if wear.scene.attributes.presentation == "man" else 1.0
    for side in (-1, 1):
        x = wear.body.project(side * (wear.body.radii(98)[0] - 4), 98, 0)[0]
        layer = "body_back" if side == far else "outfit_trim"
        for step in (2, 1, 0):
            y, grow = 92 + step * 11, (24 - step * 2.5) * scale
            plate = [
                [
                    (x - side * grow * 0.9, y - 4),
                    (x - side * grow * 0.2, y - 15),
                    (x + side * grow * 0.7, y - 10),
                    (x + side * grow, y + 12),
                ],
                [
                    (x + side * grow, y + 12),
                    (x, y + 17),
                    (x - side * grow * 0.7, y + 13),
                    (x - side * grow * 0.9, y - 4),
                ],
            ]
            tone = pen.style.light(wear.main, 0.25) if step else pen.style.light(wear.main, 0.5)
            pen.area(layer, joined(*plate), tone)
