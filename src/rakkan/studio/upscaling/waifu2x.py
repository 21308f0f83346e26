"""Enlarging and denoising drawings as waifu2x does, on OpenVINO, in bounded memory.

What is computed is fractions of levels all the way from the picture that came to the picture that goes, of 8
or 16 bits a sample. Colours that shine through are enlarged as if they were opaque, continued under what is
transparent (``transparency``); alpha goes through the network that only enlarges, as a grey picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.upscaling import networks, tiles, transparency
from rakkan.studio.upscaling.networks import PLAIN, Network, passes
from rakkan.studio.upscaling.tiles import Floats

if TYPE_CHECKING:
    from rakkan.studio.engines.device import Precision

Pixels = npt.NDArray[np.uint8]
#: Of 8 or 16 bits.
Samples = npt.NDArray[np.uint8 | np.uint16]
Progress = Callable[[int, int], object]

WEIGHTS = networks.WEIGHTS
#: Rows of the picture that are taken at a time.
_ROWS = 128


def enlarge(
    pixels: Samples,
    scale: int = 2,
    denoise: int = 0,
    *,
    precision: Precision | None = None,
    threads: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Samples:
    """A drawing ``scale`` times (1, 2 or 4) as high and as wide, less noise by ``denoise`` (-1, none, to 3).

    ``pixels`` is uint8 or uint16 [height, width, 3 or 4], sRGB, alpha not premultiplied; so is the result.
    ``precision`` defaults to bf16 where the processor has it, and to f32 for 16 bits, of which bf16 would
    lose half. ``progress`` is told of tiles done, and how many there are. Raises RakkanError for any other
    array or number, and when the weights are missing or differ from their manifest.
    """
    coming = bands(pixels, scale, denoise, precision=precision, threads=threads, progress=progress)
    height, width, channels = pixels.shape
    made = np.empty((scale * height, scale * width, channels), pixels.dtype)
    top = 0
    for band in coming:
        made[top : top + len(band)] = band
        top += len(band)
    return made


def doubled(pixels: Pixels) -> Pixels:
    """What ``create`` makes of a drawing: twice each side, uint8 [height, width, 3], denoise level 0."""
    made: Pixels = enlarge(pixels).astype(np.uint8, copy=False)
    return made


def bands(
    pixels: Samples,
    scale: int = 2,
    denoise: int = 0,
    *,
    precision: Precision | None = None,
    threads: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Iterator[Samples]:
    """What ``enlarge`` makes, in bands of rows from the top, computed as they are asked for.

    Raises RakkanError as ``enlarge`` does, before the first band.
    """
    is_colour = pixels.ndim == 3 and pixels.shape[2] in (3, 4)
    if pixels.dtype not in (np.uint8, np.uint16) or not is_colour or 0 in pixels.shape:
        raise RakkanError(
            f"Cannot enlarge an array of {pixels.dtype} {list(pixels.shape)}",
            "Give pixels of 8 or 16 bits, [height, width, 3 or 4]",
        )
    chosen, through = precision or usual_precision(pixels), passes(scale, denoise)
    has_alpha, grey = pixels.shape[2] == 4, _is_grey(pixels)
    size = pixels.shape[0], pixels.shape[1]
    planes = [through, through_alpha(scale)] if has_alpha else [through]
    total, done = sum(_tiles(size, plane) for plane in planes), 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    def made() -> Iterator[Samples]:
        colours = _through(_colours(pixels), size, through, chosen, threads, step)
        alphas = _alphas(pixels, size, scale, chosen, threads, step) if has_alpha else None
        for colour in colours:
            if grey:
                colour[:] = colour.mean(2, keepdims=True)
            band = np.dstack([colour, next(alphas)]) if alphas is not None else colour
            yield _samples(band, pixels.dtype)

    return made()


def usual_precision(pixels: Samples) -> Precision:
    """What these pixels are computed in when nobody chooses."""
    from rakkan.studio.engines.device import default_precision

    return default_precision() if pixels.dtype == np.uint8 else "f32"


def through_alpha(scale: int) -> tuple[Network, ...]:
    """The networks that alpha goes through."""
    return (PLAIN,) * (scale // 2)


def digest(scale: int, denoise: int, has_alpha: bool = False) -> str:
    """SHA-256 of the networks in use, for recipes. Raises RakkanError as ``enlarge`` does."""
    return networks.digest(passes(scale, denoise) + (through_alpha(scale) if has_alpha else ()))


def _through(
    rows: Iterator[Floats],
    size: tuple[int, int],
    through: tuple[Network, ...],
    precision: Precision,
    threads: int | None,
    step: Callable[[], object],
) -> Iterator[Floats]:
    for network in through:
        rows = tiles.passed(rows, size, network, precision, threads, step)
        size = size[0] * network.scale, size[1] * network.scale
    return rows


def _tiles(size: tuple[int, int], through: tuple[Network, ...]) -> int:
    total, factor = 0, 1
    for network in through:
        total += tiles.tiles(size[0] * factor, size[1] * factor)
        factor *= network.scale
    return total


def _colours(pixels: Samples) -> Iterator[Floats]:
    """RGB in levels 0-255, in bands, continued under what is transparent."""
    for top in range(0, len(pixels), _ROWS):
        if pixels.shape[2] == 4:
            yield transparency.continued(pixels, top, min(len(pixels), top + _ROWS), _levels)
        else:
            yield _levels(pixels[top : top + _ROWS])


def _alphas(
    pixels: Samples,
    size: tuple[int, int],
    scale: int,
    precision: Precision,
    threads: int | None,
    step: Callable[[], object],
) -> Iterator[Floats]:
    """Alpha in levels 0-255, [rows, width, 1], in bands as high as those of the colours."""
    rows = (_levels(pixels[top : top + _ROWS, :, 3:]) for top in range(0, len(pixels), _ROWS))
    if scale == 1:
        # In bands of their own, which are those of the colours only by chance: the side of their tiles.
        side = tiles.side_for(*size)
        yield from (_levels(pixels[top : top + side, :, 3:]) for top in range(0, len(pixels), side))
        return
    through = through_alpha(scale)
    thrice = (np.repeat(band, 3, 2) for band in rows)
    ends = [_answer(level, through, precision, threads) for level in (0.0, 255.0)]
    for band in _through(thrice, size, through, precision, threads, step):
        yield transparency.stretched(band, ends[0], ends[1])


def _answer(level: float, through: tuple[Network, ...], precision: Precision, threads: int | None) -> float:
    """What alpha of one level comes out as."""
    side = tiles.SIDES[0]
    plane = np.full((side, side, 3), level, np.float32)
    (made,) = _through(iter([plane]), (side, side), through, precision, threads, lambda: None)
    return float(made.mean(dtype=np.float64))


def _levels(pixels: Samples) -> Floats:
    levels: Floats = pixels.astype(np.float32)
    return levels if pixels.dtype == np.uint8 else levels / np.float32(257)


def _samples(band: Floats, dtype: npt.DTypeLike) -> Samples:
    if dtype == np.uint16:
        band = band * np.float32(257)
    return np.clip(np.rint(band), 0, np.iinfo(np.dtype(dtype)).max).astype(dtype)


def _is_grey(pixels: Samples) -> bool:
    first, second, third = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    return bool(np.array_equal(first, second)) and bool(np.array_equal(first, third))


def versions() -> dict[str, str]:
    """What computes, and its versions, for recipes."""
    import openvino

    return {"openvino": openvino.__version__, "numpy": np.__version__}
