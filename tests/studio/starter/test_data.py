"""Stocks, captions and the processes that render: nothing is used too often, nothing is lost."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
import torch
from tests.studio.starter.stand_in import render

from rakkan.corpus.figures.attributes import sample
from rakkan.errors import RakkanError
from rakkan.studio.starter.data import MAXIMUM_USES, Stock, Supply, to_pictures, vary_captions
from rakkan.studio.starter.renders import BUCKETS, RenderQueue
from rakkan.studio.starter.vocabulary import SLOTS, UNSPECIFIED, condition_of, decode, encode


def _ids(count: int, first: int = 0) -> npt.NDArray[np.int32]:
    return np.arange(first, first + count, dtype=np.int32)[:, None].repeat(len(SLOTS), 1)


def _stock(capacity: int, file: Path | None = None) -> Stock:
    return Stock((2,), torch.float16, capacity, "cpu", file)


def test_no_item_is_ever_used_more_than_twenty_times() -> None:
    stock, random = _stock(4), np.random.default_rng(0)
    stock.put(torch.arange(8.0).reshape(4, 2), _ids(4))
    counts = np.zeros(4, int)
    while stock.usable >= 2:
        items, ids = stock.take(2, random)
        assert (items[:, 0].numpy() == 2 * ids[:, 0]).all(), "items keep their own captions"
        np.add.at(counts, ids[:, 0], 1)
    assert counts.max() == MAXIMUM_USES and stock.room >= 3


def test_fresh_items_take_empty_places_first_and_then_spent_ones() -> None:
    stock, random = _stock(3), np.random.default_rng(0)
    stock.put(torch.zeros(2, 2), _ids(2))
    for _ in range(MAXIMUM_USES):
        stock.take(2, random)
    assert (stock.usable, stock.room) == (0, 3)
    stock.put(torch.ones(1, 2), _ids(1, 7))
    assert stock.ids[:, 0].tolist() == [0, 1, 7]
    stock.put(torch.ones(2, 2), _ids(2, 8))
    assert stock.ids[:, 0].tolist() == [8, 9, 7] and stock.usable == 3


def test_a_stock_in_a_file_survives_with_its_uses(tmp_path: Path) -> None:
    stock = _stock(3, tmp_path / "stock" / "a.items")
    stock.put(torch.tensor([[1.0, 2.0]]), _ids(1, 5))
    stock.take(1, np.random.default_rng(0))
    again = _stock(3, tmp_path / "stock" / "a.items")
    assert again.uses.tolist() == [1, 255, 255]
    assert again.items[0].tolist() == [1, 2] and again.ids[0, 0] == 5
    assert _stock(4, tmp_path / "stock" / "a.items").usable == 0, "another size is another stock"


def test_pictures_become_numbers_from_minus_one_to_one() -> None:
    pixels = torch.tensor([0, 255, 0], dtype=torch.uint8).reshape(1, 1, 1, 3)
    assert to_pictures(pixels).flatten().tolist() == [-1, 1, -1]


def test_captions_are_told_in_full_in_part_or_not_at_all() -> None:
    full = np.stack([encode(condition_of(sample(Random(seed)))) for seed in range(4000)])
    told = vary_captions(full, np.random.default_rng(1))
    assert ((told == full) | (told == UNSPECIFIED)).all()
    silent = (told == UNSPECIFIED).all(axis=1).mean()
    whole = (told == full).all(axis=1).mean()
    assert 0.08 < silent < 0.13
    assert 0.77 < whole < 0.84


def test_workers_render_each_bucket_and_stop_when_the_rings_are_full() -> None:
    with RenderQueue(2, seed=1, niceness=0, slots=4, render=render) as queue:
        for bucket in BUCKETS:
            pictures, ids = _wait_for(queue, bucket.name, 3)
            assert pictures.shape[1:] == (bucket.height, bucket.width, 3)
            assert {decode(one)["framing"] for one in ids} <= set(bucket.framings)
        deadline = time.monotonic() + 60
        while (queue._rings["square"].flags != 0).sum() < 4 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(queue.take("square", 100)[0]) == 4


def test_a_supply_waits_for_renders_and_prepares_them() -> None:
    stocks = {bucket.name: Stock((1,), torch.float16, 8, "cpu") for bucket in BUCKETS}
    with RenderQueue(1, seed=1, niceness=0, slots=4, render=render) as queue:
        supply = Supply(queue, stocks, lambda pictures: pictures.float().mean((1, 2, 3))[:, None], minimum=8)
        batch = supply.batch(3)
        assert batch is not None and batch.items.shape[1:] == (1,)
        assert len(batch.items) == len(batch.ids) in (2, 3)


def test_dead_workers_are_noticed() -> None:
    queue = RenderQueue(1, seed=1, slots=2, render=_broken)
    with queue, pytest.raises(RakkanError, match="have died"):
        _wait_for(queue, "square", 1)


def _broken(*_: object) -> npt.NDArray[np.uint8]:
    raise SystemExit(3)


def _wait_for(
    queue: RenderQueue, bucket: str, count: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    found: list[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]] = []
    deadline = time.monotonic() + 60
    while sum(len(pictures) for pictures, _ in found) < count:
        assert time.monotonic() < deadline, "no renders within a minute"
        found.append(queue.take(bucket, count))
        time.sleep(0.01)
    return np.concatenate([pictures for pictures, _ in found]), np.concatenate([ids for _, ids in found])
