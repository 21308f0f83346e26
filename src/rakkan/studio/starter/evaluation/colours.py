"""The second instrument: colours read from pixels, in the regions that the renderer knows.

No network is involved. For the attributes of a prompt the renderer says where hair, irises, skin,
outfit and background lie (only where several of its own drawings agree), and how each candidate colour
would look there; the nearest candidate in CIELAB is what the picture shows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from rakkan.corpus.figures.attributes import COLOURED_BACKGROUNDS, GROUPS, Attributes, visible
from rakkan.corpus.figures.canvas import REGIONS
from rakkan.corpus.figures.drawing import label_map, render

#: Slot -> the region its colour is painted on.
COLOUR_REGIONS = {
    "hair_colour": "hair",
    "eye_colour": "iris",
    "skin": "skin",
    "outfit_colour": "outfit",
    "background_colour": "background",
}
_REFERENCE_SEEDS = (101, 202)
_LEAST_PIXELS = 6


def measurable(slot: str, attributes: Attributes) -> bool:
    """Whether the slot's colour covers an area of its own: plain hair and outfits, open eyes, no scene."""
    if slot not in visible(attributes):
        return False
    return {
        "hair_colour": attributes.hair_tone == "plain",
        "eye_colour": attributes.framing != "full body" and not attributes.view.startswith("profile"),
        "skin": True,
        "outfit_colour": attributes.outfit_pattern == "plain",
        "background_colour": attributes.background in COLOURED_BACKGROUNDS[:2],
    }[slot]


def read_colour(slot: str, attributes: Attributes, pixels: NDArray[np.uint8]) -> str | None:
    """The value of the slot that the picture [H, W, 3] of these attributes shows.

    None when the region is too small or the renderer's own drawings do not agree on where it is.
    """
    region = REGIONS.index(COLOUR_REGIONS[slot])
    masks = [label_map(attributes, seed) == region for seed in _REFERENCE_SEEDS]
    mask = _eroded(np.logical_and.reduce(masks), 1 if slot == "eye_colour" else 2)
    if mask.sum() < _LEAST_PIXELS:
        return None
    shown = lab(_typical(pixels, mask))
    candidates = GROUPS[slot]
    references = [
        lab(
            _typical(
                render(replace(attributes, **cast(dict[str, Any], {slot: value})), _REFERENCE_SEEDS[0]), mask
            )
        )
        for value in candidates
    ]
    distances = np.linalg.norm(np.stack(references) - shown, axis=1)
    return candidates[int(distances.argmin())]


def _typical(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The median colour under the mask: float [3] of 0-255."""
    return np.asarray(np.median(pixels[mask], axis=0), np.float64)


def _eroded(mask: NDArray[np.bool_], times: int) -> NDArray[np.bool_]:
    for _ in range(times):
        inner = mask.copy()
        inner[1:] &= mask[:-1]
        inner[:-1] &= mask[1:]
        inner[:, 1:] &= mask[:, :-1]
        inner[:, :-1] &= mask[:, 1:]
        mask = inner
    return mask


def lab(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D65) of sRGB colours 0-255, [..., 3] -> [..., 3] (IEC 61966-2-1 and CIE 15)."""
    encoded = np.asarray(colour, np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    matrix = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    ratio = linear @ matrix.T / np.array([0.95047, 1.0, 1.08883])
    root = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * root[..., 1] - 16, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])],
        axis=-1,
    )
