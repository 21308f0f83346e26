"""Latents to pixels: at once, or in overlapping tiles where the whole would need too much memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
#: Latents [1, channels, h, w] -> pixels in -1 to 1, [1, 3, scale h, scale w].
Decode = Callable[[Floats], Floats]

#: The longest side decoded at once, in latents: 1,024 pixels.
TILE = 128
#: Latents by which neighbouring tiles overlap; across them one fades into the other.
OVERLAP = 32


def decode(latents: Floats, run: Decode, tile: int = TILE, overlap: int = OVERLAP) -> Pixels:
    """Pixels of latents [1, channels, h, w], uint8 [scale h, scale w, 3]. ``run`` is given pieces of one size
    only. Raises RakkanError for numbers that are not finite."""
    height, width = latents.shape[2:]
    high, wide = min(height, tile), min(width, tile)
    total: Floats | None = None
    for top, row in _spans(height, high, overlap):
        for left, column in _spans(width, wide, overlap):
            piece = run(np.ascontiguousarray(latents[:, :, top : top + high, left : left + wide]))[0]
            scale = piece.shape[1] // high
            if total is None:
                total = np.zeros((3, height * scale, width * scale), np.float32)
            share = np.repeat(row, scale)[:, None] * np.repeat(column, scale)[None]
            top_pixel, left_pixel = top * scale, left * scale
            total[:, top_pixel : top_pixel + high * scale, left_pixel : left_pixel + wide * scale] += (
                piece * share
            )
    assert total is not None
    if not np.isfinite(total).all():
        raise RakkanError(
            "The VAE computed numbers that are not finite", "Draw in f32, or choose another VAE"
        )
    levels = np.rint(np.clip(total / 2 + 0.5, 0, 1) * 255).astype(np.uint8)
    return np.ascontiguousarray(levels.transpose(1, 2, 0))


def _spans(length: int, tile: int, overlap: int) -> Iterator[tuple[int, Floats]]:
    """Where tiles start along a side, with the share of each of a tile's places in the picture; the shares at
    every place add up to 1."""
    if length <= tile:
        yield 0, np.ones(tile, np.float32)
        return
    count = -(-(length - overlap) // (tile - overlap))
    starts = [round(number * (length - tile) / (count - 1)) for number in range(count)]
    ramp = np.minimum(np.arange(1, tile + 1), overlap) / overlap
    shares = np.zeros((count, length))
    for number, start in enumerate(starts):
        up = ramp if number else np.ones(tile)
        down = ramp[::-1] if number < count - 1 else np.ones(tile)
        shares[number, start : start + tile] = np.minimum(up, down)
    shares /= shares.sum(axis=0)
    for number, start in enumerate(starts):
        yield start, shares[number, start : start + tile].astype(np.float32)
