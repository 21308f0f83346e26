"""The face: skin, ears, nose and cheeks, with the eyes and the mouth laid on it."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import numpy as np

from rakkan.corpus.figures.canvas import Fill, Gradient
from rakkan.corpus.figures.contour import ear, head_contour, shade_rim
from rakkan.corpus.figures.curves import Points, points, polygon, smooth, stroke
from rakkan.corpus.figures.decal import Decal, Face, Placement, decal, joined
from rakkan.corpus.figures.eyes import EYE_X, draw_eyes
from rakkan.corpus.figures.head import EYE_LINE
from rakkan.corpus.figures.mouth import blush_strokes, draw_mouth, draw_tears
from rakkan.corpus.figures.palette import adjust, luminance, mix
from rakkan.corpus.figures.scene import Scene

_CHEEK_X, _CHEEK_Y = 21.5, 20.0
#: One stroke of hatching, about its middle.
_HATCH = points([(4.2, 1.5), (0.6, -0.1), (-3.4, -1.3), (0.4, 0.5)])
#: How red the cheeks are (0-1) where an expression reddens them.
_BLUSH = {"embarrassed": 0.62, "pout": 0.42, "laughing": 0.4, "crying": 0.42, "angry": 0.2}


def draw_face(scene: Scene) -> None:
    """Draw head, ears and features on the layers ``head``, ``face_shadow``, ``face`` and ``face_over``."""
    face, chance = Face(scene.head), scene.random("face")
    contour = head_contour(scene.head)
    turned = abs(scene.head.yaw) > 20
    for side in (-1, 1):
        if not turned or side != face.near:
            _draw_ear(scene, side, far=turned)
    _draw_skin(scene, contour)
    if turned:
        _draw_ear(scene, face.near, far=False)
    _draw_shade(scene, contour)
    _draw_cheeks(scene, face, chance)
    _draw_nose(scene, face)
    draw_mouth(scene, face, chance.uniform(0.93, 1.08), chance.uniform(-0.8, 0.6))
    draw_eyes(scene, face, chance)
    if scene.attributes.expression == "crying":
        sides = (face.near,) if face.profile else (-1, 1)
        draw_tears(scene, face, sides, (EYE_X, EYE_LINE))


def _draw_skin(scene: Scene, contour: Points) -> None:
    style, skin = scene.style, scene.skin
    fill: Fill = skin
    if style.shading == "gradient":
        middle = contour.mean(axis=0)
        fill = Gradient(
            (middle[0] - 20, middle[1] - 30), (middle[0] + 26, middle[1] + 44),
            ((0.0, style.light(skin, 0.5)), (0.55, skin), (1.0, mix(skin, style.shadow(skin), 0.45))),
        )  # fmt: skip
    scene.canvas.shape(
        "head", smooth(contour), fill, region="skin", line=style.line(skin), line_width=style.line_width
    )


def _draw_ear(scene: Scene, side: int, *, far: bool) -> None:
    if far and abs(scene.head.yaw) > 45:
        return
    paths, style, skin = ear(scene.head, side), scene.style, scene.skin
    shaded = scene.head.yaw < -20 or (side > 0 and scene.head.yaw < 20)
    lit = mix(skin, style.shadow(skin), 0.4) if shaded and style.shading != "flat" else skin
    line, width = style.line(skin), style.line_width * 0.9
    scene.canvas.shape("head", paths["outline"], lit, region="skin", line=line, line_width=width)
    if style.shading != "flat":
        scene.canvas.shape("head", paths["hollow"], mix(skin, style.shadow(skin), 0.7), region="skin")
    scene.canvas.stroke("head", paths["fold"], line, width * 0.7)


def _draw_shade(scene: Scene, contour: Points) -> None:
    style, skin = scene.style, scene.skin
    reach = 6.0 if scene.head.yaw > 20 else 9.0 if scene.head.yaw < -20 else 7.0
    shade = style.shadow(skin, 0.72)
    if style.shading == "hard":
        scene.canvas.shape("face_shadow", smooth(shade_rim(scene.head, contour, reach)), shade, region="skin")
    elif style.shading == "flat":
        rim = shade_rim(scene.head, contour, reach * 0.6)
        scene.canvas.shape("face_shadow", smooth(rim), shade, region="skin", opacity=0.6)
    elif style.shading == "hatched":
        rim = shade_rim(scene.head, contour, reach)
        scene.canvas.shape("face_shadow", smooth(rim), style.shadow(skin, 0.6), region="skin")
        if abs(scene.head.yaw) < 55:
            inner = rim[len(rim) // 2 :][::-1]
            strokes = "".join(polygon(place + _HATCH) for place in inner[5 : len(inner) - 6])
            scene.canvas.shape("face_shadow", strokes, style.line(skin), region="line", opacity=0.7)


def _draw_cheeks(scene: Scene, face: Face, chance: Random) -> None:
    style, skin, expression = scene.style, scene.skin, scene.attributes.expression
    strong = expression == "embarrassed"
    share = _BLUSH.get(expression, 0.26)
    if scene.attributes.presentation == "man" and not strong:
        share *= 0.6
    share *= chance.uniform(0.85, 1.15)
    pink = blush_colour(skin)
    sides = (face.near,) if face.profile else (-1, 1)
    reach = 8.6 if strong else 7.0
    # The pink itself, thinly, so that it warms shaded skin as it warms lit skin.
    rings = {"hard": ((1.0, 0.75),), "flat": ((1.0, 0.75),), "gradient": ((1.0, 0.4), (0.66, 0.45))}
    rounds = rings.get(style.shading, ((1.0, 0.75),) if strong else ())
    at = _CHEEK_X + 0.5
    placements = [
        Placement(_cheek(), (side * at, _CHEEK_Y), (reach * size, reach * size * 0.6))
        for size, _ in rounds
        for side in sides
    ]
    lined = style.shading in ("hard", "hatched") or strong
    if lined:
        placements += [Placement(blush_strokes(strong), (side * _CHEEK_X, _CHEEK_Y)) for side in sides]
    pasted, count = face.paste(*placements) if placements else [], len(sides)
    for number, (_, opacity) in enumerate(rounds):
        path = joined(pasted[number * count : (number + 1) * count])["cheek"]
        scene.canvas.shape("face_shadow", path, pink, region="skin", opacity=min(opacity * share, 0.48))
    if lined:
        ink = mix(skin, adjust(pink, lightness=0.82), min(1.0, share * 2.2))
        scene.canvas.shape("face", joined(pasted[-count:])["strokes"], ink, region="line")


def blush_colour(skin: str) -> str:
    """The red of warm cheeks on this skin."""
    return mix("#ff6b76", "#c23a4c", 1 - luminance(skin)) if luminance(skin) < 0.6 else "#ff7a80"


@lru_cache(maxsize=1)
def _cheek() -> Decal:
    turn = np.linspace(0, 2 * np.pi, 10, endpoint=False)
    return decal({"cheek": smooth(np.stack([np.cos(turn), np.sin(turn)], axis=1))})


def _draw_nose(scene: Scene, face: Face) -> None:
    style, skin = scene.style, scene.skin
    if face.profile:
        nostril = face.place([(face.near * 3.0, 20.4), (face.near * 4.4, 19.6), (face.near * 5.2, 20.6)])
        scene.canvas.shape("face", stroke(nostril, 0.9), style.line(skin), region="line")
        return
    man = scene.attributes.presentation == "man"
    if abs(face.head.yaw) > 20:
        ridge = [(0.0, 12.0), (0.0, 15.6), (0.0, 18.6), (0.0, 20.6), (0.0, 22.4)]
        lift = np.array([1.2, 2.6, 4.4, 4.6, 1.0]) * (1.25 if man else 1.0)
        line = face.place(ridge, lift)[0 if man else 2 :]
        drawn = stroke(line, style.line_width * (1.0 if man else 0.9), count=7, heaviest=0.75)
        scene.canvas.shape("face", drawn, style.line(skin), region="line")
        return
    tip = (0.0, 20.2)
    parts = face.paste(Placement(_front_nose(man), tip, lift=4.6))[0]
    if style.shading in ("hard", "gradient"):
        scene.canvas.shape("face", parts["shade"], style.shadow(skin, 0.9), region="skin")
    scene.canvas.shape("face", parts["tip"], style.line(skin), region="line")
    if man and style.shading != "flat":
        scene.canvas.shape("face", parts["ridge"], style.shadow(skin, 1.2), region="line")


@lru_cache(maxsize=2)
def _front_nose(man: bool) -> Decal:
    """A nose from the front, flat, about its tip. Paths: shade, tip, and a man's ridge."""
    shade = [(-0.2, -1.6), (2.3, 0.9), (0.4, 1.6), (-1.2, 1.2)]
    tip = stroke([(-1.2, 1.1), (0.2, 1.7), (1.6, 1.1)], 1.05 if man else 0.95)
    ridge = stroke([(1.9, -7.6), (2.5, -3.6), (2.0, -1.4)], 0.8)
    return decal({"shade": smooth(shade, corners=(0, 1)), "tip": tip, "ridge": ridge})
