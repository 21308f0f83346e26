"""PNG of any size and of 8 or 16 bits a sample, made from bands of rows (PNG, third edition, 7 to 10).

For what Pillow does not write: samples of 16 bits in colour, and pictures too large to be held. Only the gate
and ``png.encode`` may call this, as they alone may encode.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy
from numpy.typing import NDArray

from rakkan.formats.png import SIGNATURE, chunk

END = chunk(b"IEND", b"")
#: Colour types by channels: RGB and RGBA.
_COLOURS = {3: 2, 4: 6}
#: Bytes of packed pixels a chunk holds at most.
_PIECE = 1024 * 1024
_LEVEL = 6
_SUB, _UP, _PAETH = 1, 2, 4


def head(width: int, height: int, channels: int, depth: int, texts: bytes) -> bytes:
    """The beginning of the file: signature, header, and chunks of texts as ``png.text_chunks`` makes them."""
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOURS[channels], 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + texts


def packed_rows(bands: Iterable[NDArray[numpy.uint8 | numpy.uint16]]) -> Iterator[bytes]:
    """The chunks that hold the pixels, of bands from the top: uint8 or uint16 [rows, width, channels]."""
    worker = zlib.compressobj(_LEVEL)
    waiting = bytearray()
    above: NDArray[numpy.uint8] | None = None
    for band in bands:
        rows, above = _filtered(band, above)
        waiting += worker.compress(rows)
        while len(waiting) >= _PIECE:
            yield chunk(b"IDAT", bytes(waiting[:_PIECE]))
            del waiting[:_PIECE]
    waiting += worker.flush()
    yield chunk(b"IDAT", bytes(waiting))


def _filtered(band: NDArray[Any], above: NDArray[numpy.uint8] | None) -> tuple[bytes, NDArray[numpy.uint8]]:
    """The rows of a band, each under the filter that leaves least (section 12.7), and the last row as it is,
    for the next band."""
    step = band.shape[2] * band.dtype.itemsize
    kept = numpy.ascontiguousarray(band, band.dtype.newbyteorder(">"))
    raw = kept.view(numpy.uint8).reshape(len(band), -1)
    before = numpy.zeros((1, raw.shape[1]), numpy.uint8) if above is None else above
    up = numpy.concatenate([before, raw[:-1]])
    left, corner = numpy.zeros_like(raw), numpy.zeros_like(raw)
    left[:, step:], corner[:, step:] = raw[:, :-step], up[:, :-step]
    candidates = {_SUB: raw - left, _UP: raw - up, _PAETH: raw - _paeth(left, up, corner)}
    sizes = [numpy.abs(one.view(numpy.int8).astype(numpy.int16)).sum(1) for one in candidates.values()]
    choice = numpy.argmin(sizes, 0)
    rows = numpy.empty((len(raw), raw.shape[1] + 1), numpy.uint8)
    for number, (kind, one) in enumerate(candidates.items()):
        rows[choice == number, 0] = kind
        rows[choice == number, 1:] = one[choice == number]
    return rows.tobytes(), raw[-1:].copy()


def _paeth(
    left: NDArray[numpy.uint8], up: NDArray[numpy.uint8], corner: NDArray[numpy.uint8]
) -> NDArray[numpy.uint8]:
    """The neighbour nearest to left + up - corner; left before up before corner (section 9.4)."""
    # |left + up - corner - left| = |up - corner|, and so on.
    by_left = numpy.abs(up.astype(numpy.int16) - corner)
    by_up = numpy.abs(left.astype(numpy.int16) - corner)
    by_corner = numpy.abs(left.astype(numpy.int16) + up - 2 * corner.astype(numpy.int16))
    is_left = (by_left <= by_up) & (by_left <= by_corner)
    return numpy.where(is_left, left, numpy.where(by_up <= by_corner, up, corner))
