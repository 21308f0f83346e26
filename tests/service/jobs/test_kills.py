"""Twenty workers killed at random moments; the soak kills hundreds."""

from __future__ import annotations

from pathlib import Path
from random import Random

from rakkan.store.database import url_of

from .kills import workers_are_killed


def test_no_job_is_lost_or_delivered_twice_when_workers_are_killed(tmp_path: Path) -> None:
    states = workers_are_killed(Random(7), tmp_path, url_of(tmp_path / "jobs.db"), kills=20)
    assert states["done"] > 10
    assert states["done"] > 4 * states["quarantined"]
