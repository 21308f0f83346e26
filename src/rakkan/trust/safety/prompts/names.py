"""The list of real people's names that ships: hashes only, from openly licensed sources (see NOTICE).

``names.bin`` is ``RKNAMES1``, two counts (uint32, little-endian), then that many names of 7 bytes (6 of
the BLAKE2b hash of a name's folded words, sorted, and one of flags), then that many given names of 4
bytes (of the same hash). ``scripts/compile_names.py`` writes it. A hash hides a name from a casual reader,
not from someone who guesses it.
"""

from __future__ import annotations

import hashlib
import re
import struct
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rakkan.errors import RakkanError

_MAGIC = b"RKNAMES1"
_NAME_BYTES, _GIVEN_BYTES = 6, 4
#: Flags of a name: all its words are ordinary ones, its bearer is long dead, it is written as one word.
ORDINARY, LONG_DEAD, JOINED = 1, 2, 4


@dataclass(frozen=True)
class Names:
    """The list: flags by key of a name, and the keys of given names."""

    names: Mapping[bytes, int]
    given: frozenset[bytes]


@cache
def listed() -> Names:
    """The list that ships. Raises RakkanError when its file is missing or damaged."""
    try:
        return decode((files(__package__) / "names.bin").read_bytes())
    except (OSError, ValueError, struct.error) as error:
        raise RakkanError("The list of names is missing or damaged", "Install Rakkan again") from error


def encode(names: Mapping[bytes, int], given: Collection[bytes]) -> bytes:
    """The file of a list of names."""
    body = b"".join(key + bytes([names[key]]) for key in sorted(names))
    return _MAGIC + struct.pack("<II", len(names), len(given)) + body + b"".join(sorted(given))


def decode(data: bytes) -> Names:
    """A list of names from its file. Raises ValueError or struct.error for anything else."""
    count, given_count = struct.unpack("<II", data[8:16])
    start, size = 16 + count * (_NAME_BYTES + 1), _NAME_BYTES + 1
    if data[:8] != _MAGIC or len(data) != start + given_count * _GIVEN_BYTES:
        raise ValueError("not a list of names")
    names = {data[at : at + _NAME_BYTES]: data[at + _NAME_BYTES] for at in range(16, start, size)}
    given = frozenset(data[at : at + _GIVEN_BYTES] for at in range(start, len(data), _GIVEN_BYTES))
    return Names(names, given)


def folded_words(name: str) -> list[str]:
    """The words of a name in the letters a to z: marks, apostrophes and digits fall away."""
    text = unicodedata.normalize("NFKD", name.casefold().replace("ø", "o").replace("ł", "l"))
    text = re.sub("['’`ʼ]", "", "".join(sign for sign in text if not unicodedata.combining(sign)))
    return re.findall("[a-z]+", text)


def name_key(words: Iterable[str]) -> bytes:
    """The key of a name: the same whatever order its words stand in."""
    return hashlib.blake2b(" ".join(sorted(words)).encode(), digest_size=_NAME_BYTES).digest()


def given_key(word: str) -> bytes:
    """The key of a given name."""
    return hashlib.blake2b(word.encode(), digest_size=_GIVEN_BYTES).digest()
