"""Whole edits through the gate: what changes, what stays to the last bit, what is told of them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from tests.around.attempts import photographic
from tests.studio.editing.figures import SLOTS, artist, band, banded, drawing, edited, prepared, saved

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.formats.inspect import pixels as pixels_of
from rakkan.records import Picture, Recipe, SheetRecipe, recipe_from_json
from rakkan.studio.create import CreateRequest, create
from rakkan.studio.create import plan as plan_creation
from rakkan.studio.editing.editing import Said, perform
from rakkan.studio.editing.masks import rectangle
from rakkan.studio.editing.passes import redrawn
from rakkan.studio.editing.requests import EditRequest, plan
from rakkan.studio.metadata import read as read_parameters
from rakkan.studio.requests import Created
from rakkan.studio.starter.lexicon import read

Pixels = npt.NDArray[np.uint8]


def after(made: Created) -> Pixels:
    return pixels_of(made.path.read_bytes())


def recipe_in(path: Path) -> Recipe:
    recipe = recipe_from_json(png.text_of(path.read_bytes())["rakkan"])
    assert isinstance(recipe, Recipe)
    return recipe


@pytest.mark.parametrize(("height", "width"), [(64, 64), (333, 217), (600, 70)], ids=str)
def test_outside_the_mask_every_bit_stays_from_file_to_file(height: int, width: int, tmp_path: Path) -> None:
    before = drawing(height, width)
    path = saved(tmp_path, before)
    x, y, wide, high = width // 4, height // 4, width // 3, height // 3
    request = EditRequest(path, prompt="smile", mask=f"{x},{y},{wide},{high}", seed=1, out=tmp_path / "o.png")
    (made,) = edited(request)
    found, mask = after(made), np.zeros((height, width), bool)
    mask[y : y + high, x : x + wide] = True
    assert found.shape == before.shape
    assert np.array_equal(found[~mask], before[~mask])
    assert (found[mask] != before[mask]).mean() > 0.5


@pytest.mark.parametrize(("height", "width"), [(2048, 2048), (70, 1001), (517, 333)], ids=str)
def test_pictures_of_any_size_are_redrawn_in_part(height: int, width: int, tmp_path: Path) -> None:
    before = drawing(height, width)
    mask = rectangle("30%,30%,25%,25%", (width, height))
    path = saved(tmp_path, drawing(64, 64))
    said = Said({"expression": "smile"}, "smile")
    edit = prepared(EditRequest(path, ("smile",)))
    painter = artist().painter(said, 1, edit, lambda done, total: None)
    found = redrawn(before, before, mask, 1.0, 4, painter, 0)
    assert np.array_equal(found[mask == 0], before[mask == 0])
    assert (found[mask > 0] != before[mask > 0]).mean() > 0.5


def test_a_word_changes_its_part_alone(tmp_path: Path) -> None:
    before = drawing(256, 256)
    path = saved(tmp_path, before)
    (made,) = edited(EditRequest(path, ("hair: blue",), seed=1, out=tmp_path / "o.png"))
    found, hair = after(made), band(256, "hair")
    lower = slice(hair.stop + 8, None)
    assert np.array_equal(found[lower], before[lower])
    assert np.array_equal(found[: hair.start - 8], before[: hair.start - 8])
    red, blue = found[hair][..., 0].mean(), found[hair][..., 2].mean()
    assert blue > 150 > 90 > red
    assert before[hair][..., 0].mean() > 180


def test_a_colour_is_laid_over_and_nothing_is_redrawn(tmp_path: Path) -> None:
    """Another seed draws the same then, and the strength that is told is 0."""
    path = saved(tmp_path, drawing(128, 128))
    made = [
        edited(EditRequest(path, ("hair: blue",), seed=seed, out=tmp_path / f"{seed}.png"))[0]
        for seed in (1, 2)
    ]
    assert np.array_equal(after(made[0]), after(made[1]))
    assert recipe_in(made[0].path).settings["strength"] == "hair 0"
    redrawn = edited(EditRequest(path, ("hair: blue",), strength=0.4, seed=1, out=tmp_path / "s.png"))[0]
    assert not np.array_equal(after(redrawn), after(made[0]))


def test_several_changes_in_one_command(tmp_path: Path) -> None:
    before = drawing(256, 256)
    path = saved(tmp_path, before)
    request = EditRequest(path, ("hair: blue", "eyes: red", "outfit: kimono"), seed=1, out=tmp_path / "o.png")
    (made,) = edited(request)
    found = after(made)
    for name in ("hair", "eyes", "outfit"):
        assert (found[band(256, name)] != before[band(256, name)]).mean() > 0.5, name
    assert np.array_equal(found[:20], before[:20])
    recipe = recipe_in(made.path)
    told = read(recipe.prompt).condition
    assert (told["hair_colour"], told["eye_colour"], told["outfit"]) == ("blue", "red", "kimono")
    assert (told["hairstyle"], told["outfit_colour"]) == ("bob cut", "blue")
    assert recipe.settings["edit"] == "hair: blue; eyes: red; outfit: kimono"
    assert recipe.settings["strength"] == "hair 0; eyes 0; outfit 1"


def test_the_seal_says_what_it_was_made_of(tmp_path: Path) -> None:
    from rakkan.trust.arrivals import read_seal
    from rakkan.trust.provenance import digest_of_file

    path = saved(tmp_path, drawing(96, 96))
    (made,) = edited(EditRequest(path, ("hair: blue",), seed=7, out=tmp_path / "o.png"))
    seal = read_seal(made.path.read_bytes(), assemble.trusted_roots())
    assert seal is not None and seal.state == "trusted"
    recipe = recipe_in(made.path)
    assert recipe.settings["start"] == digest_of_file(path.read_bytes())
    assert (recipe.width, recipe.height, recipe.seed) == (96, 96, 7)
    assert len(recipe.settings["mask digest"]) == 64
    again = edited(EditRequest(path, ("hair: blue",), seed=7, out=tmp_path / "p.png"))[0]
    assert recipe_in(again.path) == recipe
    assert np.array_equal(after(again), after(made))


def test_a_picture_made_here_is_edited_by_its_own_recipe(tmp_path: Path) -> None:
    """The reader would say otherwise: what a picture tells of itself counts."""
    request = CreateRequest("1girl, teal twin tails, armour", seed=3, steps=4, out=tmp_path / "in.png")
    maker = artist()
    create(plan_creation(request), maker.engine, maker.upscaler, assemble.release())
    (made,) = edited(
        EditRequest(tmp_path / "in.png", ("smile",), mask="0,0,99,99", seed=1, out=tmp_path / "o.png")
    )
    told = read(recipe_in(made.path).prompt).condition
    assert (told["hair_colour"], told["hairstyle"], told["outfit"]) == ("teal", "twin tails", "armour")
    assert told["expression"] == "smile"
    (second,) = edited(
        EditRequest(made.path, ("hair: pink",), mask="0,0,99,99", seed=1, out=tmp_path / "p.png")
    )
    told = read(recipe_in(second.path).prompt).condition
    assert (told["hair_colour"], told["expression"], told["outfit"]) == ("pink", "smile", "armour")


def test_img2img_draws_over_all_by_its_strength(tmp_path: Path) -> None:
    before = drawing(100, 140)
    path = saved(tmp_path, before)

    def far(strength: float) -> float:
        out = tmp_path / f"{strength}.png"
        (made,) = edited(EditRequest(path, prompt="1girl, smile", strength=strength, seed=1, out=out))
        assert after(made).shape == before.shape
        parameters = read_parameters(png.text_of(made.path.read_bytes())["parameters"])
        assert parameters.details["Denoising strength"] == f"{strength:g}"
        return float(np.abs(after(made).astype(float) - before).mean())

    assert far(0.1) < far(0.5) < far(1.0)


def test_the_old_picture_lies_in_the_extended_one(tmp_path: Path) -> None:
    before = drawing(90, 120)
    path = saved(tmp_path, before)
    (made,) = edited(EditRequest(path, extend="left=32,top=10%,right=7px", seed=1, out=tmp_path / "o.png"))
    found = after(made)
    assert found.shape == (99, 159, 3)
    assert np.array_equal(found[9:, 32:152], before)
    assert recipe_in(made.path).settings["extend"] == "left=32,top=10%,right=7px"


def test_a_bar_is_found_and_taken_out(tmp_path: Path) -> None:
    before = drawing(128, 128)
    before[40:56, 30:100] = (12, 200, 30)
    path = saved(tmp_path, before)
    (made,) = edited(EditRequest(path, restore=True, seed=1, out=tmp_path / "o.png"))
    found = after(made)
    assert not (found[40:56, 30:100] == (12, 200, 30)).all(-1).any()
    assert np.array_equal(found[:34], before[:34]) and np.array_equal(found[62:], before[62:])
    assert recipe_in(made.path).settings["restore"] == "yes"


def test_nothing_to_restore_is_said(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="Nothing is found that hides"):
        prepared(EditRequest(saved(tmp_path, drawing(128, 128)), restore=True))


def test_what_may_not_be_drawn_is_not_restored_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The words that the model is told pass the same filter, and what comes of it the same inspectors."""
    path = saved(tmp_path, drawing(96, 96))
    seen: list[str] = []

    def refusing(prompt: str, negative: str) -> None:
        seen.append(prompt)
        if "hoodie" in prompt:
            raise RakkanError("Nothing was drawn", "Say something else")

    from rakkan.studio.editing.editing import perform

    edit = prepared(EditRequest(path, restore=True, mask="10,10,20,20", out=tmp_path / "o.png"))
    with pytest.raises(RakkanError, match="Nothing was drawn"):
        perform(edit, artist(), assemble.release(), refusing)
    assert seen and not (tmp_path / "o.png").exists()


