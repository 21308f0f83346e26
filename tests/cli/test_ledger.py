"""``rakkan ledger``: shown, checked against its own files, and watched by another instance."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.trust.made import look, move, picture, release

from rakkan import assemble
from rakkan.store.ledger.notes import parse_key
from rakkan.store.ledger.verify import verify_evidence
from rakkan.store.ledger.witness import Witness


def folder() -> Path:
    return Path(os.environ["RAKKAN_HOME"]) / "ledger"


def public_files() -> list[Path]:
    """The checkpoint and the tiles of a ledger of three entries; older tiles beside them may go."""
    return [folder() / "checkpoint", *sorted(folder().glob("tile/*/000.p/3"))]


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Two pictures: three statements with that of the model."""
    return [release(tmp_path / f"{seed}.png", picture(seed=seed)) for seed in (1, 2)]


def test_entries_are_shown_from_the_end(pictures: list[Path], command: Command) -> None:
    done = command("ledger", "show")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split()[:2] for line in lines[:-1]] == [
        ["0", "trained"],
        ["1", "generated"],
        ["2", "generated"],
    ]
    assert all(line.endswith("present") for line in lines[:-1])
    assert lines[-1] == f"3 entries in {assemble.instance().ledger_key.name}"
    assert command("ledger", "show", "--last", "1").out.splitlines() == lines[-2:]
    assert command("ledger", "show", "--last", "99").out == done.out


def test_an_empty_ledger_is_shown_and_whole(command: Command) -> None:
    assert command("ledger", "show").out.startswith("0 entries in rakkan/")
    assert command("ledger", "check").out == "0 entries checked, 0 faults, 0 statements lost\n"


def test_a_whole_ledger_is_whole(pictures: list[Path], command: Command) -> None:
    done = command("ledger", "check")
    assert (done.status, done.err) == (0, "")
    assert done.out == "3 entries checked, 0 faults, 0 statements lost\n"


