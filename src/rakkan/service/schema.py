"""What all tables of the service have in common.

Each part has its own ``tables.py``, which registers on ``METADATA``; the migrations make and change them.
"""

from __future__ import annotations

import secrets
import time

from sqlalchemy import MetaData

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: Characters of an identifier.
IDENTIFIER = 26
#: Crockford's base 32 in lower case: no i, l, o, u, and sorted as its numbers are.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS = 82


def new_identifier(seconds: float | None = None) -> str:
    """26 characters that sort by the time (48 bits of milliseconds since 1970) and cannot be guessed
    (82 random bits)."""
    moment = int((time.time() if seconds is None else seconds) * 1000)
    number = (moment << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (IDENTIFIER - 1), -1, -5))


def identifier_of(other: str, random: bytes) -> str:
    """An identifier of the time of another one, its random part (80 bits) taken from given bytes."""
    number = int.from_bytes(random[:10], "big")
    return other[:10] + "".join(_ALPHABET[number >> shift & 31] for shift in range(75, -1, -5))


def made_at(identifier: str) -> int:
    """When an identifier was made, in milliseconds since 1970."""
    number = 0
    for character in identifier[:10]:
        number = number << 5 | _ALPHABET.index(character)
    return number >> (50 - 48)


def is_identifier(text: str) -> bool:
    """Whether a text could be an identifier."""
    return len(text) == IDENTIFIER and all(character in _ALPHABET for character in text)
