"""A prompt taken apart into what each of its characters may be: the text every later step looks at.

Escapes are undone, NFKC is applied (UAX 15), and what cannot be seen is dropped; from then on positions
count characters of ``Unfolded.source``. Everything here takes time linear in the prompt.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from itertools import accumulate
from urllib.parse import unquote

from rakkan.trust.safety.prompts import characters
from rakkan.trust.safety.prompts.characters import DIGIT, GAP, JAPANESE, LETTER, STAND_IN, STRANGER

#: Signs that end a clause wherever they stand, and those that do so before a space or the end.
_BREAKS = ",;\n\r、。，；،؛|"
_SOFT_BREAKS = ".!?:"
#: Words between the parts of a prompt, in the capitals that tools know them by.
_BREAK_WORDS = re.compile(r"\b(?:BREAK|AND|ADDCOMM|ADDBASE|ADDCOL|ADDROW)\b")
_ESCAPES = re.compile(r"\\u([0-9a-fA-F]{4})|\\u\{([0-9a-fA-F]{1,5})\}|\\x([0-9a-fA-F]{2})")
_MOST_PASSES = 3
#: Signs people put in place of a letter they leave out.
_MASKS = "*#?•●■·✱"
_LETTERS = {LETTER, DIGIT, STAND_IN}
#: More than this many of one character say nothing that this many do not.
_MOST_REPEATS = 3


@dataclass(frozen=True)
class Unfolded:
    """A text with, for each position: its kind and readings, the first position after it that is no gap,
    the number of its clause, of spaces, clause ends and words before it, and whether a capital after a
    small letter stands there.

    ``shut`` are the spans of tags such as ``<lora:name:1>``, in which weights do not count.
    """

    source: str
    kinds: str
    readings: tuple[tuple[str, ...], ...]
    after_gap: tuple[int, ...]
    after_signs: tuple[int, ...]
    clauses: tuple[int, ...]
    spaces: tuple[int, ...]
    breaks: tuple[int, ...]
    words: tuple[int, ...]
    humps: frozenset[int]

    def __len__(self) -> int:
        return len(self.source)

    def masked(self, position: int) -> bool:
        """Whether what stands there may stand for a letter: a letter of a strange script, or a mask or
        a sign past ASCII between letters, of which two at most may follow one another."""
        if self.kinds[position] == STRANGER:
            return True
        if self.source[position] < "\x80" and self.source[position] not in _MASKS:
            return False
        return any(
            before >= 0 and after < len(self.source) and {self.kinds[before], self.kinds[after]} <= _LETTERS
            for before, after in (
                (position - 1, position + 1),
                (position - 2, position + 1),
                (position - 1, position + 2),
            )
            if self.source[before + 1 : after] == self.source[position] * (after - before - 1)
        )


def unfold(text: str) -> Unfolded:
    """Take a text apart. Text that is no valid Unicode is read with its broken characters as gaps."""
    source = _visible(unicodedata.normalize("NFKC", _unescaped(text)))
    signs = [characters.sign(character) for character in source]
    kinds = "".join(one.kind for one in signs)
    size = len(source)
    after_gap, after_signs = _afters(kinds)
    spaces = _counts(character.isspace() for character in source)
    ends = _clause_ends(source)
    breaks = _counts(ends)
    starts = (
        kinds[index] in (LETTER, DIGIT, JAPANESE, STRANGER)
        and (index == 0 or kinds[index - 1] not in (LETTER, DIGIT, JAPANESE, STRANGER, STAND_IN))
        for index in range(size)
    )
    humps = frozenset(
        index for index in range(1, size) if source[index].isupper() and source[index - 1].islower()
    )
    return Unfolded(
        source,
        kinds,
        tuple(one.readings for one in signs),
        after_gap,
        after_signs,
        breaks[:-1],
        spaces,
        breaks,
        _counts(starts),
        humps,
    )


def _unescaped(text: str) -> str:
    for _ in range(_MOST_PASSES):
        before = text
        if "&" in text:
            text = html.unescape(text)
        if "%" in text:
            text = unquote(text, errors="replace")
        if "\\" in text:
            text = _ESCAPES.sub(lambda found: chr(int(found[1] or found[2] or found[3], 16)), text)
        if text == before:
            break
    return text


def _visible(text: str) -> str:
    kept: list[str] = []
    repeats = 0
    for character in text:
        if "\U000e0020" <= character <= "\U000e007e":
            character = chr(ord(character) - 0xE0000)  # tag characters spell words only machines see
        elif characters.is_invisible(character):
            continue
        repeats = repeats + 1 if kept and kept[-1] == character else 1
        if repeats <= _MOST_REPEATS:
            kept.append(character)
    return "".join(kept)


def _counts(flags: object) -> tuple[int, ...]:
    """How many flags are set before each position, and in all."""
    return (0, *accumulate(int(flag) for flag in flags))  # type: ignore[attr-defined]


def _afters(kinds: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For each position the first one from it on that is no gap, and that is neither gap nor sign."""
    size = len(kinds)
    gaps, signs = [size] * (size + 1), [size] * (size + 1)
    for index in range(size - 1, -1, -1):
        gaps[index] = gaps[index + 1] if kinds[index] in (GAP, STRANGER) else index
        signs[index] = signs[index + 1] if kinds[index] in (GAP, STRANGER, STAND_IN) else index
    return tuple(gaps), tuple(signs)


def _clause_ends(source: str) -> list[bool]:
    ends = [character in _BREAKS for character in source]
    for index, character in enumerate(source):
        if character in _SOFT_BREAKS:
            ends[index] = index + 1 == len(source) or source[index + 1].isspace()
    for found in _BREAK_WORDS.finditer(source):
        ends[found.start()] = True
    return ends