def test_masks_from_files(tmp_path: Path) -> None:
    before = drawing(64, 80)
    path = saved(tmp_path, before)
    grey = np.zeros((64, 80, 3), np.uint8)
    grey[10:30, 20:60] = 255
    cut = np.dstack([before, 255 - grey[..., 0]])
    results = []
    for name, pixels in (("grey.png", grey), ("cut.png", cut)):
        mask = saved(tmp_path, pixels, name)
        request = EditRequest(path, prompt="smile", mask=str(mask), seed=1, out=tmp_path / f"o-{name}")
        (made,) = edited(request)
        results.append(after(made))
        assert recipe_in(made.path).settings["mask"].startswith("file ")
    assert np.array_equal(*results)
    inside = np.zeros((64, 80), bool)
    inside[10:30, 20:60] = True
    assert np.array_equal(results[0][~inside], before[~inside])
    assert not np.array_equal(results[0][inside], before[inside])


def test_an_inverted_and_a_grown_mask(tmp_path: Path) -> None:
    before = drawing(64, 64)
    path = saved(tmp_path, before)
    request = EditRequest(
        path, prompt="smile", mask="20,20,20,20", grow=4, invert=True, seed=1, out=tmp_path / "o.png"
    )
    found = after(edited(request)[0])
    assert np.array_equal(found[20:40, 20:40], before[20:40, 20:40])
    assert np.array_equal(found[16:44, 24:36], before[16:44, 24:36])
    assert not np.array_equal(found[:10], before[:10])


