"""The nine fringes: patches of hair over the forehead that leave the eyes readable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import numpy as np

from rakkan.corpus.figures.curves import Points
from rakkan.corpus.figures.hair.geometry import Values, hang, shell_points, visible
from rakkan.corpus.figures.hair.locks import Clumps, clumps, draw_patch
from rakkan.corpus.figures.hair.paths import spline
from rakkan.corpus.figures.hair.shading import Paint
from rakkan.corpus.figures.head import Head


@dataclass(frozen=True)
class Sweep:
    """A part of a fringe: strands from the part line to an edge across the forehead.

    ``ends``: angles of the left and right end; ``heights``: of its lower edge, left to right;
    ``part``: angle that the strands come from (None: straight down); ``curve``: under 1 they leave
    the part at once, over 1 late.
    """

    ends: tuple[float, float]
    heights: tuple[float, ...]
    part: float | None = None
    count: int = 5
    notch: tuple[float, float] = (0.78, 0.88)
    reach: tuple[float, float] = (0.95, 1.03)
    lean: float = 0.0
    belly: float = 1.8
    curve: float = 0.7
    root: float = -51.0
    strand: float = 0.4
    edge: float = 0.0
    lift: float = 2.0

    def angles(self, u: Values) -> Values:
        """Angle of the ends of strands."""
        first, last = self.ends
        return np.asarray(first + (last - first) * (u + 1) / 2)

    def place(self, head: Head, u: Values, t: Values, shell: float) -> Points:
        """Points of strands in the picture."""
        end = self.angles(u)
        along = np.clip(t, 0, 1.3)
        angle = end
        if self.part is not None:
            # Strands that end far from the part leave it at once, near ones late: so the patch leaves no gap.
            away = np.abs(end - self.part)
            most = max(abs(side - self.part) for side in self.ends)
            angle = self.part + (end - self.part) * along ** (self.curve * (1 - 0.72 * away / most))
        low = np.interp(u, np.linspace(-1, 1, len(self.heights)), np.asarray(self.heights))
        return hang(
            head,
            shell_points(
                head, visible(head, angle), self.root + (low - self.root) * along, shell + self.lift
            ),
        )


SWEEPS: dict[str, tuple[Sweep, ...]] = {
    "blunt fringe": (
        Sweep(
            (-63, 63),
            (1, -5, -5.5, -5, 1),
            count=9,
            notch=(0.9, 0.95),
            reach=(0.985, 1.015),
            belly=3.6,
            strand=0.35,
        ),
    ),
    "parted fringe": (
        Sweep((-64, -22), (6, -3, -18), part=-15, count=4, lean=-0.35, notch=(0.68, 0.8)),
        Sweep((-12, 64), (-22, -8, -3, 6), part=-15, count=6, lean=0.35, notch=(0.7, 0.84)),
    ),
    "swept fringe": (
        Sweep((40, 66), (-14, 6), part=34, count=2, lean=0.3),
        Sweep((-66, 40), (9, 0, -6, -16), part=34, count=6, lean=-0.75, notch=(0.76, 0.86), curve=0.8),
    ),
    "wispy fringe": (
        Sweep(
            (-64, 64),
            (2, -3, -3, -3, 2),
            count=9,
            notch=(0.42, 0.52),
            reach=(0.84, 1.04),
            belly=0.62,
            strand=0.25,
        ),
    ),
    "choppy fringe": (
        Sweep(
            (-64, 64),
            (4, -3, -2, -3, 4),
            count=7,
            notch=(0.58, 0.74),
            reach=(0.8, 1.08),
            belly=1.15,
            lean=-0.12,
        ),
    ),
    "curtain fringe": (
        Sweep(
            (-68, -30), (22, 14, -12), part=0, count=3, lean=-0.5, notch=(0.74, 0.84), curve=1.15, root=-49
        ),
        Sweep((30, 68), (-12, 14, 22), part=0, count=3, lean=0.5, notch=(0.74, 0.84), curve=1.15, root=-49),
    ),
    "crossed fringe": (
        Sweep((-64, -17), (6, -4, -10), count=4, part=-6, lean=-0.3, notch=(0.7, 0.82)),
        Sweep((17, 64), (-10, -4, 6), count=4, part=6, lean=0.3, notch=(0.7, 0.82)),
        Sweep(
            (-13, 1), (12, 10), part=26, count=1, lean=-0.9, notch=(0.5, 0.55), belly=1.6, curve=1.2, lift=2.6
        ),
        Sweep(
            (-1, 13), (10, 12), part=-26, count=1, lean=0.9, notch=(0.5, 0.55), belly=1.6, curve=1.2, lift=3.2
        ),
    ),
    "one eye covered": (
        Sweep((-66, -32), (8, -2, -14), part=-26, count=3, lean=-0.4),
        Sweep(
            (-20, 68),
            (-16, -6, 24, 36, 30),
            part=-26,
            count=5,
            lean=0.1,
            notch=(0.8, 0.88),
            curve=0.75,
            lift=3.0,
        ),
    ),
    "no fringe": (),
}


def _ends(sweep: Sweep, chance: Random) -> Clumps:
    ends = clumps(
        chance,
        sweep.count,
        notch=sweep.notch,
        reach=sweep.reach,
        lean=sweep.lean,
        belly=sweep.belly,
        edge=sweep.edge,
    )
    if sweep.belly < 1.3:
        # Jagged fringes alternate long and short, which chance alone would sometimes even out.
        ends.reach[1::2] -= 0.1 if sweep.belly < 1 else 0.13
    return ends


def _mirrored(sweep: Sweep) -> Sweep:
    first, last = sweep.ends
    return replace(
        sweep, ends=(-last, -first), heights=sweep.heights[::-1], part=-(sweep.part or 0.0), lean=-sweep.lean
    )


def draw_fringe(
    paint: Paint, layer: str, name: str, shell: float, *, streaks: bool = False, breadth: float = 1.0
) -> list[Points]:
    """Draw the fringe called ``name``; the outlines of what it covers, for the shadow that it casts.

    ``breadth`` under 1 narrows it to the middle of the forehead.
    """
    head, outlines = paint.head, []
    sweeps = SWEEPS[name]
    if name == "one eye covered" and head.yaw < -45:
        # In profile the hair falls over the far eye, so that the face keeps the near one.
        sweeps = tuple(_mirrored(sweep) for sweep in sweeps)
    for index, sweep in enumerate(sweeps):
        if breadth < 1:
            first, last = sweep.ends
            part = None if sweep.part is None else sweep.part * breadth
            sweep = replace(sweep, ends=(first * breadth, last * breadth), part=part)
        ends = _ends(sweep, paint.chance)
        at = sweep.angles(ends.bounds) + head.yaw
        keep = ~(((at[:-1] > 88) & (at[1:] > 88)) | ((at[:-1] < -88) & (at[1:] < -88)))
        if not keep.any():
            continue
        ends = ends.visible(keep)

        def field(u: Values, t: Values, sweep: Sweep = sweep) -> Points:
            return sweep.place(head, u, t, shell)

        seams = (
            0.85 * float(sweep.angles(ends.bounds[:1])[0] + head.yaw > -88),
            0.85 * float(sweep.angles(ends.bounds[-1:])[0] + head.yaw < 88),
        )
        chosen: tuple[int, ...] = ()
        if streaks and sweep.count > 1:
            chosen = (len(ends.tips) // 3,) if index else (len(ends.tips) // 2,)
        outlines.append(
            draw_patch(
                paint, layer, field, ends, strand=sweep.strand, streaks=chosen, split=True, seams=seams
            )
        )
    return outlines


def cast_shadow(paint: Paint, outlines: list[Points], skin: str, shadow: str) -> None:
    """The shadow of the fringe on the face, clipped to the face."""
    if not outlines or paint.style.shading == "hatched":
        return
    head = paint.head
    clip = paint.canvas.clip_to(spline(head.outline(0.0, -40, 49.9, 17), closed=True))
    path = "".join(spline(outline + np.array([1.6, 4.6])) for outline in outlines)
    paint.canvas.shape("face_shadow", path, shadow, region="skin", clip=clip)
