"""Networks that ship: verified before use, loaded once, and safe to call from several threads."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from rakkan.errors import RakkanError
from rakkan.features.content import drawn, photographic
from rakkan.features.networks import Network, last_kept, load

NETWORKS = pytest.mark.parametrize("network", [drawn.NETWORK, photographic.NETWORK], ids=["drawn", "photo"])
FILES = pytest.mark.parametrize("ending", [".xml", ".bin"])


def copied(network: Network, folder: Path) -> Network:
    for ending in (".xml", ".bin"):
        shutil.copy(network.path.with_suffix(ending), folder / f"copy{ending}")
    return replace(network, path=folder / "copy")


def test_an_untouched_copy_answers_as_the_shipped_one(tmp_path: Path) -> None:
    value = numpy.random.default_rng(1).random((1, 224, 224, 3), numpy.float32)
    copy = load(copied(drawn.NETWORK, tmp_path))
    assert numpy.array_equal(copy(value)[0], load(drawn.NETWORK)(value)[0])


@NETWORKS
@FILES
def test_a_missing_file_is_named(network: Network, ending: str, tmp_path: Path) -> None:
    copy = copied(network, tmp_path)
    copy.path.with_suffix(ending).unlink()
    with pytest.raises(RakkanError, match=rf"copy\{ending} is missing"):
        load(copy)


@NETWORKS
@FILES
def test_one_flipped_bit_is_refused(network: Network, ending: str, tmp_path: Path) -> None:
    copy = copied(network, tmp_path)
    path = copy.path.with_suffix(ending)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(RakkanError, match="not the file that shipped"):
        load(copy)


def test_a_network_in_place_of_another_is_refused(tmp_path: Path) -> None:
    copied(photographic.NETWORK, tmp_path)
    with pytest.raises(RakkanError, match="not the file that shipped"):
        load(replace(drawn.NETWORK, path=tmp_path / "copy"))


def test_a_network_is_loaded_once() -> None:
    assert load(drawn.NETWORK) is load(drawn.NETWORK)


def test_threads_do_not_read_each_others_answers() -> None:
    random = numpy.random.default_rng(2)
    run = load(drawn.NETWORK)
    values = [
        (random.random((1, 224, 224, 3)) * scale).astype(numpy.float32) for scale in numpy.linspace(0, 1, 24)
    ]
    alone = [run(value)[0].copy() for value in values]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda value: run(value)[0], values))
    assert len({answer.tobytes() for answer in alone}) == len(values)
    for one, other in zip(alone, together, strict=True):
        assert numpy.array_equal(one, other)


def test_the_last_answer_is_kept_for_the_same_array_alone() -> None:
    asked: list[numpy.ndarray] = []

    def double(value: numpy.ndarray) -> numpy.ndarray:
        asked.append(value)
        return value * 2

    kept = last_kept(double)
    value = numpy.arange(6, dtype=numpy.float32)
    first = kept(value)
    assert kept(value.copy()) is first and len(asked) == 1
    value += 1  # the same array, other numbers
    assert (kept(value) == value * 2).all() and len(asked) == 2
    assert (kept(value[:5]) == value[:5] * 2).all() and len(asked) == 3
    assert kept(value[:5].astype(numpy.float64)).dtype == numpy.float64 and len(asked) == 4
