"""Conditions that change and weigh: by hand, and in the fake engine."""

from __future__ import annotations

import numpy as np
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.conditions import Conditions, Text, Tokens, Told, emphasised
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.starter.vocabulary import SLOTS, UNSPECIFIED, encode

CONDITION = {"hair_colour": "red", "expression": "grin"}


def encoder(calls: list[list[int]]) -> object:
    """Stands in for a text encoder: a row of slots, each its token's distance from nothing said."""

    def encode_text(tokens: Tokens) -> Text:
        calls.append(tokens.tolist())
        said = (tokens - UNSPECIFIED).astype(np.float32)
        return said, said[:1] * 0 + said.sum(keepdims=True)

    return encode_text


def weights(**by_slot: float) -> np.ndarray:
    found = np.ones(len(SLOTS), np.float32)
    for slot, weight in by_slot.items():
        found[SLOTS.index(slot)] = weight
    return found


def test_a_weight_scales_what_its_slot_says_and_nothing_else() -> None:
    tokens = encode(CONDITION)
    said = (tokens - UNSPECIFIED).astype(np.float32)
    mixed, _ = emphasised(tokens, weights(hair_colour=1.5, expression=0.0), encoder([]))  # type: ignore[arg-type]
    expected = said.copy()
    expected[SLOTS.index("hair_colour")] *= 1.5
    expected[SLOTS.index("expression")] = 0
    assert np.allclose(mixed, expected)


def test_each_condition_is_encoded_once_and_at_its_step() -> None:
    first, second = encode({"expression": "smile"}), encode({"expression": "grin"})
    calls: list[list[int]] = []
    rows = Conditions(np.stack([first, first, second]), np.ones((3, len(SLOTS)), np.float32))
    told = Told(rows, encoder(calls))  # type: ignore[arg-type]
    assert [int(told.at(step)[1][0]) for step in (0, 1, 2, 2)] == [
        int((row - UNSPECIFIED).sum()) for row in (first, first, second, second)
    ]
    assert calls == [first.tolist(), second.tolist()]


def test_plain_weights_are_encoded_plainly() -> None:
    calls: list[list[int]] = []
    tokens = encode(CONDITION)
    rows = Conditions(tokens[None], np.ones((1, len(SLOTS)), np.float32))
    Told(rows, encoder(calls)).at(0)  # type: ignore[arg-type]
    assert calls == [tokens.tolist()]


def sample(tokens: Tokens | Conditions, steps: int = 2) -> bytes:
    return FakeEngine().sample(tokens, width=16, height=16, seed=1, steps=steps).tobytes()


def test_the_fake_engine_tells_conditions_apart() -> None:
    tokens = encode(CONDITION)
    even = np.ones((2, len(SLOTS)), np.float32)
    rows = np.stack([tokens, tokens])
    heavy = np.stack([weights(expression=1.2)] * 2)
    drawn = {sample(tokens), sample(Conditions(rows, even)), sample(Conditions(rows, heavy))}
    assert len(drawn) == 3


@pytest.mark.parametrize(("rows", "weight"), [(3, 1.0), (1, 1.0), (2, 2.5), (2, -0.1), (2, float("nan"))])
def test_what_does_not_fit_is_refused(rows: int, weight: float) -> None:
    tokens = np.stack([encode(CONDITION)] * rows)
    with pytest.raises(RakkanError):
        sample(Conditions(tokens, np.full((rows, len(SLOTS)), weight, np.float32)))


def test_ids_that_are_none_are_refused() -> None:
    with pytest.raises(RakkanError):
        sample(Conditions(np.full((2, len(SLOTS)), 9999, np.int32), np.ones((2, len(SLOTS)), np.float32)))
