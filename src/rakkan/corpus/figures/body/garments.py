"""How clothes are cut: the form a garment takes around the body, its sleeves and what goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import cos, sin
from typing import Literal

from rakkan.corpus.figures.body.pen import Pen, joined
from rakkan.corpus.figures.body.skeleton import Neck, neck, torso_rings
from rakkan.corpus.figures.body.tube import Point, Ring, Tube
from rakkan.corpus.figures.palette import luminance, mix
from rakkan.corpus.figures.scene import Scene

SleeveKind = Literal["bare", "short", "long", "wide", "puffy", "plate"]
Lower = Literal["jeans", "trousers", "dark trousers", "skirted", "greaves", "track"]


@dataclass(frozen=True)
class Cut:
    """The cut of an outfit.

    ``ease`` is what it adds to the chest's half width, ``boxy`` how far it falls straight from the
    chest (0-1), ``hem`` the height of its lower edge, ``flare`` what the hem adds.
    """

    ease: float = 2.5
    boxy: float = 0.35
    hem: float = 262.0
    flare: float = 0.0
    sleeve: SleeveKind = "long"
    sleeve_ease: float = 3.0
    lower: Lower = "jeans"
    shoes: str = "sneakers"
    cuff: str = ""
    #: Whether a collar stands close around the neck.
    stand: bool = False


CUTS = {
    "t-shirt": Cut(ease=2.5, boxy=0.45, hem=258, sleeve="short", sleeve_ease=4.5),
    "shirt": Cut(
        ease=2.5, boxy=0.4, hem=262, sleeve_ease=3.0, lower="dark trousers", shoes="shoes", cuff="own"
    ),
    "hoodie": Cut(ease=6, boxy=0.75, hem=264, sleeve_ease=6.0, cuff="rib"),
    "turtleneck": Cut(
        ease=1.5,
        boxy=0.2,
        hem=258,
        sleeve_ease=1.8,
        lower="dark trousers",
        shoes="boots",
        cuff="rib",
        stand=True,
    ),
    "cardigan": Cut(ease=4.5, boxy=0.6, hem=282, sleeve_ease=4.5, cuff="rib"),
    "suit": Cut(ease=4, boxy=0.35, hem=282, sleeve_ease=3.2, lower="trousers", shoes="shoes", cuff="shirt"),
    "waistcoat": Cut(
        ease=2.0, boxy=0.2, hem=252, sleeve_ease=3.8, lower="trousers", shoes="shoes", cuff="white"
    ),
    "leather jacket": Cut(ease=5, boxy=0.5, hem=240, sleeve_ease=4.2, shoes="boots", cuff="own"),
    "trench coat": Cut(
        ease=6,
        boxy=0.4,
        hem=430,
        flare=26,
        sleeve_ease=5.5,
        lower="dark trousers",
        shoes="boots",
        cuff="strap",
    ),
    "puffer jacket": Cut(
        ease=11, boxy=0.85, hem=256, sleeve="puffy", sleeve_ease=9.0, cuff="own", stand=True
    ),
    "track jacket": Cut(ease=4, boxy=0.6, hem=258, sleeve_ease=4.0, lower="track", cuff="rib", stand=True),
    "dungarees": Cut(ease=2.5, boxy=0.5, hem=262, sleeve="short", sleeve_ease=4.0, lower="trousers"),
    "dress": Cut(
        ease=2, boxy=0.0, hem=500, flare=62, sleeve="short", sleeve_ease=5.5, lower="skirted", shoes="shoes"
    ),
    "kimono": Cut(
        ease=4, boxy=0.55, hem=592, flare=-2, sleeve="wide", sleeve_ease=7.0, lower="skirted", shoes="sandals"
    ),
    "wizard robe": Cut(
        ease=6,
        boxy=0.6,
        hem=596,
        flare=48,
        sleeve="wide",
        sleeve_ease=7.0,
        lower="skirted",
        shoes="boots",
        stand=True,
    ),
    "armour": Cut(
        ease=4,
        boxy=0.15,
        hem=286,
        flare=10,
        sleeve="plate",
        sleeve_ease=2.6,
        lower="greaves",
        shoes="sabatons",
        stand=True,
    ),
    "lab coat": Cut(
        ease=5.5,
        boxy=0.6,
        hem=410,
        flare=14,
        sleeve_ease=5.0,
        lower="dark trousers",
        shoes="shoes",
        cuff="own",
    ),
    "poncho": Cut(ease=2.5, boxy=0.4, hem=262, sleeve_ease=2.5, shoes="boots", stand=True),
}


@lru_cache(maxsize=128)
def garment_rings(presentation: str, cut: Cut) -> tuple[Ring, ...]:
    """The rings of a garment of that cut around that body, down to its hem."""
    body = torso_rings(presentation)
    chest = next(ring for ring in body if ring[0] == 126)
    rings: list[Ring] = []
    for y, width, front, back in body:
        ease = cut.ease * min(max((y - 62) / 48, 0.12), 1.0)
        if y > 126:
            straight = cut.boxy * min((y - 126) / 40, 1.0)
            width += (max(chest[1] * 0.99, width) - width) * straight
            front += (max(chest[2] * 0.96, front) - front) * straight
            back += (max(chest[3], back) - back) * straight
        rings.append((float(y), width + ease, front + ease, back + ease))
    if cut.hem <= body[-1][0]:
        return tuple(ring for ring in rings if ring[0] <= max(cut.hem, 262) + 2)
    _, width, front, back = rings[-1]
    for share in (0.35, 0.7, 1.0):
        y = 304 + (cut.hem - 304) * share
        grown = cut.flare * share**0.85
        rings.append((y, width + grown, front + grown * 0.8, back + grown * 0.8))
    return tuple(rings)


@dataclass(frozen=True)
class Wear:
    """An outfit being drawn: the pen, the forms and the colours."""

    pen: Pen
    cut: Cut
    tube: Tube
    body: Tube
    neck: Neck
    main: str
    #: White, dark and contrasting trims as the style paints them; ``accent`` suits the main colour.
    white: str
    dark: str
    accent: str

    @property
    def scene(self) -> Scene:
        """The scene that is drawn."""
        return self.pen.scene

    @property
    def patterned(self) -> bool:
        """Whether the cloth has a pattern."""
        return self.scene.attributes.outfit_pattern != "plain"

    @property
    def hem(self) -> float:
        """The lowest height worth drawing of the garment."""
        return min(self.cut.hem, self.pen.bottom + 12)

    def front(self, *values: Point) -> list[Point]:
        """Points of the garment's front, given as a front view of a woman would show them."""
        wide = 1 + (self.neck.half_width / 13 - 1) * 0.6
        return [self.tube.front(x * wide, y) for x, y in values]

    def shadow(self, colour: str = "", depth: float = 1.0) -> str:
        """The main (or another) colour in shadow."""
        return self.pen.style.shadow(colour or self.main, depth)


