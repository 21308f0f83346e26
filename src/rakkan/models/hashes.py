"""The names a model file goes by elsewhere: all its hashes, of one read.

AutoV1 is the first 8 digits of the SHA-256 of the 64 KiB at 1 MiB; AutoV2 the first 10 of the file's
SHA-256; AutoV3 the first 12 of the SHA-256 of what follows the header of a safetensors file. What a file
says about its own hash is never believed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

from rakkan.errors import RakkanError

#: By what names a file is known elsewhere.
NAMES = ("autov1", "autov2", "autov3", "crc32", "sha256", "blake3")
#: Where AutoV1 looks, and how far.
_AUTOV1 = (0x100000, 0x10000)
_PIECE = 4 * 1024 * 1024

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Hashes:
    """Digits are lower-case hexadecimal: ``sha256`` and ``blake3`` 64, ``autov3`` 12, ``autov2`` 10,
    ``autov1`` and ``crc32`` 8; ``tensors`` is the whole SHA-256 of which ``autov3`` is the start."""

    autov1: str
    autov2: str
    autov3: str
    sha256: str
    crc32: str
    blake3: str
    tensors: str


def read_hashes(
    content: IO[bytes],
    size: int,
    header: int,
    progress: Progress = lambda done, of: None,
    also: Callable[[bytes], None] = lambda piece: None,
) -> Hashes:
    """All hashes of a file of ``size`` bytes whose header, length included, has ``header``; read once, from
    its start.

    ``progress`` is told the bytes done and in all; ``also`` is given each piece besides, in order. Needs
    a few MiB of memory. Raises RakkanError when the file has another size by now.
    """
    import blake3

    whole, body, first, other = hashlib.sha256(), hashlib.sha256(), hashlib.sha256(), blake3.blake3()
    checksum = done = 0
    content.seek(0)
    # Each releases the interpreter's lock, so they share the cores; the next piece is read meanwhile.
    with ThreadPoolExecutor(2, "rakkan-hash") as threads:
        piece = content.read(_PIECE)
        while piece:
            running = [
                threads.submit(whole.update, piece),
                threads.submit(body.update, memoryview(piece)[max(0, header - done) :]),
            ]
            first.update(_overlap(piece, done))
            other.update(piece)
            checksum = zlib.crc32(piece, checksum)
            also(piece)
            done += len(piece)
            piece = content.read(_PIECE)
            for one in running:
                one.result()
            progress(done, size)
    if done != size:
        raise RakkanError("The file changed while it was read", "Try again")
    sha256, tensors = whole.hexdigest(), body.hexdigest()
    return Hashes(
        autov1=first.hexdigest()[:8],
        autov2=sha256[:10],
        autov3=tensors[:12],
        sha256=sha256,
        crc32=f"{checksum:08x}",
        blake3=other.hexdigest(),
        tensors=tensors,
    )


def _overlap(piece: bytes, start: int) -> bytes:
    """What of a piece at ``start`` lies where AutoV1 looks."""
    begin, length = _AUTOV1
    return piece[max(0, begin - start) : max(0, begin + length - start)]
