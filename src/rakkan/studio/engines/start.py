"""What a drawing begins from when it does not begin from nothing: a picture, a part of it, a turned noise.

The records hold numbers alone, so that they can be sent to another process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.ranges import MAXIMUM_SEED

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Start:
    """A picture that is drawn over (img2img), or of which a part is drawn anew (inpainting).

    ``pixels`` is uint8 [height, width, 3], of the drawing's size. ``strength`` above 0 to 1 is how far down
    the schedule the drawing begins: 1 keeps next to nothing of the picture. ``mask`` is float32 [height,
    width], 0 what stays to 1 what is drawn; None draws over all. Latents are coarser than a mask: what is
    drawn reaches to the end of each cell that the mask touches, so that pixels want composing afterwards.
    """

    pixels: Pixels
    strength: float = 1.0
    mask: Mask | None = None


@dataclass(frozen=True)
class Variation:
    """Noise turned from that of the seed towards that of another by ``strength``, 0 to 1, along a great
    circle (A1111's variation seed)."""

    seed: int
    strength: float


def check_start(start: Start | None, width: int, height: int) -> None:
    """Raise RakkanError when a drawing of this size in pixels cannot begin there."""
    if start is None:
        return
    pixels, mask = start.pixels, start.mask
    if pixels.dtype != np.uint8 or pixels.shape != (height, width, 3):
        raise RakkanError(
            f"A drawing of {width}x{height} cannot begin from {pixels.dtype} {list(pixels.shape)}",
            f"Fit the picture to {width}x{height} pixels of 8-bit RGB",
        )
    check_strength(start.strength)
    if mask is None:
        return
    if mask.dtype != np.float32 or mask.shape != (height, width):
        raise RakkanError(
            f"The mask is {mask.dtype} {list(mask.shape)}, the drawing {width}x{height}",
            f"Fit it to {width}x{height} pixels of float32",
        )
    if not (np.isfinite(mask).all() and mask.min() >= 0 and mask.max() <= 1):
        raise RakkanError(
            "The mask holds numbers outside 0 to 1", "Give 0 for what stays, 1 for what is drawn"
        )


def check_strength(strength: float) -> None:
    """Raise RakkanError for a strength that is not above 0 and at most 1."""
    if not (math.isfinite(strength) and 0 < strength <= 1):
        raise RakkanError(
            f"The strength {strength:g} is out of range", "Give above 0 to 1; 1 keeps nothing of the picture"
        )


def check_variation(variation: Variation | None) -> None:
    """Raise RakkanError for a variation whose seed or strength is out of range."""
    if variation is None:
        return
    if not 0 <= variation.seed <= MAXIMUM_SEED:
        raise RakkanError(
            f"The variation's seed {variation.seed} is out of range",
            f"Give a whole number from 0 to {MAXIMUM_SEED}",
        )
    if not 0 <= variation.strength <= 1:
        raise RakkanError(f"Cannot vary with strength {variation.strength:g}", "Give a number from 0 to 1")


def cells_of(mask: Mask, factor: int) -> Mask:
    """1 for each latent that the mask touches, else 0: float32 [height / factor, width / factor]."""
    height, width = mask.shape
    blocks = mask.reshape(height // factor, factor, width // factor, factor)
    touched: Mask = (blocks.max((1, 3)) > 0).astype(np.float32)
    return touched


def first_step(steps: int, strength: float) -> int:
    """How many of a checkpoint's steps a strength leaves out, as diffusers counts: of ``steps`` the last
    ``int(steps * strength)`` are taken, and here at least one (A1111 takes one more)."""
    return steps - max(1, min(int(steps * strength), steps))
