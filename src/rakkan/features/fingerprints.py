"""Fingerprints of pictures: what a copy keeps when its file, its size or its frame have changed.

A *look* is one view of a picture (whole or without its uniform border, on one matte): PDQ hashes in its
eight orientations, and a *layout* that must agree as well, for on flat drawings PDQ alone takes different
expressions of one character for the same picture. The layout has 16x16 cells of one byte: above, the lower
four bits of the cell's brightness in steps of two, which tell two pictures apart and show neither; below,
the square root of its contrast.

PDQ: Facebook, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (2019), chapter 5.
Its two box filters and its sampling are linear, so they are one matrix for the rows and one for the columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy
from numpy.typing import NDArray

from rakkan.features.keeping import last_kept

Floats = NDArray[numpy.float32]
Bytes = NDArray[numpy.uint8]

#: Largest PDQ distance of a copy, and least quality of a hash that says anything (the PDQ paper's choices).
FARTHEST = 31
LEAST_QUALITY = 50

#: The eight orientations of a picture: transposed, then turned upside down, then mirrored.
TURNS = tuple(
    (transposed, rows, columns)
    for transposed in (False, True)
    for rows in (False, True)
    for columns in (False, True)
)
HASH_BYTES = 32
LAYOUT_BYTES = 256

#: Brightness of the mattes a transparent picture is laid on.
MATTES = (255.0, 0.0, 127.0)

_BITS = 256
_SIDE = 64
_CELLS = 16
_COEFFICIENTS = 16
_SMALLEST_SIDE = 5
_ROWS = 512
#: How far a border's lines may be from its corner's colour, of 255: each on average, and any one sample,
#: which JPEG makes ring beside the picture.
_UNIFORM, _RINGING = 8, 64
#: Cells whose tone or contrast may be two steps apart in a copy; none may be more.
_CELLS_OFF = 2
_STEPS = 16


@dataclass(frozen=True)
class Look:
    """``quality`` is PDQ's, 0 to 100. ``hashes`` are PDQ hashes of 32 bytes: in all eight orientations, in
    the order of ``TURNS``, or only as the picture stands. ``layout`` is 256 bytes, row by row."""

    quality: int
    hashes: tuple[bytes, ...]
    layout: bytes


@last_kept
def looks(pixels: Bytes) -> tuple[Look, ...]:
    """The looks of a picture worth comparing (quality 50 and up), all orientations; none for a blank one.

    ``pixels`` is uint8 [height, width, 3], or 4 with alpha, sRGB.
    """
    found: dict[tuple[bytes, bytes], Look] = {}
    for view in _views(pixels):
        for look in _looks_of(view):
            if says_something(look):
                found.setdefault((look.hashes[0], look.layout), look)
    return tuple(found.values())


def says_something(look: Look) -> bool:
    """Whether a look can tell one picture from others: not so of blank ones, and of hashes that are none.

    A true hash has as many ones as zeros, but for ties: one that was made up to match much has not.
    """
    ones = [int.from_bytes(one, "big").bit_count() for one in look.hashes]
    layout = numpy.frombuffer(look.layout, numpy.uint8)
    return (
        look.quality >= LEAST_QUALITY
        and all(_BITS * 3 // 8 <= count <= _BITS // 2 for count in ones)
        and int(numpy.count_nonzero(layout & 15)) >= _CELLS
    )


def pdq(pixels: Bytes) -> tuple[bytes, int]:
    """PDQ hash (32 bytes) and quality of opaque pixels; a picture smaller than 5x5 has quality 0."""
    look = _look(*_reduced(pixels, _luma))
    return look.hashes[0], look.quality


@dataclass(frozen=True)
class Catalogue:
    """Looks to be found by their copies: ``hashes`` uint64 [4, n] as the pictures stand, ``layouts`` uint8
    [n, 256]."""

    hashes: NDArray[numpy.uint64]
    layouts: Bytes

    def copies(self, query: Sequence[Look]) -> list[tuple[int, int]]:
        """The rows that are copies of the picture with these looks, and their PDQ distance, nearest first."""
        return self._found(query, _same_layout)

    def alike(self, query: Sequence[Look]) -> list[tuple[int, int]]:
        """The rows that PDQ alone takes for copies: more of them are, and more are not."""
        return self._found(query, lambda one, other: True)

    def _found(self, query: Sequence[Look], agrees: Callable[[Bytes, Bytes], bool]) -> list[tuple[int, int]]:
        nearest: dict[int, int] = {}
        for look in query:
            for turn, wanted in zip(TURNS, look.hashes, strict=False):
                apart = _distances(self.hashes, wanted)
                for inverted, distances in ((False, apart), (True, _BITS - apart)):
                    for row in numpy.flatnonzero(distances <= FARTHEST).tolist():
                        if agrees(_turned(look.layout, turn, inverted), self.layouts[row]):
                            nearest[row] = min(nearest.get(row, _BITS), int(distances[row]))
        return sorted(nearest.items(), key=lambda found: (found[1], found[0]))


def catalogue(entries: Sequence[Look]) -> Catalogue:
    """A catalogue whose row ``i`` is ``entries[i]``."""
    hashes = b"".join(look.hashes[0] for look in entries)
    layouts = b"".join(look.layout for look in entries)
    return Catalogue(
        numpy.ascontiguousarray(numpy.frombuffer(hashes, numpy.uint64).reshape(-1, 4).T),
        numpy.frombuffer(layouts, numpy.uint8).reshape(-1, LAYOUT_BYTES),
    )


def _same_layout(one: Bytes, other: Bytes) -> bool:
    tone = numpy.abs((one >> 4).astype(numpy.int16) - (other >> 4))
    tone = numpy.minimum(tone, _STEPS - tone)
    contrast = numpy.abs((one & 15).astype(numpy.int16) - (other & 15))
    return all(
        int(steps.max()) <= 2 and int(numpy.count_nonzero(steps == 2)) <= _CELLS_OFF
        for steps in (tone, contrast)
    )


def _turned(layout: bytes, turn: tuple[bool, bool, bool], inverted: bool) -> Bytes:
    cells = numpy.frombuffer(layout, numpy.uint8).reshape(_CELLS, _CELLS)
    if inverted:
        cells = cells ^ numpy.uint8(0xF0)  # 15 less the tone; the contrast stays
    return _oriented(cells, turn).reshape(-1)


def _oriented(grid: NDArray[numpy.uint8], turn: tuple[bool, bool, bool]) -> NDArray[numpy.uint8]:
    transposed, rows, columns = turn
    grid = grid.T if transposed else grid
    return grid[:: -1 if rows else 1, :: -1 if columns else 1]


def _distances(hashes: NDArray[numpy.uint64], wanted: bytes) -> NDArray[numpy.uint16]:
    apart = numpy.zeros(hashes.shape[1], numpy.uint16)
    for column, word in zip(hashes, numpy.frombuffer(wanted, numpy.uint64), strict=True):
        apart += numpy.bitwise_count(column ^ word)
    return apart


def _views(pixels: Bytes) -> Iterator[Bytes]:
    """The picture, and, if it has a uniform border, the picture without it."""
    yield pixels
    inner = trimmed(pixels)
    if inner.shape != pixels.shape:
        yield inner


def trimmed(pixels: Bytes) -> Bytes:
    """A picture without its uniform border (or the parts of it that are fully transparent); what is left is
    at least 5 pixels wide and high, or it is the picture as it was."""
    if pixels.shape[2] == 4:
        corner = numpy.where(pixels[0, 0, 3] == 0, numpy.uint8(0), pixels[0, 0])
    else:
        corner = pixels[0, 0]
    top, bottom = _border(pixels, corner)
    if bottom - top < _SMALLEST_SIDE:
        return pixels
    inner = pixels[top:bottom]
    left, right = _border(inner.swapaxes(0, 1), corner)
    return inner[:, left:right] if right - left >= _SMALLEST_SIDE else pixels


def _border(lines: Bytes, corner: Bytes) -> tuple[int, int]:
    first, last = 0, len(lines)
    while first < last and _is_uniform(lines[first], corner):
        first += 1
    while last > first and _is_uniform(lines[last - 1], corner):
        last -= 1
    return first, last


def _is_uniform(line: Bytes, corner: Bytes) -> bool:
    if line.shape[1] == 4:
        line = numpy.where(line[:, 3:] == 0, numpy.uint8(0), line)
    apart = numpy.abs(line.astype(numpy.int16) - corner)
    return bool(apart.max() <= _RINGING and apart.mean() <= _UNIFORM)


def _looks_of(pixels: Bytes) -> Iterator[Look]:
    if min(pixels.shape[:2]) < _SMALLEST_SIDE:
        return
    if pixels.shape[2] == 3 or bool((pixels[..., 3] == 255).all()):
        yield _look(*_reduced(pixels, _luma))
        return
    sampled, means = _reduced(pixels, lambda rows: _luma(rows) * _alpha(rows))
    sampled_alpha, mean_alpha = _reduced(pixels, _alpha)
    for matte in MATTES:
        yield _look(sampled + matte * (1 - sampled_alpha), means + matte * (1 - mean_alpha))


def _luma(pixels: Bytes) -> Floats:
    weights = numpy.array([0.299, 0.587, 0.114, 0][: pixels.shape[2]], numpy.float32)
    luma: Floats = pixels.astype(numpy.float32) @ weights
    return luma


def _alpha(pixels: Bytes) -> Floats:
    return pixels[..., 3].astype(numpy.float32) / numpy.float32(255)


def _reduced(pixels: Bytes, plane: Callable[[Bytes], Floats]) -> tuple[Floats, Floats]:
    """A plane of the picture as PDQ samples it, and as means of equal areas [64, 64].

    The samples are [2, 2, 64, 64]: of the picture as it stands and mirrored, down and across. Mirroring
    PDQ's coefficients would be less exact: it samples a pixel off the middle, which on small flat pictures
    moves the hash of a mirrored copy out of reach. Some rows at a time are taken, since a large picture's
    floats need more memory than the picture.
    """
    height, width = pixels.shape[:2]
    rows, columns = _matrices(height), _matrices(width)
    sampled = numpy.zeros((2 * _SIDE, 2 * _SIDE), numpy.float32)
    means = numpy.zeros((_SIDE, _SIDE), numpy.float32)
    for start in range(0, height, _ROWS):
        across = plane(pixels[start : start + _ROWS]) @ columns.T
        part = rows[:, start : start + _ROWS]
        sampled += part[: 2 * _SIDE] @ across[:, : 2 * _SIDE]
        means += part[2 * _SIDE :] @ across[:, 2 * _SIDE :]
    return sampled.reshape(2, _SIDE, 2, _SIDE).swapaxes(1, 2), means


@lru_cache(maxsize=16)
def _matrices(length: int) -> Floats:
    """What takes ``n`` samples to PDQ's 64, to those of its mirror image, and to 64 means: [192, n]."""
    ends = (numpy.arange(_SIDE + 1) * length) / _SIDE
    places = numpy.arange(length)
    means = numpy.clip(
        numpy.minimum(ends[1:, None], places + 1) - numpy.maximum(ends[:-1, None], places), 0, None
    )
    means /= means.sum(1, keepdims=True)
    picked = (((numpy.arange(_SIDE) + 0.5) * length) / _SIDE).astype(int)
    sampled = numpy.zeros((_SIDE, length))
    sampled[numpy.arange(_SIDE), picked] = 1
    if length != _SIDE:
        sampled = _boxed(_boxed(sampled))
    return numpy.vstack([sampled, sampled[:, ::-1], means]).astype(numpy.float32)


