"""Each lock by itself, in a process of its own: it holds without the others."""

from __future__ import annotations

import ctypes
import os
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rakkan.formats import locks

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine not in ("x86_64", "aarch64"), reason="needs Linux"
)

PREFACE = """
import ctypes, os, signal, socket, sys, time
from pathlib import Path
from rakkan.formats import locks
libc = ctypes.CDLL(None, use_errno=True)
def met(deed, *arguments):
    try:
        deed(*arguments)
    except OSError as error:
        return error.errno
    return 0
"""


def run(code: str, environment: dict[str, str], folder: Path) -> str:
    """What a process prints that runs ``code`` with a lock of its choice."""
    done = subprocess.run(
        [sys.executable, "-c", PREFACE + textwrap.dedent(code)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def has_landlock() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.syscall(444, None, ctypes.c_size_t(0), 1) >= 1)


@pytest.mark.skipif(not has_landlock(), reason="the kernel has no Landlock")
def test_landlock_alone_lets_no_file_be_opened(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    code = """
        libc.prctl(38, 1, 0, 0, 0)
        held = locks._landlock(libc)
        path = Path("kept")
        print(held, met(path.read_text), met(path.write_text, ""), met(path.unlink), met(os.listdir, "/"))
    """
    assert run(code, environment, tmp_path) == "True 13 13 13 13"
    assert (tmp_path / "kept").read_text() == "kept"


def test_seccomp_alone_lets_nothing_be_opened_connected_or_started(
    environment: dict[str, str], tmp_path: Path
) -> None:
    code = """
        libc.prctl(38, 1, 0, 0, 0)
        held = locks._seccomp(libc)
        found = [met(os.open, "/etc/passwd", os.O_RDONLY), met(socket.socket), met(os.fork),
                 met(os.execv, "/bin/true", ["true"]), met(os.kill, os.getppid(), 0), met(os.stat, "/")]
        os.write(1, f"{held} {found}".encode())
        os._exit(0)
    """
    assert run(code, environment, tmp_path) == "True [1, 1, 1, 1, 1, 1]"


def test_resource_limits_alone_bound_memory_descriptors_and_files(
    environment: dict[str, str], tmp_path: Path
) -> None:
    code = """
        locks._limit_resources(512 * 1024 * 1024, 60)
        try:
            bytearray(1024 * 1024 * 1024)
            memory = "more"
        except MemoryError:
            memory = "bounded"
        file = os.open("new", os.O_WRONLY | os.O_CREAT)
        written = met(os.write, file, b"x")
        print(memory, written, met(os.open, "/", os.O_RDONLY))
    """
    assert run(code, environment, tmp_path) == "bounded 27 24"  # EFBIG, EMFILE
    assert (tmp_path / "new").read_bytes() == b""


def test_a_locked_process_dies_with_its_parent_though_it_waits_for_nothing(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """The child spins; its parent is killed. End of input could not tell it, only the kernel can."""
    code = """
        read, write = os.pipe()
        middle = os.fork()
        if middle == 0:
            mine = os.getpid()
            child = os.fork()
            if child == 0:
                locks.lock(1 << 30, 60, mine)
                os.write(write, str(os.getpid()).encode())
                while True:
                    pass
            while True:
                time.sleep(1)
        child = int(os.read(read, 20))
        os.kill(middle, signal.SIGKILL)
        os.waitpid(middle, 0)
        for _ in range(200):
            try:
                gone = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                gone = True
            if gone:
                break
            time.sleep(0.02)
        print(gone)
        if not gone:
            os.kill(child, signal.SIGKILL)
    """
    assert run(code, environment, tmp_path) == "True"


def test_a_process_whose_parent_has_gone_does_not_start(environment: dict[str, str], tmp_path: Path) -> None:
    assert run("locks.lock(1 << 30, 60, 1 << 30); print('started')", environment, tmp_path) == ""


def test_all_locks_together_are_named(environment: dict[str, str], tmp_path: Path) -> None:
    code = "held = locks.lock(1 << 30, 60, os.getppid()); os.write(1, ', '.join(held).encode()); os._exit(0)"
    held = run(code, environment, tmp_path).split(", ")
    expected = {"ends with its parent", "no dumps", "no new privileges", "resource limits", "seccomp"}
    assert set(held) == expected | ({"landlock"} if has_landlock() else set())


@pytest.mark.parametrize("machine", sorted(locks._CALLS))
def test_the_filter_decides_as_it_should(machine: str) -> None:
    """The instructions, run by hand, on every call number: allowed are those of the table and no other."""
    program = [
        struct.unpack_from("=HBBI", locks._filter(machine), at)
        for at in range(0, len(locks._filter(machine)), 8)
    ]
    audit, calls = locks._CALLS[machine]
    memory = locks._MEMORY_CALLS[machine]
    allowed, refused, killed = 0x7FFF0000, 0x00050001, 0x80000000

    def answer(number: int, architecture: int, protection: int = 0) -> int:
        words = {0: number, 4: architecture, 32: protection}
        place = held = 0
        while True:
            code, yes, no, value = program[place]
            place += 1
            if code == 0x20:
                held = words[value]
            elif code == 0x15:
                place += yes if held == value else no
            elif code == 0x45:
                place += yes if held & value else no
            else:
                return value

    for number in range(600):
        expected = allowed if number in {*calls.values(), *memory} else refused
        assert answer(number, audit) == expected, number
    for number in memory:
        assert answer(number, audit, 3) == allowed
        assert answer(number, audit, 7) == refused
    assert answer(0x40000000 | calls["read"], audit) == refused  # the x32 way of calling
    assert answer(calls["read"], audit ^ 1) == killed
