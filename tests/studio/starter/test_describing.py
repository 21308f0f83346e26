"""A reading in words: what is told, what is left out, and that the lexicon reads it back."""

from __future__ import annotations

import json
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.corpus.figures.attributes import sample
from rakkan.errors import RakkanError
from rakkan.features.figures import reading as reader
from rakkan.studio.starter.describing import (
    as_json,
    as_text,
    describe,
    described,
    known,
    prompt_of,
)
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.vocabulary import SLOT_VALUES, condition_of

UNSAID = {("hair_tone", "plain"), ("outfit_pattern", "plain")}


def seen(palette: dict[str, tuple[str, ...]] | None = None, **sure: tuple[str, float]) -> Any:
    """A reading in which only what is given is likely."""
    slots = {slot: (values[0], 0.05) for slot, values in SLOT_VALUES.items()}
    slots |= {slot.replace("__", " "): given for slot, given in sure.items()}
    return SimpleNamespace(slots=slots, palette=palette or {})


@given(st.integers(0, 10**9))
def test_every_condition_is_read_back_from_its_prompt(seed: int) -> None:
    condition = condition_of(sample(Random(seed)))
    back = read(prompt_of(condition))
    told = {
        slot: value for slot, value in condition.items() if value != "none" and (slot, value) not in UNSAID
    }
    assert (back.condition, back.unknown, back.notes) == (told, (), ())


@given(st.integers(0, 10**9))
def test_so_is_every_part_of_one(seed: int) -> None:
    random = Random(seed)
    slots = {slot: (value, random.random()) for slot, value in condition_of(sample(random)).items()}
    description = describe(seen(**{slot.replace(" ", "__"): given for slot, given in slots.items()}))
    back = read(description.prompt)
    assert not back.unknown
    assert back.condition == {one.slot: one.value for one in description.sure}


def test_what_is_unsure_is_told_apart_and_what_is_unlikely_not_at_all() -> None:
    found = describe(
        seen(
            hair_colour=("silver", 0.97),
            hairstyle=("twin tails", 0.49),
            eye_colour=("red", 0.21),
            skin=("tan", 0.19),
            accessory__neck=("none", 0.99),
        )
    )
    assert found.prompt == "silver hair"
    assert [(one.slot, one.words) for one in found.sure] == [("hair_colour", "silver")]
    assert [(one.slot, one.words) for one in found.unsure] == [
        ("hairstyle", "twin tails"),
        ("eye_colour", "red"),
    ]


def test_colours_of_what_is_not_there_are_not_told() -> None:
    reading = seen(
        accessory_colour=("red", 0.9),
        hair_accent=("blue", 0.9),
        background=("forest", 0.9),
        background_colour=("pink", 0.9),
    )
    assert known(reading) == {"background": "forest"}
    reading.slots["accessory head"] = ("beret", 0.8)
    reading.slots["hair_tone"] = ("streaks", 0.8)
    assert describe(reading).prompt == "blue streaks, red beret, forest"


def test_who_somebody_is_taken_for_is_told_only_when_it_is_sure() -> None:
    assert known(seen(presentation=("man", 0.8), skin=("tan", 0.8))) == {"skin": "tan"}
    assert known(seen(presentation=("man", 0.86))) == {"presentation": "man"}


def test_a_text_to_edit_holds_the_prompt_and_only_remarks_besides() -> None:
    text = as_text(
        describe(
            seen({"hair": ("#102030", "#a0b0c0")}, hair_colour=("silver", 0.97), eye_colour=("red", 0.3))
        )
    )
    lines = text.splitlines()
    assert lines[0] == "silver hair"
    assert all(line.startswith("#") for line in lines[1:] if line)
    assert "# perhaps: red (30%)" in lines and "# hair: #102030 #a0b0c0" in lines


def test_as_json_all_of_it_is_told() -> None:
    told = json.loads(as_json(describe(seen({"hair": ("#102030",)}, hair_colour=("silver", 0.97)))))
    assert told["prompt"] == "silver hair"
    assert told["sure"] == [
        {"slot": "hair_colour", "value": "silver", "words": "silver", "probability": 0.97}
    ]
    assert told["palette"] == {"hair": ["#102030"]}


def test_where_no_figure_is_there_is_nothing_to_describe(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = SimpleNamespace(bust=None, parts={"background": np.ones((4, 4), np.float32)})
    monkeypatch.setattr(reader, "read", lambda pixels: empty)
    with pytest.raises(RakkanError, match=r"No figure is seen in sky\.png"):
        described(np.zeros((4, 4, 3), np.uint8), "sky.png")