def test_a_missing_or_flipped_bit_in_any_file_is_found_and_the_file_named(
    pictures: list[Path], command: Command
) -> None:
    names = set()
    for path in public_files():
        name = str(path.relative_to(folder()))
        whole = path.read_bytes()
        names.add(name)
        for place in (0, len(whole) // 2, len(whole) - 2):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            done = command("ledger", "check")
            assert done.status == 1, (name, place, done)
            # An entry that reads well and is another one shows in the hashes above it.
            assert f"WRONG: {name}: " in done.out or f"WRONG: {name.replace('entries', '0')}: " in done.out
        path.unlink()
        done = command("ledger", "check")
        assert (done.status, f"WRONG: {name}: is missing\n" in done.out) == (1, True), (name, done)
        path.write_bytes(whole)
    assert names == {"checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"}
    assert command("ledger", "check").status == 0


def test_a_statement_that_is_lost_is_named(pictures: list[Path], command: Command) -> None:
    found = look(pictures[1]).entry
    assert found is not None
    before = {blob.digest for blob in assemble.vault().list("local")}
    release(pictures[1].with_name("3.png"), picture(seed=3))
    body = {blob.digest for blob in assemble.vault().list("local")} - before
    for digest in body:
        assemble.vault().shred("local", digest)
    done = command("ledger", "check")
    assert done.status == 1
    assert done.out == "LOST: the statement of entry 3\n4 entries checked, 0 faults, 1 statements lost\n"
    assert "lost" in command("ledger", "show").out


def test_a_ledger_that_was_rolled_back_is_found(
    pictures: list[Path], tmp_path: Path, command: Command
) -> None:
    shutil.copytree(folder(), tmp_path / "older")
    release(tmp_path / "c.png", picture(seed=3))
    shutil.rmtree(folder())
    shutil.copytree(tmp_path / "older", folder())
    # One append is forgiven: it may have been stopped before its checkpoint. Two are not.
    release(tmp_path / "d.png", picture(seed=4))
    release(tmp_path / "e.png", picture(seed=5))
    shutil.rmtree(folder())
    shutil.copytree(tmp_path / "older", folder())
    done = command("ledger", "check")
    assert done.status == 1
    assert "WRONG: checkpoint: has 3 entries; the log has had" in done.out


# ---- another instance as a witness


class Two:
    """Instance A, whose ledger is watched, and instance B, who watches it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        self.ledger = folder / "a" / "home" / "ledger"

    def be(self, name: str) -> None:
        move(self._monkeypatch, self.folder / name)


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Two:
    made = Two(tmp_path, monkeypatch)
    made.be("a")
    release(tmp_path / "first.png", picture(seed=1))
    return made


def witnessed(two: Two, command: Command) -> tuple[str, str]:
    """B witnesses A's ledger: the checkpoint it cosigned, and B's key."""
    two.be("a")
    key = str(assemble.instance().ledger_key.verification_key())
    two.be("b")
    done = command("ledger", "witness", two.ledger, "--key", key)
    assert done.status == 0, done
    return done.out, re.findall("signed by the witness (.*)\n", done.err)[0]


def test_proofs_of_what_a_witness_has_seen_carry_its_cosignature(
    two: Two, command: Command, tmp_path: Path
) -> None:
    line, key = witnessed(two, command)
    (tmp_path / "line").write_text(line, encoding="utf-8")
    two.be("a")
    done = command("ledger", "cosign", tmp_path / "line", "--key", key)
    assert (done.status, done.err) == (0, "")
    assert done.out == f"2 entries cosigned by {parse_key(key).name}\n"
    own = [assemble.instance().ledger_key.verification_key()]
    # What the witness has seen is proven against what it saw; what came later is not yet.
    evidence = assemble.ledger().evidence(1)
    (seen,) = verify_evidence(evidence, own, [parse_key(key)], quorum=1).witnesses
    assert seen.name == parse_key(key).name
    assert look(release(tmp_path / "second.png", picture(seed=2))).state == "valid"
    assert verify_evidence(assemble.ledger().evidence(2), own, [parse_key(key)]).witnesses == ()
    # Witnessed again, that one too.
    line, _ = witnessed(two, command)
    (tmp_path / "line").write_text(line, encoding="utf-8")
    two.be("a")
    assert command("ledger", "cosign", tmp_path / "line", "--key", key).status == 0
    assert verify_evidence(assemble.ledger().evidence(2), own, [parse_key(key)], quorum=1).size == 3


def test_a_witness_refuses_a_ledger_that_was_rolled_back(
    two: Two, command: Command, refused: Command
) -> None:
    older = two.folder / "older"
    shutil.copytree(two.ledger, older)
    release(two.folder / "second.png", picture(seed=2))
    witnessed(two, command)
    two.be("a")
    key = str(assemble.instance().ledger_key.verification_key())
    two.be("b")
    assert "3" in refused("ledger", "witness", older, "--key", key).err
    assert command("ledger", "witness", two.ledger, "--key", key).status == 0


def test_a_witness_keeps_what_shows_that_a_ledger_has_two_pasts(
    two: Two, command: Command, refused: Command
) -> None:
    two.be("a")
    twin = two.folder / "twin"
    assemble.ledger()
    assemble.forget()
    shutil.copytree(two.folder / "a", twin)
    for name, seed in (("a", 2), ("twin", 3)):
        two.be(name)
        release(two.folder / f"{name}.png", picture(seed=seed))
    witnessed(two, command)
    two.be("a")
    log = assemble.instance().ledger_key.verification_key()
    two.be("b")
    assert refused("ledger", "witness", twin / "home" / "ledger", "--key", str(log)).err
    watcher: Witness = assemble.witness({log.name: [log]})
    (fork,) = watcher.forks(log.name)
    assert "signed both of these checkpoints, and they exclude each other" in fork
    for name in ("a", "twin"):
        assert (two.folder / name / "home" / "ledger" / "checkpoint").read_text("utf-8") in fork
    assert command("ledger", "witness", two.ledger, "--key", str(log)).status == 0


def test_what_is_no_ledger_is_not_witnessed(two: Two, tmp_path: Path, refused: Command) -> None:
    key = str(assemble.instance().ledger_key.verification_key())
    two.be("b")
    other = str(assemble.instance().ledger_key.verification_key())
    for place in (tmp_path / "nowhere", tmp_path, two.folder / "first.png"):
        assert "holds no ledger" in refused("ledger", "witness", place, "--key", key).err
    for wrong in ("", "nonsense", key[:-4], other):
        refused("ledger", "witness", two.ledger, "--key", wrong)


def test_what_is_no_cosignature_is_not_kept(
    two: Two, command: Command, refused: Command, tmp_path: Path
) -> None:
    line, key = witnessed(two, command)
    two.be("a")
    place = tmp_path / "line"
    for content in (b"", b"nonsense\n", b"\xff\xfe\x00", line.encode()[:-8] + b"AAAAAA==\n", b"\n" * 100):
        place.write_bytes(content)
        refused("ledger", "cosign", place, "--key", key)
    refused("ledger", "cosign", tmp_path / "missing", "--key", key)
    refused("ledger", "cosign", tmp_path, "--key", key)
    place.write_text(line, encoding="utf-8")
    refused("ledger", "cosign", place, "--key", "nonsense")
    refused("ledger", "cosign", place, "--key", str(assemble.instance().ledger_key.verification_key()))
    assert not (two.ledger / "checkpoint.witnessed").exists()
    assert command("ledger", "cosign", place, "--key", key).status == 0


def test_a_cosignature_of_an_earlier_state_is_kept_too(two: Two, command: Command, tmp_path: Path) -> None:
    note, key = witnessed(two, command)
    (tmp_path / "note").write_text(note, encoding="utf-8")
    two.be("a")
    release(tmp_path / "second.png", picture(seed=2))
    assert command("ledger", "cosign", tmp_path / "note", "--key", key).out.startswith("2 entries cosigned")
    own = [assemble.instance().ledger_key.verification_key()]
    assert verify_evidence(assemble.ledger().evidence(1), own, [parse_key(key)], quorum=1).size == 2
    assert command("ledger", "check").status == 0


def test_what_a_witness_saw_of_another_past_is_not_kept(
    two: Two, command: Command, refused: Command, tmp_path: Path
) -> None:
    twin = two.folder / "twin"
    assemble.ledger()
    assemble.forget()
    shutil.copytree(two.folder / "a", twin)
    for name, seed in (("a", 2), ("twin", 3)):
        two.be(name)
        release(two.folder / f"{name}.png", picture(seed=seed))
    note, key = witnessed(two, command)
    (tmp_path / "note").write_text(note, encoding="utf-8")
    two.be("twin")
    assert "does not continue" in refused("ledger", "cosign", tmp_path / "note", "--key", key).err
    assert not (twin / "home" / "ledger" / "checkpoint.witnessed").exists()


@pytest.mark.parametrize("words", [("nothing",), ("show", "--last", "0"), ("witness",), ("cosign", "x")])
def test_bad_words_are_refused(words: tuple[str, ...], refused: Command) -> None:
    assert "--help" in refused("ledger", *words).err
