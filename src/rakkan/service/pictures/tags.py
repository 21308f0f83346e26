"""What a picture is found by: the tags its prompt reads as, those its maker adds, the words of its title."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from rakkan.errors import RakkanError
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.tags import description

LONGEST_TAG = 40
MOST_TAGS = 16
#: Before each word of a title, where tags are kept.
OF_TITLE = "title:"
_MOST_WORDS = 24
_MOST_WANTED = 8
_LETTERS_ALONE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")


def of_prompt(prompt: str) -> tuple[str, ...]:
    """The tags that a prompt reads as, one for each thing it settles: ``silver hair``, ``hoodie``. Words it
    cannot read are left out, so that nothing of a prompt is told but what a glance would."""
    condition = read(prompt).condition
    told = (description({slot: value}) for slot, value in condition.items())
    return tuple(dict.fromkeys(tag for tag in told if tag))


def plain(tag: str) -> str:
    """A tag as it is kept: in small letters, spaces for underlines, one at a time.

    Raises RakkanError for an empty one, one of more than 40 characters, and one with signs that no tag has.
    """
    made = " ".join(unicodedata.normalize("NFKC", tag).casefold().replace("_", " ").split())
    if not made or len(made) > LONGEST_TAG:
        raise RakkanError(f"A tag has 1 to {LONGEST_TAG} characters", "Give a shorter one, or leave it out")
    if not all(one.isalnum() or one in " -'" or unicodedata.category(one)[0] == "M" for one in made):
        raise RakkanError(f"{made!r} is no tag", "Use letters, digits, spaces and hyphens")
    return made


def given(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags that a person gives a picture, as they are kept. Raises RakkanError as ``plain`` does, and for
    more than 16."""
    made = tuple(dict.fromkeys(plain(tag) for tag in tags))
    if len(made) > MOST_TAGS:
        raise RakkanError(f"A picture takes {MOST_TAGS} tags, not {len(made)}", "Leave some out")
    return made


def of_title(title: str) -> tuple[str, ...]:
    """The words of a title, each behind ``title:``. Japanese and Chinese, which set no spaces, go in pairs of
    letters (Robertson and Willett 1998, on n-grams)."""
    folded = unicodedata.normalize("NFKC", title).casefold()
    words = [part for word in re.findall(r"\w+", folded) for part in _parts(word)]
    return tuple(OF_TITLE + word[:LONGEST_TAG] for word in list(dict.fromkeys(words))[:_MOST_WORDS])


def wanted(text: str) -> tuple[str, ...]:
    """The tags that somebody searches for, parted by commas: what a prompt of these words would be kept
    under, or the words themselves. Raises RakkanError as ``plain`` does, and for more than 8."""
    found: dict[str, None] = {}
    for part in filter(str.strip, text[:1000].split(",")):
        word = plain(part)
        reading = read(word)
        found |= dict.fromkeys([word] if reading.unknown or not reading.condition else of_prompt(word))
    if len(found) > _MOST_WANTED:
        raise RakkanError(f"{len(found)} tags at once are too many", f"Search for {_MOST_WANTED} at most")
    return tuple(found)


def _parts(word: str) -> list[str]:
    if not _LETTERS_ALONE.search(word) or len(word) < 2:
        return [word]
    return [word[at : at + 2] for at in range(len(word) - 1)]
