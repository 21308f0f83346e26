"""The gate's inspectors for words, on pictures' recipes and on what comes from outside."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest

from rakkan.formats.inspect import Inspected
from rakkan.records import AnyRecipe, FiguresRecipe, Picture, Recipe, SheetRecipe, canonical_json
from rakkan.trust.gate import Arrival, Destination, Finding, Source
from rakkan.trust.safety.prompts import judge, judge_model
from rakkan.trust.safety.prompts.inspectors import arriving_text, released_prompt
from rakkan.trust.safety.prompts.judging import digest

RECIPE = Recipe("1girl, hat", "", "m", "0" * 64, "euler", "uniform", 4, 1.0, 1, 8, 8)


def released(recipe: AnyRecipe) -> list[Finding]:
    picture = Picture(numpy.zeros((8, 8, 3), numpy.uint8), recipe)
    return released_prompt(picture, Destination(Path("a.png")))


def arriving(kind: str, text: dict[str, str], name: str = "file") -> list[Finding]:
    arrival = Arrival(Inspected(kind, 1, text=text), b"", io.BytesIO(), "0" * 64)
    return arriving_text(arrival, Source(Path(f"{name}.{kind}")))


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings if not finding.allowed}


def test_a_harmless_prompt_is_answered() -> None:
    assert [finding.allowed for finding in released(RECIPE)] == [True]


def test_a_refused_prompt_names_rule_reason_and_what_it_is_about() -> None:
    (finding,) = released(replace(RECIPE, prompt="nude", negative="hat"))
    assert not finding.allowed
    assert finding.rule == "sexual content"
    assert "nude" in finding.reason
    assert finding.hint
    assert finding.about == digest("nude", "hat")


def test_the_negative_prompt_is_judged_too() -> None:
    assert rules(released(replace(RECIPE, negative="clothes"))) == {"kept away from clothes"}


def test_every_prompt_of_a_sheet_is_judged() -> None:
    sheet = SheetRecipe(2, 16, 8, (RECIPE, replace(RECIPE, prompt="nude")))
    assert rules(released(sheet)) == {"sexual content"}
    assert [one.allowed for one in released(SheetRecipe(1, 8, 8, (RECIPE, RECIPE)))] == [True]


def test_a_picture_made_from_no_prompt_is_answered() -> None:
    (finding,) = released(FiguresRecipe(1, 1, 1, 8, 8, "r"))
    assert finding.allowed
    assert "no prompt" in finding.reason


@pytest.mark.parametrize(
    "text",
    [
        {"parameters": "nude\nNegative prompt: hat\nSteps: 4"},
        {"prompt": json.dumps({"6": {"inputs": {"text": "nude"}}})},
        {"Comment": json.dumps({"prompt": "nude", "uc": "hat"})},
        {"Description": "nude"},
        {"rakkan": canonical_json(replace(RECIPE, prompt="nude"))},
        {"rakkan": canonical_json(SheetRecipe(1, 8, 8, (RECIPE, replace(RECIPE, prompt="nude"))))},
        {"parameters": "hat\nNegative prompt: hat\nSteps: 4, <lora:nude:1>"},
    ],
)
def test_a_picture_from_outside_is_judged_by_its_prompt(text: dict[str, str]) -> None:
    assert rules(arriving("png", text)) == {"sexual content"}


@pytest.mark.parametrize(
    "text",
    [
        {},
        {"parameters": "hat\nNegative prompt: nude, nsfw\nSteps: 4"},
        {"Comment": json.dumps({"prompt": "hat", "uc": "nude"})},
        {"Author": "Abraham Lincoln", "Copyright": "Abraham Lincoln"},
        {"rakkan": canonical_json(RECIPE)},
        {"Software": "nude"},
    ],
)
def test_a_harmless_picture_from_outside_is_answered(text: dict[str, str]) -> None:
    assert [finding.allowed for finding in arriving("png", text)] == [True]


def test_a_text_too_long_to_read_is_refused() -> None:
    assert rules(arriving("png", {"parameters": "hat " * 30_000})) == {"unread metadata"}


def test_a_model_is_judged_by_its_name_and_its_metadata() -> None:
    assert rules(arriving("safetensors", {}, "abrahamlincoln_v2")) == {"real person"}
    tags = json.dumps({"folder": {"1girl": 9, "abraham lincoln": 4}})
    assert rules(arriving("safetensors", {"ss_tag_frequency": tags})) == {"real person"}
    assert rules(arriving("safetensors", {"modelspec.trigger_phrase": "nude"})) == {"sexual content"}
    assert rules(arriving("safetensors", {"ss_output_name": "nude"})) == {"sexual content"}
    clean = {"ss_tag_frequency": json.dumps({"folder": {"1girl": 9}}), "modelspec.author": "Abraham Lincoln"}
    assert [finding.allowed for finding in arriving("safetensors", clean, "hats")] == [True]


def test_tags_of_one_model_are_not_tags_of_one_picture() -> None:
    both = {"ss_tag_frequency": json.dumps({"a": {"child": 1, "kiss": 1}})}
    assert judge_model(both, "x") == ()
    together = {"ss_tag_frequency": json.dumps({"a": {"child, kiss": 1}})}
    assert [one.rule for one in judge_model(together, "x")] == ["child-coded with romance"]


def test_one_tag_cannot_lift_another() -> None:
    tags = {"(": 1, "nude": 1, ":-1)": 1, "no": 1, "a::": 1, "b::-1": 1}
    assert [one.rule for one in judge_model({"ss_tag_frequency": json.dumps(tags)}, "x")] == [
        "sexual content"
    ]


@pytest.mark.parametrize(
    "value",
    ["[" * 100_000, '{"a":' * 30 + "1" + "}" * 30, json.dumps([f"word{number}" for number in range(50_000)])],
)
def test_metadata_that_cannot_be_read_whole_are_refused(value: str) -> None:
    found: Any = judge_model({"ss_tag_frequency": value}, "x")
    assert [one.rule for one in found] == ["unread metadata"]


def test_broken_metadata_are_read_as_text() -> None:
    assert [one.rule for one in judge_model({"ss_tag_frequency": '{"nude'}, "x")] == ["sexual content"]
    assert judge("nude")
