"""``rakkan vault``: keys change and what is kept stays; damage is found; what is shredded is gone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.trust.made import look, picture, release
from tests.trust.test_arrivals import SOUND

from rakkan import assemble
from rakkan.store.faults import Missing
from rakkan.trust.examination import recipe_fields
from rakkan.trust.gate import Source


def vault_folder() -> Path:
    return Path(os.environ["RAKKAN_HOME"]) / "vault"


def objects() -> Iterator[Path]:
    """The files of the vault that hold something."""
    return (path for path in sorted(vault_folder().rglob("*")) if path.is_file() and path.stat().st_size)


@pytest.fixture
def kept(tmp_path: Path) -> list[str]:
    """The digests of a picture and of something large, kept for ``local``."""
    path = tmp_path / "a.png"
    path.write_bytes(SOUND["png"])
    digests = [assemble.gate().admit(Source(path)).digest]
    digests.append(assemble.vault().put("local", bytes(range(256)) * 400).digest)
    return digests


def test_what_is_kept_is_listed(kept: list[str], command: Command) -> None:
    done = command("vault", "list")
    assert done.status == 0
    lines = [line.split() for line in done.out.splitlines()]
    assert [kept[0], str(len(SOUND["png"]))] in [[one, size.replace(",", "")] for one, size in lines]
    assert [kept[1], "102,400"] in lines
    assert lines == sorted(lines)
    assert command("vault", "list", "--account", "nobody").out == ""


def test_what_is_whole_is_found_whole(kept: list[str], command: Command) -> None:
    done = command("vault", "verify")
    assert (done.status, done.out, done.err) == (0, "3 blobs checked, 0 damaged\n", "")


def test_a_flipped_bit_in_any_file_of_an_account_is_found(kept: list[str], command: Command) -> None:
    for name in ("entries/", "bodies/", "key"):
        paths = [path for path in objects() if f"/{name}" in str(path) and "/owners/" in str(path)]
        assert paths
        for path in paths:
            whole = path.read_bytes()
            path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 4]) + whole[-8:])
            statuses = {command("vault", "verify", "--account", one).status for one in ("local", "instance")}
            assert 1 in statuses and 2 not in statuses, path
            path.write_bytes(whole)
    assert command("vault", "verify").status == 0


def test_a_missing_body_is_found_and_named(kept: list[str], command: Command) -> None:
    (path,) = (path for path in objects() if "/bodies/" in str(path))
    path.unlink()
    done = command("vault", "verify")
    assert done.status == 1
    assert f"DAMAGED: The body of blob {kept[1][:12]}… is missing" in done.out
    assert "3 blobs checked, 1 damaged" in done.out


def test_one_damaged_entry_hides_no_other(kept: list[str], command: Command) -> None:
    entries = [path for path in objects() if "/entries/" in str(path) and path.stat().st_size > 100]
    own = [path for path in entries if path.parent == entries[0].parent]
    for path in own[:2]:
        path.write_bytes(path.read_bytes()[:-1])
    found = [command("vault", "verify", "--account", one).out for one in ("local", "instance")]
    assert sum(out.count("DAMAGED: ") for out in found) == len(own[:2])


def test_a_new_key_of_an_owner_opens_all_there_was(kept: list[str], command: Command) -> None:
    before = {path: path.read_bytes() for path in objects()}
    done = command("vault", "rotate")
    assert (done.status, done.out) == (0, "3 data keys of 'local' are wrapped by a new key\n")
    after = {path: path.read_bytes() for path in objects()}
    changed = {path for path in before if after.get(path) != before[path]}
    assert any("/entries/" in str(path) for path in changed)
    assert not any("/bodies/" in str(path) for path in changed)
    assert command("vault", "verify").status == 0
    assert assemble.vault().read("local", kept[0]) == SOUND["png"]


def test_a_new_master_key_opens_everything_and_the_old_one_nothing(
    kept: list[str], tmp_path: Path, command: Command, refused: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = release(tmp_path / "b.png", disclosure="digest")
    root = assemble.instance().root
    old, new = Path(os.environ["XDG_CONFIG_HOME"]) / "rakkan" / "master.key", tmp_path / "keys" / "new.key"
    done = command("vault", "rotate", "--key", new)
    assert done.status == 0, done.err
    assert f'key = "{new}"' in done.out and f"delete {old}" in done.out
    assert new.stat().st_mode & 0o777 == 0o600
    for words in (("vault", "list"), ("identity",), ("verify", path), ("create", "1girl")):
        monkeypatch.setenv("RAKKAN_ENGINE", "fake")
        assert "key" in refused(*words).err
    monkeypatch.setenv("RAKKAN_KEY", str(new))
    old.unlink()
    assert command("vault", "verify").status == 0
    assert command("ledger", "check").status == 0
    assert command("verify", path).status == 0
    assert assemble.vault().read("local", kept[0]) == SOUND["png"]
    assert assemble.instance().root == root
    assert recipe_fields(look(path), assemble.vault(), assemble.ledger())["prompt"] == "1girl, silver hair"
    assert look(release(tmp_path / "c.png", picture(seed=3))).state == "valid"
    assert not old.exists()


def test_changing_the_master_key_for_itself_is_refused(kept: list[str], refused: Command) -> None:
    """It would end with the advice to delete the only key there is."""
    old = Path(os.environ["XDG_CONFIG_HOME"]) / "rakkan" / "master.key"
    assert "is the master key already" in refused("vault", "rotate", "--key", old).err


def test_a_change_of_the_master_key_that_was_stopped_can_be_finished(
    kept: list[str], tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rakkan.store.vault import Vault

    def stopped(*_: object) -> int:
        raise OSError(5, "Input/output error")

    new = tmp_path / "new.key"
    with monkeypatch.context() as patch:
        patch.setattr(Vault, "rotate_master", stopped)
        assert command("vault", "rotate", "--key", new).status == 2
    assert command("vault", "rotate", "--key", new).status == 0
    monkeypatch.setenv("RAKKAN_KEY", str(new))
    assert command("vault", "verify").status == 0
    assert command("ledger", "check").status == 0


def test_what_is_shredded_is_gone_and_the_rest_is_not(
    kept: list[str], command: Command, refused: Command
) -> None:
    for wrong in ("", "0123456789", "../x", "*"):
        refused("vault", "shred", wrong)
    done = command("vault", "shred", kept[1][:10].upper())
    assert (done.status, done.out) == (0, f"{kept[1]}  shredded\n")
    assert not any("/bodies/" in str(path) for path in objects())
    with pytest.raises(Missing):
        assemble.vault().read("local", kept[1])
    assert command("vault", "verify").out == "2 blobs checked, 0 damaged\n"
    refused("vault", "shred", kept[1])


def test_the_beginning_of_several_digests_shreds_none(command: Command, refused: Command) -> None:
    digests: dict[str, list[bytes]] = {}
    for number in range(20):
        body = str(number).encode()
        digests.setdefault(hashlib.sha256(body).hexdigest()[0], []).append(body)
    start, bodies = next((start, bodies) for start, bodies in digests.items() if len(bodies) > 1)
    for body in bodies:
        assemble.vault().put("local", body)
    assert f"{len(bodies)} things begin" in refused("vault", "shred", start).err
    assert command("vault", "list").out.count("\n") == len(bodies)


def test_leftovers_are_swept_away(kept: list[str], command: Command) -> None:
    (body,) = (path for path in objects() if "/bodies/" in str(path))
    stray = body.with_name("ab" * 16)
    stray.write_bytes(b"left by a put that was stopped")
    os.utime(stray, (1, 1))
    assert command("vault", "sweep").out == "1 leftovers removed\n"
    assert not stray.exists() and body.exists()
    assert command("vault", "sweep").out == "0 leftovers removed\n"


@pytest.mark.parametrize("words", [("vault", "nothing"), ("vault", "shred"), ("vault", "list", "--all")])
def test_bad_words_are_refused(words: tuple[str, ...], refused: Command) -> None:
    assert "--help" in refused(*words).err


# ---- a passphrase in place of the key file


def test_a_passphrase_opens_what_it_was_made_with(
    tmp_path: Path, command: Command, refused: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    monkeypatch.setenv("RAKKAN_KEY", "passphrase")
    monkeypatch.setenv("RAKKAN_PASSPHRASE", "crane stork heron")
    assert command("create", "1girl", "--out", tmp_path / "a.png").status == 0
    assert command("verify", tmp_path / "a.png").status == 0
    assert command("vault", "verify").status == 0
    assert command("ledger", "check").status == 0
    assert rows_of_key(command) == "passphrase"
    assert not (Path(os.environ["XDG_CONFIG_HOME"]) / "rakkan").exists()
    for words in (("vault", "list"), ("create", "1girl", "--out", str(tmp_path / "b.png")), ("identity",)):
        monkeypatch.setenv("RAKKAN_PASSPHRASE", "wrong")
        assert "not the passphrase" in refused(*words).err
        monkeypatch.delenv("RAKKAN_PASSPHRASE")
        assert "Set RAKKAN_PASSPHRASE" in refused(*words).err
    assert not (tmp_path / "b.png").exists()
    # And from a passphrase to a key file.
    monkeypatch.setenv("RAKKAN_PASSPHRASE", "crane stork heron")
    done = command("vault", "rotate", "--key", tmp_path / "new.key")
    assert "forget the passphrase" in done.out
    refused("vault", "list")
    monkeypatch.setenv("RAKKAN_KEY", str(tmp_path / "new.key"))
    assert command("verify", tmp_path / "a.png").status == 0


def rows_of_key(command: Command) -> str:
    lines = command("identity").out.splitlines()
    return next(line[12:] for line in lines if line.startswith("master key"))
