"""Creating pictures with a fake engine: what is drawn, named, recorded and refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rakkan import assemble
from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.formats.inspect import inspect
from rakkan.formats.unsealed import without_seal
from rakkan.records import LARGEST_INTEGER, Recipe, SheetRecipe, recipe_from_json
from rakkan.studio.create import CreateRequest, Upscaler, create, plan
from rakkan.studio.engines.engine import Pixels, Reference
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.metadata import read
from rakkan.studio.requests import Created, slug
from rakkan.studio.starter.guiding import Guide
from rakkan.studio.starter.vocabulary import decode
from rakkan.trust.examination import examine


def doubled(pixels: Pixels) -> Pixels:
    return pixels.repeat(2, 0).repeat(2, 1)


UPSCALER = Upscaler("doubling", "00" * 32, doubled)


def make(request: CreateRequest) -> list[Created]:
    return create(plan(request), FakeEngine(), UPSCALER, assemble.release())


def guided(folder: Path, looks: bool = True) -> Guide:
    """A guide by a picture of the renderer's that was let in, of which silver hair was read."""
    file = folder / "shown.png"
    Image.fromarray(render(Attributes(hair_colour="silver"), 3)).save(file)
    picture = assemble.let_in(file)
    reference = Reference(picture.pixels, "identity", 0.8) if looks else None
    return Guide(picture, "identity", 0.8, {"hair_colour": "silver"}, reference)


class Watched(FakeEngine):
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, str], Reference | None]] = []

    def sample(self, tokens: Any, *rest: Any, reference: Reference | None = None, **more: Any) -> Pixels:
        self.asked.append((decode(tokens), reference))
        return super().sample(tokens, *rest, reference=reference, **more)


def test_a_guide_is_shown_told_and_sealed(tmp_path: Path) -> None:
    engine, guide = Watched(), guided(tmp_path)
    request = CreateRequest("smile, red eyes", seed=5, count=2, out=tmp_path)
    made = create(plan(request), engine, UPSCALER, assemble.release(), guide=guide)
    for told, reference in engine.asked:
        assert reference is guide.reference
        assert (told["hair_colour"], told["eye_colour"], told["expression"]) == ("silver", "red", "smile")
        assert "hairstyle" not in told and "outfit" in told
    recipe = made[0].recipe
    assert isinstance(recipe, Recipe) and recipe.references == {guide.picture.digest: "identity 0.8"}
    verification = examine(made[0].path, assemble.trusted_roots())
    assert verification.state == "valid"
    assert recipe_from_json(texts(made[0].path)["rakkan"]) == recipe


def test_without_eyes_a_guide_is_told_in_words(tmp_path: Path) -> None:
    engine, guide = Watched(), guided(tmp_path, looks=False)
    request = CreateRequest("smile", seed=5, out=tmp_path)
    (made,) = create(plan(request), engine, UPSCALER, assemble.release(), guide=guide)
    ((told, reference),) = engine.asked
    assert reference is None and told["hair_colour"] == "silver" and "hairstyle" in told
    assert isinstance(made.recipe, Recipe)
    assert made.recipe.references == {guide.picture.digest: "identity 0.8, in words"}


def texts(path: Path) -> Mapping[str, str]:
    return png.text_of(path.read_bytes())


def test_one_picture_with_its_texts(tmp_path: Path) -> None:
    (made,) = make(CreateRequest("1girl, silver twin tails", "glasses", seed=5, guidance=2, out=tmp_path))
    assert made.path == tmp_path / "0001-5-silver-twin-tails.png"
    recipe = recipe_from_json(texts(made.path)["rakkan"])
    assert recipe == made.recipe
    assert isinstance(recipe, Recipe)
    assert (recipe.seed, recipe.width, recipe.height, recipe.steps) == (5, 512, 512, 4)
    assert (recipe.prompt, recipe.negative, recipe.guidance) == ("1girl, silver twin tails", "glasses", 2.0)
    parts = read(texts(made.path)["parameters"])
    assert (parts.prompt, parts.negative) == (recipe.prompt, recipe.negative)
    assert (parts.details["Seed"], parts.details["Size"]) == ("5", "512x512")


def test_several_pictures_and_their_sheet(tmp_path: Path) -> None:
    made = make(CreateRequest("red hoodie", seed=10, count=3, out=tmp_path / "new" / "folder"))
    assert [created.path.name for created in made] == [
        "0001-10-red-hoodie.png",
        "0002-11-red-hoodie.png",
        "0003-12-red-hoodie.png",
        "0004-10-sheet-red-hoodie.png",
    ]
    sheet = made[-1].recipe
    assert isinstance(sheet, SheetRecipe)
    assert sheet.recipes == tuple(created.recipe for created in made[:-1])


def test_alone_or_among_others_a_seed_draws_the_same(tmp_path: Path) -> None:
    batch = make(CreateRequest("red hoodie", seed=10, count=3, out=tmp_path / "a"))
    (alone,) = make(CreateRequest("red hoodie", seed=11, out=tmp_path / "b"))
    assert batch[1].recipe == alone.recipe
    # The seals differ: each is a statement of its own, under salts of its own.
    assert without_seal(batch[1].path.read_bytes()) == without_seal(alone.path.read_bytes())


def test_a_name_that_tells_nothing(tmp_path: Path) -> None:
    made = make(CreateRequest("red hoodie", seed=10, count=2, out=tmp_path, telling=False))
    assert [created.path.name for created in made] == ["0001.png", "0002.png", "0003.png"]


