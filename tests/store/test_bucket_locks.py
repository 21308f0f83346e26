"""Processes that share a bucket lock each other out by files in a folder that they share."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path

ADDRESS = "s3://bucket/vault?endpoint=http://127.0.0.1:9&region=us-east-1"
OTHER = "s3://bucket/other?endpoint=http://127.0.0.1:9&region=us-east-1"

HOLD = """
import sys
from pathlib import Path
from rakkan.store.places import storage_at
address, folder, shared = sys.argv[1:]
print("asking", flush=True)
with storage_at(address, home=Path(folder)).lock("owner-1", shared=shared == "shared"):
    print("held", flush=True)
    sys.stdin.read()
"""


def _holder(address: str, folder: Path, how: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, address, str(folder), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src")},
    )
    assert process.stdout is not None and process.stdout.readline() == b"asking\n"
    return process


def _holds(process: subprocess.Popen[bytes], seconds: float) -> bool:
    return bool(select.select([process.stdout], [], [], seconds)[0])


def _is_held_up(folder: Path, theirs: str, ours: str, address: str = ADDRESS) -> bool:
    """Whether who wants the lock waits for a process that has it; it gets it once that is killed."""
    with _holder(ADDRESS, folder, theirs) as first:
        assert _holds(first, 60)
        with _holder(address, folder, ours) as second:
            waits = not _holds(second, 2)
            first.kill()
            assert _holds(second, 60), "the lock outlives its process"
            second.communicate()
    return waits


def test_who_holds_a_lock_alone_keeps_other_processes_out_until_it_is_killed(tmp_path: Path) -> None:
    assert _is_held_up(tmp_path, "alone", "alone")
    assert _is_held_up(tmp_path, "shared", "alone")
    assert _is_held_up(tmp_path, "alone", "shared")


def test_sharers_and_other_places_are_not_held_up(tmp_path: Path) -> None:
    with _holder(ADDRESS, tmp_path, "shared") as first:
        assert _holds(first, 60)
        with _holder(ADDRESS, tmp_path, "shared") as second, _holder(OTHER, tmp_path, "alone") as third:
            assert _holds(second, 60) and _holds(third, 60)
            for one in (first, second, third):
                one.communicate()
