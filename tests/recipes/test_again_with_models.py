"""Pictures of checkpoints made again: the model by its hash, LoRAs under the names they have here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy
import pytest

from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.formats.inspect import Inspected
from rakkan.recipes.again import Again, again
from rakkan.recipes.drawing import Workshop
from rakkan.recipes.telling import CLAIMED, PROVEN, Told
from rakkan.records import Picture, Recipe
from rakkan.studio.bring import Brought
from rakkan.studio.engines.start import Variation
from rakkan.studio.metadata import claimed
from rakkan.studio.references import LetIn
from rakkan.trust.verification import Verification

MODEL, LORA, VAE = "ab" * 32, "cd" * 32, "ef" * 32
RECIPE = Recipe(
    "1girl <lora:ink:0.6>", "lowres", "theirs", MODEL, "euler_ancestral", "karras", 12, 5.5, 9, 64, 96,
    engine="stand-in", precision="f32", versions={}, adapters={LORA: "lora ink 0.6", VAE: "vae"},
    settings={"noise": "gpu", "clip skip": "2"},
)  # fmt: skip
_GREY = numpy.full((64, 64, 3), 200, numpy.uint8)
BEGUN = LetIn("78" * 32, "image/png", png.encode(_GREY, {}), _GREY)


@dataclass
class Drawing:
    """Draws one flat colour that is a digest of what it was asked for, and remembers that."""

    name: str = "stand-in"
    precision: str = "f32"
    batch: int = 1
    asked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def versions(self) -> dict[str, str]:
        return {}

    def sample(self, prompt: str, negative: str = "", **options: Any) -> Any:
        options.pop("progress")
        self.asked.append((prompt, negative, options))
        return numpy.full((options["height"], options["width"], 3), 7, numpy.uint8)

    sample_batch = sample


class Models:
    """Three models, of which the LoRA has another name here than where the picture was made."""

    known: ClassVar = {MODEL: "mine", LORA: "pen", VAE: "clear"}

    def find(self, text: str) -> Any:
        for digest, name in self.known.items():
            if text == name or (len(text) >= 8 and digest.startswith(text)):
                return SimpleNamespace(card=SimpleNamespace(name=name, digest=digest, resolution=64))
        raise RakkanError(f"There is no model called {text!r}")

    resolve = find


def made_again(
    told: Told, tmp_path: Path, model: str = "", given: Any = None
) -> tuple[Again, Drawing, list[Any]]:
    drawing, calls = Drawing(), []

    def bring(name: str, prompts: tuple[str, str], vae: str, shown: Any, size: tuple[int, int]) -> Brought:
        calls.append((name, prompts, vae, shown, size))
        return Brought(name, MODEL, 64, drawing, {LORA: "lora pen 0.6", VAE: "vae"})

    def release(picture: Picture, path: Path) -> Path:
        return path

    nothing: Any = None
    workshop = Workshop(
        Models(),  # type: ignore[arg-type]
        lambda: nothing,
        lambda: nothing,
        bring,
        lambda *words: None,
        release,
        lambda digest: BEGUN,
        lambda: False,
    )
    pixels = numpy.full((96, 64, 3), 7, numpy.uint8) if given is None else given
    return again(told, pixels, tmp_path / "a.png", workshop, model), drawing, calls


def told(recipe: Recipe) -> Told:
    return Told(PROVEN, Inspected("png", 1), Verification("valid"), recipe, operation="create")


def test_the_model_and_what_goes_with_it_are_found_by_hash(tmp_path: Path) -> None:
    made, drawing, calls = made_again(told(RECIPE), tmp_path)
    assert calls == [("mine", ("1girl <lora:pen:0.6>", "lowres"), "clear", (), (64, 96))]
    ((prompt, negative, options),) = drawing.asked
    assert (prompt, negative) == ("1girl <lora:pen:0.6>", "lowres")
    assert options == {
        "width": 64, "height": 96, "seed": 9, "steps": 12, "guidance": 5.5, "sampler": "euler_ancestral",
        "schedule": "karras", "clip_skip": 2, "noise": "gpu",
    }  # fmt: skip
    assert made.likeness.tier == "bit-exact" and made.reasons == ()


def test_pictures_that_guided_are_asked_for_by_their_digest(tmp_path: Path) -> None:
    recipe = Recipe(**{**vars(RECIPE), "references": {"12" * 32: "reference 0.8"}})
    _, _, calls = made_again(told(recipe), tmp_path)
    (shown,) = calls[0][3]
    assert (shown.use, shown.file, shown.strength) == ("reference", Path("12" * 32), 0.8)


def test_what_is_missing_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Models, "known", {MODEL: "mine"})
    made, drawing, _ = made_again(told(RECIPE), tmp_path, given=numpy.full((96, 64, 3), 200, numpy.uint8))
    assert drawing.asked[0][0] == "1girl <lora:ink:0.6>"
    assert made.likeness.tier == "not the same"
    assert "the LoRA ink of cdcdcdcdcd is not here: the one of its name is taken" in made.reasons
    assert any("vae efefefefef is not here" in reason for reason in made.reasons)


def test_another_tools_picture_is_drawn_from_its_claim(tmp_path: Path) -> None:
    text = (
        "1girl <lora:ink:0.6>\nSteps: 12, Sampler: Euler a Karras, CFG scale: 5.5, Seed: 9, Size: 64x96, "
        f'Model hash: {MODEL[:10]}, Model: theirs, Clip skip: 2, Lora hashes: "ink: {LORA[:12]}"'
    )
    said = Told(CLAIMED, Inspected("png", 1), Verification("none"), claimed=claimed({"parameters": text}))
    other = numpy.full((96, 64, 3), 90, numpy.uint8)
    made, drawing, calls = made_again(said, tmp_path, given=other)
    assert calls[0][:2] == ("mine", ("1girl <lora:pen:0.6>", ""))
    assert drawing.asked[0][2]["noise"] == "gpu" and drawing.asked[0][2]["clip_skip"] == 2
    assert "A1111 drew it; other programs round otherwise" in made.reasons


def test_an_edit_is_drawn_over_the_picture_it_began_with(tmp_path: Path) -> None:
    settings = {"noise": "gpu", "start": BEGUN.digest, "mask": "0,0,32,32", "strength": "0.5"}
    recipe = replace(RECIPE, settings=settings, height=64)
    said = Told(PROVEN, Inspected("png", 1), Verification("valid"), recipe, operation="edit")
    made, drawing, calls = made_again(said, tmp_path, given=BEGUN.pixels)
    assert calls == [("mine", ("1girl <lora:pen:0.6>", "lowres"), "clear", (), (64, 64))]
    ((prompt, _, options),) = drawing.asked
    assert prompt == "1girl <lora:pen:0.6>" and (options["seed"], options["noise"]) == (9, "gpu")
    start = options["start"]
    assert start.strength == 0.5 and 0 < start.mask.mean() < 1
    assert made.recipe.settings["start"] == BEGUN.digest  # type: ignore[union-attr]


def test_a_variation_is_drawn_with_its_turn(tmp_path: Path) -> None:
    turn = {"variation seed": "4", "variation strength": "0.25"}
    shown = {BEGUN.digest: "variation 0.25", "12" * 32: "reference 0.8"}
    recipe = replace(RECIPE, settings={"noise": "gpu", **turn}, references=shown)
    said = Told(PROVEN, Inspected("png", 1), Verification("valid"), recipe, operation="variation")
    made, drawing, calls = made_again(said, tmp_path)
    assert drawing.asked[0][2]["variation"] == Variation(4, 0.25)
    assert [one.use for one in calls[0][3]] == ["reference"]
    assert isinstance(made.recipe, Recipe)
    assert made.recipe.references == shown and turn.items() <= made.recipe.settings.items()
