"""What people may call themselves and what is theirs."""

from __future__ import annotations

import re
import unicodedata

from rakkan.errors import RakkanError

_RESERVED = """
about account accounts admin administrator anonymous api app audit budgets characters create deleted docs
everyone export feed gallery healthz help import instance me metrics moderation moderator moderators none null
official operator owner picture pictures policies queue rakkan root search security settings share sign-in
sign-up signin signup staff static studio support system takedown undefined visitor
"""
#: Handles nobody can have: they would pass for the service itself, or stand in the way of its addresses.
RESERVED = frozenset(_RESERVED.split())
_HANDLE = re.compile(r"[a-z0-9_-]{3,32}")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_MOST_NAME, _MOST_BIO, _MOST_LABEL = 64, 500, 80
#: Joiners, which scripts and emoji need; other characters of format turn text around or hide in it.
_JOINERS = "\u200c\u200d"


def folded(handle: str) -> str:
    """A handle as it is kept and compared: NFKC, case folded. It may still be none."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", handle[:200].strip()).casefold())


def handle(text: str) -> str:
    """A folded handle: 3 to 32 of a–z, 0–9, _ and -, so that no two look alike but by letters of ASCII.

    Raises RakkanError for another, and for a reserved word.
    """
    name = folded(text)
    if not _HANDLE.fullmatch(name):
        raise RakkanError(
            "The handle cannot be used",
            "Take 3 to 32 of a to z, 0 to 9, hyphen and underscore",
        )
    if name in RESERVED:
        raise RakkanError(f"The handle {name!r} is reserved", "Take another")
    return name


def display_name(text: str) -> str:
    """A name to be shown, of 1 to 64 characters. Raises RakkanError."""
    return _line(text, "The display name", 1, _MOST_NAME)


def label(text: str) -> str:
    """What somebody calls a key or a passkey: up to 80 characters. Raises RakkanError."""
    return _line(text, "The label", 0, _MOST_LABEL)


def bio(text: str) -> str:
    """What somebody says of themselves: up to 500 characters, in lines. Raises RakkanError."""
    lines = text.replace("\r\n", "\n").split("\n")
    whole = "\n".join(_line(line, "The text about you", 0, _MOST_BIO) for line in lines).strip()
    if len(whole) > _MOST_BIO:
        raise RakkanError(f"The text about you has {len(whole)} characters", f"Keep to {_MOST_BIO}")
    return whole


def locale(text: str) -> str:
    """A language tag such as ``en``, ``ja`` or ``id``. Raises RakkanError."""
    if not _LOCALE.fullmatch(text):
        raise RakkanError("The language is not a tag such as en, ja or id", "Choose one of the list")
    return text


def _line(text: str, what: str, least: int, most: int) -> str:
    line = unicodedata.normalize("NFC", text[: 4 * most + 1].strip())
    if any(unicodedata.category(one)[0] == "C" and one not in _JOINERS for one in line):
        raise RakkanError(f"{what} has characters that cannot be seen", "Write it anew")
    if not least <= len(line) <= most:
        raise RakkanError(f"{what} has {len(line)} characters", f"Take from {least} to {most}")
    return line
