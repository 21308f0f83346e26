"""What the assembled gate states and seals when a picture leaves, and keeps and states when a file comes."""

from __future__ import annotations

import base64
import io
import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import c2pa
import numpy
import pytest
from PIL import Image
from tests.trust.made import (
    MEDIA_TYPES,
    ingredient,
    look,
    model_digest,
    move,
    picture,
    recipe,
    release,
    stated,
)

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.sheet import contact_sheet
from rakkan.formats.unsealed import without_seal
from rakkan.records import FiguresRecipe, Picture, SheetRecipe, canonical_json
from rakkan.store.ledger.statements import Derived, Generated, Statement, Subject, Trained
from rakkan.trust.examination import recipe_fields
from rakkan.trust.provenance import digest_of_file, pixel_digest
from rakkan.trust.seal.sign import settings
from rakkan.trust.verification import NONE, VALID, operation_of

PLANTED = "planted prompt of an owl 梟"


def said(entry: int) -> Any:
    """The predicate of an entry of this instance's ledger."""
    from rakkan.store.ledger.notes import parse_key
    from rakkan.store.ledger.verify import verify_evidence

    evidence = assemble.ledger().evidence(entry)
    return verify_evidence(evidence, [parse_key(evidence.key)]).statement


def spellings(text: str) -> list[bytes]:
    """``text`` as it could stand in a file: as it is, in UTF-16, in JSON, base64 at every offset, in hex."""
    plain = text.encode()
    forms = [plain, text.encode("utf-16-le"), text.encode("utf-16-be"), json.dumps(text)[1:-1].encode()]
    for whole in (plain, text.encode("utf-16-le")):
        forms += [whole.hex().encode(), whole.hex().upper().encode()]
        for offset in range(3):
            # The signs in the middle do not depend on what stands before and after.
            coded = base64.b64encode(b"\0" * offset + whole)[4 if offset else 0 :]
            forms += [coded.rstrip(b"=")[:-2], coded.rstrip(b"=")[:-2].translate(_URL_SAFE)]
    return forms


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.jpeg", "a.webp"])
def test_a_released_picture_is_valid_and_says_how_it_was_made(name: str, tmp_path: Path) -> None:
    path = release(tmp_path / name)
    found = look(path)
    assert (found.state, found.problems) == (VALID, ())
    assert operation_of(found) == "create: a picture from a prompt, perhaps with references"
    assert found.report is not None and found.entry is not None and found.training is not None
    assert found.report.signer == assemble.instance().name
    assert found.report.root == assemble.instance().fingerprint
    assert found.report.model is not None
    assert (found.report.model.name, found.report.model.digest) == ("rakkan-starter", model_digest())
    assert isinstance(found.training.predicate, Trained)
    assert found.training.predicate.licence == "Apache-2.0"
    assert {use.permission for use in found.report.uses.values()} == {"notAllowed"}
    fields = recipe_fields(found, assemble.vault(), assemble.ledger())
    assert fields == json.loads(canonical_json(recipe()))


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_the_foreign_reader_trusts_it_under_this_root_alone(name: str, tmp_path: Path) -> None:
    data = release(tmp_path / name).read_bytes()
    media_type = MEDIA_TYPES[Path(name).suffix]
    for roots, state in ((assemble.instance().root, "Trusted"), (b"", "Valid")):
        context = c2pa.Context.from_dict(settings(roots))
        with c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
            assert json.loads(reader.json())["validation_state"] == state


@pytest.mark.parametrize("name", ["a.png", "a.webp"])
def test_the_pixels_are_those_that_were_given(name: str, tmp_path: Path) -> None:
    path = release(tmp_path / name)
    with Image.open(path) as image:
        assert numpy.array_equal(numpy.asarray(image), picture().pixels)


def test_the_pixels_of_a_jpeg_are_near_those_that_were_given(tmp_path: Path) -> None:
    smooth = numpy.repeat(numpy.linspace(0, 255, 3, dtype=numpy.uint8), 8)[None, :, None]
    smooth = numpy.broadcast_to(smooth, (16, 24, 3))
    path = release(tmp_path / "a.jpg", replace(picture(), pixels=smooth))
    with Image.open(path) as image:
        assert numpy.abs(numpy.asarray(image).astype(int) - smooth).max() < 12


