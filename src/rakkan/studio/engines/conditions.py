"""Conditions that change from step to step, and words that count more or less than they were learnt to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.starter.vocabulary import SLOTS, UNSPECIFIED, decode

Tokens = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]
#: What a text encoder makes of a condition: two arrays that the denoiser reads.
Text = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]
MOST_WEIGHT = 2.0


@dataclass(frozen=True, eq=False)
class Conditions:
    """A condition for each step, the first to the last: ``tokens`` int32 [steps, slots], ids of
    ``vocabulary.encode``, and ``weights`` float32 [steps, slots], 0 to 2: 1 is what was learnt, 0 as if the
    slot were left open, 2 twice as far from that."""

    tokens: Tokens
    weights: Weights

    def told(self) -> tuple[object, ...]:
        """All of it as plain values, equal for equal conditions."""
        return (self.tokens.tolist(), self.weights.tolist())


def check_conditions(asked: Tokens | Conditions, steps: int) -> None:
    """Raise RakkanError for ids that are none, and for rows that are not one a step."""
    if not isinstance(asked, Conditions):
        decode(asked)
        return
    shape = (steps, len(SLOTS))
    if asked.tokens.shape != shape or asked.weights.shape != shape:
        raise RakkanError(
            f"Conditions of {list(asked.tokens.shape)} do not fit {steps} steps", "Give one condition a step"
        )
    if not ((asked.weights >= 0) & (asked.weights <= MOST_WEIGHT)).all():
        raise RakkanError("A weight is out of range", f"Give 0 to {MOST_WEIGHT:g}")
    for row in np.unique(asked.tokens, axis=0):
        decode(row)


class Told:
    """What the text encoder makes of conditions, each encoded once, when its step comes."""

    def __init__(self, asked: Tokens | Conditions, encode: Callable[[Tokens], Text]) -> None:
        self._asked, self._encode = asked, encode
        self._known: dict[bytes, Text] = {}
        self._step = 0

    def now(self) -> Text:
        """Of the step that is being taken."""
        return self.at(self._step)

    def following(self, progress: Callable[[int, int], object]) -> Callable[[int, int], None]:
        """The same progress, by which the step being taken is known, too."""

        def stepped(done: int, total: int) -> None:
            self._step = min(done, total - 1)
            progress(done, total)

        return stepped

    def at(self, step: int) -> Text:
        """Of a step, counted from 0."""
        if not isinstance(self._asked, Conditions):
            return self._of(self._asked, None)
        return self._of(self._asked.tokens[step], self._asked.weights[step])

    def _of(self, tokens: Tokens, weights: Weights | None) -> Text:
        key = tokens.tobytes() + (b"" if weights is None else weights.tobytes())
        if key not in self._known:
            plain = weights is None or bool((weights == 1).all())
            self._known[key] = self._encode(tokens) if plain else emphasised(tokens, weights, self._encode)
        return self._known[key]


def emphasised(tokens: Tokens, weights: Weights | None, encode: Callable[[Tokens], Text]) -> Text:
    """The encoded condition with each slot's share in it scaled by its weight.

    The share of the slots of one weight is what encoding changes when they are left open; several weights
    add theirs, one after the other, onto the condition without any of them.
    """
    assert weights is not None
    at_rest = np.where(weights == 1, tokens, UNSPECIFIED).astype(np.int32)
    base = encode(at_rest)
    mixed = [part.astype(np.float32) for part in base]
    for weight in np.unique(weights[weights != 1]):
        told = encode(np.where(weights == weight, tokens, at_rest).astype(np.int32))
        mixed = [
            kept + np.float32(weight) * (one - other)
            for kept, one, other in zip(mixed, told, base, strict=True)
        ]
    return mixed[0], mixed[1]
