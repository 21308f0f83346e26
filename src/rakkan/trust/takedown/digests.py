"""What a picture is known by, and the line of text that says so.

Anyone can work the line out at home and send it instead of the picture. What comes back in a report may have
been written by anybody: it is read strictly, under caps, before anything is computed from it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rakkan.errors import RakkanError
from rakkan.features.fingerprints import HASH_BYTES, LAYOUT_BYTES, TURNS, Look, looks, says_something
from rakkan.formats.inspect import inspect_picture
from rakkan.store.ledger import canonical
from rakkan.trust.arrivals import picture_bytes
from rakkan.trust.provenance import digest_of_file, pixel_digest
from rakkan.trust.takedown.subjects import unpacked

#: Caps on a line: bytes, and looks in it.
MOST_BYTES = 32_768
MOST_LOOKS = 8
VERSION = "rakkan digests 1"

#: The exact digests: of the whole file, of it without its seal, and of the pixels.
EXACT = ("file", "sha256", "pixels")

_HINT = "Make it with: rakkan takedown digest FILE"


@dataclass(frozen=True)
class Digests:
    """``exact`` maps algorithms of ``EXACT`` to SHA-256 in hexadecimal; ``looks`` are worth comparing."""

    exact: Mapping[str, str]
    looks: tuple[Look, ...]


def digests_of_bytes(data: bytes, name: str = "") -> Digests:
    """The digests of a picture file, parsed in the sandbox. Raises RakkanError for one that is not sound."""
    _, pixels = inspect_picture(data, name)
    exact = {
        "file": hashlib.sha256(data).hexdigest(),
        "sha256": digest_of_file(data),
        "pixels": pixel_digest(pixels),
    }
    return Digests(exact, looks(pixels))


def digests_of_path(path: Path) -> Digests:
    """The digests of the picture at ``path``; touches nothing else. Raises RakkanError."""
    return digests_of_bytes(picture_bytes(path), path.name)


def to_line(digests: Digests) -> str:
    """The digests as one line of JSON, of about a kilobyte for each look."""
    shown = [
        {
            "quality": look.quality,
            "pdq": "".join(one.hex() for one in look.hashes),
            "layout": look.layout.hex(),
        }
        for look in digests.looks
    ]
    value = {"rakkan": VERSION, "exact": dict(digests.exact), "looks": shown}
    return canonical.encode(value).decode()


def from_line(line: str) -> Digests:
    """Read a line that anyone may have written. Looks that say nothing (blank pictures) are left out.

    Raises RakkanError for anything but such a line, and for one that names no picture at all.
    """
    what = "The line of digests"
    if len(line) > MOST_BYTES:
        raise RakkanError(f"{what} has {len(line)} characters, more than {MOST_BYTES}", _HINT)
    try:
        value = canonical.decode(line.strip().encode(), what, MOST_BYTES)
    except UnicodeEncodeError as error:
        raise RakkanError(f"{what} is not valid Unicode", _HINT) from error
    except RakkanError as error:
        raise RakkanError(error.message, _HINT) from error
    if not isinstance(value, dict) or set(value) != {"rakkan", "exact", "looks"}:
        raise RakkanError(f"{what} has not exactly the fields rakkan, exact and looks", _HINT)
    if value["rakkan"] != VERSION:
        raise RakkanError(f"{what} is of another version, {str(value['rakkan'])[:40]!r}", _HINT)
    exact = value["exact"]
    if not isinstance(exact, dict) or not set(exact) <= set(EXACT):
        raise RakkanError(f"{what} names a digest that is not {', '.join(EXACT)}", _HINT)
    for algorithm, digest in exact.items():
        _bytes(digest, 32, f"{what}: its digest {algorithm!r}")
    listed = value["looks"]
    if not isinstance(listed, list) or len(listed) > MOST_LOOKS:
        raise RakkanError(f"{what} has not a list of at most {MOST_LOOKS} looks", _HINT)
    found = tuple(look for look in map(_look, listed) if says_something(look))
    return checked(Digests(exact, found))


def checked(digests: Digests) -> Digests:
    """The digests as they are. Raises RakkanError when they can find no picture."""
    if not digests.exact and not digests.looks:
        raise RakkanError(
            "These digests can find no picture: none is exact, and what it looks like says nothing",
            "Give a picture that is not blank, or its exact digests",
        )
    return digests


def _look(value: Any) -> Look:
    what = "The line of digests: a look"
    if not isinstance(value, dict) or set(value) != {"quality", "pdq", "layout"}:
        raise RakkanError(f"{what} has not exactly the fields quality, pdq and layout", _HINT)
    quality = value["quality"]
    if type(quality) is not int or not 0 <= quality <= 100:
        raise RakkanError(f"{what} has a quality that is not a whole number from 0 to 100", _HINT)
    hashes = _bytes(value["pdq"], HASH_BYTES * len(TURNS), f"{what}: its pdq")
    layout = _bytes(value["layout"], LAYOUT_BYTES, f"{what}: its layout")
    return replace(unpacked(hashes + layout), quality=quality)


def _bytes(text: Any, size: int, what: str) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(f"[0-9a-f]{{{2 * size}}}", text):
        raise RakkanError(f"{what} is not {size} bytes in lower-case hexadecimal", _HINT)
    return bytes.fromhex(text)
