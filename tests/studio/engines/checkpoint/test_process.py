"""The engine's process: whatever happens to it, one error says so and the next picture is drawn."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.engine import CheckpointEngine
from rakkan.studio.engines.checkpoint.graphs import Graph, append, memory
from rakkan.studio.engines.checkpoint.process import Apart, EngineProcess
from rakkan.studio.engines.checkpoint.served import Serving
from rakkan.studio.engines.faults import Cancelled, OutOfMemory
from rakkan.studio.engines.made_of import MadeOf
from rakkan.studio.engines.makers import OnOpenVino

from . import fakes, small
from .conftest import Pair

Start = Callable[..., EngineProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    made: list[EngineProcess] = []

    def begin(device: str = "CPU", **more: Any) -> EngineProcess:
        made.append(EngineProcess(device, tmp_path / "locks", **more))
        return made[-1]

    yield begin
    for process in made:
        process.close()


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """One process for all tests that do not end it."""
    made = EngineProcess("CPU", tmp_path_factory.mktemp("locks"))
    yield made
    made.close()


def drawn(process: EngineProcess, **options: Any) -> Any:
    return process.sample(fakes.Fake, fakes.nothing, **options)


def fresh(process: EngineProcess) -> None:
    """Have another engine, that has drawn nothing yet."""
    process.load(fakes.Other, fakes.nothing)
    process.load(fakes.Fake, fakes.nothing)


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


def test_pictures_come_one_after_another_from_one_process(steady: EngineProcess) -> None:
    told: list[tuple[int, int]] = []
    first = drawn(steady, progress=lambda done, total: told.append((done, total)))
    number = steady.process_id
    assert first.tolist() == np.full((4, 6, 3), 7).tolist() and first.dtype == np.uint8
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert drawn(steady, value=20).max() == 21  # the same engine, its second picture
    assert steady.process_id == number != os.getpid()


def test_an_engine_made_of_something_else_gets_a_process_of_its_own(steady: EngineProcess) -> None:
    """So that nothing of the last one takes memory."""
    drawn(steady)
    number = steady.process_id
    first = steady.load(fakes.Fake, fakes.nothing)
    other = steady.load(fakes.Other, fakes.nothing)
    assert (first.name, first.precision, other.name) == ("fake", "f32", "other")
    assert first.versions == {"fake": str(number)} != other.versions
    assert number is not None and gone(number)
    assert steady.sample(fakes.Other, fakes.nothing).max() == 7


def test_what_the_engine_refuses_is_said_and_nothing_is_restarted(steady: EngineProcess) -> None:
    fresh(steady)
    number = steady.process_id
    with pytest.raises(RakkanError, match=r"no such sampler. Choose another"):
        drawn(steady, what="refuse")
    assert drawn(steady).max() == 7
    assert steady.process_id == number
    with pytest.raises(RakkanError, match="The model was removed"):
        steady.load(fakes.fail, fakes.nothing)
    assert drawn(steady).max() == 7


def test_a_drawing_ends_within_a_step_of_being_cancelled(steady: EngineProcess) -> None:
    fresh(steady)
    number = steady.process_id
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
        drawn(steady, steps=1000, seconds=step, progress=progress, cancelled=stop.is_set)
    assert len(done) < 100  # a loaded machine may be late, not by 997 steps
    assert drawn(steady).max() == 7
    assert steady.process_id == number


def test_a_cancellation_that_comes_too_late_harms_no_later_drawing(steady: EngineProcess) -> None:
    fresh(steady)
    late: list[int] = []

    def cancelled() -> bool:
        late.append(1)
        assert steady._child is not None
        return steady._child._pipe.poll(5)  # once the picture is on its way

    assert drawn(steady, steps=1, seconds=0.3, cancelled=cancelled).max() == 7
    assert late
    assert drawn(steady, steps=3).max() == 8


def test_a_killed_process_is_an_exhausted_memory_and_replaced(start: Start) -> None:
    process = start()
    drawn(process)
    number = process.process_id
    assert number is not None

    def kill(done: int, total: int) -> None:
        os.kill(number, signal.SIGKILL)

    with pytest.raises(OutOfMemory, match="was killed") as caught:
        drawn(process, steps=1000, seconds=0.01, progress=kill)
    assert "smaller picture" in caught.value.hint
    assert drawn(process).max() == 7  # a new engine's first picture
    second = process.process_id
    assert second not in (None, number)
    assert second is not None
    os.kill(second, signal.SIGKILL)  # between drawings nobody notices
    end = time.monotonic() + 20
    while process.process_id is not None and time.monotonic() < end:
        time.sleep(0.02)
    assert drawn(process).max() == 7


@pytest.mark.parametrize("what", ["memory", "openvino"])
def test_an_exhausted_memory_gives_advice_and_a_fresh_process(start: Start, what: str) -> None:
    process = start(memory=8 * 2**30)
    drawn(process)
    number = process.process_id
    with pytest.raises(OutOfMemory, match="not enough memory"):
        drawn(process, what=what)
    assert drawn(process).max() == 7
    assert process.process_id != number


@pytest.mark.parametrize(
    ("what", "said"), [("end", r"\(status 3\)"), ("bug", r"\(status 1: RuntimeError: shapes do not match\)")]
)
def test_a_crash_is_said_in_one_line_and_recovered_from(
    start: Start, what: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    process = start()
    with pytest.raises(
        RakkanError, match=rf"The engine on CPU ended unexpectedly {said}\. Try again"
    ) as caught:
        drawn(process, what=what)
    assert len(str(caught.value).splitlines()) == 1 and capfd.readouterr() == ("", "")
    assert drawn(process).max() == 7


def test_one_that_hangs_is_ended(start: Start) -> None:
    process = start()
    drawn(process)
    number = process.process_id
    assert number is not None
    process._patience = 0.5
    with pytest.raises(RakkanError, match=r"no sign for 0\.5 s"):
        drawn(process, what="hang")
    assert gone(number)
    process._patience, process._grace = 60, 0.5
    with pytest.raises(Cancelled):
        drawn(process, what="hang", cancelled=lambda: process._loaded is not None)
    assert drawn(process).max() == 7


def test_an_interrupted_caller_leaves_nothing_running_and_the_device_free(start: Start) -> None:
    process = start()
    drawn(process)
    number = process.process_id
    assert number is not None

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drawn(process, steps=1000, seconds=0.01, progress=interrupt)
    assert gone(number)
    assert drawn(start()).max() == 7


def test_a_second_process_waits_for_the_device_and_says_so_once(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, said = start(), start(), []
    drawn(first)
    assert drawn(start(device="GPU.1"), say=said.append).max() == 7
    looks: list[int] = []

    def cancelled() -> bool:
        looks.append(1)
        return len(looks) > 3

    with pytest.raises(Cancelled):
        drawn(second, cancelled=cancelled, say=said.append)
    assert said == ["another process draws on CPU: waiting for it"] and second.process_id is None
    waiting = SimpleNamespace(sleep=lambda seconds: first.close())
    monkeypatch.setattr("rakkan.studio.engines.checkpoint.process.time", waiting)
    assert drawn(second, say=said.append).max() == 7
    assert said[1:] == said[:1]


def test_a_device_stays_taken_while_the_engine_process_lives(start: Start) -> None:
    """Even if the process that started it is gone and it has not noticed yet."""
    process, second = start(), start()
    drawn(process)
    number = process.process_id
    assert number is not None and process._lock is not None
    process._lock.close()
    said: list[str] = []
    with pytest.raises(Cancelled):
        drawn(second, cancelled=lambda: True, say=said.append)
    assert len(said) == 1
    os.kill(number, signal.SIGKILL)
    assert drawn(second).max() == 7


def test_a_closed_engine_is_ended_and_starts_again_when_it_is_needed(start: Start) -> None:
    process = start()
    drawn(process)
    number = process.process_id
    assert number is not None
    process.close()
    assert gone(number) and process.process_id is None
    assert drawn(process).max() == 7


def test_it_ends_with_its_parent_even_while_it_never_looks_up(tmp_path: Path, root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"}
    command = [sys.executable, "-m", "tests.studio.engines.checkpoint.fakes", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=root) as parent:
        assert parent.stdout is not None
        number = int(parent.stdout.readline())
        time.sleep(0.5)
        assert is_there(number)
        parent.kill()
    assert gone(number)


#: What others that are tested meanwhile keep in memory begins with.
OTHERS = ("rakkan-", "tmp", "PostgreSQL.", "sem.")


def in_memory() -> set[str]:
    return {name for name in os.listdir("/dev/shm") if not name.startswith(OTHERS)}


def test_drawing_in_a_process_is_drawing_and_writes_nothing(
    pairs: Mapping[str, Pair], start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parts come through the pipe when they are needed, and no memory of them stays here."""
    handed: list[Graph] = []

    def part(name: str, cancelled: Any = None) -> Graph:
        held = pairs[{"text 1": "text"}.get(name, name)].graph
        held.weights.seek(0)
        copy = memory("weights")
        append(copy, held.weights.read())
        handed.append(Graph(held.description, copy))
        return handed[-1]

    empty = [tmp_path / "working", tmp_path / "temporary"]
    for folder in empty:
        folder.mkdir()
    monkeypatch.chdir(empty[0])
    monkeypatch.setenv("TMPDIR", str(empty[1]))
    shared = in_memory()
    options: dict[str, Any] = {
        "prompt": "flower", "width": 64, "height": 64, "seed": 1, "steps": 2, "guidance": 3.0
    }  # fmt: skip
    engine = Apart(start(), OnOpenVino(MadeOf("0" * 64, small.ARCHITECTURE), 1), Serving({}, part))
    found = engine.sample(**options)
    assert len(handed) == 3 and all(one.weights.closed for one in handed)
    here = CheckpointEngine(small.ARCHITECTURE, "0" * 64, part, threads=1)
    assert np.array_equal(found, here.sample(**options))
    assert (engine.name, engine.precision, engine.versions()) == (
        *(here.name, here.precision),
        here.versions(),
    )
    with pytest.raises(Cancelled):
        engine.sample(**{**options, "steps": 200}, cancelled=lambda: True)
    assert np.array_equal(engine.sample(**options), found)
    assert [one for folder in empty for one in folder.iterdir()] == []
    assert in_memory() <= shared
