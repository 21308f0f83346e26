"""Eyes and brows: where they sit, how an expression sets them, and their colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

import numpy as np

from rakkan.corpus.figures import palette
from rakkan.corpus.figures.canvas import Gradient
from rakkan.corpus.figures.curves import Points, sample_curve, smooth
from rakkan.corpus.figures.decal import Decal, Face, Placement, decal, joined
from rakkan.corpus.figures.eye_shapes import closed_eye, open_eye
from rakkan.corpus.figures.head import EYE_LINE
from rakkan.corpus.figures.palette import adjust, luminance, mix
from rakkan.corpus.figures.scene import Scene

#: The middle of an eye: its angle around the head (± degrees) and its x on a face seen from the front.
EYE_ANGLE, EYE_X = 24.5, 16.4
#: Half of an eye's usual width and height, in figure units.
EYE_HALF_WIDTH, EYE_HALF_HEIGHT = 11.0, 9.5


#: How full the lashes are (0-2).
_FULLNESS = {"man": 0, "androgynous": 1, "woman": 2}


@dataclass(frozen=True)
class Look:
    """What an expression does to eyes and brows.

    ``lids`` is a mood of `eye_shapes`, or "happy" or "serene" for closed eyes; ``gaze`` turns the eyes
    to the picture's right. The brow's ``inner`` and ``outer`` ends and ``arch`` are raised by so many
    units.
    """

    lids: str = "open"
    gaze: float = 0.0
    inner: float = 0.0
    outer: float = 0.0
    arch: float = 2.0


LOOKS: dict[str, Look] = {
    "neutral": Look(),
    "smile": Look("soft", inner=0.6, outer=0.0, arch=2.8),
    "grin": Look("soft", inner=-0.6, outer=1.2, arch=2.6),
    "laughing": Look("happy", inner=2.6, outer=0.6, arch=3.4),
    "closed eyes": Look("serene", inner=0.4, outer=-1.2, arch=2.4),
    "sad": Look("sad", inner=4.6, outer=-2.4, arch=0.4),
    "crying": Look("sad", inner=5.4, outer=-2.6, arch=-0.2),
    "angry": Look("angry", inner=-4.8, outer=4.0, arch=0.8),
    "surprised": Look("shocked", inner=4.6, outer=3.8, arch=3.6),
    "wink": Look("open", inner=0.4, outer=0.4, arch=3.0),
    "pout": Look("shy", gaze=0.0, inner=-2.6, outer=1.4, arch=0.6),
    "embarrassed": Look("shy", gaze=2.0, inner=4.0, outer=-1.2, arch=1.0),
}


def eye_position(face: Face, side: int) -> Points:
    """The middle of an eye in the picture, [1, 2]; ``side`` +1 is the eye on the picture's right."""
    return face.place([(side * EYE_X, EYE_LINE)])


def draw_eyes(scene: Scene, face: Face, chance: Random) -> None:
    """Draw the eyes on the layer ``face`` and the brows on ``face_over``."""
    look = LOOKS[scene.attributes.expression]
    fullness = _FULLNESS[scene.attributes.presentation]
    size = (1.07, 1.12, 1.15)[fullness] * chance.uniform(0.97, 1.04)
    tall = size * (0.88, 0.97, 1.02)[fullness] * chance.uniform(0.97, 1.05)
    apart, height = EYE_X + chance.uniform(-0.7, 0.7), EYE_LINE + chance.uniform(-0.7, 0.7)
    gaze = look.gaze or chance.choice((-0.6, 0.0, 0.0, 0.6))
    gaze += 0.7 * float(np.sign(face.head.yaw)) if abs(face.head.yaw) > 20 else 0.0
    placements = []
    for side in _sides(face):
        lids = "happy" if scene.attributes.expression == "wink" and side == _winking(face) else look.lids
        if lids in ("happy", "serene"):
            drawing = closed_eye(lids == "happy", fullness)
        else:
            turned = 0.0 if face.profile else round(gaze * side, 2)
            drawing = open_eye(scene.attributes.eye_shape, lids, fullness, -side, turned, bool(face.profile))
        # The far eye of a turned head is drawn in a little, so that the cheek shows beyond it.
        inwards = 1.3 if abs(face.head.yaw) > 20 and side != face.near else 0.0
        placements.append(Placement(drawing, (side * (apart - inwards), height), (side * size, tall)))
    count = len(placements)
    placements += _place_brows(scene, face, chance, look, (apart, height))
    pasted = face.paste(*placements)
    _paint(scene, face, joined(pasted[:count]), height)
    colour, covered = brow_colour(scene), scene.attributes.fringe == "one eye covered"
    for side, brow in zip(_sides(face), pasted[count:], strict=True):
        # A brow shows through the fringe, but not through hair that hides the whole eye.
        layer = "face" if covered and side == 1 else "face_over"
        scene.canvas.shape(layer, brow["brow"], colour, region="brow")


def _sides(face: Face) -> tuple[int, ...]:
    return (face.near,) if face.profile else (-1, 1)


def _winking(face: Face) -> int:
    """The closed eye of a wink: the picture's right, or the only one that shows."""
    return face.near if face.profile else 1


