"""Cuts a prompt of any length into chunks that CLIP can read: 75 tokens between the marks of start and end.

As A1111 does it: where a chunk is full within 20 tokens of a comma, what follows the comma moves to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rakkan.studio.clip.grammar import spans
from rakkan.studio.clip.tokenizer import END, START, Tokenizer, encode

#: Tokens between the marks.
SIZE = 75
_BACKTRACK = 20
_COMMA = 267


@dataclass(frozen=True)
class Chunk:
    """77 token ids with their weights. ``vectors`` says where learned vectors stand instead of a token:
    position, name of the textual inversion, and which of its vectors."""

    ids: tuple[int, ...]
    weights: tuple[float, ...]
    vectors: tuple[tuple[int, str, int], ...] = ()


#: A place in a chunk: token id, weight, and a textual inversion's vector instead ("" for none).
_Place = tuple[int, float, str, int]


def chunks(prompt: str, tokenizer: Tokenizer, inversions: Mapping[str, int] = {}) -> tuple[Chunk, ...]:
    """The chunks of a prompt, at least one. ``inversions`` are textual inversions by the name that calls
    them, with how many vectors each has. Raises RakkanError on a weight out of range."""
    called = {tuple(encode(name)): (name, count) for name, count in inversions.items()}
    filling = _Filling()
    for span in spans(prompt):
        if span.starts_chunk:
            filling.close()
        tokens = encode(span.text)
        place = 0
        while place < len(tokens):
            match = _longest(called, tokens, place)
            if match:
                name, count = called[match]
                filling.add_vectors(name, count, span.weight)
                place += len(match)
            else:
                filling.add(tokens[place], span.weight)
                place += 1
    if filling.places or not filling.closed:
        filling.close()
    return tuple(_chunk(places, tokenizer.padding) for places in filling.closed)


class _Filling:
    """The chunk being filled, and those before it."""

    def __init__(self) -> None:
        self.closed: list[list[_Place]] = []
        self.places: list[_Place] = []
        self.comma = -1

    def add(self, token: int, weight: float) -> None:
        if len(self.places) == SIZE:
            if token != _COMMA and self.comma >= 0 and SIZE - self.comma <= _BACKTRACK:
                moved = self.places[self.comma + 1 :]
                del self.places[self.comma + 1 :]
                self.close()
                self.places = moved
            else:
                self.close()
        if token == _COMMA:
            self.comma = len(self.places)
        self.places.append((token, weight, "", 0))

    def add_vectors(self, name: str, count: int, weight: float) -> None:
        if len(self.places) + count > SIZE:
            self.close()
        self.places += [(0, weight, name, number) for number in range(count)]

    def close(self) -> None:
        self.closed.append(self.places)
        self.places, self.comma = [], -1


def _longest(
    called: Mapping[tuple[int, ...], tuple[str, int]], tokens: list[int], place: int
) -> tuple[int, ...]:
    fitting = [one for one in called if one and tuple(tokens[place : place + len(one)]) == one]
    return max(fitting, key=len, default=())


def _chunk(places: list[_Place], padding: int) -> Chunk:
    spare = SIZE - len(places)
    ids = (START, *(place[0] for place in places), END, *(padding,) * spare)
    weights = (1.0, *(place[1] for place in places), *(1.0,) * (spare + 1))
    vectors = tuple((at + 1, place[2], place[3]) for at, place in enumerate(places) if place[2])
    return Chunk(ids, weights, vectors)
