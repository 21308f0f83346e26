"""An artist's works: copies that differ by their seal alone, sealed once, with what is to be published."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.formats.ordinary import pictures
from tests.trust.made import look, move, release

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.unsealed import without_seal
from rakkan.store.ledger.statements import Reserved
from rakkan.trust import protection
from rakkan.trust.policy.words import USES
from rakkan.trust.preferences import (
    Preferences,
    files,
    read_ai_txt,
    read_html,
    read_robots,
    read_tdmrep,
)
from rakkan.trust.protection import Outcome, works
from rakkan.trust.provenance import digest_of_file
from rakkan.trust.verification import VALID, operation_of

TRAINING = "cawg.ai_training"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a PNG, a JPEG and a WebP, one of them in a folder below."""
    made = tmp_path / "works"
    (made / "below").mkdir(parents=True)
    (made / "a.png").write_bytes(pictures()["png texts"])
    (made / "b.JPG").write_bytes(pictures()["jpeg progressive"])
    webp = next(data for name, data in pictures().items() if name.startswith("webp"))
    (made / "below" / "c.webp").write_bytes(webp)
    return made


def run(folder: Path, maker: str = "Ann", **wishes: Any) -> list[Outcome]:
    out = folder / "protected"
    return list(
        protection.protect(
            works(folder, out),
            folder,
            out,
            Preferences(**wishes),
            maker,
            assemble.gate(),
            assemble.trusted_roots(),
        )
    )


def notes(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.work.name: outcome.note for outcome in outcomes}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_copy_differs_by_its_seal_alone(folder: Path) -> None:
    before = snapshot(folder)
    outcomes = run(folder)
    assert notes(outcomes) == {"a.png": "sealed", "b.JPG": "sealed", "c.webp": "sealed"}
    for one in outcomes:
        assert one.copy == folder / "protected" / one.work.relative_to(folder)
        work, copy = one.work.read_bytes(), one.copy.read_bytes()
        assert copy != work
        assert without_seal(copy) == without_seal(work)
        with Image.open(one.work) as first, Image.open(one.copy) as second:
            assert first.tobytes() == second.tobytes()
    after = snapshot(folder)
    assert {name: after[name] for name in before} == before


def test_its_seal_reserves_every_use_and_names_its_maker(folder: Path) -> None:
    for one in run(folder):
        assert one.copy is not None
        found = look(one.copy)
        assert found.state == VALID and found.report is not None and found.entry is not None
        assert {use: said.permission for use, said in found.report.uses.items()} == dict.fromkeys(
            USES, "notAllowed"
        )
        assert found.report.maker == "Ann"
        assert operation_of(found).startswith("protect: ")
        statement = found.entry.statement
        assert statement.predicate == Reserved(dict.fromkeys(USES, "notAllowed"))
        digest = digest_of_file(one.work.read_bytes())
        assert statement.subjects[0].digests == {"sha256": digest}
        assert [(item.relationship, item.digest) for item in found.report.ingredients] == [
            ("parentOf", digest)
        ]
        assert found.report.model is None and found.report.recipe is None


def test_a_wish_changes_what_it_names(folder: Path) -> None:
    wishes = {TRAINING: "allowed", "cawg.data_mining": "constrained"}
    (first, *_) = run(folder, uses=wishes, constraints="ask first")
    assert first.copy is not None
    report = look(first.copy).report
    assert report is not None
    said = {use: (one.permission, one.constraint) for use, one in report.uses.items()}
    assert said == {
        TRAINING: ("allowed", ""),
        "cawg.data_mining": ("constrained", "ask first"),
        "cawg.ai_inference": ("notAllowed", ""),
        "cawg.ai_generative_training": ("notAllowed", ""),
    }


def test_what_was_sealed_before_is_not_sealed_again(folder: Path) -> None:
    run(folder)
    before, size = snapshot(folder), assemble.ledger().size()
    outcomes = run(folder)
    assert set(notes(outcomes).values()) == {"sealed before"}
    assert [one.copy for one in outcomes] == [
        folder / "protected" / one.work.relative_to(folder) for one in outcomes
    ]
    assert (snapshot(folder), assemble.ledger().size()) == (before, size)


@pytest.mark.parametrize(
    "change",
    [
        {"uses": {TRAINING: "allowed"}},
        {"uses": {TRAINING: "constrained"}, "constraints": "x"},
        {"maker": "Bo"},
    ],
)
def test_other_wishes_are_sealed_beside_and_only_once(change: dict[str, Any], folder: Path) -> None:
    run(folder)
    before = snapshot(folder)
    outcomes = run(folder, **change)
    assert set(notes(outcomes).values()) == {"sealed"}
    assert sorted(one.copy.name for one in outcomes if one.copy) == ["a-2.png", "b-2.JPG", "c-2.webp"]
    after = snapshot(folder)
    assert {name: after[name] for name in before} == before
    # Both what was wished first and what was wished then are there now.
    for wishes in (change, {}):
        assert set(notes(run(folder, **wishes)).values()) == {"sealed before"}
    assert snapshot(folder) == after


def test_other_words_of_a_constraint_are_sealed_anew(folder: Path) -> None:
    for words, note in (("ask", "sealed"), ("pay", "sealed"), ("ask", "sealed before")):
        found = run(folder, uses={TRAINING: "constrained"}, constraints=words)
        assert set(notes(found).values()) == {note}


def test_a_work_that_was_changed_is_sealed_beside(folder: Path) -> None:
    run(folder)
    old = (folder / "protected" / "a.png").read_bytes()
    (folder / "a.png").write_bytes(pictures()["png icc"])
    assert notes(run(folder)) == {"a.png": "sealed", "b.JPG": "sealed before", "c.webp": "sealed before"}
    assert (folder / "protected" / "a.png").read_bytes() == old
    new = (folder / "protected" / "a-2.png").read_bytes()
    assert without_seal(new) == pictures()["png icc"]
    assert set(notes(run(folder)).values()) == {"sealed before"}


