"""A picture file without its C2PA manifest: what a statement about a file speaks of.

Where manifests stand: C2PA 2.1, appendix A.3 (PNG: the chunk ``caBX``; JPEG: APP11 segments of JUMBF; WebP:
the chunk ``C2PA``). Only frames are walked, in plain Python and linear time; nothing is unpacked.
"""

from __future__ import annotations

import hashlib
import os
import struct
from collections.abc import Iterable
from typing import IO

from rakkan.errors import RakkanError
from rakkan.formats import caps, jpeg, png, webp
from rakkan.formats.caps import LARGEST_FILE


def without_seal(data: bytes) -> bytes:
    """``data`` (PNG, JPEG or WebP) without its manifest, all else byte for byte; equal when it has none.

    Only of a WebP four more bytes change: the size at its start. Raises RakkanError for other files and
    for those whose parts do not add up.
    """
    if data.startswith(png.SIGNATURE):
        chunks = png.chunks(data, to_the_end=True)
        return _without(data, ((chunk.start, chunk.end) for chunk in chunks if chunk.name == b"caBX"))
    if len(data) > LARGEST_FILE:
        raise RakkanError(
            f"The picture is larger than {LARGEST_FILE // 1024 // 1024} MiB", "Give a smaller file"
        )
    if data.startswith(b"\xff\xd8"):
        segments = jpeg.segments(data)
        return _without(data, ((segment.start, segment.end) for segment in segments if segment.seal))
    if (data[:4], data[8:12]) == (b"RIFF", b"WEBP"):
        parts = webp.chunks(data)
        bare = _without(data, ((chunk.start, chunk.end) for chunk in parts if chunk.name == webp.SEAL))
        return bare[:4] + (len(bare) - 8).to_bytes(4, "little") + bare[8:]
    raise RakkanError("This is no picture that can carry a seal", "Give a PNG, JPEG or WebP file")


def digest_of_png(file: IO[bytes]) -> str:
    """SHA-256 of a seekable PNG of any size without its manifest, read a mebibyte at a time.

    Raises RakkanError for another file, one that is cut short, and one that goes on after its end.
    """
    hasher, end = hashlib.sha256(), file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(len(png.SIGNATURE))
    hasher.update(start)
    name = b""
    while start == png.SIGNATURE and name != b"IEND":
        head = file.read(8)
        length, name = struct.unpack(">I4s", head) if len(head) == 8 else (0, b"")
        left = length + 4
        if not name or file.tell() + left > end:
            break
        if name == b"caBX":
            file.seek(left, os.SEEK_CUR)
            continue
        hasher.update(head)
        while left:
            piece = file.read(min(left, 1024 * 1024))
            if not piece:
                break
            hasher.update(piece)
            left -= len(piece)
    if name != b"IEND" or file.tell() != end:
        raise caps.unsound("png", "its chunks do not add up")
    return hasher.hexdigest()


def _without(data: bytes, spans: Iterable[tuple[int, int]]) -> bytes:
    kept: list[bytes] = []
    place = 0
    for start, end in spans:
        kept.append(data[place:start])
        place = end
    return b"".join([*kept, data[place:]])
