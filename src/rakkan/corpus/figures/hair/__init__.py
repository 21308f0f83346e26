"""Hair: twenty-four styles and nine fringes, one set of masses that turn with the head."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures.curves import polygon
from rakkan.corpus.figures.hair.cap import draw_cap, draw_flyaways, draw_hairline, draw_ring, draw_strands
from rakkan.corpus.figures.hair.extras import EXTRAS
from rakkan.corpus.figures.hair.fringes import cast_shadow, draw_fringe
from rakkan.corpus.figures.hair.geometry import Drape, Values, hang
from rakkan.corpus.figures.hair.locks import Parting, draw_patch
from rakkan.corpus.figures.hair.masses import draw_curtain
from rakkan.corpus.figures.hair.shading import Paint, make_paint
from rakkan.corpus.figures.hair.styles import HAIRSTYLES
from rakkan.corpus.figures.scene import Scene

__all__ = ["draw_hair"]

_SIDE_LOCK = Drape(((-60, 1, 1), (0, 1.02, 1.0), (25, 1.05, 1.0), (50, 0.96, 0.9), (70, 0.9, 0.9)), shell=8.0)


def draw_hair(scene: Scene) -> None:
    """Draw the scene's hair on the hair layers, and the shadow of the fringe on the face."""
    paint = make_paint(scene, _half(scene) if scene.attributes.hair_tone == "split colour" else "")
    name = scene.attributes.hairstyle
    style = HAIRSTYLES[name]
    split, streaks = paint.tone == "split colour", paint.tone == "streaks"
    bare = scene.attributes.fringe == "no fringe"
    if name != "afro":
        draw_cap(paint, "hair_side", style.shell, shaved=scene.skin if style.shaved else "")
        if not style.shaved:
            gathered = style.gathered
            if gathered is not None and scene.head.yaw > 45:
                gathered = (-gathered[0], gathered[1])
            draw_strands(paint, "hair_side", style.shell, gathered)
            draw_flyaways(paint, "hair_side", style.shell)
    if style.curtain is not None:
        curtain = style.curtain
        draw_curtain(
            paint,
            curtain.drape,
            curtain.lengths,
            curtain.ends,
            front=curtain.front,
            root=curtain.root,
            split_sides=split,
            streaks=streaks,
        )
    if name in EXTRAS:
        EXTRAS[name](paint)
    if name == "hime cut":
        blunt = Parting(count=3, notch=(0.95, 0.97), reach=(0.99, 1.01), belly=4.0)
        _draw_side_locks(
            paint,
            46.0,
            (56.0, 88.0),
            blunt,
            Drape(((-60, 1, 1), (0, 1.06, 1), (30, 1.16, 1.02), (60, 1.18, 1.02)), shell=9.0),
        )
    elif style.side_locks:
        length = style.side_locks * paint.chance.uniform(0.92, 1.08)
        _draw_side_locks(
            paint,
            length,
            (62.0, 80.0),
            Parting(count=2, notch=(0.6, 0.7), reach=(0.8, 1.0), belly=1.3),
            _SIDE_LOCK,
        )
    if bare and name != "afro":
        draw_hairline(paint, "hair_side", style.shell)
    outlines = draw_fringe(
        paint,
        "hair_front",
        scene.attributes.fringe,
        style.shell,
        streaks=streaks,
        breadth=style.fringe_breadth,
    )
    if style.ring:
        draw_ring(paint, "hair_front", style.shell + 2)
    shadow = scene.style.shadow(scene.skin, 0.65 if scene.style.shading != "flat" else 0.4)
    cast_shadow(paint, outlines, scene.skin, shadow)


def _draw_side_locks(
    paint: Paint,
    length: float,
    span: tuple[float, float],
    ends: Parting,
    drape: Drape,
) -> None:
    head = paint.head
    for side in (1, -1):
        middle = side * (span[0] + span[1]) / 2 + head.yaw
        if np.cos(np.radians(middle)) < -0.3:
            continue
        layer = "hair_side" if np.cos(np.radians(middle)) > 0.12 else "hair_behind_head"
        first, last = (span[0], span[1]) if side > 0 else (-span[1], -span[0])
        parting = ends.clumps(paint.chance)

        def field(u: Values, t: Values, first: float = first, last: float = last) -> np.ndarray:
            angle = first + (last - first) * (u + 1) / 2
            return hang(head, drape.place(head, angle, -34 + (length + 34) * t))

        draw_patch(
            paint,
            layer,
            field,
            parting,
            accent=paint.tone == "split colour" and (side > 0 or abs(head.yaw) > 45),
            dip=0.66,
            seams=(0.6 * (side < 0 and middle > -80), 0.6 * (side > 0 and middle < 80)),
        )


def _half(scene: Scene) -> str:
    """The outline of the half of the picture that a split colour takes: right of the head's middle line."""
    head = scene.head
    turn = 0.0 if abs(head.yaw) < 60 else (-56.0 if head.yaw > 0 else 56.0)
    line = head.on_surface(np.full(5, turn), np.array([-50, -44, -34, -24, -8.0]), 9.0)
    low = float(line[-1, 0])
    corners = [(float(line[0, 0]), -160.0), *line.tolist(), (low, 400.0), (400.0, 400.0), (400.0, -160.0)]
    if head.yaw < -60:
        corners = [*corners[:-2], (-400.0, 400.0), (-400.0, -160.0)]
    return polygon(corners)