def build_wear(pen: Pen) -> Wear:
    """Everything the outfit of the pen's scene is drawn from."""
    scene = pen.scene
    cut = CUTS[scene.attributes.outfit]
    presentation = scene.attributes.presentation
    main, style = scene.outfit, scene.style
    pale = luminance(main) > 0.72
    return Wear(
        pen=pen,
        cut=cut,
        tube=Tube(garment_rings(presentation, cut), scene.body_yaw),
        body=Tube(torso_rings(presentation), scene.body_yaw),
        neck=neck(scene),
        main=main,
        white=style.colour("#f7f5f3"),
        dark=style.colour(scene.random("outfit").choice(("#3a3844", "#3d4358", "#45393f", "#37433f"))),
        accent=style.colour("#5c6780") if pale else mix(main, "#ffffff", 0.72),
    )


def neckline(
    tube: Tube, side: float, front: float, back: float, shape: str = "round", count: int = 11
) -> list[Point]:
    """The seen edge of a neckline from left to right: heights at the neck's sides, front and back.

    ``shape``: round, v or square.
    """
    values = []
    left, right = tube.horizon(side)
    width = tube.radii(side)[0]
    for step in range(count):
        turn = left + (right - left) * step / (count - 1)
        depth, lean = cos(turn), abs(sin(turn))
        if depth < 0:
            y = side - (back - side) * depth
        elif shape == "v":
            y = front + (side - front) * lean
        elif shape == "square":
            y = side + (front - side) * min((1 - lean) / 0.25, 1.0)
        else:
            # A neckline under a standing collar keeps high at the sides.
            y = side + (front - side) * depth ** (1.9 if side <= 65 else 0.75)
        # As wide as the body at the neckline's sides (it widens below), as deep as at this height.
        _, ahead, behind = tube.radii(y)
        x = width * sin(turn) * tube.cosine + (ahead if depth > 0 else behind) * depth * tube.sine
        values.append((x, y))
    first, last = values[0][0], values[-1][0]
    return [(min(max(x, first), last), y) for x, y in values]


def heights(top: float, bottom: float) -> list[float]:
    """Heights of a silhouette worth a knot, from just below ``top`` to ``bottom``."""
    marks = (72, 78, 84, 90, 98, 110, 126, 146, 170, 190, 205, 225, 246, 262, 304, 360, 430, 500, 560)
    return [mark for mark in marks if top + 3 < mark < bottom - 4] + [bottom]


def torso_path(tube: Tube, top: list[Point], hem: float, dip: float = 5.0) -> str:
    """The outline of a garment from its neckline to its hem."""
    right = [top[-1], *tube.edges(1, *heights(top[-1][1], hem))]
    left = [top[0], *tube.edges(-1, *heights(top[0][1], hem))]
    across = tube.across(hem, dip)
    return joined(top, right, [right[-1], *across[::-1][1:-1], left[-1]], left[::-1])
