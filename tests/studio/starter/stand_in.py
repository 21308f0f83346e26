"""A stand-in for the renderer, quick enough for tests: flat shapes in colours that the attributes decide."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from rakkan.corpus.figures.attributes import Attributes


def render(attributes: Attributes, seed: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """Pixels [height, width, 3]: a head, hair and an outfit, moved a little by the seed."""
    shift = seed % 16 - 8
    picture = Image.new("RGB", (width, height), _colour(attributes.background))
    draw = ImageDraw.Draw(picture)
    middle = width // 2 + shift
    draw.rectangle((middle - 80, 170, middle + 80, height), fill=_colour(attributes.outfit_colour))
    draw.ellipse((middle - 70, 20, middle + 70, 180), fill=_colour(attributes.hair_colour))
    draw.ellipse((middle - 50, 60, middle + 50, 180), fill=(240, 210, 190))
    for side in (-22, 22):
        draw.ellipse((middle + side - 8, 105, middle + side + 8, 130), fill=_colour(attributes.eye_colour))
    return np.asarray(picture)


def _colour(name: str) -> tuple[int, int, int]:
    red, green, blue = hashlib.sha256(name.encode()).digest()[:3]
    return red, green, blue
