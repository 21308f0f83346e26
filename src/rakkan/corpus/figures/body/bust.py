"""The neck and what an open collar shows of the upper chest, with the head's shadow on them."""

from __future__ import annotations

from rakkan.corpus.figures.body.garments import Wear
from rakkan.corpus.figures.body.pen import joined


def draw_neck(wear: Wear) -> None:
    """Neck, collar bones and the shadow that the head casts."""
    pen, body, neck = wear.pen, wear.body, wear.neck
    skin = wear.scene.skin
    (tx, ty), (bx, _) = neck.top, neck.base
    half = neck.half_width
    lean = half * 0.96
    left = [
        (tx - lean, ty - 8),
        (tx * 0.5 + bx * 0.5 - half, 58),
        (bx - half - 3.5, 70),
        body.edge(-1, 80),
        body.edge(-1, 90),
    ]
    right = [
        (tx + lean, ty - 8),
        (tx * 0.5 + bx * 0.5 + half, 58),
        (bx + half + 3.5, 70),
        body.edge(1, 80),
        body.edge(1, 90),
    ]
    low = body.fronts((30, 116), (0, 122), (-30, 116))
    pen.area("torso", joined(left[::-1], right, low, [left[-1]]), skin, region="skin")
    # The head's shadow falls to the lower right.
    lean_x = 3.0
    if pen.style.shading != "flat":
        inner = [
            (tx - lean, ty - 6),
            (tx * 0.4 + bx * 0.6 - half * 0.72, 62),
            (bx + lean_x, 72),
            (bx + half * 0.95, 68),
        ]
        outer = [(tx - lean * 0.2, ty - 6), (tx, ty - 6), (tx + lean * 0.7, ty - 6), (tx + lean, ty - 6)]
        path_inner, path_outer = inner, outer
        pen.shade("torso", path_inner, path_outer, skin, region="skin", wash=True)
    pit = body.front(0, 82)
    pen.creases(
        "torso",
        skin,
        ((pit[0] - 4, 83), (pit[0] - 14, 82), (body.front(-34, 88)[0], 88), 1.0),
        ((pit[0] + 4, 83), (pit[0] + 14, 82), (body.front(34, 88)[0], 88), 1.0),
    )