def _boxed(weights: NDArray[numpy.float64]) -> NDArray[numpy.float64]:
    """Weights [64, n] of filtered samples as weights of the samples before PDQ's box filter."""
    length = weights.shape[1]
    window = (length + 2 * _SIDE - 1) // (2 * _SIDE)
    before, after = window - (window + 2) // 2, (window + 2) // 2
    places = numpy.arange(length)
    first, last = numpy.maximum(0, places - before), numpy.minimum(length, places + after)
    share = weights / (last - first)
    steps = numpy.zeros((_SIDE, length + 1))
    rows = numpy.arange(_SIDE)[:, None]
    numpy.add.at(steps, (rows, first), share)
    numpy.add.at(steps, (rows, last), -share)
    return numpy.cumsum(steps, 1)[:, :length]


def _look(sampled: Floats, means: Floats) -> Look:
    return Look(_quality(sampled[0, 0]), _hashes(sampled), _layout(means))


def _quality(sampled: Floats) -> int:
    down = numpy.trunc((sampled[:-1] - sampled[1:]) * 100 / 255)
    right = numpy.trunc((sampled[:, :-1] - sampled[:, 1:]) * 100 / 255)
    return min(100, int(numpy.abs(down).sum() + numpy.abs(right).sum()) // 90)


def _hashes(sampled: Floats) -> tuple[bytes, ...]:
    cosines = _cosines()
    hashes = []
    for transposed, rows, columns in TURNS:
        view = sampled[int(columns), int(rows)].T if transposed else sampled[int(rows), int(columns)]
        flat = (cosines @ view @ cosines.T).reshape(-1)
        median = numpy.partition(flat, _BITS // 2 - 1)[_BITS // 2 - 1]
        hashes.append(numpy.packbits((flat > median)[::-1]).tobytes())
    return tuple(hashes)


@lru_cache(maxsize=1)
def _cosines() -> Floats:
    """Rows 1 to 16 of the discrete cosine transform of 64 samples."""
    frequency, place = numpy.arange(1, _COEFFICIENTS + 1)[:, None], 2 * numpy.arange(_SIDE) + 1
    scaled = numpy.sqrt(2 / _SIDE) * numpy.cos(numpy.pi / 2 / _SIDE * frequency * place)
    rows: Floats = scaled.astype(numpy.float32)
    return rows


def _layout(means: Floats) -> bytes:
    inside = _SIDE // _CELLS
    cells = means.reshape(_CELLS, inside, _CELLS, inside)
    tone = numpy.floor(cells.mean((1, 3)) / 2).astype(numpy.int64) % _STEPS
    contrast = numpy.clip(numpy.round(numpy.sqrt(cells.std((1, 3))) * 4 / 3), 0, 15).astype(numpy.int64)
    cell: Bytes = (tone * 16 + contrast).astype(numpy.uint8)
    return cell.tobytes()
