"""Things worn in the hair and on the ears: bow, flower, clip and earrings."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.accessories.kit import GOLD, HATS, Kit, by
from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.palette import luminance

_LAYER = "hair_accessory"
#: Half of a bow about its knot: the loop, the crease in it, and the tail.
_LOOP = ((0, -1), (6, -9), (17, -14.5), (24, -11), (24.5, 0), (22, 10), (14, 11), (5, 5), (0, 2))
_TAIL = ((1, 2), (8, 9), (15, 20), (10.5, 19.5), (7.5, 24), (2, 12), (-1, 4))


def _place(
    kit: Kit, high: tuple[float, float, float], low: tuple[float, float, float]
) -> tuple[float, float]:
    """Where an ornament sits: at the picture's right, lower down under a hat or beside animal ears.

    In profile from the right it would be on the far side, so there it moves to the near one.
    """
    head_items = {*HATS, "cat ears", "fox ears", "headphones", "hairband", "horns", "crown"}
    x, y, z = low if head_items.intersection(kit.worn) else high
    if kit.head.yaw > 60:
        x = -x
    return kit.spot(x, y, z)


def bow_shape(
    kit: Kit,
    layer: str,
    centre: tuple[float, float],
    size: float,
    turn: float,
    colour: str,
    *,
    tails: bool,
    squash: float = 1.0,
) -> None:
    """A tied bow: two loops with creases, a knot, and tails if wanted. ``turn`` in degrees."""

    def put(values: object, side: int = 1) -> Points:
        flat = curves.points(values) * (side * size * squash, size)  # type: ignore[arg-type]
        return curves.rotate(flat, turn) + centre

    if tails:
        for side in (-1, 1):
            kit.form(layer, put(_TAIL, side), kit.style.shadow(colour, 0.35), corners=(0, 2, 3, 4, 6))
    for side in (-1, 1):
        kit.form(layer, put(_LOOP, side), colour, corners=(0, 8), weight=1.1)
        inside = ((2, 0), (10, -3), (20, -8.5), (22, -1), (20.5, 6), (11, 4.5)) if side < 0 else _SHADED
        kit.shade(layer, curves.smooth(put(inside, side), corners=(0, 2)), colour, depth=0.9)
        kit.line(layer, put(((3, -1.5), (9, -4.5), (15, -6)), side), colour, weight=0.9)
        kit.line(layer, put(((3, 1.5), (8, 3), (14, 4.5)), side), colour, weight=0.9)
    gleam = ((-20, -9.5), (-15, -12), (-9, -8.5), (-14, -9.5))
    kit.gleam(layer, curves.smooth(put(gleam), corners=(0, 2)), colour)
    knot = ((-4.6, -4.6), (0, -5.6), (4.6, -4.6), (5.2, 0), (4.4, 5.2), (0, 6), (-4.4, 5.2), (-5.2, 0))
    kit.form(layer, put(knot), colour, weight=1.0)
    kit.line(layer, put(((1.5, -3.5), (2.2, 0), (1.4, 3.5))), colour, weight=0.8)


_SHADED = ((2, 1), (11, 3), (18, -2), (24, -6), (24.5, 0), (22, 10), (14, 11), (5, 5))


def hair_bow(kit: Kit) -> None:
    """A large bow at the picture's right side of the crown."""
    centre = _place(kit, (33, -45, 2), (44, -20, 4))
    size = kit.chance.uniform(1.0, 1.14)
    turn = kit.chance.uniform(18, 28) + kit.head.roll
    if kit.head.yaw > 60:
        turn = -turn
    bow_shape(
        kit, _LAYER, centre, size, turn, kit.scene.accessory, tails=True, squash=0.88 if kit.profile else 1.0
    )


