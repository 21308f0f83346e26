"""Conversions come back from the vault as they were, or are made again; none is on the disk in the clear."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile
from rakkan.store.vault import Vault
from rakkan.studio.engines.checkpoint.cache import OWNER, Conversions, Wanted
from rakkan.studio.engines.checkpoint.graphs import Graph, append, compile_graph, memory

from .conftest import Pair

WANTED = Wanted("a" * 64, "unet")
MEGABYTE = 2**20


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(FolderStorage(tmp_path / "vault"), KeyFile(tmp_path / "keys" / "master"))


@pytest.fixture
def conversions(vault: Vault) -> Conversions:
    return Conversions(vault, clock=itertools.count(1.0).__next__)


def graph(number: int, size: int = MEGABYTE) -> Graph:
    weights = memory("made")
    append(weights, np.random.default_rng(number).bytes(size))
    return Graph(f"<net number='{number}'/>".encode() * 2000, weights)


def content(held: Graph | None) -> tuple[bytes, bytes]:
    assert held is not None
    held.weights.seek(0)
    return held.description, held.weights.read()


def bodies(tmp_path: Path) -> list[Path]:
    return sorted(
        (one for one in (tmp_path / "vault").rglob("*") if one.is_file()), key=lambda one: one.stat().st_size
    )


def test_what_was_converted_is_found_again(conversions: Conversions) -> None:
    assert conversions.find(WANTED) is None
    conversions.hold(WANTED, graph(1))
    assert content(conversions.find(WANTED)) == content(conversions.find(WANTED)) == content(graph(1))


def test_another_process_finds_it(conversions: Conversions, tmp_path: Path) -> None:
    conversions.hold(WANTED, graph(1))
    other = Vault(FolderStorage(tmp_path / "vault"), KeyFile(tmp_path / "keys" / "master"))
    assert content(Conversions(other).find(WANTED)) == content(graph(1))


@pytest.mark.parametrize(
    "other",
    [Wanted("b" * 64, "unet"), Wanted("a" * 64, "decoder"), Wanted("a" * 64, "unet", ("ink 0.8",))],
)
def test_what_is_something_else_is_converted_by_itself(conversions: Conversions, other: Wanted) -> None:
    conversions.hold(WANTED, graph(1))
    assert conversions.find(other) is None
    assert other.key != WANTED.key


def test_a_newer_converter_converts_again(conversions: Conversions, monkeypatch: pytest.MonkeyPatch) -> None:
    conversions.hold(WANTED, graph(1))
    monkeypatch.setattr("rakkan.studio.engines.checkpoint.cache.VERSION", "next")
    assert conversions.find(WANTED) is None


def test_what_was_not_used_for_longest_goes_first(vault: Vault) -> None:
    conversions = Conversions(vault, budget=int(3.5 * MEGABYTE), clock=itertools.count(1.0).__next__)
    wanted = [Wanted(str(number), "unet") for number in range(4)]
    for number in range(3):
        conversions.hold(wanted[number], graph(number))
    conversions.find(wanted[0])
    conversions.hold(wanted[3], graph(3))
    held = {one.key for one in conversions.all()}
    assert held == {wanted[0].key, wanted[2].key, wanted[3].key}
    assert sum(one.size for one in vault.list(OWNER)) < 3.5 * MEGABYTE
    assert content(conversions.find(wanted[0])) == content(graph(0))


def test_one_beyond_the_budget_is_kept_alone(vault: Vault) -> None:
    conversions = Conversions(vault, budget=MEGABYTE // 2, clock=itertools.count(1.0).__next__)
    conversions.hold(Wanted("0", "unet"), graph(0))
    conversions.hold(WANTED, graph(1))
    assert [one.key for one in conversions.all()] == [WANTED.key]
    assert conversions.find(WANTED) is not None


def test_weights_that_two_conversions_share_stay_for_the_other(conversions: Conversions) -> None:
    other = Wanted("b" * 64, "unet")
    conversions.hold(WANTED, graph(1))
    conversions.hold(other, graph(1))
    conversions._budget = MEGABYTE
    conversions.hold(other, graph(1))
    assert conversions.find(WANTED) is None
    assert content(conversions.find(other)) == content(graph(1))


def test_converting_again_leaves_nothing_of_the_last_time(conversions: Conversions, vault: Vault) -> None:
    conversions.hold(WANTED, graph(1))
    conversions.hold(WANTED, graph(2))
    assert content(conversions.find(WANTED)) == content(graph(2))
    assert len(list(vault.list(OWNER))) == 3


@pytest.mark.parametrize("how", ["cut", "flipped", "gone"])
@pytest.mark.parametrize("which", range(3))
def test_what_is_damaged_counts_as_none_and_can_be_kept_anew(
    conversions: Conversions, tmp_path: Path, how: str, which: int
) -> None:
    conversions.hold(WANTED, graph(1))
    files = [one for one in bodies(tmp_path) if "owners" in one.parts and one.stat().st_size > 300]
    path = files[-1 - which]  # the weights, the description, an entry
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes(body[: len(body) // 2] if how == "cut" else body)
    assert conversions.find(WANTED) is None and conversions.all() == []
    conversions.hold(WANTED, graph(1))
    assert content(conversions.find(WANTED)) == content(graph(1))


def test_what_was_stopped_half_way_is_converted_again(
    conversions: Conversions, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = vault.put, itertools.count()

    def put(*given: object) -> object:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return real(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(vault, "put", put)
        with pytest.raises(KeyboardInterrupt):
            conversions.hold(WANTED, graph(1))
    assert conversions.find(WANTED) is None
    assert list(vault.list(OWNER)) == []  # no piece of it stays
    conversions.hold(WANTED, graph(1))
    assert content(conversions.find(WANTED)) == content(graph(1))


def test_a_conversion_never_lies_on_the_disk_in_the_clear(
    pairs: Mapping[str, Pair], conversions: Conversions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while it is converted nor while it is compiled nor afterwards."""
    import copy

    from rakkan.studio.engines.checkpoint import convert, graphs

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "temporary").mkdir()
    module = copy.deepcopy(pairs["decoder"].module)
    weights = module.decoder.conv_out.weight
    needles = [weights.half().numpy().tobytes()[:64], weights.numpy().tobytes()[:64], b"<layer id="]
    looks: list[int] = []

    def look() -> None:
        files = [one for one in tmp_path.rglob("*") if one.is_file() and not one.is_symlink()]
        looks.append(len(files))
        for one in files:
            body = one.read_bytes()
            assert not any(needle in body for needle in needles), one

    real = graphs.openvino.serialize
    monkeypatch.setattr(graphs.openvino, "serialize", lambda *given: (look(), real(*given), look()))
    real_compile = graphs.compile_model
    monkeypatch.setattr(graphs, "compile_model", lambda *a, **k: (look(), real_compile(*a, **k), look())[1])
    held = convert.convert_decoder(module)
    conversions.hold(WANTED, held)
    look()
    assert any(needles[0] in one for one in content(held)) and needles[2] in held.description
    shapes = {"latents": (1, 4, 8, 8)}
    first = compile_graph(held, shapes, "f32", threads=1)(np.ones((1, 4, 8, 8), np.float32))[0]
    found = conversions.find(WANTED)
    assert found is not None
    again = compile_graph(found, shapes, "f32", threads=1)(np.ones((1, 4, 8, 8), np.float32))[0]
    look()
    assert np.array_equal(first, again)
    assert len(looks) == 8 and looks[-1] > 3
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not os.environ.get("OV_CACHE_DIR")
