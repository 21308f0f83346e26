"""Colours by name, and the mixing that shadows, lights and outlines are made of."""

from __future__ import annotations

import colorsys
from functools import lru_cache

HAIR = {
    "black": "#2b2833",
    "brown": "#5d3a29",
    "light brown": "#a5744a",
    "blonde": "#f0cf6d",
    "orange": "#ec8134",
    "red": "#c92f35",
    "pink": "#f491b5",
    "purple": "#7d4bb5",
    "blue": "#2f5fc4",
    "light blue": "#8ccdf0",
    "teal": "#1f9a94",
    "green": "#4a9d4b",
    "silver": "#b3b9ca",
    "white": "#f3f1f5",
}
EYES = {
    "black": "#2a2630",
    "grey": "#8a8f9c",
    "brown": "#7a4526",
    "red": "#d4262f",
    "amber": "#e08a1e",
    "yellow": "#f2d22e",
    "lime": "#a6d92f",
    "green": "#2f9e4f",
    "aqua": "#3cc9d6",
    "blue": "#2f63d6",
    "purple": "#8a45c9",
    "pink": "#f06ca6",
}
SKIN = {
    "porcelain": "#fff1ea",
    "fair": "#ffe1cf",
    "peach": "#fbcdae",
    "golden": "#edbd8b",
    "tan": "#d49c6a",
    "brown": "#ab7148",
    "dark brown": "#7f4e31",
    "deep": "#573422",
}
OUTFIT = {
    "white": "#f4f3f2",
    "black": "#33323b",
    "grey": "#95979f",
    "red": "#c8373d",
    "orange": "#e98438",
    "yellow": "#f1ca4a",
    "green": "#4b9459",
    "teal": "#2b9b9b",
    "blue": "#3b68bd",
    "purple": "#7f54b0",
    "pink": "#ee93b2",
    "brown": "#82573b",
}
ACCESSORY = {
    "red": "#d3333c",
    "orange": "#ee8a34",
    "yellow": "#f5cf3f",
    "green": "#45a158",
    "blue": "#3a70d0",
    "purple": "#8a56c2",
    "pink": "#f58cb4",
    "white": "#f7f6f4",
    "black": "#2d2c35",
}
BACKGROUND = {
    "white": "#f8f7f5",
    "grey": "#b9bcc4",
    "red": "#e8837f",
    "orange": "#f8bf8a",
    "yellow": "#fbe79a",
    "green": "#b4dfae",
    "teal": "#9fd9d3",
    "blue": "#a9cdf3",
    "purple": "#c9b5ea",
    "pink": "#f9c4d6",
}

Rgb = tuple[float, float, float]


@lru_cache(maxsize=4096)
def rgb(colour: str) -> Rgb:
    """The red, green and blue shares (0-1) of a colour such as ``#d3333c``."""
    return tuple(int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))  # type: ignore[return-value]


def hexadecimal(colour: Rgb) -> str:
    """The inverse of `rgb`; shares outside 0-1 are clipped."""
    return "#" + "".join(f"{round(min(max(share, 0.0), 1.0) * 255):02x}" for share in colour)


@lru_cache(maxsize=8192)
def mix(colour: str, other: str, share: float) -> str:
    """``colour`` with ``share`` (0-1) of it replaced by ``other``."""
    return hexadecimal(tuple(a + (b - a) * share for a, b in zip(rgb(colour), rgb(other), strict=True)))  # type: ignore[arg-type]


@lru_cache(maxsize=8192)
def adjust(colour: str, *, hue: float = 0.0, saturation: float = 1.0, lightness: float = 1.0) -> str:
    """Turn the hue by degrees and scale saturation and lightness (HLS)."""
    h, level, s = colorsys.rgb_to_hls(*rgb(colour))
    return hexadecimal(
        colorsys.hls_to_rgb((h + hue / 360) % 1, min(level * lightness, 1), min(s * saturation, 1))
    )


@lru_cache(maxsize=8192)
def luminance(colour: str) -> float:
    """Perceived brightness, 0 (black) to 1 (white): Rec. 709 weights on the encoded values."""
    red, green, blue = rgb(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
