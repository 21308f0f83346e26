"""The bytes of a seal that its signature does not cover, held to the letter.

c2pa leaves some bytes of a manifest store unlooked at: lengths and labels of the boxes around the signed
ones (JUMBF, ISO 19566-5), the zeros that pad the signature to its reserved length, the framing of the store
in the file. None can change what a seal says, but ten thousand of them could carry something past a check.
C2PA 2.2 asks validators to look (section 15.12.1: what is excluded from the hash holds the store and zeros,
nothing else), so here each must be exactly as the seal's maker writes it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection, Iterator

#: Labels of the boxes in a manifest, by the type its description states (C2PA 2.2, section 11.1.4).
_LABELS = {
    b"c2as": (b"c2pa.assertions",),
    b"c2cl": (b"c2pa.claim.v2",),
    b"c2cs": (b"c2pa.signature",),
}
_TYPE_TAIL = bytes.fromhex("00110010800000aa00389b71")
_PLAIN, _SALTED = 0x03, 0x13
_STORE = b"c2pa"
_MOST_BOXES = 4096
#: What ``sign`` writes into a JPEG's APP11 segments: "JP", then the box instance number.
_JPEG_BOX = b"JP\x02\x11"


class _Odd(Exception):
    """Something that is not as the maker of the seal writes it."""


def faults(data: bytes, media_type: str, ours: Collection[str]) -> list[str]:
    """What is not to the letter in the seal of a file: reasons in plain words, none when all is well.

    ``ours`` are the labels of the manifests that this program made, the active one among them. Those of
    other programs, which stand beside them as ingredients, may be framed as they like.
    """
    try:
        store = _STORES[media_type](data)
        _look_at_store(store, ours)
    except (_Odd, struct.error, IndexError) as fault:
        return [str(fault) if isinstance(fault, _Odd) else "the seal is cut short"]
    return []


def _look_at_store(store: bytes, ours: Collection[str]) -> None:
    kind, label, start = _described(store, 0, len(store), toggles=(_PLAIN,))
    if kind != _STORE or label != _STORE:
        raise _Odd("the outermost box of the seal is not labelled as one")
    missing = set(ours)
    for place, _, end in _boxes(store, start, len(store)):
        _, label, inner = _described(store, place, end, toggles=(_PLAIN,))
        name = label.decode("utf-8", "replace")
        if name in missing:
            missing.remove(name)
            _look_at_manifest(store, inner, end)
    if missing:
        raise _Odd("a part of the seal is not where it should be")


def _look_at_manifest(store: bytes, start: int, end: int) -> None:
    seen: set[bytes] = set()
    for box, name, box_end in _boxes(store, start, end):
        if name != b"jumb":
            raise _Odd("there is an unknown box in the seal")
        kind, label, inner = _described(store, box, box_end, toggles=(_PLAIN,))
        if kind in seen or label not in _LABELS.get(kind, ()):
            raise _Odd("a box of the seal does not have its label")
        seen.add(kind)
        if kind == b"c2as":
            for assertion, _, assertion_end in _boxes(store, inner, box_end):
                _described(store, assertion, assertion_end, toggles=(_SALTED,))
        elif kind == b"c2cs":
            _look_at_signature(store, inner, box_end)
    if seen != set(_LABELS):
        raise _Odd("a box of the seal is missing")


def _look_at_signature(store: bytes, place: int, end: int) -> None:
    boxes = list(_boxes(store, place, end))
    if len(boxes) != 1 or boxes[0][1] != b"cbor":
        raise _Odd("the signature's box holds something else")
    place += 8
    for expected in ((6, 18), (4, 4)):  # COSE_Sign1_Tagged: tag 18, an array of four (RFC 9052, section 4.2)
        major, value, place = _head(store, place)
        if (major, value) != expected:
            raise _Odd("the signature is not of the form it should have")
    major, length, place = _head(store, place)
    place += length if major == 2 else 0
    major, pairs, place = _head(store, place)
    if major != 5 or pairs > 2:
        raise _Odd("the signature carries more than padding")
    for _ in range(pairs):
        key, place = _string(store, place, major=3)
        zeros, place = _string(store, place, major=2)
        if key not in (b"pad", b"pad2") or zeros.strip(b"\0"):
            raise _Odd("the padding of the signature is filled with something")
    if store[place : place + 3] != b"\xf6\x58\x40" or place + 67 != end:
        raise _Odd("there is something after the signature")


def _string(store: bytes, place: int, major: int) -> tuple[bytes, int]:
    found, length, place = _head(store, place)
    if found != major or place + length > len(store):
        raise _Odd("the signature is not of the form it should have")
    return store[place : place + length], place + length


def _head(store: bytes, place: int) -> tuple[int, int, int]:
    """The major type and argument of a CBOR item (RFC 8949, section 3), and where its content begins."""
    first = store[place]
    major, small = first >> 5, first & 31
    if small < 24:
        return major, small, place + 1
    if small > 26:
        raise _Odd("the signature is not of the form it should have")
    width = 1 << (small - 24)
    return major, int.from_bytes(store[place + 1 : place + 1 + width], "big"), place + 1 + width


def _described(store: bytes, place: int, end: int, toggles: tuple[int, ...]) -> tuple[bytes, bytes, int]:
    """The type and label of the superbox that fills ``place`` to ``end``, and where its content begins."""
    length, name = struct.unpack_from(">I4s", store, place)
    if name != b"jumb" or place + length != end:
        raise _Odd("a box of the seal is longer or shorter than it says")
    inner = place + 8
    length, name = struct.unpack_from(">I4s", store, inner)
    description = store[inner + 8 : inner + length]
    label, separator, _ = description[17:].partition(b"\0")
    sound = name == b"jumd" and length >= 26 and inner + length <= end and separator
    if not sound or description[4:16] != _TYPE_TAIL or description[16] not in toggles:
        raise _Odd("a box of the seal is not described as it should be")
    return description[:4], label, inner + length


def _boxes(store: bytes, place: int, end: int) -> Iterator[tuple[int, bytes, int]]:
    """Where each box begins, its type, and where it ends; together they fill ``place`` to ``end``."""
    for _ in range(_MOST_BOXES):
        if place == end:
            return
        length, name = struct.unpack_from(">I4s", store, place)
        if length < 8 or place + length > end:
            raise _Odd("a box of the seal is longer or shorter than it says")
        yield place, name, place + length
        place += length
    raise _Odd("the seal has too many boxes")


def _store_of_png(data: bytes) -> bytes:
    place = 8
    while place + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        if name == b"caBX":
            body = data[place + 8 : place + 8 + length]
            if struct.unpack_from(">I", data, place + 8 + length)[0] != zlib.crc32(body, zlib.crc32(name)):
                raise _Odd("the checksum of the seal's chunk is wrong")
            return body
        place += 12 + length
    raise _Odd("the seal is not where it should be")


def _store_of_webp(data: bytes) -> bytes:
    place = 12
    while place + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, place)
        if name == b"C2PA":
            return data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
    raise _Odd("the seal is not where it should be")


def _store_of_jpeg(data: bytes) -> bytes:
    store, number, place = b"", 0, 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, place + 2)
        body = data[place + 4 : place + 2 + length]
        if data[place + 1] == 0xEB:
            number += 1
            head = struct.pack(">4sI", _JPEG_BOX, number) + store[:8]
            if not body.startswith(head):
                raise _Odd("a part of the seal is not numbered as it should be")
            store += body[len(head) :]
        elif number:
            break
        place += 2 + length
    if not store:
        raise _Odd("the seal is not where it should be")
    return store


_STORES = {"image/png": _store_of_png, "image/jpeg": _store_of_jpeg, "image/webp": _store_of_webp}
