"""Twelve mouths, one for each expression, and the tears and blushes that go with them."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from rakkan.corpus.figures.curves import Points, points, polygon, sample_curve, smooth, stroke
from rakkan.corpus.figures.decal import Decal, Face, Placement, decal, joined
from rakkan.corpus.figures.palette import luminance, mix
from rakkan.corpus.figures.scene import Scene

#: The middle of the mouth on a face seen from the front.
MOUTH_LINE = 32.0

Knots = list[tuple[float, float]]


def draw_mouth(scene: Scene, face: Face, scale: float, height: float) -> None:
    """Draw the mouth on the layer ``face``, ``scale`` times its usual width, ``height`` lower than usual."""
    canvas, style = scene.canvas, scene.style
    # On a turned head the mouth keeps clear of the far cheek.
    turned = abs(face.head.yaw) > 20 and not face.profile
    at = (0.9 * face.near if turned else 0.0, MOUTH_LINE + height)
    drawing, wide = _mouth(scene.attributes.expression), scale * (1.06 if turned else 1.16)
    parts = face.paste(Placement(drawing, at, (wide, 1.12)))[0]
    line = mix(style.line(scene.skin), "#5a1622", 0.35)
    if style.shading == "hatched":
        line = style.line(scene.skin)
    if "shade" in parts:
        lip = style.shadow(scene.skin, 0.7)
        if luminance(scene.skin) < 0.5:
            # On dark skin a shade cannot be seen, the lip's colour can.
            lip = mix(scene.skin, "#e8838a", 0.4)
        canvas.shape("face", parts["shade"], lip, region="skin", opacity=0.8)
    if "open" in parts:
        dark = mix(style.colour("#7c2430"), line, 0.2)
        canvas.shape("face", parts["open"], dark, region="mouth")
        if "tongue" in parts:
            canvas.shape("face", parts["tongue"], style.colour("#e8747c"), region="mouth")
        if "teeth" in parts:
            canvas.shape("face", parts["teeth"], style.colour("#fffdfb"), region="mouth")
    canvas.shape("face", parts["line"], line, region="mouth")


@lru_cache(maxsize=16)
def _mouth(expression: str) -> Decal:
    """A mouth, flat, about its own middle. Paths: shade, open, tongue, teeth, line (the last always)."""
    if expression in _LINES:
        knots, shade = _LINES[expression]
        count = 25 if expression == "embarrassed" else 9
        paths = {"line": stroke(knots, 1.55, count=count, heaviest=0.5, least=0.3)}
        if shade:
            lip = [(-2.6, shade), (0, shade + 0.5), (2.6, shade)]
            paths["shade"] = stroke(lip, 1.3, count=5, heaviest=0.5)
        return decal(paths)
    upper, lower, tongue, teeth = _OPEN[expression]
    top, bottom = sample_curve(upper, 17), sample_curve(lower, 17)
    paths = {"open": polygon(np.concatenate([top, bottom[::-1]]))}
    if tongue:
        paths["tongue"] = polygon(_held(_oval(0.0, tongue[0], tongue[1], tongue[2]), top, bottom, 1.2))
    if teeth:
        gum = top[1:-1]
        edge = _held(gum + np.array([0.0, teeth]), top, bottom, 0.0)
        paths["teeth"] = polygon(np.concatenate([gum, edge[::-1]]))
    line = stroke(upper, 1.5, heaviest=0.5, least=0.45) + stroke(lower, 1.0, least=0.4)
    if expression in ("grin", "angry"):
        middle = (top + bottom) / 2
        line += stroke(middle[2:-2:3], 0.6, heaviest=0.5, least=0.4)
    return decal({**paths, "line": line})


#: Closed mouths: the line, and the height of the lower lip's shade (0: none).
_LINES: dict[str, tuple[Knots, float]] = {
    "neutral": ([(-5.2, 0.3), (-2.0, 0.0), (0.0, 0.3), (2.0, 0.0), (5.2, 0.3)], 3.8),
    "smile": ([(-8.0, -1.8), (-4.6, 0.7), (0.0, 1.7), (4.6, 0.7), (8.0, -1.8)], 5.0),
    "closed eyes": ([(-5.0, -0.6), (-2.4, 0.8), (0.0, 1.1), (2.4, 0.8), (5.0, -0.6)], 4.2),
    "sad": ([(-5.6, 2.0), (-2.8, 0.2), (0.0, -0.4), (2.8, 0.2), (5.6, 2.0)], 3.6),
    "pout": ([(-4.2, 2.6), (-2.2, -0.9), (0.0, 0.7), (2.2, -0.9), (4.2, 2.6)], 4.2),
    "embarrassed": (
        [(-7.0, 0.3), (-4.8, -1.4), (-2.2, 1.0), (0.3, -1.3), (2.9, 1.0), (5.2, -1.2), (7.2, 0.2)],
        0.0,
    ),
}

#: Open mouths: upper and lower edge, tongue (v, half width, half height), depth of the teeth.
_OPEN: dict[str, tuple[Knots, Knots, tuple[float, float, float] | None, float]] = {
    "grin": (
        [(-10.0, -2.8), (-5.0, -0.8), (0.0, -0.4), (5.0, -0.8), (10.0, -2.8)],
        [(-10.0, -2.8), (-7.6, 2.4), (0.0, 5.2), (7.6, 2.4), (10.0, -2.8)], None, 9.0,
    ),
    "laughing": (
        [(-9.4, -3.0), (-4.6, -2.2), (0.0, -1.8), (4.6, -2.2), (9.4, -3.0)],
        [(-9.4, -3.0), (-7.0, 5.0), (0.0, 9.8), (7.0, 5.0), (9.4, -3.0)], (9.0, 5.6, 4.6), 2.2,
    ),
    "crying": (
        [(-6.6, 3.2), (-3.4, -1.4), (0.0, -0.6), (3.4, -1.6), (6.6, 3.0)],
        [(-6.6, 3.2), (-3.6, 4.6), (0.0, 3.8), (3.6, 4.8), (6.6, 3.0)], (4.8, 3.4, 2.0), 0.0,
    ),
    "angry": (
        [(-6.6, 1.6), (-3.4, -1.8), (0.0, -2.5), (3.4, -1.8), (6.6, 1.6)],
        [(-6.6, 1.6), (-4.2, 3.4), (0.0, 3.0), (4.2, 3.4), (6.6, 1.6)], None, 9.0,
    ),
    "surprised": (
        [(-3.6, 1.4), (-2.6, -2.6), (0.0, -3.8), (2.6, -2.6), (3.6, 1.4)],
        [(-3.6, 1.4), (-2.6, 5.4), (0.0, 6.6), (2.6, 5.4), (3.6, 1.4)], (6.0, 2.4, 2.4), 0.0,
    ),
    "wink": (
        [(-7.4, -1.6), (-3.0, -0.6), (0.0, -0.8), (4.0, -1.4), (8.2, -3.4)],
        [(-7.4, -1.6), (-4.0, 3.6), (1.0, 5.4), (6.0, 2.6), (8.2, -3.4)], (5.6, 3.6, 2.6), 1.5,
    ),
}  # fmt: skip


def _oval(u: float, v: float, radius_u: float, radius_v: float) -> Points:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return np.stack([u + radius_u * np.cos(turn), v + radius_v * np.sin(turn)], axis=1)


def _held(outline: Points, top: Points, bottom: Points, margin: float) -> Points:
    """An outline held inside the opening, ``margin`` from its upper edge."""
    ceiling = np.interp(outline[:, 0], top[:, 0], top[:, 1])
    floor = np.interp(outline[:, 0], bottom[:, 0], bottom[:, 1])
    height = np.clip(outline[:, 1], np.minimum(ceiling + margin, floor), floor)
    return np.stack([outline[:, 0], height], axis=1)


@lru_cache(maxsize=1)
def _tears() -> Decal:
    """Tears of one eye, flat, in the eye's coordinates: streams, their lights, and a drop at the corner."""
    stream = [(-5.8, 8.2), (-3.4, 8.8), (-2.4, 14.0), (-2.2, 22.0), (-3.6, 27.4), (-5.4, 25.0), (-5.8, 16.0)]
    other = [(5.0, 8.0), (7.2, 7.0), (7.6, 12.0), (7.2, 17.4), (5.8, 20.0), (4.6, 17.4), (4.8, 12.0)]
    pool = [(-7.8, 6.6), (-3.6, 8.4), (2.0, 8.8), (8.4, 5.6), (6.4, 9.4), (0.0, 11.0), (-6.2, 9.4)]
    light = stroke([(-4.9, 12.0), (-4.5, 18.0), (-4.6, 23.0)], 0.9) + stroke([(5.8, 11.0), (5.8, 16.4)], 0.8)
    return decal({"tears": smooth(stream) + smooth(other) + smooth(pool), "light": light})


def draw_tears(scene: Scene, face: Face, sides: tuple[int, ...], at: tuple[float, float]) -> None:
    """Draw tears under the eyes at (± x, y)."""
    water = scene.style.colour("#bfe4fb")
    placements = (Placement(_tears(), (side * at[0], at[1]), (side, 1.0)) for side in sides)
    parts = joined(face.paste(*placements))
    edge = scene.style.line(scene.style.colour("#7fb8e6"))
    width = scene.style.line_width * 0.45
    scene.canvas.shape("face", parts["tears"], water, region="skin", line=edge, line_width=width, opacity=0.9)
    scene.canvas.shape("face", parts["light"], "#ffffff", region="line")


@lru_cache(maxsize=2)
def blush_strokes(strong: bool) -> Decal:
    """Short slanting strokes on a cheek, flat, about its middle."""
    places = [-5.4, -1.8, 1.8, 5.4] if strong else [-2.6, 0.4, 3.4]
    long = 2.9 if strong else 1.7
    slant = points([(0.9, -long), (-0.9, long)])
    drawn = (stroke(slant + np.array([place, 0.0]), 0.85, count=4) for place in places)
    return decal({"strokes": "".join(drawn)})