@pytest.mark.parametrize(
    ("request_of", "what"),
    [
        ({"mask": "m.png", "prompt": "smile"}, "is 8x8, the picture 64x64"),
        ({"mask": "empty.png", "prompt": "smile"}, "is empty"),
        ({"mask": "all.png", "prompt": "smile"}, "covers the whole picture"),
        ({"mask": "skin+horse", "prompt": "smile"}, "There is no mask"),
        ({"mask": "500,0,9,9", "prompt": "smile"}, "covers nothing"),
        ({"mask": "face", "prompt": "smile"}, "No face is found"),
        ({"mask": "photograph.png", "prompt": "smile"}, "was not let in"),
        ({"prompt": "smile", "texts": ("hair: blue",)}, "not both"),
        ({"prompt": "smile", "strength": 1.5}, "strength 1.5 is out of range"),
        ({"prompt": "smile", "invert": True}, "--invert goes with a mask"),
        ({"extend": "up=3"}, "cannot be read"),
        ({"extend": "left=0"}, "cannot be read"),
        ({"extend": "left=9000%"}, "too many"),
        ({"extend": "left=9", "mask": "hair"}, "do not go together"),
        ({"texts": ("qwx: qwy",)}, "cannot be read"),
        ({"texts": ("smile",) * 9}, "too many at once"),
        ({}, "Nothing is asked"),
        ({"prompt": "smile", "count": 99}, "Cannot draw 99"),
        ({"prompt": "smile", "feather": -1}, "out of range"),
        ({"prompt": "smile", "mask": "hair", "grow": 9999}, "out of range"),
    ],
)
def test_bad_requests_get_a_line(
    request_of: dict[str, Any], what: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path, drawing(64, 64))
    saved(tmp_path, np.full((8, 8, 3), 255, np.uint8), "m.png")
    saved(tmp_path, np.zeros((64, 64, 3), np.uint8), "empty.png")
    saved(tmp_path, np.full((64, 64, 3), 255, np.uint8), "all.png")
    saved(tmp_path, photographic(5, 256), "photograph.png")
    with pytest.raises(RakkanError) as caught:
        edited(EditRequest(path, out=tmp_path / "o.png", **request_of))
    assert what in caught.value.message + caught.value.hint
    assert caught.value.hint and "\n" not in caught.value.message + caught.value.hint
    assert not (tmp_path / "o.png").exists()


