"""Work spread over processes comes back in order, and the processes go away."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from rakkan.corpus.figures.raster import rasterise
from rakkan.corpus.figures.spread import cores, spread_over


def test_results_come_in_order_from_other_processes() -> None:
    with spread_over(2) as spread:
        assert spread.workers == 2
        assert list(spread(abs, range(-40, 0))) == list(range(40, 0, -1))
        assert os.getpid() not in set(spread(_process, range(20)))
    assert not multiprocessing.active_children()


def test_a_fault_in_a_process_is_raised_here_and_ends_them_all() -> None:
    from rakkan.errors import RakkanError

    with pytest.raises(RakkanError, match="could not be rasterised"), spread_over(1) as spread:
        list(spread(_bad, range(100)))
    assert not multiprocessing.active_children()


def test_there_is_at_least_one_core() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def _process(number: int) -> int:
    return os.getpid()


def _bad(number: int) -> None:
    rasterise("no drawing", 8, 8)
