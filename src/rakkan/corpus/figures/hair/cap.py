"""The hair on the skull: the cap above the hairline, its strands and its ring of light."""

from __future__ import annotations

import numpy as np

from rakkan.corpus.figures.curves import Points, polygon
from rakkan.corpus.figures.hair.geometry import hairline
from rakkan.corpus.figures.hair.paths import brushes, ramp, spline
from rakkan.corpus.figures.hair.shading import Paint
from rakkan.corpus.figures.head import CROWN, Head
from rakkan.corpus.figures.palette import mix

_TAPER = np.array([0.08, 0.8, 1.0, 0.6, 0.05])


def cap_outline(head: Head, shell: float) -> tuple[Points, np.ndarray]:
    """The outline of all hair above the visible hairline, and which of its knots are corners."""
    left, right = -90 - head.yaw, 90 - head.yaw
    count = 11
    down = head.outline(shell, CROWN, float(hairline(right)), count)[:count]
    up = head.outline(shell, CROWN, float(hairline(left)), count)[count:-1]
    angles = np.linspace(right, left, 25)[1:-1]
    line = head.on_surface(angles, hairline(angles), shell - 2)
    knots = np.concatenate([down, line, up])
    corners = np.zeros(len(knots), bool)
    corners[[count - 1, count + len(line)]] = True
    return knots, corners


def draw_cap(paint: Paint, layer: str, shell: float, *, shaved: str = "") -> None:
    """The cap of hair; a split colour takes its half of it.

    ``shaved``: the colour of the skin that shows through, if it does.
    """
    knots, corners = cap_outline(paint.head, shell)
    path = spline(knots, corners, closed=True)
    top, bottom = float(knots[:, 1].min()), float(knots[:, 1].max())
    for second, clip in ((False, ""), (True, paint.half)):
        if second and not clip:
            continue
        fill = paint.fill(second, False, top, bottom + 25)
        if shaved:
            fill = mix(paint.accent if second else paint.base, shaved, 0.42)
        paint.canvas.shape(
            layer,
            path,
            fill,
            region="hair_accent" if second else "hair",
            line=paint.outline(second),
            line_width=paint.width,
            clip=clip,
        )


def draw_flyaways(paint: Paint, layer: str, shell: float) -> None:
    """A few loose strands that stand off the contour."""
    chance = paint.chance
    outline = paint.head.outline(shell - 1, CROWN, 6, 13)
    strands = []
    for side, first in ((1, 0), (-1, 13)):
        for _ in range(2):
            at = chance.randint(1, 7)
            x, y = outline[first + (at if side > 0 else 12 - at)].tolist()
            out, up = chance.uniform(3, 7) * side, chance.uniform(-5, 1)
            strands.append(
                [(x - side * 9, y - 5), (x + out * 0.3, y + up * 0.6 - 1.5), (x + out, y + up + 3 + at)]
            )
    lines = np.array(strands, float)
    knots = np.stack(
        [
            lines[:, 0],
            (lines[:, 0] + 2 * lines[:, 1]) / 3,
            lines[:, 1],
            (lines[:, 1] * 1.2 + lines[:, 2]) / 2.2,
            lines[:, 2],
        ],
        1,
    )
    paint.canvas.shape(layer, brushes(knots, _TAPER * paint.width * 0.9), paint.line, region="line")


def draw_hairline(paint: Paint, layer: str, shell: float) -> None:
    """Combed-back strands that rise from an open forehead."""
    head, chance = paint.head, paint.chance
    angles = np.arange(-64, 65, 8.0) + [chance.uniform(-2, 2) for _ in range(17)]
    angles = angles[np.abs(angles + head.yaw) < 84]
    foot = hairline(angles)
    rise = np.array([chance.uniform(0.35, 0.95) for _ in angles])
    goal = np.interp(np.abs(angles), (0, 70), (-49, -42))
    level = foot[:, None] + ((goal - foot) * rise)[:, None] * ramp(5)
    drift = angles[:, None] * (1 + 0.35 * ramp(5))
    points = head.on_surface(drift.ravel(), level.ravel(), shell - 1.5).reshape(-1, 5, 2)
    if paint.tone == "streaks":
        whole = foot[:, None] + (goal - foot)[:, None] * ramp(5)
        chosen = head.on_surface(drift.ravel(), whole.ravel(), shell - 1.0).reshape(-1, 5, 2)[1::5]
        if len(chosen):
            widths = np.array([7.0, 6.5, 5.0, 3.0, 0.2])
            paint.canvas.shape(layer, brushes(chosen, widths), paint.accent, region="hair_accent")
    if paint.style.shading in ("hard", "gradient"):
        paint.canvas.shape(
            layer, brushes(points, np.array([4.2, 3.6, 2.2, 1.0, 0.1])), paint.shade, region="line"
        )
    paint.canvas.shape(layer, brushes(points[::2], _TAPER[::-1] * paint.width), paint.line, region="line")


