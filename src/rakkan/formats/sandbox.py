"""Runs a reader on bytes from outside in a child process that can compute and nothing else.

The child has no secret in its environment, no file but its two pipes, and gives up everything else before
the first byte reaches it (``locks``). What comes back is JSON and plain bytes under caps, never pickle, and
the parent believes none of it without looking. Why: docs/decisions/0011.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rakkan.errors import RakkanError
from rakkan.formats.sandbox_worker import Died, Worker

Reader = Callable[[bytes], tuple[Any, bytes]]

_MEBI = 1024 * 1024
#: A worker reads this many files, then a fresh one takes over: what a file did to it lasts no longer.
FILES_A_WORKER = 100
_SMALLER = "Give a smaller or simpler file"


@dataclass(frozen=True)
class Limits:
    """What one call may use. ``memory``: bytes of address space; ``seconds``: of time; ``processor_seconds``:
    of a worker's whole life; ``data``, ``answer``, ``payload``: bytes in, of JSON out, and of bytes out."""

    memory: int = 1536 * _MEBI
    seconds: float = 30.0
    processor_seconds: int = 120
    data: int = 80 * _MEBI
    answer: int = 4 * _MEBI
    payload: int = 256 * _MEBI


class Sandbox:
    """A worker process, started at the first call and replaced when it fails or has read its share.

    Only top-level functions of modules in ``packages`` run; ``paths`` are folders the child may import
    from besides those of Rakkan and Pillow. A module's ``warm_up()``, if it has one, runs in the child
    before the locks go on: there it imports what it will need. Safe to share between threads (calls wait
    for each other) and to keep across ``os.fork`` (each process starts a worker of its own).
    """

    def __init__(
        self, limits: Limits | None = None, packages: Sequence[str] = ("rakkan",), paths: Sequence[str] = ()
    ) -> None:
        self.limits = limits or Limits()
        self._packages = tuple(packages)
        self._paths = tuple(paths)
        self._modules: tuple[str, ...] = ()
        self._worker: Worker | None = None
        self._lock = threading.Lock()
        _keep(self)

    def call(self, function: Reader, data: bytes) -> tuple[Any, bytes]:
        """``function(data)``, computed in the child: its answer as JSON brings it back, and its payload.

        Raises the function's own RakkanError, and one of ours when the child takes too long or too much
        memory, dies, fails, or does not answer as agreed. A death is only believed of a fresh worker: one
        that has read other files is replaced and the file tried once more.
        """
        name = self._name(function)
        if len(data) > self.limits.data:
            raise RakkanError(f"The file is larger than {self.limits.data // _MEBI} MiB", _SMALLER)
        with self._lock:
            while True:
                worker = self._ready(function.__module__)
                fresh = worker.calls == 0
                done = False
                try:
                    answer = worker.call(name, data, self.limits.seconds)
                    done = True
                    return answer
                except RakkanError as error:
                    done = not worker.broken
                    if not isinstance(error, Died) or fresh:
                        raise
                finally:
                    if not done:
                        self._discard()

    def strength(self) -> tuple[str, ...]:
        """The names of the locks that hold a worker on this machine; starts one if none runs."""
        with self._lock:
            return self._ready("").held

    def close(self) -> None:
        """End the worker. The next call starts another."""
        with self._lock:
            self._discard()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _name(self, function: Reader) -> str:
        module, name = function.__module__, function.__qualname__
        inside = any(module == package or module.startswith(f"{package}.") for package in self._packages)
        if not inside or getattr(sys.modules.get(module), name, None) is not function:
            raise ValueError(f"{module}:{name} is no top-level function of {', '.join(self._packages)}")
        return f"{module}:{name}"

    def _ready(self, module: str) -> Worker:
        worker = self._worker
        if module and module not in self._modules:
            self._modules = (*self._modules, module)
            self._discard()
        elif worker is not None and (worker.calls >= FILES_A_WORKER or not worker.alive()):
            self._discard()
        if self._worker is None:
            self._worker = Worker(self.limits, self._modules, self._paths)
        return self._worker

    def _discard(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()

    def _forget(self) -> None:
        """In a forked process: the worker, and perhaps the lock, belong to the parent."""
        self._lock = threading.Lock()
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.forget()


_living: weakref.WeakSet[Sandbox] = weakref.WeakSet()
_shared: dict[Limits, Sandbox] = {}
_shared_lock = threading.Lock()
_hooked = False


def call(function: Reader, data: bytes, limits: Limits | None = None) -> tuple[Any, bytes]:
    """``Sandbox.call`` in this process's own sandbox, kept for the next file."""
    return _own(limits or Limits()).call(function, data)


def strength() -> tuple[str, ...]:
    """The names of the locks that hold this process's own sandbox."""
    return _own(Limits()).strength()


def _own(limits: Limits) -> Sandbox:
    with _shared_lock:
        if limits not in _shared:
            _shared[limits] = Sandbox(limits)
        return _shared[limits]


def _keep(sandbox: Sandbox) -> None:
    global _hooked
    _living.add(sandbox)
    if not _hooked:
        _hooked = True
        os.register_at_fork(after_in_child=_after_fork)
        atexit.register(_at_exit)


def _after_fork() -> None:
    global _shared_lock
    _shared_lock = threading.Lock()
    for sandbox in list(_living):
        sandbox._forget()


def _at_exit() -> None:
    for sandbox in list(_living):
        sandbox._discard()
