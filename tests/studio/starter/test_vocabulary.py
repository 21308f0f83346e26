"""Conditions and token ids: exact, reversible, and clear about words that do not exist."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rakkan.corpus.figures.attributes import Attributes, sample
from rakkan.errors import RakkanError
from rakkan.studio.starter.vocabulary import (
    BARE,
    SLOT_VALUES,
    SLOTS,
    TOKEN_COUNT,
    UNSPECIFIED,
    condition_of,
    decode,
    encode,
)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 2**32), st.integers(0, 2**25 - 1))
def test_any_part_of_any_figure_survives_encoding(seed: int, mask: int) -> None:
    condition = condition_of(sample(Random(seed)))
    part = {slot: value for index, (slot, value) in enumerate(condition.items()) if mask >> index & 1}
    ids = encode(part)
    assert ids.shape == (len(SLOTS),) and ids.dtype == np.int32
    assert decode(ids) == part


def test_every_value_has_an_id_of_its_own() -> None:
    seen = {int(encode({slot: value})[SLOTS.index(slot)]) for slot in SLOTS for value in SLOT_VALUES[slot]}
    assert not seen & set(UNSPECIFIED.tolist())
    assert seen | set(UNSPECIFIED.tolist()) == set(range(TOKEN_COUNT))


def test_there_are_twenty_five_slots_and_saying_nothing_is_unspecified() -> None:
    assert len(SLOTS) == 25
    assert (encode({}) == UNSPECIFIED).all()


def test_a_condition_holds_what_can_be_seen_and_which_places_are_bare() -> None:
    condition = condition_of(Attributes(expression="laughing", accessories=("beret", "scarf")))
    assert "eye_colour" not in condition and "hair_accent" not in condition
    assert condition["accessory head"] == "beret" and condition["accessory neck"] == "scarf"
    assert condition["accessory face"] == BARE
    assert condition["accessory_colour"] == "red"


@pytest.mark.parametrize(
    ("condition", "hint"),
    [({"hair colour": "red"}, "hair_colour"), ({"hair_colour": "sliver"}, "silver")],
)
def test_unknown_words_are_named_with_the_nearest_known(condition: dict[str, str], hint: str) -> None:
    with pytest.raises(RakkanError, match=hint):
        encode(condition)


def test_ids_of_another_slot_are_refused() -> None:
    ids = UNSPECIFIED.copy()
    ids[0] = TOKEN_COUNT - 1
    with pytest.raises(RakkanError, match="presentation"):
        decode(ids)
    with pytest.raises(RakkanError, match="25"):
        decode(ids[:3])
