"""The frame of a WebP, walked chunk by chunk (RFC 9649; RFC 6386 section 9.1 for the frame of VP8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rakkan.formats import exif
from rakkan.formats.caps import LARGEST_SEAL, Structure, check_file, unsound

MOST_CHUNKS = 256
SEAL = b"C2PA"
_ANIMATED, _HAS_ALPHA = 0x02, 0x10
_PICTURES = (b"VP8 ", b"VP8L")
_ONCE = {*_PICTURES, b"VP8X", b"ALPH", b"ICCP", b"EXIF", b"XMP ", SEAL}


@dataclass(frozen=True)
class Chunk:
    """A chunk with its place: ``data[start:end]`` is all of it with its padding, ``body`` what it holds."""

    name: bytes
    body: memoryview
    start: int
    end: int


def chunks(data: bytes) -> Iterator[Chunk]:
    """The chunks of a WebP. Raises RakkanError when its sizes do not add up to the file's."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise unsound("webp", "it does not begin as one")
    if int.from_bytes(data[4:8], "little") + 8 != len(data):
        raise unsound("webp", "its size is not what it says")
    view = memoryview(data)
    place = 12
    for _ in range(MOST_CHUNKS):
        if place == len(data):
            return
        length = int.from_bytes(data[place + 4 : place + 8], "little")
        end = place + 8 + length + length % 2
        if place + 8 > len(data) or end > len(data) or any(data[place + 8 + length : end]):
            raise unsound("webp", "its parts do not fit into it")
        yield Chunk(data[place : place + 4], view[place + 8 : place + 8 + length], place, end)
        place = end
    raise unsound("webp", f"it holds more than {MOST_CHUNKS} chunks")


def read(data: bytes) -> Structure:
    """The structure of a WebP. Raises RakkanError for one that is unsound or passes a cap."""
    found = Structure("webp")
    check_file("webp", data)
    bodies: dict[bytes, memoryview] = {}
    for chunk in chunks(data):
        if chunk.name in (b"ANIM", b"ANMF"):
            raise unsound("webp", "it is animated")
        if chunk.name in bodies and chunk.name in _ONCE:
            raise unsound("webp", f"it holds {chunk.name!r} twice")
        if not bodies and chunk.name not in (b"VP8X", *_PICTURES):
            raise unsound("webp", "it does not begin with its picture")
        bodies[chunk.name] = chunk.body
        _metadata(found, chunk)
    pictures = [name for name in _PICTURES if name in bodies]
    if len(pictures) != 1:
        raise unsound("webp", "it holds no picture, or two")
    width, height, alpha = _lossy(bodies[b"VP8 "]) if pictures == [b"VP8 "] else _lossless(bodies[b"VP8L"])
    if b"VP8X" in bodies:
        alpha = _extended(bodies, (width, height), alpha)
    elif set(bodies) - {SEAL, *_PICTURES}:  # signers add the seal to a simple file as it is
        raise unsound("webp", "it holds more than a simple file may")
    found.width, found.height, found.has_alpha = width, height, alpha
    found.check_size()
    for keyword, value in exif.texts(found.exif).items():
        found.add_text(keyword, value)
    return found


def _extended(bodies: dict[bytes, memoryview], size: tuple[int, int], alpha: bool) -> bool:
    header = bodies[b"VP8X"]
    if len(header) != 10 or next(iter(bodies)) != b"VP8X":
        raise unsound("webp", "its header is damaged")
    if header[0] & _ANIMATED:
        raise unsound("webp", "it is animated")
    canvas = (int.from_bytes(header[4:7], "little") + 1, int.from_bytes(header[7:10], "little") + 1)
    if canvas != size:
        raise unsound("webp", "its picture is not as large as it says")
    if b"ALPH" in bodies and b"VP8L" in bodies:
        raise unsound("webp", "it is transparent in two ways")
    if (alpha or b"ALPH" in bodies) and not header[0] & _HAS_ALPHA:
        raise unsound("webp", "it hides that it is transparent")
    return bool(header[0] & _HAS_ALPHA)


def _lossy(body: memoryview) -> tuple[int, int, bool]:
    if len(body) < 10 or body[0] & 1 or bytes(body[3:6]) != b"\x9d\x01\x2a":
        raise unsound("webp", "its picture is damaged")
    if int.from_bytes(body[:3], "little") >> 5 > len(body) - 10:
        raise unsound("webp", "it is cut short")
    width, height = int.from_bytes(body[6:8], "little"), int.from_bytes(body[8:10], "little")
    return width & 0x3FFF, height & 0x3FFF, False


def _lossless(body: memoryview) -> tuple[int, int, bool]:
    if len(body) < 5 or body[0] != 0x2F:
        raise unsound("webp", "its picture is damaged")
    bits = int.from_bytes(body[1:5], "little")
    if bits >> 29:
        raise unsound("webp", "its picture is of a later version")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)


def _metadata(found: Structure, chunk: Chunk) -> None:
    if chunk.name == b"EXIF":
        found.count("exif", len(chunk.body))
        found.exif = bytes(chunk.body).removeprefix(b"Exif\0\0")
    elif chunk.name == b"ICCP":
        found.count("icc", len(chunk.body))
        found.icc = bytes(chunk.body)
    elif chunk.name == b"XMP ":
        found.count("xmp", len(chunk.body))
    elif chunk.name == SEAL:
        found.count("c2pa", len(chunk.body), LARGEST_SEAL)
    elif chunk.name not in _ONCE:
        found.count("other", len(chunk.body))
