"""The frame of a JPEG, walked segment by segment (ITU-T T.81 annex B; JFIF; CIPA DC-007 for MPF).

Baseline and progressive of 8 bits are read; one picture in a file, from its first byte to its last.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rakkan.formats import exif
from rakkan.formats.caps import LARGEST_SEAL, Structure, check_file, unsound

MOST_SEGMENTS = 4096
#: Passes over the pixels; ordinary progressive files have ten or so, and each costs a full decoding.
MOST_SCANS = 64

_SOI, _EOI, _SOS, _COM, _DAC, _DNL = 0xD8, 0xD9, 0xDA, 0xFE, 0xCC, 0xDC
_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive
_OTHER_FRAMES = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
_TABLES = {0xC4, 0xDB, 0xDD}  # Huffman, quantisation, restart interval
_EXIF, _XMP, _XMP_MORE = (
    b"Exif\0\0",
    b"http://ns.adobe.com/xap/1.0/\0",
    b"http://ns.adobe.com/xmp/extension/\0",
)
_ICC, _MPF = b"ICC_PROFILE\0", b"MPF\0"
_C2PA = bytes.fromhex("6332706100110010800000aa00389b71")
#: In packed pixels 0xFF is followed by 0, or by a restart marker, or is filling.
_MARKER_IN_PIXELS = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


@dataclass(frozen=True)
class Segment:
    """A segment with its place: ``data[start:end]`` is all of it (with a scan's pixels), ``body`` its
    parameters without the length. ``seal`` when it is a piece of a C2PA manifest."""

    marker: int
    body: bytes
    start: int
    end: int
    seal: bool = False


def segments(data: bytes) -> Iterator[Segment]:
    """The segments of a JPEG between its start and its end marker.

    Raises RakkanError for a file that is too large, cut short, or goes on after its end marker.
    """
    if not data.startswith(b"\xff\xd8"):
        raise unsound("jpeg", "it does not begin as one")
    place = 2
    sealed: set[bytes] = set()
    for _ in range(MOST_SEGMENTS):
        start = place
        if data[place : place + 1] != b"\xff":
            what = "it is cut short" if place >= len(data) else "something lies between its parts"
            raise unsound("jpeg", what)
        while data[place + 1 : place + 2] == b"\xff":
            place += 1
        if place + 2 > len(data):
            raise unsound("jpeg", "it is cut short")
        marker = data[place + 1]
        if marker == _EOI:
            if place + 2 != len(data):
                raise unsound("jpeg", f"{len(data) - place - 2} bytes follow its end")
            return
        if marker == _SOI:
            raise unsound("jpeg", "a second picture begins inside it")
        if marker <= 1 or 0xD0 <= marker <= 0xD7:
            raise unsound("jpeg", "a marker is misplaced")
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        end = place + 2 + length
        if length < 2 or end > len(data):
            raise unsound("jpeg", "it is cut short")
        body = data[place + 4 : end]
        if marker == _SOS:
            after = _MARKER_IN_PIXELS.search(data, end)
            if after is None:
                raise unsound("jpeg", "it is cut short")
            end = after.start()
        yield Segment(marker, body, start, end, marker == 0xEB and _is_seal(body, sealed))
        place = end
    raise unsound("jpeg", f"it holds more than {MOST_SEGMENTS} segments")


def _is_seal(body: bytes, sealed: set[bytes]) -> bool:
    """Whether an APP11 segment is JUMBF (ISO 19566-5) of a C2PA manifest; ``sealed`` keeps its numbers.

    Body: "JP", box instance number (2 bytes), packet number (4), then the box: length, "jumb", and on the
    first packet its description box, which begins with the content's UUID.
    """
    if body[:2] != b"JP" or body[12:16] != b"jumb":
        return False
    instance = body[2:4]
    if body[20:24] == b"jumd" and body[24:40] == _C2PA and int.from_bytes(body[4:8], "big") == 1:
        sealed.add(instance)
    return instance in sealed


def read(data: bytes) -> Structure:
    """The structure of a JPEG. Raises RakkanError for one that is unsound or passes a cap."""
    found = Structure("jpeg")
    check_file("jpeg", data)
    frames = scans = 0
    profile: list[bytes] = []
    for segment in segments(data):
        marker = segment.marker
        if marker in _FRAMES:
            frames += 1
            _frame(found, segment.body)
        elif marker in _OTHER_FRAMES or marker == _DAC:
            raise unsound("jpeg", "its way of packing (lossless, arithmetic or in layers) is not read here")
        elif marker == _SOS:
            scans += 1
            if frames != 1:
                raise unsound("jpeg", "it has pixels before it says how many")
        elif 0xE0 <= marker <= 0xEF or marker == _COM:
            _metadata(found, segment, profile)
        elif marker not in _TABLES:
            raise unsound("jpeg", f"its segment {marker:02X} is not known")
        if frames > 1:
            raise unsound("jpeg", "it holds two pictures")
        if scans > MOST_SCANS:
            raise unsound("jpeg", f"it goes over its pixels more than {MOST_SCANS} times")
    if not frames or not scans:
        raise unsound("jpeg", "it has no pixels")
    found.icc = _joined(profile)
    for keyword, value in exif.texts(found.exif).items():
        found.add_text(keyword, value)
    return found


def _frame(found: Structure, body: bytes) -> None:
    count = body[5] if len(body) > 5 else 0
    if len(body) != 6 + 3 * count or count not in (1, 3, 4):
        raise unsound("jpeg", "its frame does not have one, three or four colours")
    if body[0] != 8:
        raise unsound("jpeg", f"its samples have {body[0]} bits, not 8")
    factors = [body[7 + 3 * number] for number in range(count)]
    if any(not 1 <= factor >> 4 <= 4 or not 1 <= factor & 15 <= 4 for factor in factors):
        raise unsound("jpeg", "its colours are sampled in a way there is not")
    found.height, found.width = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    found.colour = {1: "grey", 3: "colour", 4: "cmyk"}[count]
    found.check_size()


def _metadata(found: Structure, segment: Segment, profile: list[bytes]) -> None:
    marker, body = segment.marker, segment.body
    if segment.seal:
        found.count("c2pa", len(body), LARGEST_SEAL)
    elif marker == 0xE1 and body.startswith(_EXIF):
        found.count("exif", len(body))
        found.exif = found.exif or body[len(_EXIF) :]
    elif marker == 0xE1 and body.startswith((_XMP, _XMP_MORE)):
        found.count("xmp", len(body))
    elif marker == 0xE2 and body.startswith(_ICC):
        found.count("icc", len(body))
        profile.append(body[len(_ICC) :])
    elif marker == 0xE2 and body.startswith(_MPF):
        raise unsound("jpeg", "it holds further pictures (MPF)")
    elif marker == _COM:
        found.count("text", len(body))
        found.add_text("comment", body.decode("utf-8", "replace").rstrip("\0"))
    else:
        found.count("other", len(body))


def _joined(profile: list[bytes]) -> bytes:
    """A colour profile from its pieces: number from 1, how many there are, bytes (ICC.1, annex B.4)."""
    pieces = sorted(profile)
    if any(piece[:2] != bytes((number, len(pieces))) for number, piece in enumerate(pieces, 1)):
        raise unsound("jpeg", "its colour profile is damaged")
    return b"".join(piece[2:] for piece in pieces)
