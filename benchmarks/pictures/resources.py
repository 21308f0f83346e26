"""Files out of Qt's binary resources (``.rcc``, format versions 1 to 3), as in Qt's ``qresource.cpp``."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

COMPRESSED, DIRECTORY, ZSTANDARD = 1, 2, 4


def files(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file that is plain or zlib-compressed; ValueError for another format."""
    if data[:4] != b"qres":
        raise ValueError("not a Qt resource file")
    version, tree, content, names = struct.unpack(">4I", data[4:20])
    yield from _walk(data, (tree, content, names, 22 if version >= 2 else 14), 0, "")


def _walk(data: bytes, at: tuple[int, int, int, int], index: int, path: str) -> Iterator[tuple[str, bytes]]:
    tree, content, names, size = at
    start = tree + index * size
    name, flags = struct.unpack(">IH", data[start : start + 6])
    here = path + (_name(data, names + name) if index else "")
    if flags & DIRECTORY:
        count, first = struct.unpack(">II", data[start + 6 : start + 14])
        for child in range(first, first + count):
            yield from _walk(data, at, child, f"{here}/" if index else "")
    elif not flags & ZSTANDARD:
        (offset,) = struct.unpack(">I", data[start + 10 : start + 14])
        (length,) = struct.unpack(">I", data[content + offset : content + offset + 4])
        stored = data[content + offset + 4 : content + offset + 4 + length]
        # Qt writes the length of the original in front of the zlib stream.
        yield here, zlib.decompress(stored[4:]) if flags & COMPRESSED else stored


def _name(data: bytes, at: int) -> str:
    (length,) = struct.unpack(">H", data[at : at + 2])
    return data[at + 6 : at + 6 + 2 * length].decode("utf-16-be")