def test_a_photograph_is_not_edited(tmp_path: Path) -> None:
    path = saved(tmp_path, photographic(5, 256))
    with pytest.raises(RakkanError, match=r"in\.png was not let in"):
        edited(EditRequest(path, ("hair: blue",), out=tmp_path / "o.png"))


def test_what_is_asked_is_filtered_before_anything_is_read(tmp_path: Path) -> None:
    from rakkan.studio.editing.requests import plan

    def refusing(prompt: str, negative: str) -> None:
        raise RakkanError(f"Refused: {prompt} / {negative}")

    with pytest.raises(RakkanError, match="Refused: smile, hair: blue / hats"):
        plan(EditRequest(tmp_path / "nowhere.png", ("smile", "hair: blue"), negative="hats"), refusing)


def test_several_pictures_and_their_sheet(tmp_path: Path) -> None:
    path = saved(tmp_path, drawing(64, 64))
    made = edited(EditRequest(path, ("outfit: kimono",), seed=4, count=2, out=tmp_path / "o"))
    assert [one.recipe.seed for one in made[:2] if isinstance(one.recipe, Recipe)] == [4, 5]
    assert isinstance(made[2].recipe, SheetRecipe)
    assert made[0].path.name == "0001-4-outfit-kimono.png"


def test_other_formats_come_in(tmp_path: Path) -> None:
    held = io.BytesIO()
    Image.fromarray(drawing(64, 64)).save(held, "WEBP", lossless=True)
    (tmp_path / "in.webp").write_bytes(held.getvalue())
    (made,) = edited(EditRequest(tmp_path / "in.webp", ("hair: blue",), out=tmp_path / "o.png"))
    lower = band(64, "outfit")
    assert np.array_equal(after(made)[lower], drawing(64, 64)[lower])


def test_the_stand_in_reads_what_it_says() -> None:
    reading = banded(drawing(80, 40))
    assert set(SLOTS) <= set(reading.slots)
    assert sum(part.sum() for name, part in reading.parts.items() if name != "skin") == 80 * 40


def test_semicolons_stand_between_changes() -> None:
    planned = plan(EditRequest(Path("x.png"), ("hair: blue; smile;", "red eyes")), lambda *words: None)
    assert [one.text for one in planned.changes] == ["hair: blue", "smile", "red eyes"]
    assert planned.request.texts == ("hair: blue", "smile", "red eyes")
    with pytest.raises(RakkanError, match="Nothing is asked"):
        plan(EditRequest(Path("x.png"), (" ; ",)), lambda *words: None)


def test_a_recipe_that_names_another_beginning_does_not_leave(tmp_path: Path) -> None:
    path, kept = saved(tmp_path, drawing(64, 64)), []

    def lying(picture: Picture, place: Path) -> Path:
        kept.append(picture)
        assert isinstance(picture.recipe, Recipe)
        settings = {**picture.recipe.settings, "start": "0" * 64}
        return assemble.release()(replace(picture, recipe=replace(picture.recipe, settings=settings)), place)

    with pytest.raises(RakkanError, match="names another picture than it was made of"):
        perform(
            prepared(EditRequest(path, ("smile",), seed=1, out=tmp_path / "o.png")),
            artist(),
            lying,
            assemble.gate().consider,
        )
    assert not (tmp_path / "o.png").exists()
    assert assemble.release()(kept[0], tmp_path / "o.png").exists()