def lash_colour(scene: Scene) -> str:
    """The dark of lashes and closed eyes: the hair's, almost black, paler in a pale style."""
    if scene.style.shading == "hatched":
        return "#17131b"
    dark = mix(adjust(scene.hair, lightness=0.5), "#221420", 0.72)
    return mix(dark, "#6b4450", 0.38) if scene.style.shading == "flat" else dark


def _paint(scene: Scene, face: Face, parts: dict[str, str], height: float) -> None:
    canvas, lash = scene.canvas, lash_colour(scene)
    if "lid" in parts:
        lid = mix(scene.style.shadow(scene.skin, 0.5), scene.skin, 0.35)
        canvas.shape("face", parts["lid"], lid, region="skin")
    if "white" in parts:
        white = mix(scene.style.colour("#fdfcff"), scene.skin, 0.04)
        canvas.shape("face", parts["white"], white, region="eye_white")
        if scene.style.shading != "flat":
            canvas.shape("face", parts["white_shade"], mix(white, "#7d78a8", 0.38), region="eye_white")
        _paint_iris(scene, face, parts, height)
        if scene.style.shading != "flat":
            canvas.shape("face", parts["lower_lash"], mix(lash, scene.skin, 0.25), region="lash")
        else:
            canvas.shape("face", parts["lower_lash"], mix(lash, scene.skin, 0.4), region="lash")
    canvas.shape("face", parts["crease"], mix(scene.style.line(scene.skin), scene.skin, 0.25), region="line")
    canvas.shape("face", parts["lash"], lash, region="lash")


def _paint_iris(scene: Scene, face: Face, parts: dict[str, str], height: float) -> None:
    canvas, style = scene.canvas, scene.style
    colour = style.colour(palette.EYES[scene.attributes.eye_colour])
    if style.shading == "flat":
        # Full paleness would make brown eyes grey and pink ones white.
        colour = mix(adjust(palette.EYES[scene.attributes.eye_colour], saturation=1.05), "#ffffff", 0.14)
    dark = mix(adjust(colour, lightness=0.42), "#1a1030", 0.35)
    deep, bright = mix(colour, dark, 0.62), mix(adjust(colour, lightness=1.12), "#ffffff", 0.22)
    top, bottom = face.place([(0, height - 7), (0, height + 8)]).tolist()
    # Both eyes share one gradient down the head's own axis, so a tilted head keeps them alike.
    middle = colour if style.shading != "flat" else mix(colour, bright, 0.2)
    shades = Gradient(
        (top[0], top[1]), (bottom[0], bottom[1]), ((0.0, deep), (0.42, middle), (0.72, middle), (1.0, bright))
    )
    canvas.shape("face", parts["iris_ring"], dark, region="iris")
    canvas.shape("face", parts["iris"], shades, region="iris")
    glow = mix(bright, "#ffffff", 0.3)
    canvas.shape("face", parts["iris_glow"], glow, region="iris", opacity=0.7)
    if style.shading != "flat":
        canvas.shape("face", parts["iris_shade"], dark, region="iris", opacity=0.5)
    canvas.shape("face", parts["pupil"], mix(dark, "#0b0714", 0.55), region="iris")
    canvas.shape("face", parts["shine"], "#ffffff", region="iris")


@lru_cache(maxsize=512)
def _brow(inner: float, outer: float, arch: float, thick: float) -> Decal:
    """A brow, flat, in the eye's coordinates."""
    knots = [
        (-9.6, -16.2 - inner), (-4.4, -17.0 - arch * 0.5 - inner * 0.72 - outer * 0.1),
        (3.6, -17.2 - arch - inner * 0.1 - outer * 0.55), (11.4, -14.6 - outer),
    ]  # fmt: skip
    line = sample_curve(knots, 11)
    place = np.linspace(0, 1, 11)
    width = np.interp(place, [0, 0.08, 0.35, 0.65, 1], [0.45, 0.8, 1.0, 0.8, 0.06])[:, None] * (0, thick / 2)
    outline = np.concatenate([line - width, (line + width)[::-1]])
    return decal({"brow": smooth(outline, corners=(0, 10, 11, 21))})


def _place_brows(
    scene: Scene, face: Face, chance: Random, look: Look, eye: tuple[float, float]
) -> list[Placement]:
    thick = {"woman": 2.0, "androgynous": 2.5, "man": 3.4}[scene.attributes.presentation]
    if scene.style.shading == "hatched":
        thick += 0.4
    lower = 1.6 if scene.attributes.presentation == "man" else 0.0
    height = eye[1] + lower - chance.uniform(-0.5, 0.9)
    drawing = _brow(look.inner, look.outer, look.arch, thick)
    return [Placement(drawing, (side * eye[0], height), (side, 1.0)) for side in _sides(face)]


def brow_colour(scene: Scene) -> str:
    """The hair's colour, dark enough to be read on skin and on the fringe."""
    if scene.style.shading == "hatched":
        return mix(adjust(scene.hair, lightness=0.4), "#17131b", 0.6)
    brightness = luminance(scene.hair)
    share = 0.42 if scene.style.shading != "flat" else 0.3
    return mix(adjust(scene.hair, lightness=0.62 if brightness > 0.3 else 0.55), "#3a2030", share * 0.6)
