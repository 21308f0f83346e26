"""Variations: the picture's own noise turned, or a little of it drawn anew."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studio.editing.figures import artist, banded, drawing, saved
from tests.studio.editing.test_editing import after, recipe_in

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.records import Recipe
from rakkan.studio.create import CreateRequest, create
from rakkan.studio.create import plan as plan_creation
from rakkan.studio.editing import varying
from rakkan.studio.editing.opening import opened
from rakkan.studio.engines.start import Variation
from rakkan.studio.metadata import read as read_parameters
from rakkan.studio.requests import Progress


def made_here(folder: Path) -> Path:
    request = CreateRequest("1girl, teal twin tails", "glasses", seed=3, guidance=2, out=folder / "in.png")
    maker = artist()
    create(plan_creation(request), maker.engine, maker.upscaler, assemble.release())
    return folder / "in.png"


def test_the_same_figure_from_noise_that_is_turned(tmp_path: Path) -> None:
    path = made_here(tmp_path)
    picture, asked = opened(path, assemble.let_in), []
    recipe = varying.own_recipe(picture, artist().engine.model_digest)
    assert recipe is not None

    def redraw(wanted: Recipe, progress: Progress) -> Any:
        asked.append(wanted)
        progress(1, 1)
        return np.full_like(picture.pixels, len(asked)), wanted, ()

    planned, steps = varying.plan(varying.VaryRequest(path, 0.2, 50, 2, tmp_path / "v")), []
    made = varying.turned(
        planned, picture, recipe, (), redraw, assemble.release(), lambda *step: steps.append(step)
    )
    assert [varying.turn_of(one) for one in asked] == [Variation(50, 0.2), Variation(51, 0.2)]
    assert {(one.seed, one.prompt, one.negative) for one in asked} == {(3, recipe.prompt, recipe.negative)}
    assert steps == [(1, 2), (2, 2)]
    found = recipe_in(made[0].path)
    assert found.references == {picture.letin.digest: "variation 0.2"}
    details = read_parameters(png.text_of(made[0].path.read_bytes())["parameters"]).details
    assert (details["Variation seed"], details["Variation seed strength"]) == ("50", "0.2")
    assert "ControlNet 0" not in details
    assert not np.array_equal(after(made[0]), after(made[1]))


def test_a_picture_of_unknown_making_is_redrawn_a_little(tmp_path: Path) -> None:
    before = drawing(64, 96)
    path = saved(tmp_path, before)
    picture, drawer = opened(path, assemble.let_in), artist()
    assert varying.own_recipe(picture, drawer.engine.model_digest) is None
    planned = varying.plan(varying.VaryRequest(path, 0.1, 5, 1, tmp_path / "o.png"))
    (made,) = varying.redrawn_a_little(
        planned, picture, drawer, banded, assemble.release(), assemble.gate().consider
    )
    assert 0 < np.abs(after(made).astype(float) - before).mean() < 30
    recipe = recipe_in(made.path)
    assert (recipe.settings["start"], recipe.settings["strength"]) == (picture.letin.digest, "0.1")


@pytest.mark.parametrize(
    "changed", [{"model_digest": "0" * 64}, {"width": 256}, {"settings": {"start": "x"}}]
)
def test_only_what_this_model_made_is_drawn_again(changed: dict[str, Any], tmp_path: Path) -> None:
    picture, digest = opened(made_here(tmp_path), assemble.let_in), artist().engine.model_digest
    assert picture.recipe is not None and varying.own_recipe(picture, digest) == picture.recipe
    other = replace(picture, recipe=replace(picture.recipe, **changed))
    assert varying.own_recipe(other, digest) is None


@pytest.mark.parametrize(
    "told", [{"variation seed": "1"}, {"variation seed": "1.5", "variation strength": "0.1"},
             {"variation seed": "-1", "variation strength": "0.1"},
             {"variation seed": "1", "variation strength": "1e9"},
             {"variation seed": "nan", "variation strength": "0.1"}]
)  # fmt: skip
def test_a_turn_that_somebody_made_up_is_refused(told: dict[str, str], tmp_path: Path) -> None:
    picture = opened(made_here(tmp_path), assemble.let_in)
    assert picture.recipe is not None and varying.turn_of(picture.recipe) is None
    with pytest.raises(RakkanError):
        varying.turn_of(replace(picture.recipe, settings=told))


@pytest.mark.parametrize("more", [{"strength": 0.0}, {"strength": 1.1}, {"count": 0}, {"seed": -1}])
def test_what_cannot_be_varied(more: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RakkanError):
        varying.plan(varying.VaryRequest(tmp_path / "x.png", **more))