def test_the_ledger_speaks_of_the_file_without_its_seal_and_of_its_pixels(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png", account="someone")
    found = look(path)
    assert found.entry is not None
    statement = said(found.entry.index)
    assert statement == found.entry.statement
    assert b"someone" not in path.read_bytes() and statement.account != "someone"
    ((_, own),) = assemble.ledger().about(statement.subjects[0].digests["sha256"])
    assert own.account == "someone"
    subject, *looks = statement.subjects
    assert [one.name for one in looks] == ["look"]
    assert subject.name == "picture"
    assert subject.digests == {
        "sha256": digest_of_file(path.read_bytes()),
        "pixels": pixel_digest(picture().pixels),
    }
    assert isinstance(statement.predicate, Generated)
    assert found.entry.origin == assemble.instance().ledger_key.name
    assert found.report is not None and found.report.recipe is not None
    assert statement.predicate.recipe == found.report.recipe.commitment
    assert assemble.vault().holds("someone", statement.predicate.opening)


def test_the_digest_of_pixels_is_as_its_definition_says() -> None:
    # printf '1 2 3\n\1\2\3\4\5\6' | sha256sum
    pixels = numpy.array([[[1, 2, 3], [4, 5, 6]]], numpy.uint8)
    expected = "a20ebae6a1235d375151a7f600502b9bf7dd04912648a76a378972efde1b0c5e"
    assert pixel_digest(pixels) == pixel_digest(pixels[:, ::1]) != pixel_digest(pixels.reshape(2, 1, 3))
    assert pixel_digest(pixels) == expected


def test_a_model_is_stated_to_be_trained_once(tmp_path: Path) -> None:
    for number in range(3):
        release(tmp_path / "a.png", picture(seed=number))
        assemble.forget()
    about = assemble.ledger().about(model_digest())
    assert [type(one.predicate) for _, one in about] == [Trained]
    assert about[0][1].account == "instance"
    assert assemble.ledger().size() == 4


def test_a_model_nobody_knows_has_no_training_statement(tmp_path: Path) -> None:
    unknown = replace(picture(), recipe=recipe(model="unknown", model_digest="cd" * 32))
    found = look(release(tmp_path / "a.png", unknown))
    assert found.state == VALID and found.training is None
    assert found.entry is not None and found.entry.statement.predicate.training == ""
    # It is looked for again: the model may be trained, or stated to be, while this process runs.
    made = Trained("unknown", "a corpus", "ab" * 32, "consent", "Apache-2.0")
    subject = Subject("model", {"sha256": "cd" * 32})
    assemble.ledger().append([Statement(made, (subject,), "instance", 1)])
    later = look(release(tmp_path / "b.png", unknown))
    assert later.training is not None and later.training.predicate == made


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
@pytest.mark.parametrize("disclosure", ["redacted", "digest"])
def test_what_is_kept_back_stands_nowhere_in_the_file(disclosure: str, name: str, tmp_path: Path) -> None:
    secret = replace(picture(), recipe=recipe(PLANTED, 424_242_424_242, negative="planted negative"))
    path = release(tmp_path / name, secret, disclosure=disclosure)
    data = path.read_bytes()
    texts = (PLANTED, "planted negative", "424242424242")
    for form in [form for text in texts for form in spellings(text)]:
        assert form not in data
        assert form not in _unpacked(data)
    assert look(path).state == VALID


def test_the_search_for_what_is_kept_back_finds_what_is_told(tmp_path: Path) -> None:
    data = release(tmp_path / "a.png", replace(picture(), recipe=recipe(PLANTED))).read_bytes()
    assert any(form in data for form in spellings(PLANTED))


def _unpacked(data: bytes) -> bytes:
    """All that inflates in a file, from every place on where a zlib stream could begin."""
    found = []
    for place in range(len(data) - 1):
        if data[place] & 0x0F == 8 and int.from_bytes(data[place : place + 2], "big") % 31 == 0:
            try:
                found.append(zlib.decompressobj().decompress(data[place:], 1_000_000))
            except zlib.error:
                continue
    return b"".join(found)


def test_each_disclosure_is_opened_by_the_vault_of_who_made_it_and_by_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = replace(picture(), recipe=recipe(PLANTED, negative="planted negative"))
    paths = {
        level: release(tmp_path / f"{level}.png", secret, disclosure=level)
        for level in ("full", "redacted", "digest")
    }
    whole = json.loads(canonical_json(secret.recipe))
    for level, path in paths.items():
        assert recipe_fields(look(path), assemble.vault(), assemble.ledger()) == whole, level
    move(monkeypatch, tmp_path / "another")
    others = {level: look(path) for level, path in paths.items()}
    assert recipe_fields(others["full"], assemble.vault(), assemble.ledger()) == whole
    personal = {"prompt", "negative", "seed"}
    assert recipe_fields(others["redacted"], assemble.vault(), assemble.ledger()) == {
        name: value for name, value in whole.items() if name not in personal
    }
    with pytest.raises(RakkanError, match="keeps its recipe back"):
        recipe_fields(others["digest"], assemble.vault(), assemble.ledger())


def test_a_disclosure_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="not 'most'"):
        release(tmp_path / "a.png", disclosure="most")
    assert stated() == 0


