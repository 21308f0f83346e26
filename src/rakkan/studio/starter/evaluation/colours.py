"""The second instrument: colours read from pixels, in the regions that the renderer knows.

No network is involved. The renderer draws the figure of a prompt several times; the drawing most like the
picture says where hair, irises, skin, outfit and background lie. It is repainted in each candidate colour,
and the candidate whose pixels there come nearest to the picture's in CIELAB is what the picture shows.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
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
_REFERENCE_SEEDS = (101, 202, 303, 404, 505, 606, 707, 808)
_LEAST_PIXELS = 6
#: Pixels of a region that are compared; more say nothing new.
_MOST_PIXELS = 500
#: How far, in pixels, a drawing is moved over the picture: in whole, and each region from there.
_REACH, _REACH_OF_REGION = 8, 6
#: The side of the blocks that whole pictures are compared by.
_BLOCK = 4
#: The difference in CIELAB past which a pixel is merely wrong (a lock of hair in another place).
_LARGEST_DIFFERENCE = 60.0


@dataclass(frozen=True)
class Reference:
    """The renderer's drawing (its seed) most like a picture, when moved by ``down`` and ``right`` pixels."""

    seed: int
    down: int
    right: int


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


def find_reference(attributes: Attributes, pixels: NDArray[np.uint8]) -> Reference:
    """The drawing of these attributes that is most like the picture [H, W, 3], whatever its colours."""
    picture = _blocks(pixels)
    best, least = Reference(_REFERENCE_SEEDS[0], 0, 0), np.inf
    edge = _REACH // _BLOCK
    inside = (slice(edge, -edge), slice(edge, -edge))
    for seed in _REFERENCE_SEEDS:
        drawing = _blocks(render(attributes, seed))[inside]
        for down, right in itertools.product(range(-edge, edge + 1), repeat=2):
            moved = np.roll(picture, (-down, -right), (0, 1))[inside]
            difference = float(_difference(moved, drawing).mean())
            if difference < least:
                best, least = Reference(seed, down * _BLOCK, right * _BLOCK), difference
    return best


def read_colour(
    slot: str, attributes: Attributes, pixels: NDArray[np.uint8], reference: Reference | None = None
) -> str | None:
    """The value of the slot that the picture [H, W, 3] of these attributes shows.

    ``reference`` is `find_reference` of the same picture, if known. None when the region is too small.
    """
    reference = reference or find_reference(attributes, pixels)
    mask = label_map(attributes, reference.seed) == REGIONS.index(COLOUR_REGIONS[slot])
    rows, columns = np.nonzero(mask if slot == "eye_colour" else _eroded(mask, 2))
    if len(rows) < _LEAST_PIXELS:
        return None
    stride = max(1, len(rows) // _MOST_PIXELS)
    rows, columns = rows[::stride], columns[::stride]
    candidates = GROUPS[slot]
    painted = np.stack(
        [lab(_repainted(attributes, slot, value, reference.seed)[rows, columns]) for value in candidates]
    )
    # What tells the candidates apart counts, not the pupils, lines and highlights that they share.
    spread = np.linalg.norm(painted - painted.mean(0), axis=2).mean(0) + 1e-9
    weights = spread / spread.sum()
    # Irises are a few pixels wide: a pixel too far and they are missed.
    step = 1 if slot == "eye_colour" else 2
    reach = range(-_REACH_OF_REGION, _REACH_OF_REGION + 1, step)
    shown, (height, width) = lab(pixels), mask.shape
    least = np.full(len(candidates), np.inf)
    for down, right in itertools.product(reach, repeat=2):
        at_row = np.clip(rows + reference.down + down, 0, height - 1)
        at_column = np.clip(columns + reference.right + right, 0, width - 1)
        least = np.minimum(least, _difference(shown[at_row, at_column], painted) @ weights)
    return candidates[int(least.argmin())]


def _repainted(attributes: Attributes, slot: str, value: str, seed: int) -> NDArray[np.uint8]:
    return render(replace(attributes, **cast(dict[str, Any], {slot: value})), seed)


def _blocks(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean CIELAB colours of blocks of pixels: [H / 4, W / 4, 3]."""
    height, width, _ = pixels.shape
    return lab(pixels.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK, 3).mean((1, 3)))


def _difference(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distance of colours [..., 3], capped: where a pixel is wrong, how wrong does not matter."""
    return np.asarray(np.minimum(np.sqrt(((one - other) ** 2).sum(-1)), _LARGEST_DIFFERENCE), np.float64)


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
