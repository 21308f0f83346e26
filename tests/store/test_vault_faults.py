"""Faults: killed processes, failing disks, lost power. What was acknowledged holds, whatever happens."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from . import crashes
from .workload import Broken, tour

#: How many kills; the soak does them without end, and so may whoever sets this.
KILL_POINTS = int(os.environ.get("RAKKAN_KILL_POINTS", "12"))
POWER_CUTS = 80


@pytest.mark.parametrize("seed", range(KILL_POINTS))
def test_a_killed_process_leaves_what_it_acknowledged(tmp_path: Path, seed: int) -> None:
    crashes.kill_point(Random(f"kill {seed}"), tmp_path)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: what fails here is simulated."""
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.mark.parametrize(
    ("number", "lasting", "stride"),
    # Of the reads and writes an EIO can hit, every other one, to save time; the soak takes any.
    [(errno.ENOSPC, False, 1), (errno.EIO, False, 2), (errno.ENOSPC, True, 11), (errno.EIO, True, 11)],
)
def test_a_disk_that_fails_at_any_operation_fails_with_one_line_and_loses_nothing(
    quick: Path, number: int, lasting: bool, stride: int
) -> None:
    at = 1
    while True:
        folder = quick / str(at)
        folder.mkdir()
        if not crashes.failing_disk(tour(), folder, at, number, lasting):
            break
        shutil.rmtree(folder)
        at += stride
    assert at > 150, "the disk was hardly used"


def test_lost_power_takes_nothing_that_was_acknowledged(quick: Path) -> None:
    for seed in range(POWER_CUTS):
        folder = quick / str(seed)
        folder.mkdir()
        random = Random(f"power {seed}")
        crashes.power_loss(random, folder, random.randint(1, 260))


@pytest.mark.parametrize("flush", ["flush", "flush_all", "flush_folder"])
def test_a_disk_that_does_not_flush_is_found_out(quick: Path, flush: str) -> None:
    for seed in range(100):
        folder = quick / str(seed)
        folder.mkdir()
        random = Random(f"power {seed}")
        try:
            crashes.power_loss(random, folder, random.randint(1, 260), [flush])
        except Broken:
            return
    pytest.fail(f"without {flush} no promise broke: the model of lost power sees nothing")
