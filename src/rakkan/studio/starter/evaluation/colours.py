"""The second instrument: colours read from pixels, in the regions that the renderer knows.

No network is involved. For the attributes of a prompt the renderer says where hair, irises, skin,
outfit and background lie, and how each candidate colour would look there; the nearest candidate in
CIELAB is what the picture shows. Large regions are read where several of the renderer's own drawings
agree on them. Irises are a few pixels wide and lie elsewhere in each drawing, so they are looked for.
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
#: How far from where the reference has them irises are looked for, in pixels, and the difference in
#: CIELAB past which a pixel is merely wrong (a highlight or a lock of hair in another place).
_REACH = 8
_LARGEST_DIFFERENCE = 60.0


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
    found = masks[0] if slot == "eye_colour" else _eroded(np.logical_and.reduce(masks), 2)
    if found.sum() < _LEAST_PIXELS:
        return None
    candidates = GROUPS[slot]
    references = [_repainted(attributes, slot, value) for value in candidates]
    if slot == "eye_colour":
        differences = _least_differences(lab(pixels), [lab(picture[found]) for picture in references], found)
    else:
        shown = lab(_typical(pixels, found))
        differences = [float(np.linalg.norm(lab(_typical(picture, found)) - shown)) for picture in references]
    return candidates[int(np.argmin(differences))]


def _repainted(attributes: Attributes, slot: str, value: str) -> NDArray[np.uint8]:
    """The renderer's reference drawing of the figure with another colour."""
    return render(replace(attributes, **cast(dict[str, Any], {slot: value})), _REFERENCE_SEEDS[0])


def _least_differences(
    shown: NDArray[np.float64], references: list[NDArray[np.float64]], mask: NDArray[np.bool_]
) -> list[float]:
    """How far the picture [H, W, 3] is from each reference's pixels under the mask [n, 3], moved to where
    it fits best; all in CIELAB."""
    height, width = mask.shape
    rows, columns = np.nonzero(mask)
    least = [np.inf] * len(references)
    for down in range(-_REACH, _REACH + 1):
        for right in range(-_REACH, _REACH + 1):
            here = shown[np.clip(rows + down, 0, height - 1), np.clip(columns + right, 0, width - 1)]
            for index, reference in enumerate(references):
                difference = np.sqrt(((here - reference) ** 2).sum(1))
                least[index] = min(least[index], float(np.minimum(difference, _LARGEST_DIFFERENCE).mean()))
    return least


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


def lab(colour: NDArray[Any]) -> NDArray[np.float64]:
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
