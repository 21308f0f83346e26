"""Finds pictures, wherever they hide: in a file, in the middle of one, packed, in text, in a database, raw.

What is searched for by its form is any picture that could be decoded; what is searched for by its content
is a *trace*, a run of pixels of a picture that is known, in the shapes in which arrays are written.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import io
import re
import sqlite3
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image

#: Fewer pixels than this are an icon, not a picture.
FEWEST_PIXELS = 64
#: How deep things are unpacked that lie in each other.
_DEPTH = 3
_STARTS = {
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "GIF": re.compile(rb"GIF8[79]a"),
    "WebP": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "TIFF": re.compile(rb"II\*\0|MM\0\*"),
    "BMP": re.compile(rb"BM.{4}\0\0\0\0.{4}[\x0c\x28\x40\x6c\x7c]\0\0\0", re.DOTALL),
    "PNM": re.compile(rb"P[56]\s+\d+\s+\d+\s+\d+\s"),
}
_ARRAY = re.compile(rb"\x93NUMPY")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{160,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){200,}")
#: Pixels in a trace, and how many traces are taken of a picture.
_RUN, _TRACES = 24, 12


def pictures_in(data: bytes, depth: int = _DEPTH) -> list[tuple[str, int]]:
    """What could be decoded as a picture, with where it begins (-1 when it was packed in something)."""
    found = [(name, place) for name, place in _candidates(data) if _decodes(data[place:])]
    found += [("array", match.start()) for match in _ARRAY.finditer(data) if _is_picture_array(data, match)]
    if depth:
        for name, inner in unpacked(data):
            found += [(f"{one} in {name}", -1) for one, _ in pictures_in(inner, depth - 1)]
    return found


def traces(pixels: NDArray[Any]) -> list[bytes]:
    """Runs of a picture (uint8 [height, width, 3]) as they would stand in a file, in the usual shapes."""
    height, width = pixels.shape[:2]
    run = min(_RUN, width)
    found = []
    for number in range(_TRACES):
        row = (2 * number + 1) * height // (2 * _TRACES)
        column = (number * 7919) % (width - run + 1)
        piece = numpy.ascontiguousarray(pixels[row, column : column + run])
        if len(numpy.unique(piece)) < 6:
            continue  # plain paper would be found everywhere
        floats = piece.astype(numpy.float32)
        found += [piece, piece[:, ::-1], numpy.c_[piece, numpy.full(run, 255, numpy.uint8)]]
        if len(numpy.unique(piece[:, 0])) >= 6:
            found.append(numpy.ascontiguousarray(piece[:, 0]))
        found += [
            floats / 255,
            floats / numpy.float32(127.5) - 1,
            floats,
            (floats / 255).astype(numpy.float16),
        ]
    return [numpy.ascontiguousarray(one).tobytes() for one in found]


def holds_trace(data: bytes, known: Sequence[bytes], depth: int = _DEPTH) -> bool:
    """Whether one of the traces stands in ``data``, packed or not."""
    if any(trace in data for trace in known):
        return True
    return depth > 0 and any(holds_trace(inner, known, depth - 1) for _, inner in unpacked(data))


def unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    """What is packed in ``data``: archives, compressed streams, text of bytes, cells of a database."""
    if data[:4] == b"PK\3\4" and zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield from (("zip", archive.read(name)) for name in archive.namelist())
    if data[:2] == b"\x1f\x8b":
        yield from (("gzip", inner) for inner in _tried(gzip.decompress, data))
    if data[:1] == b"\x78":
        yield from (("zlib", inner) for inner in _tried(zlib.decompress, data))
    if data.startswith(b"SQLite format 3\0"):
        yield from (("database", cell) for cell in _cells(data))
    joined = re.sub(rb"\\n|\s", b"", data) if _looks_like_text(data) else data
    for match in _BASE64.finditer(joined):
        text = match[0].rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        yield from (("base64", inner) for inner in _tried(_unbased, text))
    for match in _HEX.finditer(joined):
        yield from (("hexadecimal", inner) for inner in _tried(binascii.unhexlify, match[0]))


def _candidates(data: bytes) -> Iterator[tuple[str, int]]:
    for name, pattern in _STARTS.items():
        yield from ((name, match.start()) for match in pattern.finditer(data))


def _decodes(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                image.load()
                return image.width * image.height >= FEWEST_PIXELS
    except Exception:
        return False


def _is_picture_array(data: bytes, match: re.Match[bytes]) -> bool:
    try:
        array = numpy.load(io.BytesIO(data[match.start() :]), allow_pickle=False)
    except (ValueError, EOFError, OSError):
        return False
    shape = [side for side in array.shape if side > 4]
    return array.dtype.kind in "uif" and len(shape) >= 2 and array.size >= FEWEST_PIXELS


def _tried(work: Any, data: bytes) -> Iterator[bytes]:
    try:
        yield work(data)
    except (ValueError, OSError, EOFError, zlib.error):
        return


def _unbased(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def _looks_like_text(data: bytes) -> bool:
    return b"\0" not in data[:4096]


def _cells(data: bytes) -> list[bytes]:
    """The blobs and texts of a database."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(data)
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = [row for name in names for row in connection.execute(f'SELECT * FROM "{name}"')]
    except sqlite3.DatabaseError:
        return []
    finally:
        connection.close()
    cells = [cell.encode() if isinstance(cell, str) else cell for row in rows for cell in row]
    return [cell for cell in cells if isinstance(cell, bytes)]


def files_below(*folders: Path) -> list[Path]:
    """Every file below these folders, hidden ones too."""
    return sorted(
        path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()
    )
