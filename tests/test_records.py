"""Recipes: their canonical JSON, their hash, and reading them back."""

from __future__ import annotations

import hashlib
import json

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.records import (
    LARGEST_INTEGER,
    FiguresRecipe,
    Picture,
    Recipe,
    SheetRecipe,
    canonical_json,
    digest,
    recipe_from_json,
)

PLAIN = Recipe(
    prompt="silver hair",
    negative="",
    model="starter",
    model_digest="ab" * 32,
    sampler="euler",
    schedule="linear",
    steps=4,
    guidance=1.0,
    seed=7,
    width=512,
    height=768,
    versions={"rakkan": "0.1.0", "openvino": "2026.4.1"},
)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
whole = st.integers(0, LARGEST_INTEGER)
recipes = st.builds(
    Recipe,
    prompt=words,
    negative=words,
    model=words,
    model_digest=words,
    sampler=words,
    schedule=words,
    steps=whole,
    guidance=st.one_of(st.just(0.0), st.floats(1e-4, 1e6)),
    seed=whole,
    width=whole,
    height=whole,
    upscaler=words,
    versions=st.dictionaries(words, words, max_size=3),
)
figures = st.builds(
    FiguresRecipe, seed=whole, count=whole, columns=whole, width=whole, height=whole, renderer=words
)
sheets = st.builds(
    SheetRecipe, columns=whole, width=whole, height=whole, recipes=st.lists(recipes, max_size=3).map(tuple)
)


def test_the_canonical_json_is_this_text() -> None:
    expected = (
        '{"engine":"openvino","guidance":1,"height":768,"kind":"rakkan recipe 1","model":"starter",'
        f'"model_digest":"{"ab" * 32}","negative":"","precision":"f32","prompt":"silver hair",'
        '"sampler":"euler","schedule":"linear","seed":7,"steps":4,"upscaler":"","upscaler_digest":"",'
        '"versions":{"openvino":"2026.4.1","rakkan":"0.1.0"},"width":512}'
    )
    assert canonical_json(PLAIN) == expected
    assert digest(PLAIN) == hashlib.sha256(expected.encode()).hexdigest()


@given(st.one_of(recipes, figures, sheets))
def test_what_is_written_reads_back_the_same(recipe: Recipe | FiguresRecipe | SheetRecipe) -> None:
    text = canonical_json(recipe)
    assert recipe_from_json(text) == recipe
    assert canonical_json(recipe_from_json(text)) == text
    # Any other spelling of the same JSON is the same recipe.
    assert digest(recipe_from_json(json.dumps(json.loads(text), indent=3))) == digest(recipe)


@given(recipes, recipes)
def test_different_recipes_have_different_hashes(one: Recipe, other: Recipe) -> None:
    assert (digest(one) == digest(other)) == (one == other)


@pytest.mark.parametrize("guidance", [float("nan"), float("inf"), 1e-9, 1e300])
def test_numbers_json_cannot_hold_exactly_are_refused(guidance: float) -> None:
    with pytest.raises(RakkanError, match="recipe"):
        canonical_json(Recipe(**{**vars(PLAIN), "guidance": guidance}))


def test_a_seed_past_the_exact_integers_and_broken_text_are_refused() -> None:
    with pytest.raises(RakkanError, match="too large"):
        canonical_json(Recipe(**{**vars(PLAIN), "seed": LARGEST_INTEGER + 1}))
    with pytest.raises(RakkanError, match="Unicode"):
        canonical_json(Recipe(**{**vars(PLAIN), "prompt": "\ud800"}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"kind":"rakkan recipe 99"}',
        '{"kind":["rakkan recipe 1"]}',
        '{"kind":"rakkan recipe 1"}',
        canonical_json(PLAIN).replace('"seed":7', '"seed":"7"'),
        canonical_json(PLAIN).replace('"seed":7', '"seed":true'),
        canonical_json(PLAIN).replace('"seed":7', '"seed":7,"extra":1'),
        canonical_json(PLAIN).replace('"versions":{', '"versions":{"a":1,'),
        "[" * 100_000,
    ],
)
def test_what_is_no_recipe_is_refused_in_words(text: str) -> None:
    with pytest.raises(RakkanError, match=r"recipe"):
        recipe_from_json(text)


def test_a_picture_cannot_be_painted_over() -> None:
    pixels = numpy.zeros((4, 4, 3), numpy.uint8)
    picture = Picture(pixels, PLAIN)
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0] = 1
    pixels[0, 0] = 1  # the caller's own array is left writable
