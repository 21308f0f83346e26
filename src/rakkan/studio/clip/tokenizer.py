"""CLIP's byte-pair encoding (Radford et al. 2021), without any library.

The merges are OpenAI's, MIT licence (``vocabulary/LICENSE.txt``): the 48,894 that CLIP uses of the list it
was published with. Ids follow from their order: 256 bytes, the same at the end of a word, the merges, two
marks.
"""

from __future__ import annotations

import gzip
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

from rakkan.errors import RakkanError

START, END = 49406, 49407
_MERGES = Path(__file__).parent / "vocabulary" / "merges.txt.gz"
_MARKS = {"<|startoftext|>": START, "<|endoftext|>": END}
_ENDINGS = ("'re", "'ve", "'ll", "'s", "'t", "'m", "'d")
_OF_WORD = "</w>"


class Tokenizer:
    """Tokens of a text, and the id that short texts are filled up with for one of the text encoders: ``END``
    for OpenAI's, 0 for OpenCLIP's."""

    def __init__(self, padding: int = END) -> None:
        self.padding = padding

    def __call__(self, text: str) -> list[int]:
        """Ids of the text's tokens, without the marks of its start and end."""
        return encode(text)


def encode(text: str) -> list[int]:
    """Ids of a text's tokens, 0 to 49407. Every text has some: what is no word is spelt in bytes."""
    tokens: list[int] = []
    for part in _around_marks(text):
        if part in _MARKS:
            tokens.append(_MARKS[part])
            continue
        plain = "".join(one.lower() for one in unicodedata.normalize("NFC", part))
        for word in _words(plain):
            tokens += _merged(word)
    return tokens


def _around_marks(text: str) -> list[str]:
    """The text cut at the marks that stand in it as such."""
    parts = [text]
    for mark in _MARKS:
        parts = [piece for part in parts for piece in _cut(part, mark)]
    return parts


def _cut(text: str, mark: str) -> Iterator[str]:
    pieces = text.split(mark)
    yield pieces[0]
    for piece in pieces[1:]:
        yield mark
        yield piece


def _words(text: str) -> Iterator[str]:
    """Runs of letters, single digits, runs of other signs, and English endings after an apostrophe."""
    place = 0
    while place < len(text):
        special = next((one for one in _ENDINGS if text.startswith(one, place)), "")
        kind = _kind(text[place])
        end = place + max(len(special), 1)
        if not special and kind in "LO":
            while end < len(text) and _kind(text[end]) == kind:
                end += 1
        if special or kind != " ":
            yield text[place:end]
        place = end


def _kind(sign: str) -> str:
    """``L`` for a letter, ``N`` for a number, a space for white space, ``O`` for all else."""
    category = unicodedata.category(sign)[0]
    if category in "LN":
        return category
    # Python calls the four separators of ASCII white space; Unicode does not
    return " " if sign.isspace() and not "\x1c" <= sign <= "\x1f" else "O"


@lru_cache(maxsize=4096)
def _merged(word: str) -> tuple[int, ...]:
    """A word's tokens: neighbours are joined, the pair that was learned first before others."""
    ranks, ids = _vocabulary()
    letters = _letters()
    pieces = [letters[byte] for byte in word.encode("utf-8", "replace")]
    pieces[-1] += _OF_WORD
    while len(pieces) > 1:
        pairs = list(pairwise(pieces))
        best = min(pairs, key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        joined, place = [], 0
        while place < len(pieces):
            if tuple(pieces[place : place + 2]) == best:
                joined.append("".join(best))
                place += 2
            else:
                joined.append(pieces[place])
                place += 1
        pieces = joined
    return tuple(ids[piece] for piece in pieces)


@cache
def _letters() -> dict[int, str]:
    """A printable letter for each byte, in the order of their ids."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + n) for n, byte in enumerate(others)}


@cache
def _vocabulary() -> tuple[dict[tuple[str, ...], int], dict[str, int]]:
    """The merges with their ranks, and the pieces with their ids."""
    try:
        lines = gzip.decompress(_MERGES.read_bytes()).decode("utf-8").split("\n")
    except (OSError, EOFError, ValueError) as error:
        raise RakkanError(f"CLIP's vocabulary cannot be read: {error}", "install rakkan again") from error
    merges = [tuple(line.split(" ")) for line in lines]
    letters = list(_letters().values())
    pieces = [*letters, *(letter + _OF_WORD for letter in letters), *("".join(one) for one in merges)]
    return (
        {pair: rank for rank, pair in enumerate(merges)},
        {piece: number for number, piece in enumerate(pieces)},
    )