def hair_flower(kit: Kit) -> None:
    """A five-petalled flower with leaves."""
    x, y = _place(kit, (37, -34, 12), (42, -16, 8))
    colour = kit.scene.accessory
    size, spin = kit.chance.uniform(0.98, 1.12), kit.chance.uniform(0, 72)
    green = kit.colour("#62a561")
    for angle in (spin + 20, spin + 150):
        leaf = curves.rotate(((6, 0), (13, -5.5), (22, -1), (14, 4.5)), angle) * size + by(x, y)
        kit.form(_LAYER, leaf, green, corners=(0, 2), weight=0.8)
    petal = (
        (0, 2.5),
        (-5.5, -6),
        (-6.5, -13),
        (-2.5, -16.5),
        (0, -14.8),
        (2.5, -16.5),
        (6.5, -13),
        (5.5, -6),
    )
    for at in range(5):
        points = curves.rotate(petal, spin + 72 * at) * size + by(x, y)
        kit.form(_LAYER, points, colour, corners=(0, 4), weight=0.9)
    core = [
        curves.rotate(((-2.6, -4), (0, -8.5), (2.6, -4), (0, 0)), spin + 72 * at) * size + by(x, y)
        for at in range(5)
    ]
    kit.shade(_LAYER, "".join(curves.smooth(points, corners=(1,)) for points in core), colour)
    heart = kit.colour(
        "#ffdf6b"
        if luminance(colour) < 0.9 and kit.scene.attributes.accessory_colour != "yellow"
        else "#f0a03c"
    )
    kit.fill(_LAYER, curves.ellipse(x, y, 4.6 * size, 4.6 * size), heart, weight=0.8)


def hair_clip(kit: Kit) -> None:
    """Two crossed clips that hold the fringe back."""
    x, y = _place(kit, (29, -24, 33), (31, -15, 33))
    colour = kit.scene.accessory
    squash = 0.8 if kit.profile else 1.0
    for angle in (32, -30):
        turn = angle + kit.head.roll + kit.chance.uniform(-4, 4)
        bar = curves.rotate(
            ((-14, -3), (-11, -3.8), (11, -3.8), (14.5, -2.6), (14.5, 2.6), (11, 3.8), (-11, 3.8), (-14, 3)),
            turn,
        )
        points = bar * (squash, 1) + by(x, y)
        kit.form(_LAYER, points, colour, weight=1.15)
        shine = curves.rotate(((-11, -1.6), (2, -1.9)), turn) * (squash, 1) + by(x, y)
        kit.gleam(_LAYER, curves.blade([shine[0], shine.mean(axis=0), shine[1]], 2.1), colour, strength=1.4)


def earrings(kit: Kit) -> None:
    """Drop earrings that hang from the lobes."""
    colour, gold = kit.scene.accessory, kit.colour(GOLD)
    long = kit.chance.uniform(0, 3)
    for side in (-1, 1):
        if kit.head.facing(96.0 * side) < -0.2:
            continue
        x, y = kit.spot(39.5 * side, 24.0, -2.0)
        kit.fill(_LAYER, curves.ellipse(x, y, 2.6, 2.6), gold, weight=0.8)
        kit.fill(
            _LAYER,
            curves.ribbon([(x, y + 2), (x, y + 4 + long / 2), (x, y + 6 + long)], 1.6),
            gold,
            weight=0.6,
        )
        low = y + 5 + long
        drop = np.array(
            [(0, 0), (4.6, 7.5), (5.6, 12), (3.6, 16.2), (0, 17.4), (-3.6, 16.2), (-5.6, 12), (-4.6, 7.5)]
        ) + by(x, low)
        # Set in gold, so that it shows on hair of its own colour.
        casing = drop.mean(axis=0) + (drop - drop.mean(axis=0)) * (1.32, 1.2)
        kit.fill(_LAYER, curves.smooth(casing, corners=(0,)), gold, weight=1.0)
        kit.form(_LAYER, drop, colour, corners=(0,), weight=0.6)
        side_shade = np.array([(0.4, 3), (4.6, 8), (5.4, 12), (3.4, 16), (0, 17), (2.6, 12)]) + by(x, low)
        kit.shade(_LAYER, curves.smooth(side_shade, corners=(0, 4)), colour)
        kit.gleam(_LAYER, curves.ellipse(x - 1.9, low + 10.2, 1.3, 2.2), colour, strength=1.5)
