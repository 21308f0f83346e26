"""The engine's process: whatever happens to it, one error says so and the next picture is drawn."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.process import EngineProcess
from rakkan.studio.engines.faults import Cancelled, OutOfMemory

from . import fakes
from .conftest import Pair

Start = Callable[..., EngineProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    made: list[EngineProcess] = []

    def begin(make: Any = fakes.Fake, device: str = "CPU", **more: Any) -> EngineProcess:
        made.append(EngineProcess(device, make, tmp_path / "locks", **more))
        return made[-1]

    yield begin
    for process in made:
        process.close()


def is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    # A child that has ended and was not waited for is there in name only.
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(number: int, seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while is_there(number) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_there(number)


def test_pictures_come_one_after_another_from_one_process(start: Start) -> None:
    process = start()
    told: list[tuple[int, int]] = []
    first = process.sample(progress=lambda done, total: told.append((done, total)))
    number = process.process_id
    assert first.tolist() == np.full((4, 6, 3), 7).tolist() and first.dtype == np.uint8
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert process.sample(value=20).max() == 21  # the same engine, its second picture
    assert process.process_id == number != os.getpid()


def test_what_the_engine_refuses_is_said_and_nothing_is_restarted(start: Start) -> None:
    process = start()
    number = process.process_id
    with pytest.raises(RakkanError, match=r"no such sampler. Choose another"):
        process.sample(what="refuse")
    assert process.sample().max() == 7
    assert process.process_id == number


def test_an_engine_that_cannot_be_made_says_why(start: Start) -> None:
    with pytest.raises(RakkanError, match="The model was removed"):
        start(fakes.fail).sample()


def test_a_drawing_ends_within_a_step_of_being_cancelled(start: Start) -> None:
    process = start()
    process.sample()
    number = process.process_id
    stop = threading.Event()
    step, done = 0.2, []
    asked = 0.0

    def progress(finished: int, total: int) -> None:
        nonlocal asked
        done.append(finished)
        if finished == 3:
            asked = time.monotonic()
            stop.set()

    with pytest.raises(Cancelled):
        process.sample(steps=1000, seconds=step, progress=progress, cancelled=stop.is_set)
    assert time.monotonic() - asked < 2 * step + 2  # a loaded machine may be late, not by 997 steps
    assert len(done) <= 4
    assert process.sample().max() == 8
    assert process.process_id == number


def test_a_cancellation_that_comes_too_late_harms_no_later_drawing(start: Start) -> None:
    process = start()
    process.sample()
    late: list[int] = []

    def cancelled() -> bool:
        late.append(1)
        return process._pipe is not None and process._pipe.poll(5)  # once the picture is on its way

    assert process.sample(steps=1, seconds=0.3, cancelled=cancelled).max() == 8
    assert late
    assert process.sample(steps=3).max() == 9


def test_a_killed_process_is_an_exhausted_memory_and_replaced(start: Start) -> None:
    process = start()
    process.sample()
    number = process.process_id
    assert number is not None

    def kill(done: int, total: int) -> None:
        os.kill(number, signal.SIGKILL)

    with pytest.raises(OutOfMemory, match="was killed") as caught:
        process.sample(steps=1000, seconds=0.01, progress=kill)
    assert "smaller picture" in caught.value.hint
    assert process.sample().max() == 7  # a new engine's first picture
    assert process.process_id not in (None, number)


def test_one_killed_between_drawings_is_replaced_unnoticed(start: Start) -> None:
    process = start()
    process.sample()
    number = process.process_id
    assert number is not None
    os.kill(number, signal.SIGKILL)
    end = time.monotonic() + 20
    while process.process_id is not None and time.monotonic() < end:
        time.sleep(0.02)
    assert process.sample().max() == 7


@pytest.mark.parametrize("what", ["memory", "openvino"])
def test_an_exhausted_memory_gives_advice_and_a_fresh_process(start: Start, what: str) -> None:
    process = start(memory=8 * 2**30)
    process.sample()
    number = process.process_id
    with pytest.raises(OutOfMemory, match="not enough memory"):
        process.sample(what=what)
    assert process.sample().max() == 7
    assert process.process_id != number


@pytest.mark.parametrize(("what", "status"), [("end", 3), ("bug", 1)])
def test_a_crash_is_said_and_recovered_from(start: Start, what: str, status: int) -> None:
    process = start()
    with pytest.raises(RakkanError, match=rf"ended unexpectedly \(status {status}\)"):
        process.sample(what=what)
    assert process.sample().max() == 7


def test_one_that_hangs_is_ended(start: Start) -> None:
    process = start(patience=3.0)
    process.sample()
    number = process.process_id
    assert number is not None
    with pytest.raises(RakkanError, match="no sign for 3 s"):
        process.sample(what="hang")
    assert gone(number)
    process._patience = 60
    assert process.sample().max() == 7


def test_one_that_does_not_stop_when_told_to_is_ended(start: Start) -> None:
    process = start(grace=0.5)
    process.sample()
    with pytest.raises(Cancelled):
        process.sample(what="hang", cancelled=lambda: True)
    assert process.sample().max() == 7


def test_an_interrupted_caller_leaves_nothing_running(start: Start) -> None:
    process = start()
    process.sample()
    number = process.process_id
    assert number is not None

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        process.sample(steps=1000, seconds=0.01, progress=interrupt)
    assert gone(number)
    assert process.sample().max() == 7


def test_a_device_has_one_engine_process(start: Start) -> None:
    process = start()
    with pytest.raises(RakkanError, match="Another process draws on CPU"):
        start()
    start(device="GPU.1").sample()
    process.close()
    assert start().sample().max() == 7


def test_a_device_stays_taken_while_the_engine_process_lives(start: Start, tmp_path: Path) -> None:
    """Even if the process that started it is gone and it has not noticed yet."""
    process = start()
    process.sample()
    number = process.process_id
    assert number is not None and process._lock is not None
    os.kill(number, signal.SIGSTOP)
    process._lock.close()
    try:
        with pytest.raises(RakkanError, match="Another process"):
            start()
    finally:
        os.kill(number, signal.SIGKILL)
    assert gone(number)
    assert started_soon(start).sample().max() == 7


def started_soon(start: Start) -> EngineProcess:
    """A process that is gone may hold its device for a moment longer."""
    for _ in range(100):
        try:
            return start()
        except RakkanError:
            time.sleep(0.1)
    return start()


def test_a_closed_engine_is_ended_and_says_so(start: Start) -> None:
    process = start()
    number = process.process_id
    assert number is not None
    process.close()
    assert gone(number)
    with pytest.raises(RakkanError, match="was closed"):
        process.sample()


def test_it_ends_with_its_parent_even_while_it_draws(tmp_path: Path, root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    command = [sys.executable, "-m", "tests.studio.engines.checkpoint.fakes", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=root) as parent:
        assert parent.stdout is not None
        number = int(parent.stdout.readline())
        time.sleep(0.5)
        assert is_there(number)
        parent.kill()
    assert gone(number)


def test_drawing_in_a_process_is_drawing_and_writes_nothing(
    pairs: Mapping[str, Pair], start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {}
    for name, part in (("unet", "unet"), ("decoder", "decoder"), ("text", "text 1")):
        pairs[name].graph.weights.seek(0)
        parts[part] = pairs[name].graph.description, pairs[name].graph.weights.read()
    file = tmp_path / "graphs"
    file.write_bytes(pickle.dumps(parts))
    empty = [tmp_path / "working", tmp_path / "temporary"]
    for folder in empty:
        folder.mkdir()
    monkeypatch.chdir(empty[0])
    monkeypatch.setenv("TMPDIR", str(empty[1]))
    shared = set(os.listdir("/dev/shm"))
    options: dict[str, Any] = {
        "prompt": "flower", "width": 64, "height": 64, "seed": 1, "steps": 2, "guidance": 3.0
    }  # fmt: skip
    process = start(partial(fakes.small_engine, file))
    found = process.sample(**options)
    assert np.array_equal(found, fakes.small_engine(file).sample(**options))
    with pytest.raises(Cancelled):
        process.sample(**{**options, "steps": 200}, cancelled=lambda: True)
    assert np.array_equal(process.sample(**options), found)
    assert [one for folder in empty for one in folder.iterdir()] == []
    assert set(os.listdir("/dev/shm")) <= shared
