"""The sandbox: readers compute and nothing else, and whatever one does the parent goes on."""

from __future__ import annotations

import contextlib
import gc
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.formats import abuse

from rakkan.errors import RakkanError
from rakkan.formats import readers, safetensors_file, sandbox
from rakkan.formats.sandbox import Limits, Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = Limits(memory=256 * 1024 * 1024, seconds=10.0, payload=8 * 1024 * 1024)
FRAME = struct.Struct(">IQ")


def make(limits: Limits = SMALL) -> Sandbox:
    return Sandbox(limits, packages=("rakkan", "tests.formats"), paths=(str(ROOT),))


@pytest.fixture(scope="module")
def lent() -> Iterator[Sandbox]:
    with make() as made:
        yield made


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def children() -> list[int]:
    """Processes whose parent this one is, zombies included."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.append(int(folder.name))
    return sorted(found)


def process_of(box: Sandbox) -> int:
    answer, _ = box.call(abuse.surroundings, b"")
    return int(answer["process"])


# ---- what it is for


def test_answer_and_payload_come_back(lent: Sandbox) -> None:
    assert lent.call(abuse.echo, b"abc") == ({"size": 3, "text": "落款"}, b"cba")
    large = os.urandom(5_000_000)
    assert lent.call(abuse.echo, large) == ({"size": len(large), "text": "落款"}, large[::-1])
    assert lent.call(abuse.echo, b"") == ({"size": 0, "text": "落款"}, b"")


def test_one_worker_reads_many_files_and_then_makes_room_for_a_fresh_one() -> None:
    with make() as box:
        processes = [process_of(box) for _ in range(sandbox.FILES_A_WORKER + 1)]
    assert len(set(processes[:-1])) == 1
    assert processes[-1] != processes[0]


def test_a_readers_own_refusal_arrives_in_one_plain_line_and_costs_no_worker(lent: Sandbox) -> None:
    before = process_of(lent)
    with pytest.raises(RakkanError, match=r"^line one line two \[31m x+\. do this$") as caught:
        lent.call(abuse.refuse, b"")
    assert len(caught.value.message) <= 400
    assert process_of(lent) == before


def test_only_top_level_functions_of_the_package_run() -> None:
    def inner(data: bytes) -> tuple[Any, bytes]:
        return None, data

    with make() as box:
        for function in (inner, lambda data: (None, data), os.system, box.call):
            with pytest.raises(ValueError, match="top-level function"):
                box.call(function, b"")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="top-level function"):
        sandbox.call(abuse.echo, b"")


# ---- what a reader may try


def hostile(work: Callable[[bytes], Any], data: bytes, match: str, limits: Limits = SMALL) -> None:
    """Run one abuse: an error of one line, the next call works, nothing is left behind."""
    gc.collect()
    before, lived = descriptors(), children()
    with make(limits) as box:
        for _ in range(2):  # on a fresh worker, and on one that has served
            with pytest.raises(RakkanError, match=match) as caught:
                box.call(work, data)
            assert "\n" not in str(caught.value)
            assert box.call(abuse.echo, b"ab")[1] == b"ba"
    assert descriptors() == before
    assert children() == lived


def test_taking_all_memory_ends_in_words() -> None:
    hostile(abuse.hog, b"", "takes more than 256 MiB of memory")


def test_an_endless_loop_is_stopped_on_time() -> None:
    start = time.monotonic()
    hostile(abuse.spin, b"", r"longer than 3 s", Limits(seconds=3))
    assert time.monotonic() - start < 120


def test_processor_time_is_limited_by_itself() -> None:
    with make(Limits(seconds=60, processor_seconds=1)) as box:
        start = time.monotonic()
        with pytest.raises(RakkanError, match="too much computing"):
            box.call(abuse.spin, b"")
        assert time.monotonic() - start < 30


@pytest.mark.parametrize(
    ("work", "match"),
    [
        (abuse.leave, r"ended early \(status 3\)"),
        (abuse.crash, r"ended early \(status -11\)"),
        (abuse.fall, r"failed \(KeyError\)"),
        (abuse.recurse, r"failed \(RecursionError\)"),
        (abuse.unspeakable, r"failed \(TypeError\)"),
    ],
)
def test_a_dying_or_failing_reader_ends_in_words(work: Callable[[bytes], Any], match: str) -> None:
    hostile(work, b"", match)


REPLY = b'{"answer": 1}'


@pytest.mark.parametrize(
    ("said", "match"),
    [
        (FRAME.pack(2**32 - 1, 0), "too long"),
        (FRAME.pack(10, 2**63), "too long"),
        (FRAME.pack(len(REPLY), SMALL.payload + 1) + REPLY, "too long"),
        (os.urandom(400), "too long|not JSON"),
        (FRAME.pack(4, 0) + b"\xff\xfe\xfd\xfc", "not JSON"),
        (FRAME.pack(3, 0) + b"{{{", "not JSON"),
        (FRAME.pack(1, 0) + b"7", "no known form"),
        (FRAME.pack(20, 0) + b'{"error": ["a", 17]}', "no known form"),
        (FRAME.pack(26, 0) + b'{"answer": 1, "answer2":2 }', "not JSON|no known form|out of turn"),
        (FRAME.pack(13, 0) + REPLY + b"!", "out of turn"),
    ],
    ids=range(10),
)
def test_a_damaged_answer_is_not_believed(said: bytes, match: str) -> None:
    hostile(abuse.say, said, match)


def test_an_answer_that_stops_half_way_is_given_up() -> None:
    hostile(abuse.say, FRAME.pack(13, 100) + REPLY + b"short", r"longer than 3 s", Limits(seconds=3))
    hostile(abuse.say_and_leave, FRAME.pack(13, 100) + REPLY + b"short", "ended early")


def test_a_second_answer_is_never_taken_for_the_next_files(lent: Sandbox) -> None:
    for _ in range(3):
        try:
            assert lent.call(abuse.say_twice, b"")[0] == "mine"
        except RakkanError as error:
            assert "out of turn" in str(error) or "given up" in str(error)
        time.sleep(0.05)
        assert lent.call(abuse.echo, b"xy") == ({"size": 2, "text": "落款"}, b"yx")


@pytest.mark.parametrize(
    ("work", "data", "match"),
    [
        (abuse.long_answer, b"", "too long"),
        (abuse.long_payload, str(SMALL.payload + 1).encode(), "too long"),
        (abuse.deep_answer, b"", "not JSON"),
    ],
)
def test_huge_and_deep_answers_are_refused(work: Callable[[bytes], Any], data: bytes, match: str) -> None:
    hostile(work, data, match)


def test_the_largest_payload_allowed_arrives(lent: Sandbox) -> None:
    assert lent.call(abuse.long_payload, str(SMALL.payload).encode()) == (None, bytes(SMALL.payload))


def test_a_lying_length_makes_the_parent_hold_nothing(lent: Sandbox) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(3):
        with pytest.raises(RakkanError):
            lent.call(abuse.say, FRAME.pack(10, 2**40))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


needs_seccomp = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in ("x86_64", "aarch64"), reason="needs Linux"
)


@needs_seccomp
def test_the_deeds_of_an_attacker_all_fail(lent: Sandbox, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("kept")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        deeds = {
            f"write {tmp_path / 'new.txt'}",
            f"write {victim}",
            f"truncate {victim}",
            f"read {victim}",
            "read /etc/passwd",
            "look /",
            f"connect {port}",
            "unix-socket",
            "execute",
            "fork",
            "thread",
            f"kill {os.getpid()}",
            "executable-memory",
            "raise-limits",
        }
        met = {deed: lent.call(abuse.attempt, deed.encode())[0] for deed in deeds}
    assert "done" not in met.values(), met
    # Refused by the locks, not by chance.
    assert {met[f"read {victim}"], met["fork"], met["execute"], met["unix-socket"]} == {"PermissionError"}
    assert victim.read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["victim.txt"]


def test_the_child_has_no_secrets_and_no_descriptors_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAKKAN_CONFIG", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH", "HOME"):
        monkeypatch.setenv(name, "secret")
    with open(__file__, "rb") as file:
        os.set_inheritable(file.fileno(), True)
        with make() as box:
            seen, _ = box.call(abuse.surroundings, b"")
    assert "secret" not in seen["environment"].values()
    assert set(seen["environment"]) <= {"LD_LIBRARY_PATH", "LC_CTYPE"}
    assert seen["descriptors"] == [0, 1, 2, 3]
    assert seen["folder"] == "/"


@needs_seccomp
def test_the_locks_that_hold_are_named(lent: Sandbox) -> None:
    held = lent.strength()
    assert "resource limits" in held
    assert {"seccomp", "no new privileges", "no dumps", "ends with its parent"} <= set(held)
    status = Path(f"/proc/{process_of(lent)}/status").read_text()
    assert "Seccomp:\t2" in status
    assert "NoNewPrivs:\t1" in status


def test_the_limits_of_the_child_are_as_asked(lent: Sandbox) -> None:
    process = process_of(lent)
    assert resource.prlimit(process, resource.RLIMIT_AS) == (SMALL.memory, SMALL.memory)
    assert resource.prlimit(process, resource.RLIMIT_FSIZE) == (0, 0)
    assert resource.prlimit(process, resource.RLIMIT_CORE) == (0, 0)
    assert resource.prlimit(process, resource.RLIMIT_CPU) == (120, 121)


# ---- blame, threads, forks, ends


def test_a_worker_killed_between_and_during_files_costs_no_file_its_reading() -> None:
    with make() as box:
        os.kill(process_of(box), signal.SIGKILL)
        assert box.call(abuse.echo, b"a")[1] == b"a"
        timer = threading.Timer(0.3, os.kill, (process_of(box), signal.SIGKILL))
        timer.start()
        assert box.call(abuse.burn, b"3000000")[0] == "burnt"
        assert not timer.is_alive()


def test_a_file_is_tried_again_on_a_fresh_worker_before_it_is_blamed() -> None:
    with make() as box:
        first = process_of(box)
        with pytest.raises(RakkanError, match="ended early"):
            box.call(abuse.leave, b"")
        assert process_of(box) != first
        # A worker spent on earlier files: its processor time is nearly used up, the next file's is not.
    with make(Limits(seconds=30, processor_seconds=1)) as box:
        for _ in range(2):
            assert box.call(abuse.burn, b"600000")[0] == "burnt"


def test_threads_share_a_worker(lent: Sandbox) -> None:
    results: dict[int, bytes] = {}

    def work(number: int) -> None:
        for _ in range(20):
            results[number] = lent.call(abuse.echo, str(number).encode())[1]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(100, 108)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: str(number)[::-1].encode() for number in range(100, 108)}


def test_a_forked_process_gets_a_child_of_its_own_and_leaves_ours_alone() -> None:
    with make() as box:
        ours = process_of(box)
        read, write = os.pipe()
        process = os.fork()
        if process == 0:
            try:
                theirs = process_of(box)
                box.close()
                os.write(write, str(theirs).encode())
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            theirs = int(pipe.read())
        os.waitpid(process, 0)
        assert theirs != ours
        assert process_of(box) == ours


def test_a_fork_while_a_call_runs_does_not_hang() -> None:
    def spin() -> None:
        with contextlib.suppress(RakkanError):
            box.call(abuse.spin, b"")

    with make(Limits(seconds=1.5)) as box:
        box.call(abuse.echo, b"")
        busy = threading.Thread(target=spin)
        busy.start()
        time.sleep(0.3)
        process = os.fork()
        if process == 0:
            try:
                good = box.call(abuse.echo, b"ab")[1] == b"ba"
                box.close()
                os._exit(0 if good else 1)
            finally:
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
        busy.join()


def test_an_interrupted_call_leaves_no_half_read_answer() -> None:
    class Stop(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise Stop

    with make() as box:
        box.call(abuse.echo, b"")
        previous = signal.signal(signal.SIGALRM, interrupt)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(Stop):
                box.call(abuse.spin, b"")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)
        assert box.call(abuse.echo, b"next")[1] == b"txen"


PROGRAM = """
    import os, sys
    from rakkan.formats import sandbox, safetensors_file
    from rakkan.errors import RakkanError
    try:
        sandbox.call(safetensors_file.describe, bytes(16))
    except RakkanError:
        pass
    worker = next(iter(sandbox._shared.values()))._worker
    print(worker._process.pid, flush=True)
    sys.stdin.readline()
