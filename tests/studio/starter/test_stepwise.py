"""A1111's syntax on the starter model: each form does what it says, or is said to do nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.studio.create import CreateRequest, plan
from rakkan.studio.starter.stepwise import read_steps


def told(prompt: str, steps: int = 4) -> list[dict[str, str]]:
    return [dict(step.condition) for step in read_steps(prompt, steps).steps]


@pytest.mark.parametrize(
    ("prompt", "weights"),
    [
        ("(red eyes:1.3)", {"eye_colour": 1.3}),
        ("[red eyes]", {"eye_colour": 1 / 1.1}),
        ("((red eyes))", {"eye_colour": 1.21}),
        ("(red:1.5) hair", {"hair_colour": 1.5}),
        ("red (hair:1.5)", {"hair_colour": 1.5}),
        ("(red hoodie:0.5), smile", {"outfit": 0.5, "outfit_colour": 0.5}),
        (r"\(red eyes\)", {}),
        ("(red eyes:1.0)", {}),
        ("(red eyes:5)", {"eye_colour": 2.0}),
        ("(red eyes:-1)", {"eye_colour": 0.0}),
        ("red eyes, (:1.3)", {}),
    ],
)
def test_weights_are_those_of_the_slots_that_the_words_fill(prompt: str, weights: dict[str, float]) -> None:
    (step,) = read_steps(prompt, 4).steps
    assert step.weights == pytest.approx(weights)


def test_a_weight_out_of_the_models_range_is_held_and_said() -> None:
    assert read_steps("(smile:5)", 4).notes == ("the weight 5 is held to 2 with the starter model",)
    with pytest.raises(RakkanError, match="out of range"):
        read_steps("(smile:900)", 4)


def test_scheduling_changes_the_reading_at_its_step() -> None:
    smile, grin = {"expression": "smile"}, {"expression": "grin"}
    assert told("[smile:grin:0.5]") == [smile, smile, grin, grin]
    assert told("[smile:grin:1]") == [smile, grin, grin, grin]
    assert told("[grin:0.5], 1girl")[0] == {"presentation": "woman"}
    assert told("[smile::3]") == [smile, smile, smile, {}]


def test_alternation_takes_turns() -> None:
    assert [one["hair_colour"] for one in told("[red|blue|green] hair", 5)] == [
        "red", "blue", "green", "red", "blue",
    ]  # fmt: skip


def test_break_ends_a_clause_and_and_joins_with_a_remark() -> None:
    assert told("red BREAK hoodie") != told("red hoodie")
    found = read_steps("red hoodie AND silver hair :0.5", 4)
    assert found.steps[0].condition == {"outfit": "hoodie", "outfit_colour": "red", "hair_colour": "silver"}
    assert not found.unknown and "AND" in found.notes[0]
    assert read_steps("(red hoodie AND smile)", 4).steps[0].condition["expression"] == "smile"


def test_adapters_are_left_out_with_a_remark() -> None:
    found = read_steps("<lora:ink:0.8>, smile", 4)
    assert found.notes == ("the starter model takes no adapters: 'ink' is left out",)
    assert found.is_plain


def test_a_plan_holds_what_is_common_and_each_step() -> None:
    planned = plan(CreateRequest("1girl, [smile:grin:0.5], (red hair:1.2)", steps=4))
    assert planned.condition == {"presentation": "woman", "hair_colour": "red", "framing": "bust"}
    assert [dict(step.condition).get("expression") for step in planned.said.steps] == ["smile"] * 2 + [
        "grin"
    ] * 2
    assert planned.said.steps[0].weights == {"hair_colour": 1.2}


@given(st.text(st.sampled_from("()[]:|\\ ,.01<> redhatsmile ANDBREAK"), max_size=60), st.integers(1, 6))
def test_any_prompt_is_read_or_refused_in_a_line(prompt: str, steps: int) -> None:
    try:
        found = read_steps(prompt, steps)
    except RakkanError as error:
        assert "\n" not in str(error)
        return
    assert len(found.steps) in (1, steps)
    for step in found.steps:
        assert all(0 <= weight <= 2 and slot in step.condition for slot, weight in step.weights.items())
