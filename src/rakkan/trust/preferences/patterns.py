"""Path patterns as robots.txt and tdmrep.json have them (RFC 9309, sections 2.2.2 and 2.2.3)."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normal(path: str) -> str:
    """A path in one spelling: unreserved characters plain, all else that was or must be percent-encoded
    in capitals."""
    if not path.isascii():
        path = "".join(
            character if character.isascii() else "".join(f"%{byte:02X}" for byte in _bytes(character))
            for character in path
        )
    return _ESCAPE.sub(_spell, path)


def match_length(pattern: str, path: str) -> int | None:
    """How many octets a pattern has when it matches the beginning of ``path``, else None.

    ``path`` is in its ``normal`` spelling. ``*`` stands for anything, ``$`` at the end for the end of
    the path.
    """
    pattern = normal(pattern)
    return len(pattern) if _matches(pattern, path) else None


def _matches(pattern: str, path: str) -> bool:
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    place = len(first)
    if not rest:
        return not anchored or place == len(path)
    # The earliest place for each piece leaves the most room for those behind it.
    for piece in rest[:-1]:
        found = path.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    if anchored:
        return len(path) - len(rest[-1]) >= place and path.endswith(rest[-1])
    return path.find(rest[-1], place) >= 0


def _spell(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _UNRESERVED else escape[0].upper()


def _bytes(character: str) -> bytes:
    return character.encode("utf-8", "surrogatepass")
