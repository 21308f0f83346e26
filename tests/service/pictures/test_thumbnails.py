"""Thumbnails go through the gate, sealed, small, and only out of what the gate knows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from PIL import Image
from tests.trust.made import ingredient, look, picture, recipe, release

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.inspect import inspect_picture
from rakkan.records import Picture, ThumbnailRecipe, canonical_json, recipe_from_json
from rakkan.service.pictures.thumbnails import MEDIA_TYPE, sealed_thumbnail, sides, thumbnail
from rakkan.trust.gate import Destination
from rakkan.trust.provenance import digest_of_file
from rakkan.trust.verification import VALID


@pytest.fixture
def large(tmp_path: Path) -> bytes:
    fields = numpy.random.default_rng(4).integers(0, 255, (6, 8, 3), numpy.uint8)
    pixels = fields.repeat(64, 0).repeat(64, 1)
    made = Picture(pixels, recipe(width=512, height=384))
    return release(tmp_path / "large.png", made).read_bytes()


def test_a_thumbnail_is_small_sealed_and_tells_only_what_it_is_of(large: bytes, tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    made = sealed_thumbnail(large, "image/png", "ann", room, assemble.gate().release)
    assert list(room.iterdir()) == []
    found, pixels = inspect_picture(made)
    assert (found.media_type, found.width, found.height) == (MEDIA_TYPE, 384, 288)
    with Image.open(tmp_path / "large.png") as image:
        close = numpy.asarray(image.resize((384, 288), Image.Resampling.LANCZOS), float)
    assert numpy.abs(pixels - close).mean() < 6
    assert b"silver hair" not in made and len(made) < 60_000
    (tmp_path / "t.webp").write_bytes(made)
    seen = look(tmp_path / "t.webp")
    assert (seen.state, seen.problems) == (VALID, ())
    assert seen.report is not None and seen.entry is not None
    assert [action.name for action in seen.report.actions] == ["c2pa.opened", "c2pa.resized"]
    assert [one.digest for one in seen.report.ingredients] == [digest_of_file(large)]
    assert seen.entry.statement.predicate.operation == "thumbnail"
    assert seen.entry.statement.predicate.parents == (digest_of_file(large),)
    assert seen.entry.statement.predicate.disclosure == "digest"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((512, 512), (384, 384)),
        ((64, 48), (64, 48)),
        ((384, 10), (384, 10)),
        ((10_000, 3), (384, 1)),
        ((300, 1200), (96, 384)),
    ],
)
def test_proportions_are_kept_and_nothing_is_enlarged(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert sides(*size) == expected


def test_what_was_transparent_lies_on_white(tmp_path: Path) -> None:
    clear = numpy.zeros((16, 24, 4), numpy.uint8)
    path = release(tmp_path / "clear.png", Picture(clear, recipe()))
    made = thumbnail(path.read_bytes(), "image/png")
    assert made.pixels.shape == (16, 24, 3) and (made.pixels == 255).all()


def test_a_thumbnail_of_a_stranger_s_picture_does_not_leave(tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.png"
    Image.fromarray(picture().pixels).save(stranger)
    with pytest.raises(RakkanError, match="did not come in through the gate"):
        sealed_thumbnail(stranger.read_bytes(), "image/png", "ann", tmp_path, assemble.gate().release)
    assert not list(tmp_path.glob("*.webp"))


@pytest.mark.parametrize("fault", ["large", "other", "none", "operation"])
def test_what_is_no_thumbnail_does_not_pass_for_one(large: bytes, tmp_path: Path, fault: str) -> None:
    made = thumbnail(large, "image/png")
    assert isinstance(made.recipe, ThumbnailRecipe)
    if fault == "large":
        pixels = numpy.zeros((385, 20, 3), numpy.uint8)
        made = replace(made, pixels=pixels, recipe=replace(made.recipe, width=20, height=385))
    if fault == "other":
        made = replace(made, ingredients=(ingredient("parent", release(tmp_path / "other.png")),))
    if fault == "none":
        made = replace(made, ingredients=())
    if fault == "operation":
        made = replace(made, operation="upscale")
    messages = {
        "large": "384 pixels",
        "other": "another picture",
        "none": "ingredients",
        "operation": "leaves behind",
    }
    with pytest.raises(RakkanError, match=messages[fault]):
        assemble.gate().release(made, Destination(tmp_path / "t.webp"))
    assert not list(tmp_path.glob("*.webp"))


def test_its_recipe_is_read_back() -> None:
    made = ThumbnailRecipe("ab" * 32, 384, 256, {"rakkan": "1"})
    assert recipe_from_json(canonical_json(made)) == made
