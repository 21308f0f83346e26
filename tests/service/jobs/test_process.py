"""Worker processes: started anew when they die, gone with the server, and no job suffers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rakkan.service.jobs.process import Supervisor, command
from rakkan.service.jobs.queue import Queue

from . import wiring
from .making import engine_at, request

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setenv("JOBS_FOLDER", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{ROOT / 'src'}{os.pathsep}{ROOT}")
    engine_at(tmp_path / "jobs.db").dispose()
    return wiring.wire("test")[0]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def test_a_worker_that_is_killed_is_replaced_and_its_job_done_by_the_next(queue: Queue) -> None:
    supervisor = Supervisor(queue, ["test"], command("tests.service.jobs.wiring:wire"), backoff=0.05)
    identifier = queue.submit(request(payload=b"600 0.1"))
    supervisor.start()
    try:
        until(lambda: queue.get("ann", identifier).state == "running")
        assert [worker.device for worker in queue.workers()] == ["test"]
        first = supervisor.processes()["test"]
        os.kill(first, signal.SIGKILL)
        until(lambda: queue.get("ann", identifier).state == "done")
        job = queue.get("ann", identifier)
        second = supervisor.processes()["test"]
        assert (job.crashes, job.attempts, job.result) == (1, 2, str(second).encode())
        endless = queue.submit(request(payload=b"600"))
        until(lambda: queue.get("ann", endless).state == "running")
    finally:
        supervisor.stop()
    assert not is_alive(first) and not is_alive(second)
    assert (queue.get("ann", endless).state, queue.get("ann", endless).crashes) == ("waiting", 0)
    assert queue.workers() == []


def test_a_server_that_is_killed_leaves_no_worker_and_no_mark_on_the_job(queue: Queue) -> None:
    identifier = queue.submit(request(payload=b"600"))
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.service.jobs.wiring"], cwd=ROOT, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    worker = int(server.stdout.readline())
    until(lambda: queue.get("ann", identifier).state == "running")
    server.kill()
    server.wait()
    server.stdout.close()
    until(lambda: not is_alive(worker))
    job = queue.get("ann", identifier)
    assert (job.state, job.crashes) == ("waiting", 0)
