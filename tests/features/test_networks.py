"""Networks that ship: verified before use, loaded once, and safe to call from several threads."""

from __future__ import annotations

import shutil
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy
import pytest

from rakkan.errors import RakkanError
from rakkan.features.content import drawn, photographic
from rakkan.features.keeping import last_kept
from rakkan.features.networks import Loaded, Network, begin, load

NETWORKS = pytest.mark.parametrize("network", [drawn.NETWORK, photographic.NETWORK], ids=["drawn", "photo"])
FILES = pytest.mark.parametrize("ending", [".xml", ".bin"])


class Doubling:
    """Stands in for a compiled network and for its request: doubles what it is given."""

    outputs = ("doubled",)

    def __init__(self) -> None:
        self.asked = self.waited = self.made = 0
        self.fails = False

    def create_infer_request(self) -> Doubling:
        self.made += 1
        return self

    def start_async(self, inputs: dict[int, numpy.ndarray]) -> None:
        self.asked += 1
        self.data = inputs[0] * 2

    def infer(self, inputs: dict[int, numpy.ndarray]) -> None:
        self.start_async(inputs)

    def wait(self) -> None:
        self.waited += 1
        if self.fails:
            raise RuntimeError("planted")

    def get_output_tensor(self, index: int) -> Doubling:
        assert index == 0
        return self


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
    double = Doubling()
    kept = Loaded(double)
    value = numpy.arange(6, dtype=numpy.float32)
    first = kept(value)[0]
    assert kept(value.copy())[0] is first and double.asked == 1
    value += 1  # the same array, other numbers
    assert (kept(value)[0] == value * 2).all() and double.asked == 2
    assert (kept(value[:5])[0] == value[:5] * 2).all() and double.asked == 3
    assert kept(value[:5].astype(numpy.float64))[0].dtype == numpy.float64 and double.asked == 4
    assert not kept(value)[0].flags.writeable


def test_what_was_begun_is_waited_for_by_all_who_ask() -> None:
    double = Doubling()
    kept = Loaded(double)
    value = numpy.arange(6, dtype=numpy.float32)
    finish = kept.begin(value)
    value += 1
    assert double.asked == 1 and double.waited == 0
    assert (finish()[0] == numpy.arange(6) * 2).all()
    assert finish()[0] is kept(numpy.arange(6, dtype=numpy.float32))[0]
    assert double.asked == double.waited == 1
    # A request that has answered is used again, and what it had answered stays as it was.
    assert (kept(value)[0] == value * 2).all() and double.made == 1
    assert (finish()[0] == numpy.arange(6) * 2).all()


def test_a_failure_is_told_to_all_who_waited_and_forgotten() -> None:
    double = Doubling()
    kept = Loaded(double)
    value = numpy.arange(6, dtype=numpy.float32)
    double.fails = True
    finish = kept.begin(value)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="planted"):
            finish()
    double.fails = False
    assert (kept(value)[0] == value * 2).all() and double.made == 2


def test_a_plain_function_is_asked_when_it_is_waited_for() -> None:
    asked: list[int] = []

    def plain(value: numpy.ndarray) -> tuple[numpy.ndarray, ...]:
        asked.append(1)
        return (value * 2,)

    finish = begin(plain, numpy.ones(3, numpy.float32))
    assert not asked
    assert finish()[0].tolist() == [2, 2, 2] and asked


def test_one_picture_is_prepared_once_and_only_if_nobody_can_change_it() -> None:
    made: list[int] = []

    @last_kept
    def brighter(pixels: numpy.ndarray) -> numpy.ndarray:
        made.append(1)
        return pixels.astype(numpy.float32) + 1

    still = numpy.frombuffer(bytes(range(6)), numpy.uint8).reshape(2, 3).view()
    assert brighter(still) is brighter(still) and len(made) == 1
    assert not brighter(still).flags.writeable
    assert brighter(still.view()).tolist() == brighter(still.view()).tolist() and len(made) == 3
    base = numpy.arange(6, dtype=numpy.uint8)
    view = base.view()
    view.setflags(write=False)
    assert brighter(view)[0] == 1
    base[0] = 7
    assert brighter(view)[0] == 8
    dead = weakref.ref(still)
    del still
    assert dead() is None, "a picture was kept alive"