def test_a_copy_that_was_changed_is_made_anew_and_kept(folder: Path) -> None:
    run(folder)
    copy = folder / "protected" / "a.png"
    spoilt = copy.read_bytes()[:-1]
    for content in (spoilt, b"something else", b""):
        copy.write_bytes(content)
        found = {one.work.name: one for one in run(folder)}
        assert copy.read_bytes() == content
        assert found["a.png"].copy == folder / "protected" / "a-2.png"


def test_what_another_instance_sealed_is_sealed_here_too(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(folder)
    move(monkeypatch, tmp_path / "another")
    assert set(notes(run(folder)).values()) == {"sealed"}


def test_a_run_that_was_stopped_goes_on(folder: Path) -> None:
    out = folder / "protected"
    going = protection.protect(
        works(folder, out), folder, out, Preferences(), "Ann", assemble.gate(), assemble.trusted_roots()
    )
    next(going)
    del going
    assert list(notes(run(folder)).values()) == ["sealed before", "sealed", "sealed"]


def test_a_bad_file_does_not_stop_the_others(folder: Path) -> None:
    (folder / "aa.png").write_bytes(b"no picture")
    (folder / "b.webp").write_bytes(pictures()["png RGB"] + b"PK\x03\x04")
    outcomes = run(folder)
    bad = {one.work.name: one.note for one in outcomes if one.copy is None}
    assert set(bad) == {"aa.png", "b.webp"}
    for name, note in bad.items():
        assert note.startswith(f"{name} was not sealed: ") and "\n" not in note
    assert sum(one.note == "sealed" for one in outcomes) == 3


def test_a_file_called_by_another_kind_is_sealed_as_what_it_is(folder: Path) -> None:
    (folder / "d.png").write_bytes(pictures()["jpeg"])
    found = {one.work.name: one for one in run(folder)}
    copy = found["d.png"].copy
    assert copy is not None and without_seal(copy.read_bytes()) == pictures()["jpeg"]
    assert look(copy).state == VALID


def test_links_hidden_files_and_other_kinds_are_left_alone(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "x.png").write_bytes(pictures()["png RGB"])
    (folder / "linked").symlink_to(outside)
    (folder / "link.png").symlink_to(outside / "deep" / "x.png")
    (folder / ".hidden.png").write_bytes(pictures()["png RGB"])
    (folder / ".cache").mkdir()
    (folder / ".cache" / "y.png").write_bytes(pictures()["png RGB"])
    (folder / "notes.txt").write_text("notes")
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    names = [path.name for path in works(folder, folder / "protected")]
    assert names == ["a.png", "b.JPG", "c.webp"]


def test_the_copies_are_no_works(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(folder)
    monkeypatch.chdir(folder.parent)
    assert (folder / "protected" / "a.png").is_file()
    for here, out in (
        (folder, folder / "protected"),
        (Path("works"), Path("works/protected")),
        (Path("works"), folder / "protected"),
        (folder, Path("works/../works/protected")),
        (Path("./works/below/.."), Path("works/protected")),
    ):
        assert len(works(here, out)) == 3, (here, out)


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="There is no folder"):
        works(tmp_path / "missing", tmp_path)
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(RakkanError, match="There are no pictures in"):
        works(tmp_path, tmp_path / "protected")


def test_a_picture_that_was_sealed_here_keeps_its_origin(folder: Path) -> None:
    made = release(folder / "made.png")
    found = {one.work.name: one for one in run(folder)}
    copy = found["made.png"].copy
    assert copy is not None
    report = look(copy).report
    assert report is not None
    (parent,) = report.ingredients
    assert (parent.state, parent.digest) == ("trusted", digest_of_file(made.read_bytes()))
    assert [action.name for action in parent.actions] == ["c2pa.created"]


@pytest.mark.parametrize("choice", ["notAllowed", "allowed"])
def test_the_published_files_say_what_the_seals_say(choice: str, folder: Path) -> None:
    wishes = Preferences(dict.fromkeys(USES, choice))
    written = {path.name: path for path in protection.publish(folder / "protected", wishes)}
    assert {path.parent for path in written.values()} == {folder / "protected" / "publish"}
    (first, *_) = run(folder, uses=dict.fromkeys(USES, choice))
    assert first.copy is not None
    report = look(first.copy).report
    assert report is not None
    sealed = {use: one.permission for use, one in report.uses.items()}
    readings = [
        read_robots(written["robots.txt"].read_bytes(), "/a.png", "*"),
        read_ai_txt(written["ai.txt"].read_bytes(), "/a.png"),
        read_tdmrep(written["tdmrep.json"].read_bytes(), "/a.png"),
        read_html(written["meta-tags.html"].read_bytes()),
    ]
    for reading in readings:
        assert reading.uses.items() <= sealed.items()
        if choice == "notAllowed":
            assert reading.reserves("cawg.ai_generative_training"), reading


def test_published_files_that_were_changed_by_hand_are_kept(folder: Path) -> None:
    out = folder / "protected"
    wishes = Preferences()
    first = protection.publish(out, wishes)
    assert protection.publish(out, wishes) == first
    robots = out / "publish" / "robots.txt"
    robots.write_text("my own")
    names = [path.name for path in protection.publish(out, wishes)]
    assert "robots-2.txt" in names and "ai.txt" in names
    assert robots.read_text() == "my own"
    assert (out / "publish" / "robots-2.txt").read_text("utf-8") == files(wishes)["robots.txt"]
    assert [path.name for path in protection.publish(out, wishes)] == names
