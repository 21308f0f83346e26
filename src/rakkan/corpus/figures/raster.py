"""From SVG to pixels, by resvg."""

from __future__ import annotations

import io

import numpy as np
import resvg_py
from numpy.typing import NDArray
from PIL import Image


def rasterise(svg: str, width: int, height: int) -> NDArray[np.uint8]:
    """Pixels [height, width, 3] (uint8 RGB) of an SVG whose proportions are those of the size asked for."""
    png = resvg_py.svg_to_bytes(svg_string=svg, width=width, height=height, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(png))) as picture:
        return np.asarray(picture.convert("RGB"))
