"""What a reader taken over by a file might try, as functions for the sandbox to run."""

from __future__ import annotations

import ctypes
import errno
import json
import os
import socket
import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

from rakkan.errors import RakkanError

Answer = tuple[Any, bytes]
_REPLIES = 3  # where the child keeps the pipe to its parent
_before: dict[str, str] = {}
_FRAME = struct.Struct(">IQ")


def warm_up() -> None:
    """Note what can only be seen before the locks."""
    _before["folder"] = os.getcwd()


def echo(data: bytes) -> Answer:
    return {"size": len(data), "text": "落款"}, data[::-1]


def hog(data: bytes) -> Answer:
    held = []
    while True:
        held.append(bytearray(16 * 1024 * 1024))


def spin(data: bytes) -> Answer:
    while True:
        pass


def burn(data: bytes) -> Answer:
    """Compute until a worker has used nearly all of a second of processor time, and no more than that."""
    start = time.process_time()
    while time.process_time() - start < int(data) / 1e6:
        pass
    return "burnt", b""


def leave(data: bytes) -> Answer:
    os._exit(int(data or b"3"))


def crash(data: bytes) -> Answer:
    return ctypes.string_at(0), b""


def fall(data: bytes) -> Answer:
    raise KeyError("planted")


def refuse(data: bytes) -> Answer:
    raise RakkanError("line one\nline two\x1b[31m " + "x" * 9000, "do\r\nthis")


def recurse(data: bytes) -> Answer:
    return recurse(data)


def say(data: bytes) -> Answer:
    """Write ``data`` to the parent as it is, and wait."""
    os.write(_REPLIES, data)
    while True:
        os.sched_yield()


def say_and_leave(data: bytes) -> Answer:
    os.write(_REPLIES, data)
    os._exit(0)


def say_twice(data: bytes) -> Answer:
    text = json.dumps({"answer": "mine"}).encode()
    os.write(_REPLIES, (_FRAME.pack(len(text), 0) + text) * 2)
    return "more", b""


def long_answer(data: bytes) -> Answer:
    return "x" * (5 * 1024 * 1024), b""


def long_payload(data: bytes) -> Answer:
    return None, bytes(int(data))


def deep_answer(data: bytes) -> Answer:
    text = b'{"answer": ' + b"[" * 500_000 + b"]" * 500_000 + b"}"
    for part in (_FRAME.pack(len(text), 0), text):
        view = memoryview(part)
        while view:
            view = view[os.write(_REPLIES, view) :]
    return None, b""


def unspeakable(data: bytes) -> Answer:
    return object(), b""


def surroundings(data: bytes) -> Answer:
    """What the child can see of where it runs."""
    descriptors = []
    for number in range(64):
        try:
            os.lseek(number, 0, os.SEEK_CUR)
        except OSError as error:
            if error.errno == errno.EBADF:
                continue
        descriptors.append(number)
    return {
        "environment": dict(os.environ),
        "descriptors": descriptors,
        "process": os.getpid(),
        "modules": sorted(sys.modules),
        **_before,
    }, b""


def attempt(data: bytes) -> Answer:
    """Try the deed that ``data`` names; the answer is the error it met, or "done"."""
    name, _, where = data.decode().partition(" ")
    try:
        _DEEDS[name](where)
    except BaseException as error:
        return type(error).__name__, b""
    return "done", b""


def _write(where: str) -> None:
    Path(where).write_text("written")


def _truncate(where: str) -> None:
    os.truncate(where, 0)


def _read(where: str) -> None:
    Path(where).read_text()


def _connect(where: str) -> None:
    socket.create_connection(("127.0.0.1", int(where)), 2).close()


def _unix_socket(where: str) -> None:
    socket.socketpair()


def _execute(where: str) -> None:
    os.execv(sys.executable, [sys.executable, "-c", "pass"])


def _fork(where: str) -> None:
    if os.fork() == 0:
        os._exit(0)


def _thread(where: str) -> None:
    threading.Thread(target=time.time).start()


def _kill(where: str) -> None:
    os.kill(int(where), 0)


def _look(where: str) -> None:
    os.listdir(where)


def _executable_memory(where: str) -> None:
    import mmap

    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def _raise_limits(where: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


_DEEDS = {
    "write": _write,
    "truncate": _truncate,
    "read": _read,
    "connect": _connect,
    "unix-socket": _unix_socket,
    "execute": _execute,
    "fork": _fork,
    "thread": _thread,
    "kill": _kill,
    "look": _look,
    "executable-memory": _executable_memory,
    "raise-limits": _raise_limits,
}