@pytest.mark.parametrize("name", ["x.jpg", "x.jpeg", "x.webp"])
def test_other_formats_by_name(name: str, tmp_path: Path) -> None:
    (made,) = make(CreateRequest("red hoodie", seed=1, out=tmp_path / name))
    assert inspect(made.path.read_bytes(), name).findings == ()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    request = CreateRequest("red hoodie", seed=1, out=tmp_path)
    assert make(request)[0].path.name.startswith("0001-")
    assert make(request)[0].path.name.startswith("0002-")
    named = replace(request, out=tmp_path / "x.png")
    assert [make(named)[0].path.name, make(named)[0].path.name] == ["x.png", "x-2.png"]


def test_what_a_prompt_leaves_open_stays_open_except_the_framing() -> None:
    assert dict(plan(CreateRequest("smile")).condition) == {"expression": "smile", "framing": "bust"}
    assert plan(CreateRequest("crossed arms")).condition["framing"] == "half body"
    assert plan(CreateRequest("1girl, standing")).condition["framing"] == "full body"
    assert plan(CreateRequest("smile", size="512x768")).condition["framing"] == "full body"
    assert plan(CreateRequest("smile, upper body")).condition["framing"] == "half body"


def test_sizes_follow_the_framing() -> None:
    def size(prompt: str, asked: str | None = None) -> tuple[int, int, int]:
        planned = plan(CreateRequest(prompt, size=asked))
        return planned.width, planned.height, len(planned.notes)

    assert size("smile") == (512, 512, 0)
    assert size("smile, full body") == (512, 768, 0)
    assert size("smile", "512×768") == (512, 768, 0)
    assert size("smile, full body", "512X512") == (512, 512, 1)
    assert size("bust, smile", "512x768") == (512, 768, 1)


def test_the_engine_is_given_the_native_size_and_the_condition(tmp_path: Path) -> None:
    calls = []

    class Spy(FakeEngine):
        def sample(self, tokens: object, negative: object = None, **more: object) -> Pixels:  # type: ignore[override]
            calls.append((negative is None, more["width"], more["height"], more["seed"]))
            return np.zeros((more["height"], more["width"], 3), np.uint8)  # type: ignore[call-overload, no-any-return]

    create(plan(CreateRequest("full body", seed=3, out=tmp_path)), Spy(), UPSCALER, assemble.release())
    create(
        plan(CreateRequest("smile", "hat, qwx", 4, guidance=3, out=tmp_path)),
        Spy(),
        UPSCALER,
        assemble.release(),
    )
    assert calls == [(True, 256, 384, 3), (False, 256, 256, 4)]


def test_progress_counts_over_all_pictures(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    request = CreateRequest("smile", seed=1, count=2, steps=3, out=tmp_path)
    create(plan(request), FakeEngine(), UPSCALER, assemble.release(), lambda *step: seen.append(step))
    assert seen == [(step, 6) for step in range(1, 7)]


def test_remarks(tmp_path: Path) -> None:
    assert "only bars free choices" in plan(CreateRequest("smile", "hat")).notes[0]
    planned = plan(CreateRequest("smile, spaceship", "submarine", guidance=2))
    assert [word.text for word in planned.unknown] == ["spaceship", "submarine"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"prompt": ""}, "The prompt is empty"),
        ({"prompt": "x" * 10_000}, "10000 characters"),
        ({"prompt": "qwx zzy"}, "No word of the prompt is known: 'qwx zzy'"),
        ({"prompt": "masterpiece, best quality"}, "names nothing that can be drawn"),
        ({"negative": "\x00"}, "negative prompt holds a control character"),
        ({"count": 0}, "Cannot draw 0 pictures"),
        ({"count": -3}, "Cannot draw -3 pictures"),
        ({"count": 10**9}, "Ask for 1 to 64"),
        ({"steps": 0}, "Cannot draw in 0 steps"),
        ({"steps": 10**9}, "Give 1 to 250"),
        ({"guidance": float("nan")}, "guidance scale nan"),
        ({"guidance": -1.0}, "guidance scale -1.0"),
        ({"seed": -1}, "The seed -1"),
        ({"seed": LARGEST_INTEGER}, "is out of range"),
        ({"size": "640x480"}, "Sizes are 512x512 and 512x768"),
        ({"size": "0x0"}, "Sizes are"),
        ({"size": ""}, "Sizes are"),
        ({"out": Path("a.gif")}, "not gif. Name it a.png"),
        ({"out": Path("a.png"), "count": 2}, "Name a folder instead"),
        ({"out": Path("/dev/null")}, "is a file, not a folder"),
        ({"out": Path("/dev/null/a.png")}, "is a file, not a folder"),
    ],
)
def test_what_is_refused_before_anything_is_loaded(change: dict[str, object], words: str) -> None:
    with pytest.raises(RakkanError) as caught:
        plan(replace(CreateRequest("smile"), **change))  # type: ignore[arg-type]
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_permission_is_refused_before_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda *arguments: False)
    with pytest.raises(RakkanError, match="may not be written to"):
        plan(CreateRequest("smile", out=tmp_path))


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("1girl, silver twin tails", "silver-twin-tails"),
        ("masterpiece, 1girl, (red_eyes:1.2)", "red-eyes"),
        ("1girl", "1girl"),
        ("微笑, 銀髪", "figure"),
        ("qwx, " * 900 + "smile", "qwx"),
        ("../../etc/passwd smile", "etc-passwd-smile"),
        ("smile " * 50, "smile-smile-smile-smile-smile-smile"),
    ],
)
def test_file_names_come_from_the_prompt(prompt: str, name: str) -> None:
    assert slug(prompt) == name
