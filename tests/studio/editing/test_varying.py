"""Variations: the picture's own noise turned, or a little of it drawn anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studio.editing.figures import artist, banded, drawing, saved
from tests.studio.editing.test_editing import after, recipe_in

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.studio.bring import Brought
from rakkan.studio.create import CreateRequest, create
from rakkan.studio.create import plan as plan_creation
from rakkan.studio.editing import varying
from rakkan.studio.editing.opening import opened
from rakkan.studio.metadata import read as read_parameters


def made_here(folder: Path) -> Path:
    request = CreateRequest("1girl, teal twin tails", "glasses", seed=3, guidance=2, out=folder / "in.png")
    maker = artist()
    create(plan_creation(request), maker.engine, maker.upscaler, assemble.release())
    return folder / "in.png"


class Noting:
    """An engine that notes what it is asked for."""

    def __init__(self) -> None:
        self.inner = artist().engine
        self.asked: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def sample(self, tokens: Any, negative: Any = None, **options: Any) -> Any:
        self.asked.append({"tokens": tokens.tolist(), "negative": negative, **options})
        return self.inner.sample(tokens, negative, **options)


def test_the_same_figure_from_noise_that_is_turned(tmp_path: Path) -> None:
    from rakkan.formats import png
    from rakkan.studio.engines.start import Variation

    path, engine = made_here(tmp_path), Noting()
    drawer = artist()
    drawer = varying.StarterArtist(engine, drawer.upscaler, 9, 1.0)  # type: ignore[arg-type]
    request = varying.VaryRequest(path, 0.2, 50, 2, tmp_path / "v")
    picture = opened(path, assemble.let_in)
    source = varying.starter_source(picture, drawer)
    assert source is not None
    planned = varying.plan(request)
    made = varying.turned(planned, picture, source, assemble.release(), assemble.gate().consider)
    assert [one["variation"] for one in engine.asked] == [Variation(50, 0.2), Variation(51, 0.2)]
    assert {(one["seed"], one["steps"], one["guidance"]) for one in engine.asked} == {(3, 4, 2.0)}
    assert engine.asked[0]["negative"] is not None
    # What the first picture was drawn from, exactly.
    engine.asked.clear()
    create(
        plan_creation(
            CreateRequest("1girl, teal twin tails", "glasses", seed=3, guidance=2, out=tmp_path / "p.png")
        ),
        engine,  # type: ignore[arg-type]
        drawer.upscaler,
        assemble.release(),
    )
    create_tokens = engine.asked[0]["tokens"]
    engine.asked.clear()
    source.again(source.recipe, Variation(1, 0.5), lambda done, total: None)
    assert engine.asked[0]["tokens"] == create_tokens
    recipe = recipe_in(made[0].path)
    assert (recipe.seed, recipe.settings["variation seed"], recipe.settings["variation strength"]) == (
        3,
        "50",
        "0.2",
    )
    assert recipe.references == {picture.letin.digest: "variation 0.2"}
    details = read_parameters(png.text_of(made[0].path.read_bytes())["parameters"]).details
    assert (details["Variation seed"], details["Variation seed strength"]) == ("50", "0.2")
    assert "ControlNet 0" not in details
    assert not np.array_equal(after(made[0]), after(made[1]))


def test_a_picture_of_unknown_making_is_redrawn_a_little(tmp_path: Path) -> None:
    before = drawing(64, 96)
    path = saved(tmp_path, before)
    picture, drawer = opened(path, assemble.let_in), artist()
    assert varying.starter_source(picture, drawer) is None
    planned = varying.plan(varying.VaryRequest(path, 0.1, 5, 1, tmp_path / "o.png"))
    (made,) = varying.redrawn_a_little(
        planned, picture, drawer, banded, assemble.release(), assemble.gate().consider
    )
    assert 0 < np.abs(after(made).astype(float) - before).mean() < 30
    recipe = recipe_in(made.path)
    assert (recipe.settings["start"], recipe.settings["strength"]) == (picture.letin.digest, "0.1")


@pytest.mark.parametrize(
    "changed", [{"model_digest": "0" * 64}, {"width": 256}, {"settings": {"start": "x"}}, {"model": "other"}]
)
def test_only_what_these_weights_made_is_drawn_again(changed: dict[str, Any], tmp_path: Path) -> None:
    from dataclasses import replace

    picture = opened(made_here(tmp_path), assemble.let_in)
    assert picture.recipe is not None and varying.starter_source(picture, artist()) is not None
    other = replace(picture, recipe=replace(picture.recipe, **changed))
    assert varying.starter_source(other, artist()) is None


def test_a_checkpoint_draws_its_own_pictures_again(tmp_path: Path) -> None:
    from dataclasses import replace

    from rakkan.studio.engines.start import Variation

    picture = opened(made_here(tmp_path), assemble.let_in)
    assert picture.recipe is not None
    recipe = replace(
        picture.recipe, model="theirs", model_digest="ab" * 32, settings={"clip skip": "2", "noise": "gpu"}
    )

    class Engine:
        name, precision = "torch", "f32"
        asked: dict[str, Any]

        def versions(self) -> dict[str, str]:
            return {}

        def sample(self, prompt: str, negative: str, **options: Any) -> Any:
            self.asked = {"prompt": prompt, **options}
            return np.zeros((512, 512, 3), np.uint8)

    engine = Engine()
    brought = Brought("theirs", "ab" * 32, 512, engine)  # type: ignore[arg-type]
    source = varying.checkpoint_source(replace(picture, recipe=recipe), brought)
    assert source is not None
    source.again(recipe, Variation(4, 0.1), lambda done, total: None)
    assert engine.asked["variation"] == Variation(4, 0.1)
    assert (engine.asked["clip_skip"], engine.asked["noise"], engine.asked["seed"]) == (2, "gpu", 3)
    assert varying.checkpoint_source(picture, brought) is None


@pytest.mark.parametrize("more", [{"strength": 0.0}, {"strength": 1.1}, {"count": 0}, {"seed": -1}])
def test_what_cannot_be_varied(more: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(RakkanError):
        varying.plan(varying.VaryRequest(tmp_path / "x.png", **more))
