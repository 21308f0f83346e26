"""Conditions written as tags: what is written reads back as it was."""

from __future__ import annotations

from random import Random

import pytest

from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.spoken import tag, tags
from rakkan.studio.starter.vocabulary import SLOT_VALUES


def test_a_tag_reads_as_its_value_and_nothing_else() -> None:
    for slot, values in SLOT_VALUES.items():
        for value in values:
            reading = read(tag(slot, value))
            assert (reading.condition, reading.unknown) == ({slot: value}, ()), tag(slot, value)


@pytest.mark.parametrize("seed", range(40))
def test_any_condition_reads_back(seed: int) -> None:
    random = Random(seed)
    condition = {slot: random.choice(values) for slot, values in SLOT_VALUES.items() if random.random() < 0.7}
    assert read(tags(condition)).condition == condition


def test_nothing_is_written_of_nothing() -> None:
    assert tags({}) == ""
