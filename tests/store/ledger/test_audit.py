"""The audit finds every way of spoiling a log, and says where."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.store.ledger.conftest import KEY
from tests.store.ledger.entries import leaf

from rakkan.store.ledger import audit
from rakkan.store.ledger.files import Folder
from rakkan.store.ledger.log import Log
from rakkan.store.ledger.notes import SigningKey

KEYS = [KEY.verification_key()]
SIZE = 700


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[bytes]]:
    """A log of three bundles grown in steps, and its checkpoints on the way."""
    folder = tmp_path_factory.mktemp("built")
    log = Log(Folder(folder), KEY)
    log.create()
    signed = [log.signed()]
    at = 0
    for count in (1, 100, 155, 44, 400):
        log.append([leaf(at + number) for number in range(count)])
        at += count
        signed.append(log.signed())
    assert at == SIZE
    return folder, signed


@pytest.fixture
def folder(built: tuple[Path, list[bytes]], tmp_path: Path) -> Path:
    return Path(shutil.copytree(built[0], tmp_path / "log"))


def places(faults: list[audit.Fault]) -> set[str]:
    return {fault.where for fault in faults}


def test_a_whole_log_has_no_faults(folder: Path, built: tuple[Path, list[bytes]]) -> None:
    assert audit.check(folder, KEYS) == []
    assert audit.check(folder, KEYS, built[1]) == []


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 513])
def test_a_whole_log_of_any_size_has_no_faults(tmp_path: Path, size: int) -> None:
    log = Log(Folder(tmp_path), KEY)
    log.create()
    first = log.signed()
    log.append([leaf(number) for number in range(size)])
    assert audit.check(tmp_path, KEYS, [first, log.signed()]) == []


#: Every file of the log of 700 entries that its checkpoint stands on.
FILES = [
    "tile/entries/000",
    "tile/entries/001",
    "tile/entries/002.p/188",
    "tile/0/000",
    "tile/0/001",
    "tile/0/002.p/188",
    "tile/1/000.p/2",
]


@pytest.mark.parametrize("name", FILES)
def test_a_dropped_tile_is_found(folder: Path, name: str) -> None:
    (folder / name).unlink()
    faults = audit.check(folder, KEYS)
    assert name in places(faults)
    assert "missing" in str(next(fault for fault in faults if fault.where == name))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("at", [0, 1, 40, -1])
def test_a_flipped_bit_is_found(folder: Path, name: str, at: int) -> None:
    data = bytearray((folder / name).read_bytes())
    data[at] ^= 4
    (folder / name).write_bytes(data)
    number = name.split("/")[2][:3]
    found = places(audit.check(folder, KEYS))
    assert found & {name, *(file for file in FILES if file.startswith(f"tile/0/{number}"))}


@pytest.mark.parametrize("name", FILES)
def test_a_tile_cut_short_or_lengthened_is_found(folder: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    for wrong in (data[:-1], data[:-32], data + b"\0", data + bytes(32), b""):
        (folder / name).write_bytes(wrong)
        assert name in places(audit.check(folder, KEYS))


@pytest.mark.parametrize("level", ["0", "entries"])
def test_swapped_tiles_are_found(folder: Path, level: str) -> None:
    first, second = (folder / "tile" / level / name for name in ("000", "001"))
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    assert {"tile/0/000", "tile/0/001"} <= places(audit.check(folder, KEYS))


def test_tiles_swapped_on_every_level_are_found_by_the_root(folder: Path) -> None:
    for level in ("0", "entries"):
        first, second = (folder / "tile" / level / name for name in ("000", "001"))
        one, other = first.read_bytes(), second.read_bytes()
        first.write_bytes(other)
        second.write_bytes(one)
    above = folder / "tile/1/000.p/2"
    data = above.read_bytes()
    above.write_bytes(data[32:] + data[:32])
    assert [str(fault) for fault in audit.check(folder, KEYS)] == [
        "checkpoint: its root is not that of the entries"
    ]


def test_a_replayed_checkpoint_is_found_by_who_remembers(
    folder: Path, built: tuple[Path, list[bytes]]
) -> None:
    (folder / "checkpoint").write_bytes(built[1][4])
    for remembered in (built[1][5:], [built[1][0], built[1][5]]):
        faults = audit.check(folder, KEYS, remembered)
        assert "rolled back" in "".join(map(str, faults))
    assert not any("rolled back" in str(fault) for fault in audit.check(folder, KEYS, built[1][:5]))


@pytest.mark.parametrize("kept", [1, 101, 256, 300])
def test_another_past_is_found_by_who_remembers(
    tmp_path: Path, built: tuple[Path, list[bytes]], kept: int
) -> None:
    log = Log(Folder(tmp_path), KEY)
    log.create()
    log.append([leaf(number) for number in range(kept - 1)])
    log.append([leaf(-1)] * (SIZE - kept + 1))
    assert audit.check(tmp_path, KEYS) == []
    remembered = [signed for signed in built[1] if f"\n{kept}\n".encode() in signed]
    assert len(remembered) == 1
    assert any(f"first {kept} entries" in str(fault) for fault in audit.check(tmp_path, KEYS, remembered))


def test_the_wrong_key_is_found(folder: Path) -> None:
    other = SigningKey(KEY.name, b"x" * 32).verification_key()
    [fault] = audit.check(folder, [other])
    assert "not signed by" in str(fault)
    [fault] = audit.check(folder, KEYS, [b"nonsense"])
    assert fault.where == "a remembered checkpoint"


def test_a_missing_or_damaged_checkpoint_is_found(folder: Path) -> None:
    data = (folder / "checkpoint").read_bytes()
    (folder / "checkpoint").write_bytes(data.replace(b"700", b"699"))
    [fault] = audit.check(folder, KEYS)
    assert "wrong" in str(fault)
    (folder / "checkpoint").unlink()
    assert [str(fault) for fault in audit.check(folder, KEYS)] == ["checkpoint: is missing"]


def test_an_entry_that_says_more_than_it_may_is_found(tmp_path: Path) -> None:
    log = Log(Folder(tmp_path), KEY)
    log.create()
    log.append([leaf(0), b"Mika made this"])
    [fault] = audit.check(tmp_path, KEYS)
    assert fault.where == "tile/entries/000.p/2"
    assert "log entry" in str(fault)


def test_a_log_broken_everywhere_makes_no_endless_list(tmp_path: Path) -> None:
    log = Log(Folder(tmp_path), KEY)
    log.create()
    log.append([b"x"] * 256 * (audit.MOST_FAULTS + 20))
    faults = audit.check(tmp_path, KEYS)
    assert len(faults) == audit.MOST_FAULTS + 1
    assert "stopped" in str(faults[-1])


def test_what_an_interrupted_append_left_is_no_fault(folder: Path) -> None:
    disk = Folder(folder)
    for name in ("tile/0/002", "tile/entries/002", "tile/1/000.p/3", "tile/entries/003.p/1"):
        disk.write({name: b"left over"})
    assert audit.check(folder, KEYS) == []
