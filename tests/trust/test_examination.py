"""Files from anywhere, looked at: what is no picture, what is no sound one, and whose recipe opens where."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.formats.ordinary import models, pictures
from tests.trust.made import look, move, picture, recipe, release

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.unsealed import without_seal
from rakkan.store.vault import Vault
from rakkan.trust import provenance
from rakkan.trust.examination import examine, recipe_fields
from rakkan.trust.gate import Source
from rakkan.trust.verification import INVALID, NONE, VALID, Verification


@pytest.mark.parametrize("name", ["png", "jpeg", "webp"])
def test_a_sound_picture_without_a_seal_has_none(name: str, tmp_path: Path) -> None:
    chosen = next(data for kind, data in pictures().items() if kind.startswith(name))
    (tmp_path / "a").write_bytes(chosen)
    assert look(tmp_path / "a") == Verification(NONE)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(100), b"\x89PNG", next(iter(models().values()))])
def test_what_is_no_picture_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(RakkanError, match=r"a\.png is no picture"):
        look(tmp_path / "a.png")


def test_what_cannot_be_read_is_refused_by_its_name(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing.png", Path("/proc/self/mem")):
        with pytest.raises(RakkanError, match=path.name) as caught:
            look(path)
        assert "\n" not in str(caught.value)


def test_a_picture_that_is_not_sound_is_not_valid(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png")
    path.write_bytes(path.read_bytes() + b"and a zip archive")
    found = look(path)
    assert found.state == INVALID and found.problems


def test_looking_changes_nothing(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png")
    before = (path.read_bytes(), assemble.ledger().size())
    look(path)
    assert (path.read_bytes(), assemble.ledger().size()) == before


def test_a_picture_without_a_recipe_has_none_to_tell(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png")
    path.write_bytes(without_seal(path.read_bytes()))
    with pytest.raises(RakkanError, match="no recipe in a seal"):
        recipe_fields(look(path), assemble.vault(), assemble.ledger())


def test_a_recipe_that_was_shredded_stays_kept_back(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png", disclosure="digest")
    found = look(path)
    assert found.entry is not None
    assemble.vault().shred("local", found.entry.statement.predicate.opening)
    with pytest.raises(RakkanError, match="keeps its recipe back"):
        recipe_fields(look(path), assemble.vault(), assemble.ledger())
    assert look(path).state == VALID


def _named(path: Path, opening: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A picture of another instance whose statement names ``opening`` in the account "local"."""
    put = Vault.put

    def lying(self: Vault, owner: str, source: Any) -> Any:
        return replace(put(self, owner, source), digest=opening)

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "put", lying)
        move(patch, path.parent / "liar")
        made = release(path, disclosure="digest")
    assemble.forget()
    return made


def test_a_file_from_outside_opens_nothing_else_in_the_vault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = look(
        release(tmp_path / "mine.png", replace(picture(), recipe=recipe("mine")), disclosure="digest")
    )
    assert mine.entry is not None
    secrets = [b"\xff\xfe no text", b"[" * 100_000, b'{"a": 1}', b"text"]
    digests = [assemble.vault().put("local", secret).digest for secret in secrets]
    openings = [*digests, mine.entry.statement.predicate.opening, "", "../../etc", "AB" * 32]
    for number, opening in enumerate(openings):
        found = look(_named(tmp_path / f"{number}.png", opening, monkeypatch))
        assert found.report is not None and found.entry is not None
        assert found.entry.statement.predicate.opening == opening
        with pytest.raises(RakkanError) as caught:
            recipe_fields(found, assemble.vault(), assemble.ledger())
        assert "mine" not in str(caught.value)
        if opening not in (*digests, mine.entry.statement.predicate.opening):
            assert "keeps its recipe back" in str(caught.value)


def test_what_a_redacted_picture_shows_is_told_without_an_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provenance, "opening_bytes", lambda opening: b"{}")
    path = release(tmp_path / "a.png", disclosure="redacted")
    found = look(path)
    assert found.entry is not None
    with pytest.raises(RakkanError, match="not of a form known here"):
        recipe_fields(found, assemble.vault(), assemble.ledger())
    assemble.vault().shred("local", found.entry.statement.predicate.opening)
    assert json.dumps(recipe_fields(found, assemble.vault(), assemble.ledger()))


def test_a_seal_too_large_to_look_at_does_not_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = release(tmp_path / "a.png")
    monkeypatch.setattr("rakkan.trust.seal.read.LARGEST_FILE", 100)
    found = examine(path, assemble.trusted_roots())
    assert found.state == INVALID
    assert "too large" in found.problems[0]
    with pytest.raises(RakkanError, match="was not let in"):
        assemble.gate().admit(Source(path))
