"""Real people named in a text: by the list of names, by what stands before a name, by a handle."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise

from rakkan.trust.safety.prompts.characters import DIGIT, LETTER, STAND_IN
from rakkan.trust.safety.prompts.names import LONG_DEAD, ORDINARY, given_key, listed, name_key
from rakkan.trust.safety.prompts.unfolding import Unfolded

#: Words of the longest name looked up.
_MOST_WORDS = 4
#: A word longer than this is no name.
_LONGEST_WORD = 40
#: How many words before or after a name may speak of its style.
_STYLE_REACH = 3
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z][A-Za-z0-9_.]{2,29}(?![\w@({\[])")
_APOSTROPHES = "'’`ʼ"


@dataclass(frozen=True)
class Word:
    """A word of a text: ``source[start:end]``, and its readings as letters a to z, plain one first."""

    start: int
    end: int
    readings: tuple[str, ...]
    capital: bool


@dataclass(frozen=True)
class _Ways:
    roles: frozenset[str]
    likenesses: frozenset[tuple[str, ...]]
    styles: frozenset[str]
    not_names: frozenset[str]
    japanese: re.Pattern[str]


@cache
def _ways() -> _Ways:
    raw = tomllib.loads((files(__package__) / "people.toml").read_text(encoding="utf-8"))
    before, after = "|".join(raw["japanese_before"]), "|".join(raw["japanese_after"])
    name = "[\u4e00-\u9fff々]{2,5}|[\u30a1-\u30faー・]{4,20}"
    return _Ways(
        frozenset(raw["roles"]),
        frozenset(tuple(phrase.split()) for phrase in raw["likenesses"]),
        frozenset(raw["styles"]),
        frozenset(raw["not_names"]),
        re.compile(
            f"(?:{before})の?(?:{name})|(?:[\u4e00-\u9fff々]{{2,4}}|[\u30a1-\u30faー]{{3,12}})(?:{after})"
        ),
    )


def named(text: Unfolded) -> tuple[int, int] | None:
    """The place of the first real person named in a text, None when none is."""
    for words in (_words(text, humps=False), _words(text, humps=True) if text.humps else []):
        for found in (_on_the_list(words, text), _described(words, text)):
            place = next(found, None)
            if place is not None:
                return place
    handle = _HANDLE.search(text.source) or _ways().japanese.search(text.source)
    return (handle.start(), handle.end()) if handle else None


def _on_the_list(words: list[Word], text: Unfolded) -> Iterator[tuple[int, int]]:
    names = listed().names
    for first in range(len(words)):
        for size in range(1, _MOST_WORDS + 1):
            window = words[first : first + size]
            if len(window) < size or not _together(window, text):
                break
            for reading in range(max(len(word.readings) for word in window)):
                letters = [word.readings[min(reading, len(word.readings) - 1)] for word in window]
                flags = names.get(name_key(letters))
                if flags is not None and _counts(flags, words, first, size):
                    yield window[0].start, window[-1].end
                    break


def _counts(flags: int, words: list[Word], first: int, size: int) -> bool:
    """Whether a name on the list means its bearer where it stands."""
    window = words[first : first + size]
    if flags & ORDINARY and not (size > 1 and all(word.capital for word in window)):
        return False
    if flags & LONG_DEAD:
        near = words[max(0, first - _STYLE_REACH) : first] + words[first + size : first + size + 1]
        return not any(word.readings[0] in _ways().styles for word in near)
    return True


def _described(words: list[Word], text: Unfolded) -> Iterator[tuple[int, int]]:
    """Names after a role or a word of likeness: a given name, and a word that may be a surname."""
    ways = _ways()
    plain = [word.readings[0] for word in words]
    for index in range(1, len(words) - 1):
        cues = {tuple(plain[max(0, index - size) : index]) for size in (1, 2, 3)}
        is_role = plain[index - 1] in ways.roles
        if not (is_role or cues & ways.likenesses):
            continue
        name = words[index : index + 2]
        if not _together(name, text) or text.breaks[name[0].start] > text.breaks[words[index - 1].end]:
            continue
        if {plain[index], plain[index + 1]} & ways.not_names or len(plain[index + 1]) < 2:
            continue
        known = given_key(plain[index]) in listed().given
        if known or (is_role and all(word.capital for word in name) and not words[index - 1].capital):
            yield words[index - 1].start, name[-1].end


def _together(words: list[Word], text: Unfolded) -> bool:
    """Whether words follow one another with a comma and a few signs between them at most."""
    return all(
        later.start - earlier.end <= _STYLE_REACH and "\n" not in text.source[earlier.end : later.start]
        for earlier, later in pairwise(words)
    )


def _words(text: Unfolded, humps: bool) -> list[Word]:
    """The words of a text; single letters set apart are one word, and with ``humps`` aWord is two."""
    words: list[Word] = []
    index, size = 0, len(text)
    while index < size:
        if text.kinds[index] not in (LETTER, DIGIT):
            index += 1
            continue
        start = index
        while index < size and (text.kinds[index] in (LETTER, DIGIT) or _glued(text, index)):
            index += 1
            if humps and index in text.humps:
                break
        words.append(_word(text, [(start, index)]))
    return _spelled_out(words, text)


def _glued(text: Unfolded, index: int) -> bool:
    """Whether a sign stands inside a word: an apostrophe, or one in place of a letter."""
    inside = 0 < index < len(text) - 1 and text.kinds[index - 1] == LETTER and text.kinds[index + 1] == LETTER
    return inside and (text.kinds[index] == STAND_IN or text.source[index] in _APOSTROPHES)


def _word(text: Unfolded, spans: list[tuple[int, int]]) -> Word:
    places = [place for start, end in spans for place in range(start, end)][:_LONGEST_WORD]
    options = [text.readings[place] for place in places]
    first = "".join(option[0] for option in options if option)
    second = "".join(
        option[text.kinds[place] != LETTER and len(option) > 1]
        for place, option in zip(places, options, strict=True)
        if option
    )
    bare = "".join(text.readings[place][0] for place in places if text.kinds[place] == LETTER)
    without = bare[:-1] if bare.endswith("s") and text.source[places[-1] - 1] in _APOSTROPHES else bare
    readings = tuple(dict.fromkeys(one for one in (first, bare, without, second) if one.isalpha())) or ("",)
    return Word(spans[0][0], spans[-1][1], readings, text.source[spans[0][0]].isupper())


def _spelled_out(words: list[Word], text: Unfolded) -> list[Word]:
    """Runs of three single letters and more as one word."""
    result: list[Word] = []
    run: list[Word] = []
    for word in [*words, None]:
        if word is not None and word.end - word.start == 1 and len(run) < _LONGEST_WORD:
            run.append(word)
            continue
        result += [_word(text, [(one.start, one.end) for one in run])] if len(run) > 2 else run
        run = []
        if word is not None:
            result.append(word)
    return result
