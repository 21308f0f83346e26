"""The neck and what an open collar shows of the upper chest, with the head's shadow on them."""

from __future__ import annotations

from rakkan.corpus.figures.body.garments import Wear
from rakkan.corpus.figures.body.pen import curve, joined


def draw_neck(wear: Wear) -> None:
    """Neck, collar bones and the shadow that the head casts."""
    pen, body, neck = wear.pen, wear.body, wear.neck
    skin = wear.scene.skin
    (tx, ty), (bx, _) = neck.top, neck.base
    half = neck.half_width
    lean = half * 0.96
    left = [
        (tx - lean, ty - 14),
        (tx * 0.5 + bx * 0.5 - half, 58),
        (bx - half - 3.5, 70),
        body.edge(-1, 80),
        body.edge(-1, 90),
    ]
    right = [
        (tx + lean, ty - 14),
        (tx * 0.5 + bx * 0.5 + half, 58),
        (bx + half + 3.5, 70),
        body.edge(1, 80),
        body.edge(1, 90),
    ]
    if wear.cut.stand:  # a collar that stands around the neck leaves no shoulder bare
        left[2:] = [(bx - half, 70), (bx - half * 0.9, 84)]
        right[2:] = [(bx + half, 70), (bx + half * 0.9, 84)]
    low = body.fronts((30, 116), (0, 122), (-30, 116))
    pen.area("torso", joined(left[::-1], right, low, [left[-1]]), skin, region="skin", weight=0)
    # The head's shadow falls to the lower right.
    if pen.style.shading != "flat":
        lit = [
            (tx - lean, ty - 6),
            (tx * 0.4 + bx * 0.6 - half * 0.72, 62),
            (bx + 3, 72),
            (bx + half * 0.98, 67),
        ]
        above = [(tx + lean * share, ty - 10) for share in (-0.3, 0.2, 0.7, 1.0)]
        pen.shade("torso", lit, above, skin, region="skin", depth=0.7, wash=True)
    else:
        lit = [(tx - lean, ty + 8), (tx, ty + 17), (tx + lean, ty + 12)]
        pen.shade("torso", lit, [(x, ty - 8) for x, _ in lit], skin, region="skin")
    pen.line("torso", curve(left) + curve(right), skin)
    pit = body.front(0, 82)
    pen.creases(
        "torso",
        skin,
        ((pit[0] - 4, 83), (pit[0] - 14, 82), (body.front(-34, 88)[0], 88), 1.0),
        ((pit[0] + 4, 83), (pit[0] + 14, 82), (body.front(34, 88)[0], 88), 1.0),
    )
