"""Glasses and eyepatch, set on a curve before the eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rakkan.corpus.figures import curves
from rakkan.corpus.figures.accessories.kit import Kit
from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.head import EYE_LINE

#: Lenses lie over the fringe, as illustrators draw them, or hair would hide them; arms and straps under it.
_LAYER, _UNDER_HAIR = "face_over", "eyewear"


@dataclass(frozen=True)
class Frame:
    """A pair of glasses: the lens on the +x side as (x, y), the frame's colour and breadth."""

    lens: tuple[tuple[float, float], ...]
    colour: str
    breadth: float
    brow: float = 0.0


def _oblong(
    half_x: float, half_y: float, x: float, y: float, corner: float
) -> tuple[tuple[float, float], ...]:
    """A rectangle about (x, y) with rounded corners."""
    cut = corner * 0.27
    quarter = ((half_x - corner, -half_y), (half_x - cut, -half_y + cut), (half_x, -half_y + corner))
    flat = (
        *((-a, b) for a, b in quarter[::-1]),
        *quarter,
        *((a, -b) for a, b in quarter[::-1]),
        *((-a, -b) for a, b in quarter),
    )
    return tuple((x + a, y + b) for a, b in flat)


def _circle(x: float, y: float, radius: float) -> tuple[tuple[float, float], ...]:
    turn = np.linspace(-np.pi, np.pi, 14, endpoint=False)
    return tuple(zip((x + radius * np.cos(turn)).tolist(), (y + radius * np.sin(turn)).tolist(), strict=True))


_RECTANGULAR = Frame(_oblong(13.2, 9.2, 17.8, EYE_LINE + 0.3, 3.2), "#3a3342", 2.4, 1.3)
_ROUND = Frame(_circle(17.5, EYE_LINE + 0.5, 14.2), "#b98a3c", 2.3)
_SUN = Frame(
    ((4, -4.5), (16, -6.5), (29, -6), (33, -4.5), (32.5, 4), (28.5, 13), (19, 16), (9.5, 13), (4.5, 4)),
    "#221f29",
    2.6,
    1.4,
)


def glasses(kit: Kit) -> None:
    """Rectangular glasses in a dark frame."""
    _spectacles(kit, _RECTANGULAR)


def round_glasses(kit: Kit) -> None:
    """Round glasses in a thin gold frame."""
    _spectacles(kit, _ROUND)


def sunglasses(kit: Kit) -> None:
    """Dark glasses that hide the eyes."""
    _spectacles(kit, _SUN, dark=True)


def _set(kit: Kit, flat: ArrayLike, side: int = 1, shift: float = 0.0) -> Points:
    """Points (x, y) of a lens on the curve before the eyes, projected."""
    x, y = curves.points(flat).T
    z = 40.5 + shift - 0.0165 * x**2
    return kit.head.project(np.stack([x * side, y, z], axis=1))


def _spectacles(kit: Kit, frame: Frame, *, dark: bool = False) -> None:
    colour = kit.colour(frame.colour)
    lens = curves.points(frame.lens)
    centre = lens.mean(axis=0)
    grown = centre + (lens - centre) * (1 + frame.breadth / np.abs(lens - centre).max(axis=0))
    grown[:, 1] -= np.where(lens[:, 1] < centre[1], frame.brow, 0)
    corners = (0, 3, 6) if dark else ()
    for side in (kit.near,) if kit.profile else (-kit.near, kit.near):
        _temple(kit, side, colour, frame)
        inner, outer = _set(kit, lens, side), _set(kit, grown, side)
        if dark:
            kit.form(_LAYER, outer, colour, path=curves.smooth(outer, tension=0.9), weight=0.9)
            tint = kit.colour("#3b3746")
            kit.fill(_LAYER, curves.smooth(inner, tension=0.9), tint)
            shine = _set(
                kit,
                ((8, -3), (14, -4), (9, 8), (6.5, 4)) if side < 0 else ((8, -3), (15, -4), (9, 8), (6.5, 3)),
                side,
            )
            kit.canvas.shape(
                _LAYER, curves.polygon(shine), kit.colour("#8d87a3"), region="accessory", opacity=0.7
            )
            continue
        glass = _set(kit, centre + (lens - centre) * 0.98, side)
        kit.canvas.shape(
            _LAYER, curves.smooth(glass, corners=corners), "#eaf4ff", region="accessory", opacity=0.16
        )
        x0, y0 = centre
        glint = _set(kit, ((x0 - 4, y0 - 8), (x0 + 1, y0 - 8), (x0 - 6.5, y0 + 5), (x0 - 8.5, y0 + 1)), side)
        kit.canvas.shape(_LAYER, curves.polygon(glint), "#ffffff", region="accessory", opacity=0.35)
        ring = curves.smooth(outer) + curves.smooth(inner[::-1])
        kit.canvas.shape(
            _LAYER,
            ring,
            colour,
            region="accessory",
            line=kit.style.line(colour),
            line_width=kit.style.line_width * 0.4,
        )
    low, high = lens[:, 0].min(), lens[:, 1].min() + (3.5 if not dark else 2.0)
    if frame.breadth < 2.5:
        high = centre[1] - 4
    if kit.profile:
        return
    x, y = curves.points([(-low - 0.5, high + 2.5), (0, high), (low + 0.5, high + 2.5)]).T
    arch = kit.head.project(np.stack([x, y, 42.0 - 0.0165 * x**2], axis=1))
    kit.fill(_LAYER, curves.ribbon(curves.sample_curve(arch, 5), frame.breadth + 0.4), colour)


def _temple(kit: Kit, side: int, colour: str, frame: Frame) -> None:
    """The arm that runs from the hinge to the ear, where the head's side is in view."""
    hinge = max(x for x, _ in frame.lens) + frame.breadth
    ends = kit.head.project(
        [
            [side * (hinge - 0.5), 0.5, 40.5 - 0.0165 * hinge**2],
            [side * 42.0, 1.5, 2.0],
            [side * 42.5, 4.0, -6.0],
        ]
    )
    if kit.head.facing(72.0 * side) > 0.1:
        width = max(frame.breadth * 1.1, 2.2)
        kit.fill(_UNDER_HAIR, curves.ribbon(curves.sample_curve(ends, 5), width), colour, weight=0.4)


def eyepatch(kit: Kit) -> None:
    """A dark patch over the eye at the picture's left, held by a strap."""
    black = kit.colour("#2c2732")
    for angles, heights in (
        ((-12, 5, 22, 40, 58, 74), (-6, -13, -19, -25, -29, -31)),
        ((-34, -48, -62, -76, -90), (-5, -9, -12, -14, -15)),
    ):
        shown = [at for at, angle in enumerate(angles) if kit.head.facing(angle) > 0.02]
        line = kit.head.on_surface([angles[at] for at in shown], [heights[at] for at in shown], 3.0)
        if len(line) > 2:
            kit.fill(_UNDER_HAIR, curves.ribbon(line, 3.4), black, weight=0.4)
    turn = np.array([-46, -42, -31, -17, -6, -3, -8, -17, -26, -36, -43])
    level = np.array([2, -6, -9.5, -9.5, -5, 3, 11, 17, 19, 16.5, 10])
    patch = kit.head.on_surface(turn, level, 4.5)
    kit.form(_LAYER, patch, black, weight=1.1)
    rim = kit.head.on_surface(turn[1:6] * 0.92 - 2.0, level[1:6] + 2.6, 4.6)
    kit.gleam(_LAYER, curves.stroke(rim, 1.6, count=7), black, strength=0.9)