def draw_strands(paint: Paint, layer: str, shell: float, focus: tuple[float, float] | None) -> None:
    """Lines over the cap: from the crown, or together to a ``focus`` (angle, height) where it is tied."""
    head, chance = paint.head, paint.chance
    low = -180 if head.yaw > 45 else -105
    high = 180 if head.yaw < -45 else 105
    angles = np.array(range(low, high + 1, 13), float)
    angles += [chance.uniform(-5, 5) for _ in angles]
    hidden = np.abs(angles + head.yaw) > 86
    angles = angles[~hidden]
    angles = angles[np.abs(angles) > (60 if focus is None else 78)]
    if focus is not None and abs(focus[0]) < 150:
        # Strands of the other side would have to cross the forehead.
        angles = angles[angles * focus[0] > 0]
    if not len(angles):
        return
    place = np.linspace(0, 1, 5)
    foot = hairline(angles) - 2.0
    if focus is None:
        begin = np.array([chance.uniform(0.3, 0.6) for _ in angles])
        t = begin[:, None] + (1 - begin[:, None]) * place
        level = -47 + (foot[:, None] + 47) * t
        points = head.on_surface(np.repeat(angles, 5), level.ravel(), shell)
    else:
        ends = head.surface(angles, foot, shell)
        goal = head.surface(focus[0], focus[1], shell)
        stop = np.array([chance.uniform(0.35, 0.75) for _ in angles])
        t = stop[:, None] * place
        chord = ends[:, None] + (goal[None] - ends[:, None]) * t[..., None]
        # A chord runs inside the skull: push it out again to the shell.
        middle = np.array([0.0, -8.0, -5.0])
        out = chord - middle
        push = 1 + 0.62 * (t * (1 - t))[..., None]
        points = head.project((middle + out * push).reshape(-1, 3))
    weight = paint.width * (0.8 if paint.style.shading != "hatched" else 1.1)
    paint.canvas.shape(layer, brushes(points.reshape(-1, 5, 2), _TAPER * weight), paint.line, region="line")


def draw_ring(paint: Paint, layer: str, shell: float, height: float = -37.0) -> None:
    """The ring of light around the crown, with jagged edges; broken in two by a gap."""
    spread = 3.0 if paint.style.shading == "flat" else 4.4
    head, chance = paint.head, paint.chance
    centre = float(np.clip(-head.yaw * 0.75, -60, 60)) - 8
    pieces = ((centre - 54, centre + 10, 13), (centre + 17, centre + 42, 7))
    rows = []
    for first, last, count in pieces:
        angles = np.clip(ramp(count) * (last - first) + first, -84 - head.yaw, 84 - head.yaw)
        swell = spread * np.sin(ramp(count) * np.pi) ** 0.6
        level = height + 9 * ((angles - centre) / 60) ** 2
        jag = np.array([chance.uniform(0.3, 1.0) for _ in angles]) * np.where(np.arange(count) % 2, 1.0, 0.25)
        upper, lower = level - swell * (0.6 + 0.5 * jag), level + swell * (0.35 + 1.3 * jag)
        rows.append((np.concatenate([angles, angles[-2:0:-1]]), np.concatenate([upper, lower[-2:0:-1]])))
    turns, levels = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    outline = head.on_surface(turns, levels, shell)
    cut = len(rows[0][0])
    path = polygon(outline[:cut]) + polygon(outline[cut:])
    paint.canvas.shape(layer, path, paint.gleam, region="line")
