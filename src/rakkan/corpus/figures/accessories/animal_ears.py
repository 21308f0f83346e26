"""Animal ears: plates that stand on the skull and face outwards, so that they turn with the head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.accessories.kit import Kit
from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.palette import luminance, mix


@dataclass(frozen=True)
class Ear:
    """An ear on the +x side, drawn flat and then stood on the head.

    ``outline`` and ``inside`` hold (across, up) from the middle of the base: across grows outwards.
    ``root`` is that middle in head space, ``turn`` how many degrees the ear faces outwards, ``lean``
    how far it leans outwards per unit of height.
    """

    outline: tuple[tuple[float, float], ...]
    inside: tuple[tuple[float, float], ...]
    root: tuple[float, float, float]
    turn: float
    lean: float


_CAT = Ear(
    outline=((-18, -2), (-15.5, 9), (-8.5, 22), (1, 33), (4, 34), (8, 26), (14.5, 11), (17, -3)),
    inside=((-10.5, 2), (-6, 14), (1.5, 26), (4, 26), (7.5, 17), (10.5, 3)),
    root=(25.5, -46.5, -3.0),
    turn=34.0,
    lean=0.22,
)
_FOX = Ear(
    outline=((-23, -4), (-21, 10), (-14, 27), (-2, 43), (2, 44), (9, 33), (17, 16), (20, -5)),
    inside=((-13, 3), (-9, 17), (-1.5, 33), (1.5, 33), (6, 23), (12.5, 4)),
    root=(27.0, -45.0, -3.0),
    turn=32.0,
    lean=0.36,
)
_RABBIT = Ear(
    outline=((-8, -4), (-10.5, 14), (-12, 34), (-7, 52), (0, 58), (7, 51), (11.5, 34), (9.5, 14), (8, -4)),
    inside=((-4, 4), (-6, 18), (-6.5, 34), (-3, 46), (0, 49.5), (3.5, 46), (6.5, 34), (5.5, 18), (4, 4)),
    root=(16.0, -51.0, -4.0),
    turn=26.0,
    lean=0.14,
)


def cat(kit: Kit) -> None:
    """Short pointed ears with a pink inside and a tuft of fur."""
    for side in _sides(kit):
        _ear(kit, _CAT, side)


def fox(kit: Kit) -> None:
    """Large wide-set ears with white tips and a white inside."""
    for side in _sides(kit):
        _ear(kit, _FOX, side, tip=True)


def rabbit(kit: Kit) -> None:
    """Long upright ears, one with its tip bent."""
    bent = kit.chance.choice((-1, 1)) if kit.chance.random() < 0.4 else 0
    for side in _sides(kit):
        _ear(kit, _RABBIT, side, bend=0.5 if side == bent else 0.0)


def _sides(kit: Kit) -> tuple[int, ...]:
    """The far ear first; in profile it hides behind the near one."""
    return (kit.near,) if kit.profile else (-kit.near, kit.near)


def _stand(kit: Kit, ear: Ear, side: int, flat: ArrayLike, bend: float = 0.0) -> Points:
    """Flat (across, up) points of an ear, stood on the head and projected."""
    across, up = curves.points(flat).T
    if bend:
        over = np.maximum(up - 34, 0)
        across, up = across + over * 0.75 * bend * 2, up - over * 0.5 * bend * 2
    angle = np.radians(ear.turn)
    x, y, z = np.array(ear.root) * kit.volume
    # A stronger turn in profile shows more of the plate than it truly would: as illustrators draw it.
    place = np.stack(
        [
            side * (x + across * np.cos(angle) + up * ear.lean),
            y - up * 0.97 + across * 0.42 * (ear.root[0] > 20),
            z - across * np.sin(angle) * 1.35 - up * 0.08,
        ],
        axis=1,
    )
    return kit.head.project(place)


def _ear(kit: Kit, ear: Ear, side: int, *, tip: bool = False, bend: float = 0.0) -> None:
    hair, layer = kit.scene.hair, "headwear"
    outline = _stand(kit, ear, side, ear.outline, bend)
    shape = curves.smooth(outline, corners=(0, len(outline) - 1))
    kit.form(layer, outline, hair, weight=0.0, path=shape, region="accessory")
    pink = kit.colour(mix("#f7b3b8", kit.scene.skin, 0.15))
    inner = kit.colour("#fdf0e6") if tip else pink
    inside = _stand(kit, ear, side, ear.inside, bend)
    kit.fill(layer, curves.smooth(inside, corners=(0, len(inside) - 1)), inner, weight=0.6)
    middle = inside.mean(axis=0)
    sunk = np.concatenate([inside[len(inside) // 2 :], [middle * 0.55 + inside[-1] * 0.45]])
    kit.shade(layer, curves.smooth(sunk, corners=(0, len(sunk) - 2, len(sunk) - 1)), inner)
    if tip:
        _tip(kit, ear, side)
    _tufts(
        kit, ear, side, kit.colour("#fffaf2") if tip or luminance(hair) < 0.5 else kit.style.light(hair, 0.8)
    )
    kit.line(layer, outline[: len(outline) // 2 + 1], hair, weight=1.25, least=0.35)
    kit.line(layer, outline[len(outline) // 2 - 1 :], hair, weight=1.25, least=0.35)


def _tip(kit: Kit, ear: Ear, side: int) -> None:
    """The white tip of a fox's ear, with a jagged lower edge."""
    top = ear.outline[2:6]
    edge = ((9.5, 31), (4, 27), (1, 32), (-3, 26), (-7, 31), (-11, 25))
    flat = (*top[1:3], (8, 34.5), *edge, (-13.2, 28.5))
    # On pale hair a white tip would be lost.
    white = kit.colour("#fbf7f0" if luminance(kit.scene.hair) < 0.76 else "#7d717c")
    points = _stand(kit, ear, side, flat)
    kit.fill("headwear", curves.smooth(points, corners=tuple(range(2, len(points)))), white)


def _tufts(kit: Kit, ear: Ear, side: int, colour: str) -> None:
    """Fur that grows from the inner edge of an ear over its root."""
    reach = ear.inside[-1][0]
    path = ""
    for start, end in (
        ((-reach, 1), (-reach * 0.1, reach * 1.25)),
        ((-reach * 0.9, -1), (reach * 0.45, reach * 0.7)),
    ):
        knots = [start, ((start[0] + end[0]) / 2 - 1.5, (start[1] + end[1]) / 2 + 1.5), end]
        path += curves.blade(_stand(kit, ear, side, knots), reach * 0.36)
    kit.fill("headwear", path, colour)
