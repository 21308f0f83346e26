"""Bundles: several small files in one, as a ZIP archive of which there is one writing only.

Entries are stored, sorted by name, without dates, attributes or comments of their own. So a bundle is sound
exactly when packing what was found in it gives the same bytes: nothing can hide between entries, be there
twice, unpack to more than it is, or have a name that leads elsewhere.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from rakkan.errors import RakkanError
from rakkan.formats import sandbox
from rakkan.formats.caps import LARGEST_FILE

MOST_ENTRIES = 2000
_NAME = re.compile(r"[a-z0-9]+(?:[./-][a-z0-9]+)*")
_LONGEST_NAME = 100
#: APPNOTE 6.3: local header (4.3.7), central header (4.3.12), end of central directory (4.3.16).
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_VERSION, _UNIX, _FIRST_DAY, _PLAIN_FILE = 20, 3 << 8, 0x21, 0o100644 << 16


def pack(files: Mapping[str, bytes]) -> Iterator[bytes]:
    """The pieces of a bundle. Raises RakkanError for names and sizes that no bundle has."""
    if len(files) > MOST_ENTRIES:
        raise RakkanError(f"{len(files)} files are too many for one", f"Keep to {MOST_ENTRIES}")
    central, offset = [], 0
    for name in sorted(files):
        if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
            raise RakkanError(f"{name[:80]!r} cannot stand in a bundle", "Use small letters and digits")
        data, label = files[name], name.encode("ascii")
        facts = (0, 0, 0, _FIRST_DAY, zlib.crc32(data), len(data), len(data), len(label), 0)
        header = _LOCAL.pack(b"PK\3\4", _VERSION, *facts) + label
        row = (_UNIX | _VERSION, _VERSION, *facts, 0, 0, 0, _PLAIN_FILE, offset)
        central.append(_CENTRAL.pack(b"PK\1\2", *row) + label)
        offset += len(header) + len(data)
        if offset > LARGEST_FILE:
            raise RakkanError(
                f"It is larger than {LARGEST_FILE // 1024 // 1024} MiB", "Keep fewer or smaller pictures"
            )
        yield header
        yield data
    size = sum(map(len, central))
    yield from central
    yield _END.pack(b"PK\5\6", 0, 0, len(central), len(central), size, offset, 0)


def unpack(data: bytes, name: str) -> dict[str, bytes]:
    """The files of a bundle from outside, found in the sandbox; ``name`` is what it is called in errors.

    Raises RakkanError for anything that ``pack`` does not write.
    """
    if len(data) > LARGEST_FILE:
        raise unsound(name, f"it is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    try:
        listed, payload = sandbox.call(read_bundle, data)
    except RakkanError as error:
        raise unsound(name, error.message) from error
    files: dict[str, bytes] = {}
    place = 0
    for row in listed if isinstance(listed, list) else ():
        label, size = row
        if not isinstance(label, str) or type(size) is not int or not 0 <= size <= len(payload) - place:
            break
        files[label] = payload[place : place + size]
        place += size
    if place != len(payload) or b"".join(pack(files)) != data:
        raise unsound(name, "it does not read back as it stands")
    return files


def read_bundle(data: bytes) -> tuple[Any, bytes]:
    """For the sandbox: names and sizes in order, and all contents one after another."""
    files: dict[str, bytes] = {}
    place = 0
    while data[place : place + 4] == b"PK\3\4":
        if len(data) - place < _LOCAL.size:
            raise RakkanError("it is cut off")
        fields = _LOCAL.unpack_from(data, place)
        size, length = fields[7], fields[9]
        start = place + _LOCAL.size + length
        label = data[place + _LOCAL.size : start].decode("ascii", "replace")
        if label in files:
            raise RakkanError(f"it holds {label[:80]!r} twice")
        if start + size > len(data) or len(files) >= MOST_ENTRIES:
            raise RakkanError("it is cut off, or holds too much")
        files[label] = data[start : start + size]
        place = start + size
    if not files:
        raise RakkanError("it is no such archive")
    if b"".join(pack(files)) != data:
        raise RakkanError("it was not written by Rakkan, or was changed since")
    return [[label, len(one)] for label, one in files.items()], b"".join(files.values())


def unsound(name: str, reason: str) -> RakkanError:
    """The error for a bundle that is none."""
    return RakkanError(f"{name} is no sound file of Rakkan's: {reason}", "Ask for it again")
