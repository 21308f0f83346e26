"""The frame of a PNG, walked chunk by chunk (PNG, third edition, sections 5, 11 and 13).

Stricter than decoders are: nothing before or after, nothing critical that is not known, one picture, and
exactly as many packed bytes as its header needs.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from rakkan.formats import exif, png
from rakkan.formats.caps import LARGEST_SEAL, MOST_TEXTS, Structure, check_file, unsound

#: Colour type: its name, samples a pixel, allowed bits a sample, whether it has alpha.
_COLOURS = {
    0: ("grey", 1, (1, 2, 4, 8, 16), False),
    2: ("colour", 3, (8, 16), False),
    3: ("palette", 1, (1, 2, 4, 8), False),
    4: ("grey", 2, (8, 16), True),
    6: ("colour", 4, (8, 16), True),
}
_ONCE = {b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"eXIf", b"caBX", b"cICP"}
_BEFORE_PIXELS = {b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"cICP"}
_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
#: Adam7: first column, first row, and the steps between columns and rows of each pass.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_STEP = 1024 * 1024


def read(data: bytes) -> Structure:
    """The structure of a PNG. Raises RakkanError for one that is unsound or passes a cap."""
    found = Structure("png")
    check_file("png", data)
    chunks = list(png.chunks(data, to_the_end=True))
    _check_order([chunk.name for chunk in chunks])
    header = chunks[0].body
    packed: list[memoryview] = []
    palette = 0
    for chunk in chunks[1:]:
        if chunk.name == b"IDAT":
            packed.append(chunk.body)
        elif chunk.name == b"PLTE":
            palette = _palette(chunk.body)
        elif chunk.name == b"tRNS":
            found.has_alpha = True
            _check_transparency(header, palette, chunk.body)
        else:
            _metadata(found, chunk)
    _header(found, header, palette)
    _check_pixels(packed, header)
    for keyword, value in exif.texts(found.exif).items():
        found.add_text(keyword, value)
    return found


def _check_order(names: Sequence[bytes]) -> None:
    if names[0] != b"IHDR" or names.count(b"IHDR") != 1:
        raise unsound("png", "it does not begin with its one header")
    if b"IDAT" not in names:
        raise unsound("png", "it has no pixels")
    first = names.index(b"IDAT")
    if b"IDAT" in names[first + names.count(b"IDAT") :]:
        raise unsound("png", "its pixels are in several places")
    seen: set[bytes] = set()
    if sum(name in _TEXTS for name in names) > MOST_TEXTS:
        raise unsound("png", f"it holds more than {MOST_TEXTS} texts")
    for place, name in enumerate(names):
        if name in _ONCE and name in seen:
            raise unsound("png", f"it holds {name.decode()} twice")
        if name in _BEFORE_PIXELS and place > first:
            raise unsound("png", f"its {name.decode()} comes too late")
        seen.add(name)
    if b"tRNS" in seen and b"PLTE" in seen and names.index(b"tRNS") < names.index(b"PLTE"):
        raise unsound("png", "its transparency comes before its palette")


def _header(found: Structure, header: memoryview, palette: int) -> None:
    found.width, found.height, depth, kind = _sizes(header)
    name, _, _, alpha = _COLOURS[kind]
    found.colour, found.depth = name, depth
    if alpha and found.has_alpha:
        raise unsound("png", "it is transparent in two ways")
    found.has_alpha = found.has_alpha or alpha
    if (kind == 3 and not 1 <= palette <= 2**depth) or (kind in (0, 4) and palette):
        raise unsound("png", "its palette does not fit its kind of colour")
    found.check_size()


def _sizes(header: memoryview) -> tuple[int, int, int, int]:
    """Width, height, bits a sample and colour type."""
    if len(header) != 13:
        raise unsound("png", "its header has the wrong length")
    width, height = int.from_bytes(header[:4], "big"), int.from_bytes(header[4:8], "big")
    depth, kind, packing, filtering, interlace = header[8:13]
    if kind not in _COLOURS or depth not in _COLOURS[kind][2] or packing or filtering or interlace > 1:
        raise unsound("png", "its header names a kind of pixels there is not")
    return width, height, depth, kind


def _palette(body: memoryview) -> int:
    if len(body) % 3 or not 3 <= len(body) <= 768:
        raise unsound("png", "its palette has the wrong length")
    return len(body) // 3


def _check_transparency(header: memoryview, palette: int, body: memoryview) -> None:
    _, _, depth, kind = _sizes(header)
    fits = {0: len(body) == 2, 2: len(body) == 6, 3: 1 <= len(body) <= palette}.get(kind, False)
    if not fits:
        raise unsound("png", "its transparency does not fit its kind of colour")
    if kind != 3 and any(
        int.from_bytes(body[at : at + 2], "big") >= 2**depth for at in range(0, len(body), 2)
    ):
        raise unsound("png", "its transparent colour is out of range")


def _metadata(found: Structure, chunk: png.Chunk) -> None:
    name, body = chunk.name, chunk.body
    if name in (b"acTL", b"fcTL", b"fdAT"):
        raise unsound("png", "it is animated")
    if not name.isalpha() or not name[2:3].isupper():
        raise unsound("png", f"its chunk {name!r} has no proper name")
    if name == b"IEND":
        if body:
            raise unsound("png", "its end is not empty")
    elif name[:1].isupper():
        raise unsound("png", f"its critical chunk {name!r} is not known")
    elif name in _TEXTS:
        keyword, value = png.read_text(name, bytes(body))
        xmp = keyword == "XML:com.adobe.xmp"
        found.count("xmp" if xmp else "text", len(body))
        if not xmp:
            found.add_text(keyword, value)
    elif name == b"eXIf":
        found.count("exif", len(body))
        found.exif = bytes(body)
    elif name == b"iCCP":
        found.count("icc", len(body))
        found.icc = _profile(bytes(body))
    elif name == b"caBX":
        found.count("c2pa", len(body), LARGEST_SEAL)
    elif name == b"cICP":
        # The only code points whose pixels are what every reader takes them for (ITU-T H.273: sRGB).
        if bytes(body) != b"\x01\x0d\x00\x01":
            raise unsound("png", "its colours are not sRGB and would come out wrong")
    else:
        found.count("other", len(body))
    if png.SIGNATURE in bytes(body) and name != b"caBX":
        raise unsound("png", f"a second PNG lies in its chunk {name!r}")


def _profile(body: bytes) -> bytes:
    _, separator, rest = body.partition(b"\0")
    if not separator or rest[:1] != b"\0":
        raise unsound("png", "its colour profile is damaged")
    return png.inflate(rest[1:])


def _check_pixels(packed: list[memoryview], header: memoryview) -> None:
    """Unpack the pixels once, keeping nothing, to see that they are as many as the header says."""
    expected = _unpacked_size(header)
    worker = zlib.decompressobj()
    size = 0
    try:
        for part in packed:
            if worker.eof and part:
                raise unsound("png", "something lies behind its pixels")
            rest: bytes | memoryview = part
            while rest:
                size += len(worker.decompress(rest, _STEP))
                rest = worker.unconsumed_tail
                if size > expected:
                    raise unsound("png", "it unpacks to more than its size needs")
        size += len(worker.flush())
    except zlib.error as error:
        raise unsound("png", "its pixels are damaged") from error
    if worker.unused_data:
        raise unsound("png", "something lies behind its pixels")
    if not worker.eof or size != expected:
        raise unsound("png", "its pixels are not as many as its header says")


def _unpacked_size(header: memoryview) -> int:
    width, height, depth, kind = _sizes(header)
    bits = depth * _COLOURS[kind][1]
    passes = _PASSES if header[12] else ((0, 0, 1, 1),)
    total = 0
    for left, top, across, down in passes:
        columns = max(0, -(-(width - left) // across))
        rows = max(0, -(-(height - top) // down))
        if columns:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total
