"""The little of EXIF that matters here: which way up a picture is, and texts (CIPA DC-008, TIFF 6.0).

A1111's ``parameters`` stand in ``UserComment`` as ``UNICODE`` and UTF-16BE, where the tools of the field
look for them. Other texts stand in ``MakerNote``, the place for a maker's own data, as a JSON object
behind a label of ours. Damaged EXIF is common in honest files and says nothing, so it is read as absent.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping

from rakkan.errors import RakkanError

_ORIENTATION, _EXIF_TABLE, _MAKER_NOTE, _USER_COMMENT = 0x0112, 0x8769, 0x927C, 0x9286
_BYTE, _ASCII, _SHORT, _LONG, _UNDEFINED = 1, 2, 3, 4, 7
_READ = {_ORIENTATION, _EXIF_TABLE, _MAKER_NOTE, _USER_COMMENT}
_MOST_ENTRIES = 512
_LABEL = b"Rakkan text 1\0"
_PARAMETERS = "parameters"


def orientation(exif: bytes) -> int:
    """How the pixels are to be turned, 1 (not at all) to 8 (tag 0x0112); 1 when it does not say."""
    order = _order(exif)
    kind, value = _table(exif, order, _first(exif, order)).get(_ORIENTATION, (0, b""))
    if kind != _SHORT or len(value) < 2:
        return 1
    (found,) = struct.unpack(order + "H", value[:2])
    return int(found) if 1 <= found <= 8 else 1


def texts(exif: bytes) -> dict[str, str]:
    """The texts of a file by keyword: ``parameters``, and what ``build`` wrote."""
    order = _order(exif)
    kind, value = _table(exif, order, _first(exif, order)).get(_EXIF_TABLE, (0, b""))
    if kind != _LONG or len(value) != 4:
        return {}
    table = _table(exif, order, struct.unpack(order + "I", value)[0])
    found: dict[str, str] = {}
    comment = _comment(table.get(_USER_COMMENT, (0, b""))[1], order)
    if comment:
        found[_PARAMETERS] = comment
    for keyword, text in _own(table.get(_MAKER_NOTE, (0, b""))[1]).items():
        found.setdefault(keyword, text)
    return found


def build(text: Mapping[str, str]) -> bytes:
    """EXIF (a big-endian TIFF) that holds ``text``, keyword to value.

    Raises RakkanError for text that is not valid Unicode.
    """
    entries: list[tuple[int, bytes]] = []
    rest = {keyword: value for keyword, value in text.items() if keyword != _PARAMETERS}
    try:
        if rest:
            told = json.dumps(rest, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            entries.append((_MAKER_NOTE, _LABEL + told.encode("utf-8")))
        if _PARAMETERS in text:
            entries.append((_USER_COMMENT, b"UNICODE\0" + text[_PARAMETERS].encode("utf-16-be")))
    except UnicodeEncodeError as error:
        raise RakkanError(
            "A text of the picture is not valid Unicode", "Remove the broken character"
        ) from error
    # header 8 bytes; first table: one entry, 18 bytes; then the EXIF table at 26
    head = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">HHHIII", 1, _EXIF_TABLE, _LONG, 1, 26, 0)
    table = struct.pack(">H", len(entries))
    place = 26 + 2 + 12 * len(entries) + 4
    bodies = b""
    for tag, body in entries:
        inline = body.ljust(4, b"\0") if len(body) <= 4 else struct.pack(">I", place + len(bodies))
        table += struct.pack(">HHI", tag, _UNDEFINED, len(body)) + inline
        if len(body) > 4:
            bodies += body + b"\0" * (len(body) % 2)
    return head + table + b"\0\0\0\0" + bodies


def _order(exif: bytes) -> str:
    return {b"MM\0*": ">", b"II*\0": "<"}.get(exif[:4], "")


def _first(exif: bytes, order: str) -> int:
    return int(struct.unpack_from(order + "I", exif, 4)[0]) if order and len(exif) >= 8 else 0


def _table(exif: bytes, order: str, place: int) -> dict[int, tuple[int, bytes]]:
    """The entries of a table that are read here, by tag: type and bytes; damaged ones are left out."""
    if not order or not 8 <= place <= len(exif) - 2:
        return {}
    found: dict[int, tuple[int, bytes]] = {}
    (count,) = struct.unpack_from(order + "H", exif, place)
    for at in range(place + 2, place + 2 + 12 * min(count, _MOST_ENTRIES), 12):
        if at + 12 > len(exif):
            break
        tag, kind, number, start = struct.unpack_from(order + "HHII", exif, at)
        if tag not in _READ:  # a file may point at all of itself from each of its entries
            continue
        size = number * {_BYTE: 1, _ASCII: 1, _SHORT: 2, _LONG: 4, _UNDEFINED: 1}.get(kind, 0)
        if size <= 4:
            found.setdefault(tag, (kind, exif[at + 8 : at + 8 + size]))
        elif start + size <= len(exif):
            found.setdefault(tag, (kind, exif[start : start + size]))
    return found


def _comment(value: bytes, order: str) -> str:
    label, body = value[:8], value[8:]
    if label == b"UNICODE\0":
        # Big-endian as A1111 writes it, unless every other byte says otherwise: some follow the file's order.
        swapped = order == "<" and body[1::2].count(0) > body[0::2].count(0)
        return body.decode("utf-16-le" if swapped else "utf-16-be", "replace").rstrip("\0")
    if label == b"ASCII\0\0\0":
        return body.decode("utf-8", "replace").rstrip("\0")
    return ""


def _own(value: bytes) -> dict[str, str]:
    if not value.startswith(_LABEL):
        return {}
    try:
        told = json.loads(value[len(_LABEL) :].decode("utf-8"))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict) or not all(isinstance(text, str) for text in told.values()):
        return {}
    return {keyword: text for keyword, text in told.items() if _is_unicode(keyword + text)}


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)