@pytest.mark.parametrize(
    ("operation", "parents", "references"),
    [
        ("create", 0, 0),
        ("create", 0, 2),
        ("variation", 0, 1),
        ("draft", 0, 0),
        ("draft", 0, 1),
        ("edit", 1, 0),
        ("edit", 1, 2),
        ("upscale", 1, 0),
    ],
)
def test_an_operation_states_what_it_was_made_from(
    operation: str, parents: int, references: int, tmp_path: Path
) -> None:
    sources = [release(tmp_path / "source.png", picture(seed=number)) for number in range(3)]
    used = [ingredient("parent", path) for path in sources[:parents]]
    used += [ingredient("reference", path) for path in sources[1 : 1 + references]]
    found = look(release(tmp_path / "made.png", picture(operation, 99, "made", *used)))
    assert (found.state, found.problems) == (VALID, ())
    assert found.report is not None and found.entry is not None
    predicate = found.entry.statement.predicate
    digests = [digest_of_file(path.read_bytes()) for path in sources]
    assert type(predicate) is (Derived if parents else Generated)
    assert predicate.operation == operation
    assert getattr(predicate, "parents", ()) == tuple(digests[:parents])
    assert predicate.references == tuple(digests[1 : 1 + references])
    listed = [(one.relationship, one.digest, one.state) for one in found.report.ingredients]
    expected = [("parentOf", digest, "trusted") for digest in digests[:parents]]
    assert listed == expected + [("inputTo", digest, "trusted") for digest in digests[1 : 1 + references]]
    first = found.report.actions[0]
    assert first.name == ("c2pa.opened" if parents else "c2pa.created")


@pytest.mark.parametrize(
    ("operation", "kinds"),
    [
        ("edit", ()),
        ("upscale", ()),
        ("variation", ()),
        ("create", ("parent",)),
        ("edit", ("parent", "parent")),
        ("create", ("reference",) * 65),
        ("edit", ("parent", *("reference",) * 64)),
        ("create", ("cousin",)),
    ],
)
def test_an_operation_with_other_ingredients_than_it_takes_is_refused_and_stated_nowhere(
    operation: str, kinds: tuple[str, ...], tmp_path: Path
) -> None:
    source = tmp_path / "source.png"
    Image.fromarray(picture().pixels).save(source)
    used = [ingredient(kind, source) for kind in kinds]
    with pytest.raises(RakkanError, match="ingredients"):
        release(tmp_path / "a.png", picture(operation, 1, "x", *used))
    assert list(tmp_path.iterdir()) == [source]
    assert stated() == 0


@pytest.mark.parametrize("endings", [(".png", ".png", ".png"), (".webp", ".jpg", ".png")])
def test_origins_can_be_followed_through_two_generations(
    endings: tuple[str, str, str], tmp_path: Path
) -> None:
    first = release(tmp_path / f"first{endings[0]}", picture("create", 1))
    second = release(tmp_path / f"2nd{endings[1]}", picture("edit", 2, "x", ingredient("parent", first)))
    third = release(tmp_path / f"third{endings[2]}", picture("upscale", 3, "y", ingredient("parent", second)))
    found = look(third)
    assert found.state == VALID and found.report is not None
    (parent,) = found.report.ingredients
    (grandparent,) = parent.ingredients
    assert parent.digest == digest_of_file(second.read_bytes())
    assert grandparent.digest == digest_of_file(first.read_bytes())
    assert [action.name for action in parent.actions] == ["c2pa.opened", "c2pa.edited"]
    assert [action.name for action in grandparent.actions] == ["c2pa.created"]
    assert (parent.signer, grandparent.signer) == (assemble.instance().name,) * 2
    assert grandparent.ingredients == ()


