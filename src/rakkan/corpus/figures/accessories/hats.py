"""Hats: stacks of hoops about the head, over the hair's cap, with brims seen a little from above."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.accessories.kit import GOLD, Kit, band, by, hoops, stack
from rakkan.corpus.figures.palette import adjust, luminance, mix

_LAYER = "headwear"
#: Height, half breadth, half depth, and the middle's x and z: see `kit.hoops`.
_BEANIE = (
    (-21, 49.5, 51, 0, -9),
    (-36, 48.5, 50, 0, -10),
    (-50, 42, 45, 0, -11),
    (-60, 31, 34, 0, -12),
    (-65, 15, 17, 0, -12),
)
_STRAW = (
    (-31, 47, 49, 0, -10),
    (-44, 46, 47, 0, -10),
    (-56, 42, 43, 0, -11),
    (-63, 32, 33, 0, -11),
    (-66, 18, 19, 0, -11),
)
_BERET = (
    (-27, 46, 48, 0, -9),
    (-35, 58, 58, 3, -11),
    (-44, 61, 60, 5, -13),
    (-54, 51, 51, 6, -14),
    (-60, 31, 32, 6, -14),
)
_CONE = (
    (-35, 48, 50, 0, -10),
    (-51, 40, 43, 1, -11),
    (-68, 31, 33, 2, -13),
    (-84, 21, 22, 6, -18),
    (-97, 11, 12, 16, -27),
)


def beanie(kit: Kit) -> None:
    """A knitted cap with a turned-up ribbed cuff and a bobble."""
    colour = kit.scene.accessory
    front, back = hoops(kit.head, _BEANIE)
    top = front[-1].mean(axis=0)
    bobble = kit.style.light(colour, 0.9) if luminance(colour) < 0.85 else kit.style.shadow(colour, 0.6)
    _bobble(kit, (float(top[0]), float(top[1]) - 7.5), bobble)
    kit.form(_LAYER, stack(front[1:], top=back[-1]), colour, weight=1.1)
    kit.shade(_LAYER, curves.smooth(stack(front[1:], first=10)), colour)
    for place in (2, 4, 6, 8, 10, 12):
        kit.line(_LAYER, front[1:, place], colour, weight=0.75)
    cuff, _ = hoops(kit.head, ((-19.5, 51, 53, 0, -9), (-37, 50.5, 52, 0, -10)))
    kit.form(_LAYER, stack(cuff), colour, path=band(cuff), weight=1.1)
    kit.shade(_LAYER, band(cuff[:, 10:]), colour)
    ribs = "".join(
        curves.blade([a, (a + b) / 2, b], kit.style.line_width) for a, b in zip(*cuff[:, 1:-1], strict=True)
    )
    kit.canvas.shape(_LAYER, ribs, kit.style.line(colour), region="line", opacity=0.75)
    kit.hatch(_LAYER, front[1:4, 11], front[1:4, -1], colour, count=6)


def _bobble(kit: Kit, centre: tuple[float, float], colour: str) -> None:
    turn = np.linspace(0, 2 * np.pi, 18, endpoint=False) + kit.chance.random()
    reach = np.where(np.arange(18) % 2, 10.2, 8.6)
    outline = np.stack([np.cos(turn) * reach, np.sin(turn) * reach * 0.95], axis=1) + centre
    kit.form(_LAYER, outline, colour)
    x, y = centre
    shade = [(x + 8.5, y - 2), (x + 6, y + 7), (x - 4, y + 8), (x + 2, y + 4)]
    kit.shade(_LAYER, curves.smooth(shade, corners=(0, 2)), colour)


def straw_hat(kit: Kit) -> None:
    """A wide straw brim, a rounded crown and a ribbon."""
    straw = kit.colour("#ecca7c")
    _brim(kit, (-31, 84, 74, 0, -8), straw, wave=2.0, weave=True)
    front, back = hoops(kit.head, _STRAW)
    kit.form(_LAYER, stack(front, top=back[-1]), straw, weight=1.1)
    kit.shade(_LAYER, curves.smooth(stack(front, first=10)), straw)
    for height in (2, 3):
        kit.line(_LAYER, front[height], straw, weight=0.6)
    ribbon = kit.colour("#c9484e")
    strip, _ = hoops(kit.head, ((-30, 47.6, 49.6, 0, -10), (-40.5, 46.8, 48.4, 0, -10)))
    kit.form(_LAYER, stack(strip), ribbon, path=band(strip))
    kit.shade(_LAYER, band(strip[:, 10:]), ribbon)
    kit.gleam(_LAYER, band(strip[:, 2:5]), ribbon, strength=0.7)
    kit.hatch(_LAYER, front[1:4, 11], front[1:4, -1], straw, count=6)


def witch_hat(kit: Kit) -> None:
    """A wide drooping brim and a tall cone whose tip is bent, with a band and a gold buckle."""
    colour = kit.scene.accessory
    _brim(kit, (-33, 88, 76, 0, -8), colour, wave=3.5)
    front, _ = hoops(kit.head, _CONE)
    fall = kit.spot(36, -98, -44)
    outline = np.concatenate([front[0], front[1:, -1], [fall], front[:0:-1, 0]])
    tip = len(front[0]) + len(front) - 1
    kit.form(_LAYER, outline, colour, corners=(0, len(front[0]) - 1, tip), weight=1.1)
    shaded = np.concatenate([front[0, 10:], front[1:, -1], [fall], front[:0:-1, 9]])
    kit.shade(_LAYER, curves.smooth(shaded, corners=(0, 4, 9)), colour)
    kit.line(_LAYER, [front[2, 0], front[2, 4] + by(0, 2.0), front[2, 8] + by(0, -1.5)], colour, weight=1.0)
    kit.line(_LAYER, [front[3, -1], front[3, 9] + by(0, 3.0), front[3, 5] + by(0, 1.0)], colour, weight=1.0)
    sash = mix(adjust(colour, hue=-18, lightness=0.62), "#2b2140", 0.45)
    if luminance(colour) < 0.3:
        sash = mix(colour, "#8d6bc4", 0.6)
    strip, _ = hoops(kit.head, ((-34, 49, 51, 0, -10), (-45.5, 43.4, 46, 0.7, -10.7)))
    kit.form(_LAYER, stack(strip), sash, path=band(strip))
    _buckle(kit)
    kit.hatch(_LAYER, front[1:4, 10], front[1:4, -1], colour, count=7)


def _buckle(kit: Kit) -> None:
    """A gold buckle in the middle of the band's front."""
    turn = abs(kit.head.yaw)
    if turn > 86:
        turn = 62  # in profile it peeps round the edge
    face = np.array([(-7, -46.5), (7, -46.5), (7.6, -32.5), (-7.6, -32.5)])
    space = np.concatenate([face, np.array([[40.0 if kit.profile else 45.0]] * 4)], axis=1)
    if kit.profile:
        space[:, 2] = 34 + face[:, 0] * 0.5
    outer = kit.head.project(space)
    dip = np.array([0.0, 0.14 * 34 * np.cos(np.radians(turn))])
    outer = outer + dip
    inner = outer.mean(axis=0) + (outer - outer.mean(axis=0)) * 0.52
    gold = kit.colour(GOLD)
    kit.form(_LAYER, outer, gold, path=curves.polygon(outer) + curves.polygon(inner[::-1]))


