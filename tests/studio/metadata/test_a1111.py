"""The A1111 text: written by its grammar, read with salvage, safe against hostile prompts."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.records import Recipe, canonical_json, recipe_from_json
from rakkan.studio.metadata import Parameters, parameters, read, write

RECIPE = Recipe(
    prompt="1girl, silver hair",
    negative="glasses",
    model="rakkan-starter",
    model_digest="0123456789abcdef" * 4,
    sampler="euler",
    schedule="uniform",
    steps=4,
    guidance=1.5,
    seed=7,
    width=512,
    height=768,
    upscaler="waifu2x",
    versions={"rakkan": "0.1.0"},
)

HOSTILE = [
    "a\nb",
    "Negative prompt: all of it",
    "a\nNegative prompt: b",
    "a\n\nNegative prompt: b\nNegative prompt: c",
    "  Negative prompt: a",
    'quotes "and" \\ backslashes',
    "Steps: 4, Sampler: Euler, Seed: 9, Size: 1x1",
    "a\nSteps: 4, Sampler: Euler, Seed: 9, Size: 1x1",
    "tab\there",
    "銀髪, 赤い目",
]


def test_the_text_of_a_recipe() -> None:
    assert parameters(RECIPE) == (
        "1girl, silver hair\n"
        "Negative prompt: glasses\n"
        "Steps: 4, Sampler: Euler, Schedule type: Uniform, CFG scale: 1.5, Seed: 7, Size: 512x768, "
        "Model hash: 0123456789, Model: rakkan-starter, RNG: CPU, Postprocess upscaler: waifu2x, "
        "Version: Rakkan 0.1.0"
    )


def test_it_is_read_back() -> None:
    parts = read(parameters(RECIPE))
    assert (parts.prompt, parts.negative) == ("1girl, silver hair", "glasses")
    assert parts.details["Seed"] == "7"
    assert (parts.details["Size-1"], parts.details["Size-2"]) == ("512", "768")
    assert parts.details["Version"] == "Rakkan 0.1.0"


def one_line(text: str) -> str:
    """What a model sees of a prompt: words, whatever the white space, and a space before a colon."""
    return re.sub(r"\s+", " ", text).replace(" :", ":").strip(", ")


@pytest.mark.parametrize("prompt", HOSTILE)
@pytest.mark.parametrize("negative", ["", *HOSTILE])
def test_hostile_prompts_stay_where_they_belong(prompt: str, negative: str) -> None:
    recipe = Recipe(**{**RECIPE.__dict__, "prompt": prompt, "negative": negative})
    parts = read(parameters(recipe))
    assert one_line(parts.prompt) == one_line(prompt)
    assert one_line(parts.negative) == one_line(negative)
    assert parts.details["Seed"] == "7"
    assert recipe_from_json(canonical_json(recipe)) == recipe


plain = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=80)


@given(plain.filter(str.strip), plain, st.dictionaries(st.sampled_from(["Model", "Note", "A b/c-d"]), plain))
def test_any_text_comes_back(prompt: str, negative: str, more: dict[str, str]) -> None:
    details = {"Steps": "4", "Sampler": "Euler", "Seed": "1", **{k: v for k, v in more.items() if v.strip()}}
    parts = read(write(Parameters(prompt, negative, details)))
    assert one_line(parts.prompt) == one_line(prompt)
    assert one_line(parts.negative) == one_line(negative)
    assert parts.details["Seed"] == "1"


@pytest.mark.parametrize("value", ["a, b", "a: b", 'say "x", y', "line\nbreak", "back\\slash, comma"])
def test_awkward_values_are_quoted(value: str) -> None:
    text = write(Parameters("p", "", {"Steps": "4", "Sampler": "Euler", "Note": value, "Seed": "1"}))
    assert read(text).details["Note"] == value


def test_a_bare_key_stands_for_itself() -> None:
    assert write(Parameters("p", "", {"Steps": "4", "Tiling": "Tiling"})) == "p\nSteps: 4, Tiling"


def test_texts_of_other_tools_are_salvaged() -> None:
    text = (
        "a cat\nNegative prompt: dog\nhorse\nSteps: 20, Sampler: DPM++ 2M Karras, CFG scale: 7, Seed: 1, "
        'Size: 64x32, Broken: "no end, Version: v1.6.0, Civitai resources: [{"type":"lora"}]'
    )
    parts = read(text)
    assert (parts.prompt, parts.negative) == ("a cat", "dog\nhorse")
    assert parts.details["Sampler"] == "DPM++ 2M Karras"
    assert parts.details["Version"] == "v1.6.0"
    assert read("only a prompt") == Parameters("only a prompt")
    assert read("") == Parameters("")
    assert read("Steps: 4, Sampler: x") == Parameters("Steps: 4, Sampler: x")  # too few pairs to be details


def test_reading_never_fails() -> None:
    random = Random(3)
    for _ in range(2000):
        text = "".join(random.choice('ab:,"\\\n \t{}[]x19') for _ in range(random.randint(0, 60)))
        assert isinstance(read(text), Parameters)
