"""Tiles make the picture that the whole makes, where the decoder looks at one place at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.decoding import decode

Floats = npt.NDArray[np.float32]


def enlarged(piece: Floats) -> Floats:
    """A decoder of three channels that only repeats: each latent becomes 2 x 2 pixels."""
    return np.repeat(np.repeat(piece[:, :3], 2, axis=2), 2, axis=3)


def latents(height: int, width: int) -> Floats:
    return np.random.default_rng(0).uniform(-1, 1, (1, 4, height, width)).astype(np.float32)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 8), (30, 8), (31, 17), (12, 40)])
def test_tiles_join_without_a_seam(height: int, width: int) -> None:
    sizes = set()

    def run(piece: Floats) -> Floats:
        sizes.add(piece.shape)
        return enlarged(piece)

    given = latents(height, width)
    whole = decode(given, enlarged, tile=64)
    tiled = decode(given, run, tile=8, overlap=3)
    assert tiled.shape == (2 * height, 2 * width, 3)
    assert np.abs(tiled.astype(int) - whole).max() <= 1
    assert sizes == {(1, 4, 8, 8)}


def test_a_tile_fades_into_the_next() -> None:
    """Two tiles that disagree meet in a slope, not in an edge."""
    calls = iter((np.float32(-1), np.float32(1)))

    def run(piece: Floats) -> Floats:
        return np.full((1, 3, 2 * piece.shape[2], 2 * piece.shape[3]), next(calls))

    line = decode(latents(8, 12), run, tile=8, overlap=4)[0, :, 0].astype(int)
    assert line[0] == 0 and line[-1] == 255
    assert np.all(np.diff(line) >= 0) and np.diff(line).max() < 255 / 3


def test_half_is_grey_and_what_is_beyond_is_clipped() -> None:
    values = np.array([-3, -1, 0, 1, 3], np.float32)
    given = np.broadcast_to(values, (1, 4, 1, 5)).astype(np.float32)
    assert decode(given, enlarged)[0, ::2, 0].tolist() == [0, 0, 128, 255, 255]


def test_what_is_not_finite_is_refused() -> None:
    given = latents(4, 4)
    given[0, 0, 0, 0] = np.nan
    with pytest.raises(RakkanError, match="not finite"):
        decode(given, enlarged)
