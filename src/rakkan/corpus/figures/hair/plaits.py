"""Wound and woven tails: braids and ringlets."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures.hair.geometry import Values
from rakkan.corpus.figures.hair.locks import clumps, draw_patch
from rakkan.corpus.figures.hair.masses import Knots, Tube, depth_layer
from rakkan.corpus.figures.hair.paths import loops
from rakkan.corpus.figures.hair.shading import Paint


def draw_braid(
    paint: Paint, knots: Knots, width: float, lobes: int, *, layer: str, accent: bool = False
) -> None:
    """A braid with two rows of lobes, a band and a tuft."""
    tube = Tube(paint, knots, (width * 0.9, width, width * 0.95, width * 0.85, width * 0.62))
    body, step = 0.84, 0.84 / lobes
    line_width = min(paint.width, 1.3)
    region = "hair_accent" if accent else "hair"
    tuft = clumps(paint.chance, 3, notch=(0.93, 0.95), reach=(0.97, 1.0), belly=1.4)
    draw_patch(paint, layer, tube.field, tuft, accent=accent, root=body, strand=0.08, edge_steps=3, dip=0.8)
    left = np.array(
        [(0.1, -0.35), (-0.75, -0.25), (-1.12, 0.2), (-0.95, 0.62), (-0.3, 0.98), (0.28, 1.1), (0.3, 0.6)]
    )
    right = left * (-1, 1)
    starts = np.arange(lobes) * step
    top, bottom = float(tube.line[0, 1]), float(tube.line[-1, 1])
    for row, shape in enumerate((left, right)):
        begin = starts + row * step / 2
        u = np.tile(shape[:, 0], lobes)
        t = np.clip((begin[:, None] + shape[:, 1] * step).ravel(), 0, body)
        cells = tube.field(u, t).reshape(lobes, len(shape), 2)
        dipped = paint.tone == "dipped tips"
        cut = lobes * 2 // 3 if dipped else lobes
        for part, second in ((cells[:cut], accent), (cells[cut:], True)):
            if len(part):
                paint.canvas.shape(
                    layer,
                    loops(part),
                    paint.fill(second, False, top, bottom),
                    region="hair_accent" if second else region,
                    line=paint.outline(second),
                    line_width=line_width,
                )
        shade = np.array([(0.15, 0.75), (-0.35, 0.8), (-0.8, 0.5), (-0.3, 0.98), (0.25, 1.05)]) * (
            (1, 1) if row == 0 else (-1, 1)
        )
        if paint.style.shading in ("hard", "gradient"):
            t = np.clip((begin[:, None] + shade[:, 1] * step).ravel(), 0, body)
            paint.canvas.shape(
                layer,
                loops(tube.field(np.tile(shade[:, 0], lobes), t).reshape(lobes, -1, 2)),
                paint.shade,
                region="line",
            )
    band = np.array(
        [
            (-0.8, body - 0.01),
            (0, body - 0.02),
            (0.8, body - 0.01),
            (0.8, body + 0.03),
            (0, body + 0.04),
            (-0.8, body + 0.03),
        ]
    )
    paint.canvas.shape(
        layer,
        loops(tube.field(band[:, 0], band[:, 1])[None]),
        paint.deep,
        region=region,
        line=paint.line,
        line_width=line_width,
    )


def draw_drill(
    paint: Paint, knots: Knots, width: float, turns: int, *, layer: str = "", accent: bool = False
) -> None:
    """A ringlet: slanting coils that narrow to a point."""
    tube = Tube(paint, knots, (width * 0.75, width, width * 0.97, width * 0.8, width * 0.5, width * 0.1))
    layer = layer or depth_layer(paint, tube.path)
    step = 1 / turns
    coil = np.array(
        [
            (-0.8, 0.1),
            (0.0, 0.02),
            (0.85, -0.22),
            (1.12, 0.2),
            (0.95, 0.62),
            (0.1, 1.12),
            (-0.75, 1.3),
            (-1.12, 0.85),
            (-1.05, 0.4),
        ]
    )
    shade = np.array([(1.08, 0.3), (0.92, 0.62), (0.1, 1.1), (-0.72, 1.26), (-0.2, 0.85), (0.6, 0.5)])
    gleam = np.array([(-0.85, 0.55), (-0.5, 0.38), (-0.1, 0.35), (-0.35, 0.55), (-0.7, 0.72)])
    starts: Values = (np.arange(turns, dtype=float) * step)[::-1]
    top, bottom = float(tube.line[0, 1]), float(tube.line[-1, 1])

    def cells(shape: Values, at: Values) -> Values:
        t = np.clip((at[:, None] + shape[:, 1] * step).ravel(), 0, 1)
        return tube.field(np.tile(shape[:, 0], len(at)), t).reshape(len(at), -1, 2)

    dipped = starts > 0.55 if paint.tone == "dipped tips" else np.zeros(turns, bool)
    for part, second in ((starts[dipped], True), (starts[~dipped], accent)):
        if len(part):
            paint.canvas.shape(
                layer,
                loops(cells(coil, part)),
                paint.fill(second, False, top, bottom),
                region="hair_accent" if second else "hair",
                line=paint.outline(second),
                line_width=paint.width,
            )
    if paint.style.shading in ("hard", "gradient"):
        paint.canvas.shape(layer, loops(cells(shade, starts)), paint.shade, region="line")
        paint.canvas.shape(layer, loops(cells(gleam, starts)), paint.gleam, region="line")
