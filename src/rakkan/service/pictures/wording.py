"""Texts that people write about pictures, as they are kept."""

from __future__ import annotations

import unicodedata

from rakkan.errors import RakkanError


def checked_line(text: str, what: str, longest: int) -> str:
    """A text of one line, spaces one at a time. Raises RakkanError, naming ``what``, for a longer one, or
    signs that nobody sees."""
    made = " ".join(unicodedata.normalize("NFC", text).split())
    return _checked(made, what, longest, "")


def checked_text(text: str, what: str, longest: int) -> str:
    """A text of several lines, without spaces around it. Raises RakkanError as ``checked_line`` does, and for
    an empty one."""
    made = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if not made:
        raise RakkanError(f"{what} is empty", "Write something, or leave it")
    return _checked(made, what, longest, "\n")


def _checked(text: str, what: str, longest: int, allowed: str) -> str:
    if len(text) > longest:
        raise RakkanError(f"{what} has {len(text)} characters, more than {longest}", "Write less")
    # Joiners make emoji and scripts; all other formatting, such as turning text around, only misleads.
    strange = [
        one for one in text if unicodedata.category(one)[0] == "C" and one not in allowed + "\u200c\u200d"
    ]
    if strange:
        raise RakkanError(
            f"{what} holds a sign that cannot be seen (U+{ord(strange[0]):04X})", "Type it anew"
        )
    return text