def _brim(kit: Kit, ring: tuple[float, ...], colour: str, *, wave: float, weave: bool = False) -> None:
    """A brim with its upper side in view, drooping at the sides, and a shaded edge below."""
    level, across, deep, x, z = ring
    rings = (ring, (level, across * 0.8, deep * 0.8, x, z))
    front, back = hoops(kit.head, rings, dip=0.15, count=13)
    rise = np.sin(np.linspace(0, np.pi, 13))
    lift = np.stack([np.zeros(13), wave * 2 * (1 - rise) - wave * 0.3], axis=1)
    near, far = front[0] + lift, back[0] + lift
    edge = near + np.array([0.0, 3.4]) * rise[:, None]
    under = np.concatenate([edge, far[::-1]])
    kit.form(_LAYER, under, kit.style.shadow(colour), weight=1.1)
    upper = np.concatenate([near, far[::-1]])
    kit.form(_LAYER, upper, colour, weight=0.8)
    # The crown's shadow falls on the brim, to the right.
    cast = np.concatenate([near[7:12] * 0.82 + front[1, 7:12] * 0.18, front[1, 11:6:-1] + by(-6.0, -8.0)])
    kit.shade(_LAYER, curves.smooth(cast, corners=(0, 4, 5, 9)), colour, depth=0.8)
    if weave:
        for share in (0.3, 0.62, 0.9):
            kit.line(_LAYER, (near * (1 - share) + (front[1] + lift * 0.6) * share)[1:-1], colour, weight=0.6)
    kit.hatch(_LAYER, near[8:12], front[1, 8:12], colour, count=7)


def beret(kit: Kit) -> None:
    """A soft round cap pulled over to one side, with a stalk."""
    colour = kit.scene.accessory
    front, back = hoops(kit.head, _BERET, dip=0.12)
    pivot = kit.spot(0, -30, -8)
    slope = (1 if kit.head.yaw <= 0 else -1) * 9.0 if kit.profile else 8.0
    front = curves.rotate(front.reshape(-1, 2), slope, pivot).reshape(front.shape)
    top = curves.rotate(back[-1], slope, pivot)
    stalk = top[7]
    kit.fill(
        _LAYER,
        curves.ribbon([stalk + by(0, 4), stalk + by(1, -3), stalk + by(3, -8)], (4, 3.4, 3)),
        colour,
        weight=1.0,
    )
    outline = np.concatenate([front[0, 2:-2], front[1:, -1], top[::-2], front[:0:-1, 0]])
    kit.form(_LAYER, outline, colour, weight=1.1)
    shaded = np.concatenate([front[0, 9:-2], front[1:, -1], front[:0:-1, 11]])
    kit.shade(_LAYER, curves.smooth(shaded), colour)
    cuff = curves.rotate(
        hoops(kit.head, ((-23.5, 46.5, 48.5, 0, -9), (-30.5, 47, 49, 0, -9)), dip=0.12)[0].reshape(-1, 2),
        slope,
        pivot,
    ).reshape(2, -1, 2)
    kit.form(_LAYER, stack(cuff), kit.style.shadow(colour, 1.2), path=band(cuff))
    left, right = front[2, 1], front[3, 5]
    gleam = [
        left + by(4, 0),
        (left + right) / 2 + by(-1, -5.5),
        right + by(0, -3),
        (left + right) / 2 + by(1, -1),
    ]
    kit.gleam(_LAYER, curves.smooth(gleam, corners=(0, 2)), colour, strength=0.8)
    kit.line(
        _LAYER, [cuff[1, 5] + by(0, -1), front[1, 4] + by(0, -2), front[2, 3] + by(1, 2)], colour, weight=0.9
    )
    kit.line(
        _LAYER,
        [cuff[1, 9] + by(0, -1), front[1, 10] + by(0, -1), front[2, 11] + by(-1, 2)],
        colour,
        weight=0.9,
    )
    kit.hatch(_LAYER, front[1:4, 11], front[1:4, -1], colour, count=6)