def test_a_parent_from_outside_counts_as_one_without_a_seal(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    Image.fromarray(picture().pixels).save(outside)
    found = look(release(tmp_path / "a.png", picture("edit", 1, "x", ingredient("parent", outside))))
    assert found.state == VALID and found.report is not None
    (parent,) = found.report.ingredients
    assert (parent.state, parent.digest) == ("none", digest_of_file(outside.read_bytes()))
    assert found.report.actions[-1].source.endswith("/compositeWithTrainedAlgorithmicMedia")


def test_what_a_model_made_of_its_own_picture_is_all_the_model_s(tmp_path: Path) -> None:
    own = release(tmp_path / "own.png", picture())
    found = look(release(tmp_path / "a.png", picture("edit", 1, "x", ingredient("parent", own))))
    assert found.state == VALID and found.report is not None
    assert found.report.actions[-1].source.endswith("/trainedAlgorithmicMedia")


def test_a_figure_names_no_model(tmp_path: Path) -> None:
    figures = Picture(picture().pixels, FiguresRecipe(1, 1, 1, 24, 16, "test"), "figure")
    found = look(release(tmp_path / "a.png", figures))
    assert found.state == VALID and found.report is not None and found.entry is not None
    assert found.report.model is None
    assert (found.entry.statement.predicate.model, found.entry.statement.predicate.model_digest) == ("", "")
    assert found.report.actions[0].source.endswith("/algorithmicMedia")


def test_a_sheet_names_a_model_only_when_all_its_pictures_have_it(tmp_path: Path) -> None:
    same, other = recipe("a"), recipe("b", model="other", model_digest="cd" * 32)
    for recipes, model in (((same, same), "rakkan-starter"), ((same, other), "")):
        pixels = contact_sheet([picture().pixels] * 2, 2)
        sheet = Picture(pixels, SheetRecipe(2, pixels.shape[1], pixels.shape[0], recipes), "sheet")
        found = look(release(tmp_path / "a.png", sheet))
        assert found.state == VALID and found.entry is not None
        assert found.entry.statement.predicate.model == model


def test_uses_and_maker_are_as_the_destination_says(tmp_path: Path) -> None:
    uses = {"cawg.ai_training": "allowed", "cawg.data_mining": "constrained"}
    found = look(release(tmp_path / "a.png", uses=uses, constraint="ask first", maker="Ann"))
    assert found.state == VALID and found.report is not None
    said_of_uses = {name: (use.permission, use.constraint) for name, use in found.report.uses.items()}
    assert said_of_uses == {
        "cawg.ai_training": ("allowed", ""),
        "cawg.data_mining": ("constrained", "ask first"),
    }
    assert found.report.maker == "Ann"


def test_the_statement_is_durable_before_the_file_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(data: bytes, destination: Path) -> Path:
        raise RakkanError("The disk is full")

    monkeypatch.setattr("rakkan.trust.gate.place", full)
    with pytest.raises(RakkanError, match="full"):
        release(tmp_path / "a.png")
    assemble.forget()
    assert assemble.ledger().size() == 2


def test_a_seal_that_would_change_the_picture_is_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rakkan.trust import provenance
    from rakkan.trust.seal.sign import seal

    def clumsy(data: bytes, request: Any, authority: Any) -> bytes:
        with Image.open(io.BytesIO(data)) as image:
            memory = io.BytesIO()
            image.transpose(Image.Transpose.ROTATE_180).save(memory, "PNG")
        return seal(memory.getvalue(), request, authority)

    monkeypatch.setattr(provenance, "seal", clumsy)
    with pytest.raises(RakkanError, match="more than its seal"):
        release(tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_released_file_without_its_seal_has_none(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png")
    path.write_bytes(without_seal(path.read_bytes()))
    assert look(path).state == NONE
