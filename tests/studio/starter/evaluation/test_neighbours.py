"""The nearest training render is found in a run's own stock, and only in what the stock holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from rakkan.studio.starter.data import Stock
from rakkan.studio.starter.evaluation.neighbours import neighbours
from rakkan.studio.starter.vocabulary import SLOTS


def noise(count: int, seed: int) -> list[NDArray[np.uint8]]:
    # Coarse noise, for pictures are compared at an eighth of their size.
    small = np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), dtype=np.uint8)
    return list(small.repeat(8, 1).repeat(8, 2))


def fill(run: Path, pictures: list[NDArray[np.uint8]], capacity: int = 8) -> None:
    (run / "stock").mkdir(parents=True, exist_ok=True)
    file = run / "stock" / "renders-abc-square.items"
    stock = Stock((256, 256, 3), torch.uint8, capacity, "cpu", file)
    stock.put(torch.from_numpy(np.stack(pictures)), np.zeros((len(pictures), len(SLOTS)), np.int32))


def test_a_copy_is_found_and_a_fresh_render_is_not_one(tmp_path: Path) -> None:
    trained_on = noise(5, 1)
    fill(tmp_path, trained_on)
    row = neighbours([trained_on[3], trained_on[4]], noise(3, 2), tmp_path)
    assert (row["n"], row["among"]) == (2, 5)
    assert [row["median"], row["largest"]] == pytest.approx([1, 1], abs=1e-5)
    assert row["largest_of_renders"] < 0.5


def test_tall_pictures_are_left_out(tmp_path: Path) -> None:
    fill(tmp_path, noise(2, 1))
    tall = np.zeros((384, 256, 3), np.uint8)
    assert neighbours([tall, *noise(1, 3)], [tall, tall, *noise(4, 4)], tmp_path)["n"] == 1
    assert neighbours([tall], noise(1, 4), tmp_path) == {"n": 0}


def test_a_black_render_is_a_render_and_an_empty_place_is_none(tmp_path: Path) -> None:
    fill(tmp_path, [np.zeros((256, 256, 3), np.uint8), *noise(1, 1)])
    assert neighbours(noise(1, 2), noise(1, 3), tmp_path)["among"] == 2


def test_without_a_stock_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert neighbours(noise(1, 2), noise(1, 3), tmp_path) == {"n": 0}
    (tmp_path / "stock").mkdir()
    (tmp_path / "stock" / "renders-abc-square.items").write_bytes(b"torn")
    assert neighbours(noise(1, 2), noise(1, 3), tmp_path) == {"n": 0}
