"""Any picture through a network in bounded memory: rows come in, rows go out, tiles are computed between.

Every tile is as large as every other and is computed with all the pixels it depends on, so nothing shows
where tiles meet and the result is that of the whole picture at once: in f32 to the last bit. Beyond its
edges a picture is continued with its border, as waifu2x does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rakkan.studio.upscaling import networks
from rakkan.studio.upscaling.networks import MARGIN, Network

if TYPE_CHECKING:
    from rakkan.studio.engines.device import Precision

Floats = npt.NDArray[np.float32]

Colour = tuple[float, float, float]
#: A tile with its margin, as what is made of it; that lasts until the next.
Run = Callable[[Floats], Floats]

#: Sides of tiles, in pixels of the input; a picture has tiles of the smallest that it fits into, or of the
#: largest.
SIDES = (32, 64, 128)


def side_for(height: int, width: int) -> int:
    """The side of the tiles that a picture of this size is cut into."""
    return next((side for side in SIDES if max(height, width) <= side), SIDES[-1])


def tiles(height: int, width: int) -> int:
    """How many tiles a picture of this size has."""
    side = side_for(height, width)
    return math.ceil(height / side) * math.ceil(width / side)


def passed(
    rows: Iterable[Floats],
    size: tuple[int, int],
    network: Network,
    precision: Precision,
    threads: int | None = None,
    step: Callable[[], object] = lambda: None,
) -> Iterator[Floats]:
    """A picture of ``size`` (height, width) through a network: bands of rows in, bands of rows out.

    Bands are float32 [rows, width, 3], RGB in levels 0-255, of any number of rows each. ``step`` is called
    after each tile. No more is held than a row of tiles and what comes in at once.
    """
    height, width = size
    side = side_for(height, width)
    run = _runner(networks.compiled(networks.WEIGHTS, network, side, precision, threads))
    flat = lru_cache(maxsize=256)(lambda colour: constant(network, colour, precision, threads))
    source = iter(rows)
    held = np.empty((0, width, 3), np.float32)
    first = 0  # the row of the picture that ``held`` begins with
    for top in range(0, height, side):
        bottom = min(height, top + side)
        begin, end = max(0, top - MARGIN), min(height, bottom + MARGIN)
        parts = [held[begin - first :]]
        have = first + len(held)
        while have < end:
            parts.append(next(source))
            have += len(parts[-1])
        held, first = np.concatenate(parts), begin
        above, below = begin - (top - MARGIN), top + side + MARGIN - end
        block = np.pad(held[: end - begin], ((above, below), (0, 0), (0, 0)), "edge")
        made = _row_of_tiles(block, side, network.scale, run, flat, step)
        yield made[: network.scale * (bottom - top)]


def _row_of_tiles(
    block: Floats,
    side: int,
    scale: int,
    run: Run,
    flat: Callable[[Colour], Floats],
    step: Callable[[], object],
) -> Floats:
    """The tiles of a block of ``side`` rows with its margin above and below, one beside another; ``flat`` is
    what comes of one colour."""
    width = block.shape[1]
    count = math.ceil(width / side)
    padded = np.pad(block, ((0, 0), (MARGIN, MARGIN + count * side - width), (0, 0)), "edge")
    made = np.empty((scale * side, scale * count * side, 3), np.float32)
    for number in range(count):
        tile = padded[:, number * side : (number + 1) * side + 2 * MARGIN]
        place = slice(scale * number * side, scale * (number + 1) * side)
        colour = tile[0, 0]
        if (tile == colour).all():
            # Of one colour everywhere comes one colour: drawings have many such tiles.
            red, green, blue = colour.tolist()
            made[:, place] = np.tile(flat((red, green, blue)), (side, side, 1))
        else:
            made[:, place] = run(tile)
        step()
    return made[:, : scale * width]


def constant(network: Network, colour: Colour, precision: Precision, threads: int | None = None) -> Floats:
    """What a network makes of one colour (RGB in levels 0-255): float32 [scale, scale, 3], which repeats:
    a transposed convolution of stride 2 has other weights for odd rows and columns than for even ones."""
    side = SIDES[0]
    run = _runner(networks.compiled(networks.WEIGHTS, network, side, precision, threads))
    tile = np.broadcast_to(np.array(colour, np.float32), (side + 2 * MARGIN, side + 2 * MARGIN, 3))
    return run(tile)[: network.scale, : network.scale].copy()


def _runner(graph: Any) -> Run:
    # One request for many tiles: each has the memory of all layers to find.
    request = graph.create_infer_request()

    def run(tile: Floats) -> Floats:
        output: Floats = request.infer({0: np.ascontiguousarray(tile)[None]}, share_outputs=True)[0][0]
        return output

    return run
