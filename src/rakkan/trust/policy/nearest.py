"""The known word most like an unknown one."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches


def nearest(word: str, known: Collection[str]) -> str:
    """The member of ``known`` (not empty) most like ``word``, upper and lower case alike."""
    folded = {name.casefold(): str(name) for name in known}
    return folded[get_close_matches(word.casefold()[:100], list(folded), 1, 0)[0]]
