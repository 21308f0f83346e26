"""Tiles: the specification's paths and sizes, trees against the recursive definition, and few reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.ledger.conftest import KEY
from tests.store.ledger.doubles import Counting
from tests.store.ledger.test_merkle import mth

from rakkan.errors import RakkanError
from rakkan.store.ledger import merkle
from rakkan.store.ledger.files import Folder
from rakkan.store.ledger.log import Log
from rakkan.store.ledger.tiles import ENTRIES, Tile, TileReader, bundle, extend, parse_bundle, parse_path


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(3, 1234067, 7), "tile/3/x001/x234/067.p/7"),
        (Tile(ENTRIES, 999, 255), "tile/entries/999.p/255"),
        (Tile(ENTRIES, 1000), "tile/entries/x001/000"),
        (Tile(63, 10**9), "tile/63/x001/x000/x000/000"),
    ],
)
def test_paths_are_those_of_the_specification(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@given(st.integers(-1, 63), st.integers(0, 2**54), st.integers(1, 256))
def test_every_tile_comes_back_from_its_path(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_path(tile.path) == tile


@given(st.text(max_size=40) | st.text("tile/0123456789x.p/entries", max_size=40))
def test_any_text_is_a_path_or_a_fault_in_words(text: str) -> None:
    try:
        assert parse_path(text).path == text
    except RakkanError as fault:
        assert fault.message


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",
        "tile/64/000",
        "tile/0/0",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p",
        "tile/0/../../checkpoint",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/-1/000",
    ],
)
def test_what_is_no_path_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(RakkanError):
        parse_path(path)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_come_back_from_a_bundle(entries: list[bytes]) -> None:
    data = bundle(entries)
    assert len(data) == sum(2 + len(entry) for entry in entries)
    assert parse_bundle(data, len(entries)) == entries
    with pytest.raises(RakkanError):
        parse_bundle(data, len(entries) + 1)
    with pytest.raises(RakkanError):
        parse_bundle(data + b"\0", len(entries))


@given(st.binary(max_size=600), st.integers(0, 256))
def test_any_bytes_are_a_bundle_or_a_fault_in_words(data: bytes, count: int) -> None:
    try:
        assert bundle(parse_bundle(data, count)) == data
    except RakkanError as fault:
        assert fault.message


def test_lengths_in_a_bundle_are_big_endian() -> None:
    assert bundle([b"ab", b""]) == b"\0\2ab\0\0"
    assert bundle([bytes(300)])[:2] == b"\1\x2c"


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_specification(tmp_path: Path) -> None:
    disk = Folder(tmp_path)
    files, _ = extend(TileReader(disk, 0), [b"x"] * 70_000)
    tiles = [parse_path(path) for path in files]
    level = {at: [tile for tile in tiles if tile.level == at] for at in (0, 1, 2, 3)}
    assert [tile.width for tile in level[0]] == [256] * 273 + [112]
    assert [tile.width for tile in level[1]] == [256, 17]
    assert [tile.width for tile in level[2]] == [1]
    assert level[3] == []
    assert all(len(files[tile.path]) == 32 * tile.width for tile in tiles if tile.level >= 0)


def test_a_tree_grown_in_any_steps_is_the_tree_of_its_leaves(tmp_path: Path) -> None:
    disk = Folder(tmp_path)
    log = Log(disk, KEY)
    log.create()
    leaves: list[bytes] = []
    for step in (1, 2, 252, 1, 1, 255, 256, 300, 1):
        more = [b"%d" % (len(leaves) + at) for at in range(step)]
        leaves += more
        assert log.append(more).root == mth(leaves)
    reader = TileReader(disk, len(leaves))
    for index in range(0, len(leaves), 37):
        proof = merkle.inclusion_proof(index, len(leaves), reader.node)
        merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, len(leaves), proof, mth(leaves))
        assert log.entry(index, len(leaves)) == leaves[index]
    for old in range(0, len(leaves), 41):
        proof = merkle.consistency_proof(old, len(leaves), reader.node)
        merkle.verify_consistency(old, mth(leaves[:old]), len(leaves), mth(leaves), proof)


def test_partial_tiles_stay_until_the_full_one_is_there(tmp_path: Path) -> None:
    log = Log(Folder(tmp_path), KEY)
    log.create()
    for count in (3, 2, 250):
        log.append([b"x"] * count)
    for place in ("tile/0/000.p", "tile/entries/000.p"):
        assert {path.name for path in (tmp_path / place).iterdir()} == {"3", "5", "255"}
    log.append([b"x"])
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert found == {"checkpoint", "tile/0/000", "tile/entries/000", "tile/1/000.p/1"}


def test_a_reader_of_an_older_tree_finds_its_way_when_partial_tiles_are_gone(tmp_path: Path) -> None:
    log = Log(Folder(tmp_path), KEY)
    log.create()
    old = log.append([b"%d" % number for number in range(5)])
    log.append([b"more"] * 300)
    assert not (tmp_path / "tile/0/000.p").exists()
    reader = TileReader(Folder(tmp_path), 5)
    assert reader.root() == old.root
    assert reader.entries(0) == [b"%d" % number for number in range(5)]


def test_a_proof_needs_few_reads(tmp_path: Path) -> None:
    disk = Counting(Folder(tmp_path))
    files, _ = extend(TileReader(disk, 0), [b"x"] * 70_000)
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    for index in (0, 1, 255, 256, 65_535, 65_536, 69_999):
        disk.reads = 0
        merkle.inclusion_proof(index, 70_000, TileReader(disk, 70_000).node)
        assert disk.reads <= 2 * 3, "a path passes one tile of each of three levels, and the right edge"
        disk.reads = 0
        merkle.consistency_proof(index + 1, 70_000, TileReader(disk, 70_000).node)
        assert disk.reads <= 2 * 3


def test_an_entry_too_long_for_its_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="65535"):
        extend(TileReader(Folder(tmp_path), 0), [bytes(65_536)])


def test_a_missing_or_short_tile_is_a_fault_in_words(tmp_path: Path) -> None:
    log = Log(Folder(tmp_path), KEY)
    log.create()
    log.append([b"x"] * 3)
    path = tmp_path / "tile/0/000.p/3"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RakkanError, match=r"tile/0/000\.p/3 is damaged"):
        TileReader(Folder(tmp_path), 3).root()
    path.unlink()
    with pytest.raises(RakkanError, match="is missing"):
        TileReader(Folder(tmp_path), 3).root()
    entries = tmp_path / "tile/entries/000.p/3"
    entries.write_bytes(entries.read_bytes()[:-1])
    with pytest.raises(RakkanError, match=r"tile/entries/000\.p/3 is damaged"):
        log.entry(0, 3)
