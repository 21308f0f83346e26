"""Drawing with a model that somebody brought: what is checked first, asked of the engine, told in recipes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import pytest

from rakkan.errors import RakkanError
from rakkan.records import Picture, Recipe, SheetRecipe, canonical_json, recipe_from_json
from rakkan.studio.bring import BringRequest, Brought, create, plan


class Recording:
    """An engine that draws flat colours and remembers what it was asked."""

    name, precision = "recording", "f32"

    def __init__(self, batch: int = 1) -> None:
        self.asked: list[dict[str, Any]] = []
        self.batch = batch

    def versions(self) -> Mapping[str, str]:
        return {"recording": "1"}

    def sample(self, prompt: str, negative: str = "", **options: Any) -> numpy.ndarray:
        self.asked.append({"prompt": prompt, "negative": negative, **options})
        for step in range(options["steps"]):
            options["progress"](step + 1, options["steps"])
        return numpy.full((options["height"], options["width"], 3), options["seed"] % 256, numpy.uint8)

    def sample_batch(self, prompt: str, negative: str = "", *, count: int, **options: Any) -> numpy.ndarray:
        first = self.sample(prompt, negative, **options)
        self.asked[-1]["count"] = count
        return numpy.stack([first + number for number in range(count)])


def drawn(
    tmp_path: Path, batch: int = 1, **asked: Any
) -> tuple[list[Recipe | SheetRecipe], Recording, list[tuple[int, int]]]:
    engine, released, told = Recording(batch), [], []

    def release(picture: Picture, path: Path) -> Path:
        assert isinstance(picture.recipe, Recipe | SheetRecipe)
        released.append(picture.recipe)
        return path

    planned = plan(BringRequest("1girl, silver hair", out=tmp_path, **asked))
    brought = Brought("mine", "ab" * 32, 512, engine, {"cd" * 32: "lora ink 0.7"})
    create(planned, brought, release, lambda done, total: told.append((done, total)))
    return released, engine, told


def test_the_recipe_says_all_that_the_picture_was_made_with(tmp_path: Path) -> None:
    asked = {"seed": 7, "steps": 3, "sampler": "DPM++ 2M Karras", "clip_skip": 2, "size": "512x768"}
    recipes, engine, told = drawn(tmp_path, noise="gpu", guidance=5, negative="hat", **asked)
    recipe = recipes[0]
    assert isinstance(recipe, Recipe)
    assert (recipe.model, recipe.model_digest) == ("mine", "ab" * 32)
    assert (recipe.sampler, recipe.schedule, recipe.width, recipe.height) == ("dpmpp_2m", "karras", 512, 768)
    assert recipe.adapters == {"cd" * 32: "lora ink 0.7"}
    assert recipe.settings == {"noise": "gpu", "clip skip": "2"}
    assert recipe_from_json(canonical_json(recipe)) == recipe
    assert engine.asked[0]["sampler"] == "dpmpp_2m" and engine.asked[0]["schedule"] == "karras"
    assert engine.asked[0]["clip_skip"] == 2 and engine.asked[0]["negative"] == "hat"
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_without_a_size_the_model_draws_at_its_own(tmp_path: Path) -> None:
    recipes, _, _ = drawn(tmp_path, seed=1, steps=1)
    assert isinstance(recipes[0], Recipe) and (recipes[0].width, recipes[0].height) == (512, 512)
    assert "clip skip" not in recipes[0].settings


def test_an_engine_that_draws_several_at_once_is_asked_for_them_so(tmp_path: Path) -> None:
    recipes, engine, told = drawn(tmp_path, batch=4, seed=10, steps=2, count=6)
    assert [(one["seed"], one["count"]) for one in engine.asked] == [(10, 4), (14, 2)]
    assert told == [(4, 12), (8, 12), (10, 12), (12, 12)]
    plain = [one for one in recipes if isinstance(one, Recipe)]
    assert [one.seed for one in plain] == [10, 11, 12, 13, 14, 15]
    assert [one.settings["batch"] for one in plain] == ["4"] * 4 + ["2"] * 2
    alone, engine, _ = drawn(tmp_path, batch=4, seed=10, steps=2)
    assert "count" not in engine.asked[0] and isinstance(alone[0], Recipe)
    assert "batch" not in alone[0].settings


def test_several_have_seeds_that_follow_and_a_sheet(tmp_path: Path) -> None:
    recipes, engine, told = drawn(tmp_path, seed=4, steps=2, count=2)
    assert [one["seed"] for one in engine.asked] == [4, 5]
    assert isinstance(recipes[-1], SheetRecipe) and len(recipes[-1].recipes) == 2
    assert told[-1] == (4, 4)


def test_a_starter_recipe_is_written_as_before_there_were_adapters() -> None:
    recipe = Recipe("a", "", "rakkan-starter", "ef" * 32, "euler", "uniform", 4, 1.0, 7, 512, 512)
    assert "adapters" not in canonical_json(recipe) and "settings" not in canonical_json(recipe)
    assert recipe_from_json(canonical_json(recipe)) == recipe


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"size": "500x512"}, "'500x512' cannot be drawn.*multiples of 8"),
        ({"size": "huge"}, "'huge' cannot be drawn"),
        ({"size": "56x64"}, "cannot be drawn"),
        ({"sampler": "dmpp 2m"}, "no sampler 'dmpp 2m'.*'DPM"),
        ({"schedule": "karas"}, "no schedule 'karas'.*[Kk]arras"),
        ({"noise": "moon"}, "no noise 'moon'.*cpu, gpu, rakkan"),
        ({"clip_skip": -1}, "clip skip -1"),
        ({"clip_skip": 13}, "clip skip 13"),
        ({"steps": 0}, "Cannot draw in 0 steps"),
        ({"guidance": 31}, "guidance scale 31"),
        ({"count": 65}, "Cannot draw 65 pictures"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_loaded(
    asked: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(RakkanError) as caught:
        plan(BringRequest("1girl", out=tmp_path, **asked))
    import re

    assert re.search(message, f"{caught.value.message} {caught.value.hint}"), str(caught.value)


def test_the_gate_is_asked_about_the_words(tmp_path: Path) -> None:
    def consider(prompt: str, negative: str) -> None:
        raise RakkanError(f"not {prompt}, {negative}")

    with pytest.raises(RakkanError, match="not a teapot, lid"):
        plan(BringRequest("a teapot", "lid", out=tmp_path), consider)
