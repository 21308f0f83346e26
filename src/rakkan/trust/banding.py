"""What the gate sees of a picture that is too large to be held: every part of it as it is, and all of it
reduced.

The bands are run through once. Each is copied, shown, digested and packed before the next is asked for, so
what was looked at is what is written. Nothing has a name yet: the packed rows go to a file of the gate's own.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import IO, Any

import numpy
from numpy.typing import NDArray

from rakkan.errors import RakkanError
from rakkan.features.content.windows import windows
from rakkan.formats import png_bands
from rakkan.records import BandedPicture, Picture, Whole

Pixels = NDArray[numpy.uint8]
#: Shown every part at full size; raises RakkanError for one that may not leave.
Look = Callable[[Pixels], object]

#: The longer side of the reduction, in pixels, at most.
LARGEST_REDUCTION = 2048
_ROWS = 256


def gathered(picture: BandedPicture, look: Look, rows: IO[bytes]) -> Picture:
    """The picture reduced, uint8, with its true size and digest; its packed rows are written to ``rows``.

    ``look`` has then seen every pixel in parts of at most 512 a side, as they overlap in ``windows``. Raises
    RakkanError for bands that are no picture of the stated size, and whatever ``look`` raises.
    """
    height, width, channels = picture.recipe.height, picture.recipe.width, picture.channels
    if min(height, width) < 1 or channels not in (3, 4) or picture.depth not in (8, 16):
        raise _wrong(f"{width}x{height} with {channels} channels of {picture.depth} bits")
    parts, reduction = _Parts(height, width, channels, look), _Reduction(height, width, channels)
    digest = hashlib.sha256(f"{height} {width} {channels}\n".encode())

    def passing() -> Iterator[NDArray[Any]]:
        for band in _bands(picture, (height, width, channels)):
            shown = band if band.dtype == numpy.uint8 else (band >> 8).astype(numpy.uint8)
            digest.update(shown.tobytes())
            reduction.add(shown)
            parts.add(shown)
            yield band

    for piece in png_bands.packed_rows(passing()):
        rows.write(piece)
    whole = Whole(height, width, digest.hexdigest())
    return Picture(reduction.made(), picture.recipe, picture.operation, picture.ingredients, whole)


def _bands(picture: BandedPicture, shape: tuple[int, int, int]) -> Iterator[NDArray[Any]]:
    """Copies that nobody else can change, of some rows each, as many in all as the picture has."""
    kind, left = numpy.dtype(numpy.uint8 if picture.depth == 8 else numpy.uint16), shape[0]
    for given in picture.bands:
        seen = numpy.asarray(given)
        if seen.dtype != kind or seen.shape[1:] != shape[1:] or len(seen) > left:
            raise _wrong(f"{seen.dtype} {list(seen.shape)}, of {left} rows left")
        left -= len(seen)
        for top in range(0, len(seen), _ROWS):
            part = seen[top : top + _ROWS]
            yield numpy.frombuffer(part.tobytes(), kind).reshape(part.shape)
    if left:
        raise _wrong(f"{left} rows too few")


class _Parts:
    """Cuts parts out of the rows that come, shows each, and holds no more rows than the next needs."""

    def __init__(self, height: int, width: int, channels: int, look: Look) -> None:
        _, *boxes = windows(height, width)
        self._boxes = boxes[::-1]
        self._look = look
        self._held = numpy.empty((0, width, channels), numpy.uint8)
        self._top = 0

    def add(self, rows: Pixels) -> None:
        if not self._boxes:
            return
        self._held = numpy.concatenate([self._held, rows])
        self._held.setflags(write=False)
        while self._boxes:
            top, left, height, width = self._boxes[-1]
            if top + height > self._top + len(self._held):
                break
            self._boxes.pop()
            place = top - self._top
            self._look(self._held[place : place + height, left : left + width])
        if self._boxes and (passed := self._boxes[-1][0] - self._top) > 0:
            self._held, self._top = self._held[passed:], self._top + passed


class _Reduction:
    """The mean colours of squares, as rows come."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        self._factor = math.ceil(max(height, width) / LARGEST_REDUCTION)
        self._columns = numpy.arange(0, width, self._factor)
        self._widths = numpy.diff(self._columns, append=width)[:, None]
        self._sum = numpy.zeros((len(self._columns), channels), numpy.int64)
        self._count = 0
        self._rows: list[Pixels] = []

    def add(self, rows: Pixels) -> None:
        across = numpy.add.reduceat(rows, self._columns, axis=1, dtype=numpy.int64)
        for row in across:
            self._sum += row
            self._count += 1
            if self._count == self._factor:
                self._finish()

    def made(self) -> Pixels:
        if self._count:
            self._finish()
        return numpy.stack(self._rows)

    def _finish(self) -> None:
        area = self._count * self._widths
        self._rows.append(((self._sum + area // 2) // area).astype(numpy.uint8))
        self._sum[:] = 0
        self._count = 0


def _wrong(what: str) -> RakkanError:
    return RakkanError(f"The bands of the picture are not those of one: {what}", "Make it anew")
