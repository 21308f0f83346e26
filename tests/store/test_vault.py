"""The vault: what is put comes back, is each owner's own, and is gone when it is to be gone."""

from __future__ import annotations

import hashlib
import io
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rakkan.errors import RakkanError
from rakkan.store.faults import Damaged, Missing, WrongKey
from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile
from rakkan.store.storage import Storage
from rakkan.store.vault import INLINE, Blob, Vault

#: Around the border of what lies in its entry, and around those of segments.
SIZES = [0, 1, INLINE - 1, INLINE, INLINE + 1, 2**20 - 56, 2**20 - 55, 2**20, 3 * 2**20 + 5]


def data(size: int, seed: int = 0) -> bytes:
    return random.Random(f"{size}/{seed}").randbytes(size)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def files(folder: Path, kind: str) -> list[Path]:
    return sorted(folder.glob(f"owners/*/*/{kind}/*"))


def test_a_vault_does_the_same_on_either_storage(storage: Storage, tmp_path: Path) -> None:
    vault = Vault(storage, KeyFile(tmp_path / "master"))
    small, large = data(100), data(2_500_000)
    blobs = [vault.put("alice", small), vault.put("alice", io.BytesIO(large))]
    assert blobs == [Blob(sha256(small), 100), Blob(sha256(large), 2_500_000)]
    assert vault.put_many("alice", [b"a", b"b", b"a"]) == [Blob(sha256(one), 1) for one in (b"a", b"b", b"a")]
    assert vault.read("alice", blobs[1].digest) == large
    with vault.open("alice", blobs[1].digest) as file:
        file.seek(1_048_000)
        assert file.read(3000) == large[1_048_000:1_051_000]
    assert sorted(blob.size for blob in vault.list("alice")) == [1, 1, 100, 2_500_000]
    assert vault.rotate_owner("alice") == 4
    assert vault.rotate_master(KeyFile(tmp_path / "new")) == 2
    vault.verify("alice", blobs[0].digest)
    vault.verify("alice", blobs[1].digest)
    vault.shred("alice", blobs[1].digest)
    assert not vault.holds("alice", blobs[1].digest)
    assert vault.sweep(0) == 0
    vault.erase("alice")
    assert list(vault.list("alice")) == []
    assert [one.name for one in storage.list("owners")] == []


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_read_back(vault: Vault, size: int) -> None:
    body = data(size)
    blob = vault.put("alice", body)
    assert blob == Blob(sha256(body), size)
    assert vault.read("alice", blob.digest) == body
    with vault.open("alice", blob.digest) as file:
        assert file.seekable() and file.readable() and not file.writable()
        assert file.read() == body
        assert file.seek(size // 2) == size // 2
        assert file.read() == body[size // 2 :]
    vault.verify("alice", blob.digest)


@pytest.mark.parametrize("size", SIZES)
def test_a_stream_gives_the_blob_its_bytes_give(vault: Vault, size: int) -> None:
    class Trickle(io.RawIOBase):
        """Gives what it likes, as a socket does."""

        def __init__(self) -> None:
            self.inner = io.BytesIO(data(size))

        def read(self, length: int = -1) -> bytes:
            return self.inner.read(min(length, 40_000))

    stream: Any = Trickle()
    assert vault.put("alice", stream) == Blob(sha256(data(size)), size)
    assert vault.read("alice", sha256(data(size))) == data(size)


def test_a_stream_is_stored_from_where_it_stands(vault: Vault) -> None:
    stream = io.BytesIO(data(50_000))
    stream.seek(10_000)
    assert vault.put("alice", stream).digest == sha256(data(50_000)[10_000:])


def test_putting_again_changes_nothing(vault: Vault, folder: Path) -> None:
    for size in (10, 100_000):
        vault.put("alice", data(size))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for size in (10, 100_000):
        vault.put("alice", data(size))
        vault.put("alice", io.BytesIO(data(size)))
        vault.put_many("alice", [data(size), data(size)])
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_small_blobs_are_one_file_and_large_ones_two(vault: Vault, folder: Path) -> None:
    vault.put("alice", data(INLINE))
    assert (len(files(folder, "entries")), len(files(folder, "bodies"))) == (1, 0)
    vault.put("alice", data(INLINE + 1))
    assert (len(files(folder, "entries")), len(files(folder, "bodies"))) == (2, 1)


def test_owners_share_nothing(vault: Vault, folder: Path) -> None:
    body = data(100_000)
    digest = vault.put("alice", body).digest
    assert not vault.holds("bob", digest)
    with pytest.raises(Missing):
        vault.read("bob", digest)
    vault.put("bob", body)
    assert len(files(folder, "bodies")) == 2
    names = [path.name for path in files(folder, "entries")]
    assert len(set(names)) == 2, "an entry's name tells which owners hold the same"
    vault.shred("alice", digest)
    assert vault.read("bob", digest) == body


def test_neither_names_nor_digests_nor_bytes_lie_on_the_disk(vault: Vault, folder: Path) -> None:
    marker = b"PLAINTEXT-MARKER"
    digests = [vault.put("marker-owner", marker * count).digest for count in (1, 10_000)]
    vault.put_many("marker-owner", [marker + bytes([one]) for one in range(20)])
    vault.rotate_owner("marker-owner")
    secrets = [marker, b"marker-owner", sha256(b"marker-owner").encode()]
    secrets += [digest.encode() for digest in digests] + [bytes.fromhex(digest) for digest in digests]
    for path in folder.rglob("*"):
        stored = str(path).encode() + (path.read_bytes() if path.is_file() else b"")
        assert not [secret for secret in secrets if secret in stored], path


def test_files_are_their_owners_alone(vault: Vault, folder: Path) -> None:
    vault.put("alice", data(100_000))
    for path in [folder, *folder.rglob("*")]:
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


# ---- going away


@pytest.mark.parametrize("size", [10, 100_000])
def test_a_shredded_blob_is_gone_and_can_come_back(vault: Vault, folder: Path, size: int) -> None:
    kept, gone = vault.put("alice", data(size, 1)).digest, vault.put("alice", data(size, 2)).digest
    vault.shred("alice", gone)
    assert not vault.holds("alice", gone)
    for reading in (vault.read, vault.open, vault.verify):
        with pytest.raises(Missing):
            reading("alice", gone)
    assert [blob.digest for blob in vault.list("alice")] == [kept]
    assert len(files(folder, "bodies")) == (1 if size > INLINE else 0)
    assert vault.read("alice", kept) == data(size, 1)
    vault.shred("alice", gone)  # again: fine
    vault.put("alice", data(size, 2))
    assert vault.read("alice", gone) == data(size, 2)


def test_an_erased_owner_is_gone_and_comes_back_as_another(
    vault: Vault, folder: Path, open_vault: Callable[[], Vault]
) -> None:
    digests = [vault.put("alice", data(size)).digest for size in (10, 100_000)]
    vault.put("bob", data(10))
    before = {path.name for path in files(folder, "entries")}
    other = open_vault()
    assert other.holds("alice", digests[0])
    vault.erase("alice")
    for one in (vault, other):
        assert list(one.list("alice")) == []
        with pytest.raises(Missing):
            one.read("alice", digests[1])
    assert len(list((folder / "owners").iterdir())) == 1
    assert vault.read("bob", digests[0]) == data(10)
    vault.put("alice", data(10))
    after = {path.name for path in files(folder, "entries")}
    assert len(after - before) == 1, "the same naming key was made again"
    vault.erase("nobody")


# ---- keys


def test_rotating_an_owner_leaves_bodies_and_drops_old_keys(
    vault: Vault, folder: Path, open_vault: Callable[[], Vault]
) -> None:
    bodies = [data(size, seed) for size in (0, 10, 100_000) for seed in range(3)]
    digests = [vault.put("alice", body).digest for body in bodies]
    key = next(folder.glob("owners/*/key"))
    old_key, old_entries = key.read_bytes(), {path: path.read_bytes() for path in files(folder, "entries")}
    old_bodies = {path: path.read_bytes() for path in files(folder, "bodies")}
    reader = open_vault()
    assert reader.read("alice", digests[0]) == bodies[0]
    assert vault.rotate_owner("alice") == len(set(digests))
    assert {path: path.read_bytes() for path in files(folder, "bodies")} == old_bodies
    for one in (vault, reader, open_vault()):
        assert [one.read("alice", digest) for digest in digests] == bodies
    # The new record does not open old entries: their key is gone.
    path, entry = next(iter(old_entries.items()))
    path.write_bytes(entry)
    with pytest.raises(Damaged):
        [open_vault().read("alice", digest) for digest in digests]
    # Nor does the old record open new ones.
    path.write_bytes(b"")
    key.write_bytes(old_key)
    assert all(_fails(open_vault(), digest) for digest in digests)
    assert vault.rotate_owner("nobody") == 0


def _fails(vault: Vault, digest: str) -> bool:
    try:
        vault.read("alice", digest)
    except Damaged:
        return True
    return False


def test_rotating_the_master_key_leaves_the_old_one_useless(
    vault: Vault, folder: Path, tmp_path: Path
) -> None:
    digests = {owner: vault.put(owner, data(30_000)).digest for owner in ("alice", "bob")}
    new = KeyFile(tmp_path / "keys" / "new")
    assert vault.rotate_master(new) == 3  # two owners and the keyring's one secret
    fresh = Vault(FolderStorage(folder), KeyFile(tmp_path / "keys" / "new"))
    for owner, digest in digests.items():
        assert vault.read(owner, digest) == fresh.read(owner, digest) == data(30_000)
    stale = Vault(FolderStorage(folder), KeyFile(tmp_path / "keys" / "master"))
    with pytest.raises(WrongKey, match="sealed by the master key"):
        stale.read("alice", digests["alice"])


def test_whoever_still_has_the_old_master_key_seals_nothing_new_with_it(
    vault: Vault, open_vault: Callable[[], Vault], tmp_path: Path
) -> None:
    late = open_vault()
    digest = late.put("alice", b"x").digest
    vault.rotate_master(KeyFile(tmp_path / "keys" / "new"))
    with pytest.raises(WrongKey):
        late.put("newcomer", b"y")
    assert vault.read("alice", digest) == b"x"
    assert vault.sweep(0) == 0


class Stopped(Exception):
    pass


@pytest.mark.parametrize("stop", range(1, 14))
def test_a_master_rotation_stopped_anywhere_leaves_one_key_that_opens_all(
    vault: Vault, folder: Path, tmp_path: Path, stop: int
) -> None:
    owners = ["alice", "bob", "carol"]
    digests = {owner: vault.put(owner, b"of " + owner.encode()).digest for owner in owners}

    class Stopping(FolderStorage):
        puts = 0

        def put(self, name: str, data: bytes, *, replace: bool = False) -> bool:
            self.puts += 1
            if self.puts == stop:
                raise Stopped
            return super().put(name, data, replace=replace)

    def key(name: str) -> KeyFile:
        return KeyFile(tmp_path / "keys" / name)

    def opens(name: str) -> bool:
        fresh = Vault(FolderStorage(folder), key(name))
        try:
            return all(fresh.read(owner, digests[owner]) == b"of " + owner.encode() for owner in owners)
        except WrongKey:
            return False

    rotating = Vault(Stopping(folder), key("master"))
    try:
        rotating.rotate_master(key("new"))
        assert stop > 8, "four records are written twice"
    except Stopped:
        assert all(rotating.read(owner, digests[owner]) for owner in owners)
    assert opens("master") or opens("new")
    Vault(FolderStorage(folder), key("new" if opens("new") else "master")).put("alice", b"meanwhile")
    for start in ("master",) if not opens("new") else ("new",):
        Vault(FolderStorage(folder), key(start)).rotate_master(key("new"))
    assert opens("new") and not opens("master")


def test_another_master_key_is_refused(vault: Vault, folder: Path, tmp_path: Path) -> None:
    digest = vault.put("alice", b"x").digest
    other = Vault(FolderStorage(folder), KeyFile(tmp_path / "other"))
    for action in (
        lambda: other.read("alice", digest),
        lambda: other.put("alice", b"y"),
        lambda: other.holds("alice", digest),
        lambda: list(other.list("alice")),
        lambda: other.shred("alice", digest),
        lambda: other.erase("alice"),
        lambda: other.sweep(0),
        lambda: other.rotate_owner("alice"),
        lambda: other.rotate_master(KeyFile(tmp_path / "third")),
    ):
        with pytest.raises(WrongKey):
            action()
    assert vault.read("alice", digest) == b"x"


# ---- leftovers


def test_sweep_removes_orphans_of_age_and_nothing_else(vault: Vault, folder: Path) -> None:
    live = [vault.put("alice", data(size)).digest for size in (10, 100_000, 200_000)]
    bodies = files(folder, "bodies")
    orphan, young = bodies[0].with_name("0" * 32), bodies[0].with_name("1" * 32)
    leftover = folder / "temporary" / "left"
    for path in (orphan, young, leftover):
        path.write_bytes(b"?")
    for path in (orphan, leftover, *bodies):
        os.utime(path, (0, time.time() - 2 * 24 * 60 * 60))
    assert vault.sweep() == 2
    assert not orphan.exists() and not leftover.exists() and young.exists()
    assert vault.sweep(older_than=0) == 1
    for digest in live:
        vault.verify("alice", digest)


def test_sweep_finishes_an_interrupted_erasure(vault: Vault, folder: Path) -> None:
    digest = vault.put("alice", data(100_000)).digest
    vault.put("bob", b"x")
    gone = next(path for path in folder.glob("owners/*/key") if list(path.parent.glob("*/bodies/*")))
    gone.unlink()
    assert not vault.holds("alice", digest)
    assert vault.sweep() == 2
    assert not gone.parent.exists()
    assert len(list(vault.list("bob"))) == 1


def test_sweep_spares_the_bodies_of_an_owner_with_a_damaged_entry(vault: Vault, folder: Path) -> None:
    vault.put("alice", data(100_000))
    vault.put("alice", data(200_000))
    entry = files(folder, "entries")[0]
    good = entry.read_bytes()
    entry.write_bytes(good[:-1])
    assert vault.sweep(0) == 0
    entry.write_bytes(good)
    for blob in vault.list("alice"):
        vault.verify("alice", blob.digest)


def test_a_body_swept_away_under_a_put_fails_the_put(vault: Vault, open_vault: Callable[[], Vault]) -> None:
    vault.put("alice", b"known")
    storage: Any = vault._storage
    stream = storage.stream

    def slow(name: str, chunks: Any) -> None:
        stream(name, chunks)
        assert open_vault().sweep(0) == 1

    storage.stream = slow
    with pytest.raises(RakkanError, match="swept away"):
        vault.put("alice", data(100_000))
    assert not vault.holds("alice", sha256(data(100_000)))


def test_an_owner_erased_under_a_put_fails_the_put(
    vault: Vault, folder: Path, open_vault: Callable[[], Vault]
) -> None:
    vault.put("alice", b"known")
    storage: Any = vault._storage
    stream = storage.stream

    def slow(name: str, chunks: Any) -> None:
        open_vault().erase("alice")
        open_vault().put("alice", b"back again")
        stream(name, chunks)

    storage.stream = slow
    with pytest.raises(RakkanError, match="erased"):
        vault.put("alice", data(100_000))
    assert [blob.size for blob in open_vault().list("alice")] == [10]
    assert files(folder, "bodies") == []


# ---- bad arguments and sources


def test_bad_arguments_get_one_line(vault: Vault) -> None:
    for action in (
        lambda: vault.put("", b"x"),
        lambda: vault.put("\ud800", b"x"),
        lambda: vault.read("alice", "../../etc/passwd"),
        lambda: vault.read("alice", "A" * 64),
        lambda: vault.shred("alice", "x"),
        lambda: vault.holds("alice", "x"),
    ):
        with pytest.raises(RakkanError) as caught:
            action()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("good", [0, 100, 3 * 2**20])
def test_a_source_that_fails_leaves_nothing(vault: Vault, folder: Path, good: int) -> None:
    class Failing(io.RawIOBase):
        left = good

        def read(self, length: int = -1) -> bytes:
            if not self.left:
                raise OSError(5, "Input/output error")
            give = min(self.left, length)
            self.left -= give
            return bytes(give)

    stream: Any = Failing()
    with pytest.raises(RakkanError, match="could not be read"):
        vault.put("alice", stream)
    assert files(folder, "entries") == files(folder, "bodies") == []
    assert list(folder.glob("temporary/*")) == []


# ---- many at once


def test_threads_with_vaults_of_their_own_agree(open_vault: Callable[[], Vault], folder: Path) -> None:
    faults: list[BaseException] = []

    def work(number: int) -> None:
        try:
            mine = open_vault()
            for turn in range(6):
                mine.put("alice", data(20_000, turn))
                mine.put_many("alice", [data(50, turn), data(50, 100 + number)])
                if number == 0:
                    mine.rotate_owner("alice")
                if number == 1:
                    mine.shred("alice", sha256(data(50, 102)))
                    mine.sweep()
                assert mine.read("alice", sha256(data(20_000, turn))) == data(20_000, turn)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    vault = open_vault()
    expected = {sha256(data(20_000, turn)) for turn in range(6)} | {
        sha256(data(50, turn)) for turn in range(6)
    }
    assert expected <= {blob.digest for blob in vault.list("alice")}
    for blob in vault.list("alice"):
        vault.verify("alice", blob.digest)
    assert len(files(folder, "bodies")) == 6
    assert vault.sweep(0) == 0


def during_the_next_put_many(vault: Vault, action: Callable[[], object]) -> threading.Thread:
    """Have ``action`` begin in another thread just before entries are put; they wait a while for it."""
    storage: Any = vault._storage
    put_many = storage.put_many
    thread = threading.Thread(target=action)

    def slow(objects: Any, *, replace: bool = False) -> Any:
        if not thread.ident and objects:
            thread.start()
            thread.join(0.7)
        return put_many(objects, replace=replace)

    storage.put_many = slow
    return thread


def test_a_rotation_that_begins_amid_a_put_takes_its_entry_along(
    vault: Vault, open_vault: Callable[[], Vault]
) -> None:
    vault.put("alice", b"known")
    other = during_the_next_put_many(vault, lambda: open_vault().rotate_owner("alice"))
    digest = vault.put("alice", b"put meanwhile").digest
    other.join()
    assert open_vault().read("alice", digest) == b"put meanwhile"


def test_a_blob_shredded_amid_a_rotation_stays_shredded(
    vault: Vault, open_vault: Callable[[], Vault]
) -> None:
    digest = vault.put("alice", b"known").digest
    other = during_the_next_put_many(vault, lambda: open_vault().shred("alice", digest))
    vault.rotate_owner("alice")
    other.join()
    assert not open_vault().holds("alice", digest)
