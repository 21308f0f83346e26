"""Pictures with texts as JPEG and WebP, in memory. Only the gate may call these, as it may ``png.encode``.

Texts stand in EXIF (``rakkan.formats.exif``). A WebP is always written in the extended format: only there
may a further chunk such as a seal stand (RFC 9649, section 2.7).
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.formats import exif, webp
from rakkan.formats.caps import LARGEST_TEXTS, MOST_TEXTS

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

JPEG_QUALITY = 95
WEBP_QUALITY = 90
#: WebP's quality and effort by operation; what is not here loses nothing. Lists show thumbnails by the dozen,
#: and drafts come while somebody types, in half the time for 4 % more bytes: whoever looks at one fetches or
#: draws the picture.
_EFFORT = 4
LOSSY: Mapping[str, Mapping[str, Any]] = {"thumbnail": {"quality": 80}, "draft": {"quality": 90, "effort": 2}}
#: What one JPEG segment holds, less its length and the label of EXIF (ITU-T T.81, B.1.1.4).
_MOST_EXIF_IN_JPEG = 65533 - 6
_ALPHA, _EXIF = 0x10, 0x08
#: RFC 9649, section 3.4.
_LONGEST_WEBP = 16383


def jpeg(pixels: NDArray[numpy.uint8], text: Mapping[str, str]) -> bytes:
    """JPEG bytes of ``pixels`` (uint8 [height, width, 3], sRGB): quality 95, colours not subsampled.

    Raises RakkanError for pixels with alpha or of 16 bits, and for texts longer than one EXIF segment (about
    32,000 characters of ``parameters``).
    """
    _check_depth(pixels)
    if pixels.shape[2] != 3:
        raise RakkanError("A JPEG cannot be transparent", "Use PNG or WebP")
    packed = _packed(text)
    if len(packed) > _MOST_EXIF_IN_JPEG:
        raise RakkanError("The texts of this picture are too long for a JPEG", "Use PNG or WebP")
    from PIL import Image

    memory = io.BytesIO()
    Image.fromarray(pixels).save(
        memory,
        format="JPEG",
        quality=JPEG_QUALITY,
        subsampling=0,
        exif=b"Exif\0\0" + packed if packed else b"",
    )
    return memory.getvalue()


def webp_file(
    pixels: NDArray[numpy.uint8],
    text: Mapping[str, str],
    lossless: bool = True,
    quality: int = 0,
    effort: int = _EFFORT,
) -> bytes:
    """WebP bytes of ``pixels`` (uint8 [height, width, 3 or 4], sRGB); at quality 90 when not ``lossless``,
    or at ``quality``, 1 to 100, when one is given. ``effort``, 0 to 6, makes it smaller and takes longer.

    Colours under full transparency are kept. Raises RakkanError for texts of more than 2 MiB, for pixels of
    16 bits, and for a side past 16383 pixels, the most that a WebP can have.
    """
    from PIL import Image

    _check_depth(pixels)
    if max(pixels.shape[:2]) > _LONGEST_WEBP:
        raise RakkanError(f"A WebP has {_LONGEST_WEBP} pixels a side at most", "Use PNG")
    packed = _packed(text)
    memory = io.BytesIO()
    Image.fromarray(pixels).save(
        memory,
        format="WEBP",
        lossless=lossless and not quality,
        quality=quality or WEBP_QUALITY,
        method=effort,
        exact=True,
    )
    encoded = memory.getvalue()
    height, width = pixels.shape[:2]
    parts = {chunk.name: bytes(chunk.body) for chunk in webp.chunks(encoded)}
    alpha = b"ALPH" in parts or (b"VP8L" in parts and bool(parts[b"VP8L"][4] & 0x10))
    flags = (_ALPHA if alpha else 0) | (_EXIF if packed else 0)
    header = bytes((flags, 0, 0, 0)) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = _chunk(b"VP8X", header)
    for name in (b"ALPH", b"VP8 ", b"VP8L"):
        body += _chunk(name, parts[name]) if name in parts else b""
    body += _chunk(b"EXIF", packed) if packed else b""
    return b"RIFF" + (4 + len(body)).to_bytes(4, "little") + b"WEBP" + body


def _check_depth(pixels: NDArray[Any]) -> None:
    if pixels.dtype.name != "uint8":
        raise RakkanError("Only a PNG holds 16 bits a sample", "Use PNG")


def _packed(text: Mapping[str, str]) -> bytes:
    if len(text) > MOST_TEXTS:
        raise RakkanError(f"{len(text)} texts are too many for one picture", f"Keep to {MOST_TEXTS}")
    if sum(len(keyword) + len(value) for keyword, value in text.items()) > LARGEST_TEXTS:
        raise RakkanError("The texts of this picture are too long", f"Keep to {LARGEST_TEXTS // 1024} KiB")
    return exif.build(text) if text else b""


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
