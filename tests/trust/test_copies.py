"""Copies: the same picture in another file, sealed anew, telling what it is asked to and no more."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import c2pa
import numpy
import pytest
from PIL import Image
from tests.trust.made import MEDIA_TYPES, ingredient, look, picture, recipe, release, stated
from tests.trust.test_provenance import PLANTED, spellings

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.inspect import inspect_picture
from rakkan.records import Picture, canonical_json
from rakkan.store.ledger.statements import Derived
from rakkan.trust.examination import recipe_fields
from rakkan.trust.provenance import digest_of_file, pixel_digest
from rakkan.trust.seal.sign import settings
from rakkan.trust.verification import VALID, operation_of


def copy_of(path: Path, **changes: object) -> Picture:
    """A sealed file as a copy, not yet released."""
    data = path.read_bytes()
    _, pixels = inspect_picture(data)
    made = Picture(pixels, SECRET, "copy", (ingredient("parent", path),))
    return replace(made, **changes)  # type: ignore[arg-type]


SECRET = recipe(PLANTED, 424_242_424_242, negative="planted negative")


@pytest.fixture
def original(tmp_path: Path) -> Path:
    return release(tmp_path / "original.png", replace(picture(), recipe=SECRET))


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("level", ["full", "redacted", "digest"])
def test_a_copy_is_valid_and_leads_to_its_original(
    original: Path, tmp_path: Path, ending: str, level: str
) -> None:
    path = release(tmp_path / f"copy{ending}", copy_of(original), disclosure=level)
    found, first = look(path), look(original)
    assert (found.state, found.problems) == (VALID, ())
    assert operation_of(found).startswith("copy: the same picture")
    assert found.entry is not None and found.report is not None and first.entry is not None
    said = found.entry.statement.predicate
    assert isinstance(said, Derived) and said.operation == "copy"
    assert said.parents == (digest_of_file(original.read_bytes()),)
    assert said.recipe == first.entry.statement.predicate.recipe, "the same commitment: the same recipe"
    assert said.opening == first.entry.statement.predicate.opening
    assert [one.digest for one in found.report.ingredients] == list(said.parents)
    assert found.training is not None
    fields = recipe_fields(found, assemble.vault(), assemble.ledger())
    assert fields == json.loads(canonical_json(SECRET)), "its maker's vault opens what it keeps back"
    context = c2pa.Context.from_dict(settings(assemble.instance().root))
    stream = io.BytesIO(path.read_bytes())
    with c2pa.Reader(MEDIA_TYPES[ending], stream, context=context) as reader:
        assert json.loads(reader.json())["validation_state"] == "Trusted"


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("level", ["redacted", "digest"])
def test_what_a_copy_keeps_back_stands_nowhere_in_it(
    original: Path, tmp_path: Path, ending: str, level: str
) -> None:
    data = release(tmp_path / f"copy{ending}", copy_of(original), disclosure=level).read_bytes()
    for text in (PLANTED, "planted negative", "424242424242"):
        assert not [form for form in spellings(text) if form in data]
    told = release(tmp_path / f"told{ending}", copy_of(original)).read_bytes()
    assert [form for form in spellings(PLANTED) if form in told]


def test_a_copy_may_tell_more_than_its_original_and_keeps_its_pixels(tmp_path: Path) -> None:
    kept = release(tmp_path / "kept.png", replace(picture(), recipe=SECRET), disclosure="digest")
    for ending in (".png", ".webp"):
        path = release(tmp_path / f"told{ending}", copy_of(kept))
        with Image.open(path) as image:
            assert numpy.array_equal(numpy.asarray(image), picture().pixels)
        report = look(path).report
        assert report is not None and report.recipe is not None and report.recipe.level == "full"


def test_a_picture_that_was_guided_is_copied_without_what_guided_it(tmp_path: Path) -> None:
    guide = release(tmp_path / "guide.png", picture(seed=3))
    made = picture("create", 9, "1girl", ingredient("reference", guide))
    path = release(tmp_path / "made.png", made)
    subject = Picture(made.pixels, made.recipe, "copy", (ingredient("parent", path),))
    found = look(release(tmp_path / "copy.jpg", subject))
    assert found.state == VALID and found.entry is not None
    assert found.entry.statement.predicate.references == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": recipe("1girl, another prompt", 424_242_424_242)},
        {"pixels": picture(seed=8).pixels},
        {"ingredients": ()},
    ],
    ids=["recipe", "pixels", "no parent"],
)
def test_what_is_no_copy_is_not_released_as_one(
    original: Path, tmp_path: Path, changes: dict[str, object]
) -> None:
    before = stated()
    with pytest.raises(RakkanError, match="not released"):
        release(tmp_path / "b.png", copy_of(original, **changes))
    assert stated() == before and not (tmp_path / "b.png").exists()


def test_nobody_copies_for_another_account_nor_what_was_shredded(original: Path, tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="no copy"):
        release(tmp_path / "b.png", copy_of(original), account="somebody")
    entry = look(original).entry
    assert entry is not None
    assemble.vault().shred("local", entry.statement.predicate.opening)
    with pytest.raises(RakkanError, match="no copy"):
        release(tmp_path / "b.png", copy_of(original))


def test_a_file_that_came_from_elsewhere_is_no_parent_of_a_copy(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    Image.fromarray(picture().pixels).save(outside)
    with pytest.raises(RakkanError, match="not released"):
        release(tmp_path / "b.png", copy_of(outside))
    assert pixel_digest(picture().pixels) == pixel_digest(copy_of(outside).pixels)