"""


def start_program(environment: dict[str, str], folder: Path) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline())


def gone(process: int) -> bool:
    for _ in range(200):
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True  # its parent is gone too; only init has yet to notice
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("how", ["end", "kill"])
def test_the_child_ends_with_its_parent(how: str, environment: dict[str, str], tmp_path: Path) -> None:
    process, child = start_program(environment, tmp_path)
    if how == "kill":
        process.kill()
    process.communicate("")
    assert gone(child)


def test_files_of_the_working_folder_are_not_imported(environment: dict[str, str], tmp_path: Path) -> None:
    for name in ("json", "struct", "PIL", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text("import os; os._exit(9)")
    process, child = start_program({**environment, "PYTHONSAFEPATH": "1"}, tmp_path)
    process.communicate("\n")
    assert process.returncode == 0
    assert child > 0


def test_models_are_read_without_loading_pillow() -> None:
    with make() as box:
        with pytest.raises(RakkanError, match="safetensors"):
            box.call(safetensors_file.describe, bytes(16))
        modules = box.call(abuse.surroundings, b"")[0]["modules"]
        assert "rakkan.formats.safetensors_file" in modules
        assert not {"PIL", "numpy"} & set(modules)
        with pytest.raises(RakkanError, match="no picture"):
            box.call(readers.describe, b"")
        assert "PIL.Image" in box.call(abuse.surroundings, b"")[0]["modules"]


def test_a_child_that_cannot_start_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with make() as box, pytest.raises(RakkanError, match="did not start"):
        box.call(abuse.echo, b"")
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with make() as box, pytest.raises(RakkanError, match="did not start"):
        box.call(abuse.echo, b"")


def test_too_much_data_is_refused_before_it_is_sent() -> None:
    with make(Limits(data=10)) as box, pytest.raises(RakkanError, match="larger than"):
        box.call(abuse.echo, bytes(11))


def test_the_shared_sandbox_is_kept() -> None:
    with pytest.raises(RakkanError, match="safetensors"):
        sandbox.call(safetensors_file.describe, bytes(16))
    first = sandbox._own(Limits())._worker
    with pytest.raises(RakkanError, match="safetensors"):
        sandbox.call(safetensors_file.describe, bytes(16))
    assert sandbox._own(Limits())._worker is first is not None
