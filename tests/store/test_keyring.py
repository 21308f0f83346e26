"""Named secrets: made once, bound to their names, sealed by the master key of the day."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rakkan.errors import RakkanError
from rakkan.store.faults import Damaged, WrongKey
from rakkan.store.folder import FolderStorage
from rakkan.store.keyring import Keyring
from rakkan.store.keys import KeyFile
from rakkan.store.storage import Storage


def random_secret() -> bytes:
    return secrets.token_bytes(32)


def unwanted() -> bytes:
    raise AssertionError("a secret was made a second time")


def test_a_secret_is_made_once(storage: Storage, tmp_path: Path) -> None:
    keyring = Keyring(storage, KeyFile(tmp_path / "master"))
    made = keyring.secret("log-key", random_secret)
    assert keyring.secret("log-key", unwanted) == made
    assert Keyring(storage, KeyFile(tmp_path / "master")).secret("log-key", unwanted) == made
    assert keyring.secret("another", random_secret) != made
    for one in storage.list("keyring"):
        assert made not in (storage.get(one.name) or b"")


def test_those_who_make_a_secret_at_once_get_the_same(tmp_path: Path) -> None:
    key = KeyFile(tmp_path / "master")
    for turn in range(10):
        folder = tmp_path / str(turn)

        def ask(_: int, folder: Path = folder) -> bytes:
            return Keyring(FolderStorage(folder), key).secret("log-key", random_secret)

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(ask, range(8)))) == 1


@pytest.mark.parametrize("name", ["", "a/b", "..", "Big", "-x", "a" * 65, "ключ", "a\n"])
def test_odd_names_are_refused(tmp_path: Path, name: str) -> None:
    keyring = Keyring(FolderStorage(tmp_path / "s"), KeyFile(tmp_path / "master"))
    with pytest.raises(RakkanError, match="cannot name a secret"):
        keyring.secret(name, random_secret)


def test_rotation_leaves_the_secrets_and_retires_the_key(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path / "s")
    old, new = KeyFile(tmp_path / "old"), KeyFile(tmp_path / "new")
    keyring = Keyring(storage, old)
    made = {name: keyring.secret(name, random_secret) for name in ("a", "b", "c")}
    assert keyring.rotate_master(new) == 3
    for one in (keyring, Keyring(storage, new)):
        assert {name: one.secret(name, unwanted) for name in made} == made
    with pytest.raises(WrongKey):
        Keyring(storage, old).secret("a", unwanted)
    with pytest.raises(WrongKey):
        Keyring(storage, old).secret("d", random_secret)
    assert keyring.rotate_master(new) == 3  # once more: nothing to do
    assert keyring.secret("d", random_secret) == Keyring(storage, new).secret("d", unwanted)


@pytest.mark.parametrize("stop", range(1, 7))
def test_a_rotation_stopped_anywhere_leaves_one_key_that_opens_all(tmp_path: Path, stop: int) -> None:
    class Stopping(FolderStorage):
        left = 100

        def put(self, name: str, data: bytes, *, replace: bool = False) -> bool:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt
            return super().put(name, data, replace=replace)

    storage = Stopping(tmp_path / "s")
    old, new = KeyFile(tmp_path / "old"), KeyFile(tmp_path / "new")
    keyring = Keyring(storage, old)
    made = {name: keyring.secret(name, random_secret) for name in ("a", "b", "c")}
    storage.left = stop
    with pytest.raises(KeyboardInterrupt):
        keyring.rotate_master(new)

    def opens(key: KeyFile) -> bool:
        try:
            return {name: Keyring(storage, key).secret(name, unwanted) for name in made} == made
        except WrongKey:
            return False

    assert opens(old) or opens(new)
    assert keyring.rotate_master(new) == 3
    assert opens(new) and not opens(old)


@pytest.mark.parametrize(
    "harm",
    [
        lambda record: b"",
        lambda record: record[:-1],
        lambda record: record + b" ",
        lambda record: record.replace(b'"keys":', b'"keys": '),
        lambda record: record.replace(b"rakkan wrapped 1", b"rakkan wrapped 2"),
        lambda record: b'{"format":"rakkan wrapped 1","keys":{}}',
        lambda record: b"[" * 100_000,
        lambda record: b"\xff",
        lambda record: b'{"keys":[1]}',
        lambda record: b'{"keys":{"a":5}}',
    ],
)
def test_a_record_that_was_changed_is_refused(tmp_path: Path, harm: Callable[[bytes], bytes]) -> None:
    storage = FolderStorage(tmp_path / "s")
    keyring = Keyring(storage, KeyFile(tmp_path / "master"))
    keyring.secret("a", random_secret)
    storage.put("keyring/a", harm(storage.get("keyring/a") or b""), replace=True)
    with pytest.raises(Damaged, match="The secret 'a' is damaged"):
        keyring.secret("a", unwanted)
