"""Disks that fail, kill their process, or lose what was not flushed: each does so at one chosen operation."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from rakkan.store.disk import Disk

#: What changes the disk, and what only looks at it.
CHANGES = (
    "create",
    "write",
    "flush",
    "flush_all",
    "flush_folder",
    "link",
    "rename",
    "unlink",
    "mkdir",
    "rmdir",
)
LOOKS = ("open_to_read", "read", "lock", "scan", "exists")


class HookedDisk(Disk):
    """Counts its operations and hands each to ``around``; does not wait for the real disk."""

    def __init__(self, counted: Sequence[str] = CHANGES) -> None:
        self.count = 0
        self.counted = frozenset(counted)

    def around(self, name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
        return real(*arguments)

    def flush(self, file: int) -> None:
        pass

    def flush_all(self, paths: Sequence[Path]) -> None:
        pass

    def flush_folder(self, path: Path) -> None:
        # As the real one: what is not there cannot be flushed.
        os.stat(path)


def _hook(name: str) -> Callable[..., Any]:
    def hooked(self: HookedDisk, *arguments: Any) -> Any:
        real = getattr(HookedDisk if name in HookedDisk.__dict__ else Disk, f"plain_{name}")
        if name in self.counted:
            self.count += 1
        return self.around(name, arguments, lambda *given: real(self, *given))

    return hooked


for _name in (*CHANGES, *LOOKS):
    _owner = HookedDisk if _name in HookedDisk.__dict__ else Disk
    setattr(HookedDisk, f"plain_{_name}", getattr(_owner, _name))
    setattr(HookedDisk, _name, _hook(_name))


class KillingDisk(HookedDisk):
    """Kills its process with SIGKILL at the ``at``-th change: before it, after it, or amid a write."""

    def __init__(self, at: int, after: bool) -> None:
        super().__init__()
        self.at = at
        self.after = after

    def around(self, name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
        if name not in CHANGES or self.count != self.at:
            return real(*arguments)
        if name == "write":
            file, data = arguments
            real(file, data[: len(data) // 2])
        elif self.after:
            real(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("dead")


class FailingDisk(HookedDisk):
    """Fails the ``at``-th operation with ``number``, and all later changes too when ``lasting``."""

    def __init__(self, at: int, number: int, lasting: bool = False) -> None:
        # A full disk fails no one who only looks.
        super().__init__((*CHANGES, *LOOKS) if number == errno.EIO else CHANGES)
        self.at = at
        self.number = number
        self.lasting = lasting
        self.healed = False

    def around(self, name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
        due = self.count >= self.at if self.lasting else self.count == self.at
        if self.healed or not due or name not in self.counted:
            return real(*arguments)
        if self.number == errno.ENOSPC and name in ("unlink", "rmdir"):
            return real(*arguments)
        if name == "write":
            file, data = arguments
            real(file, data[: len(data) // 2])
        raise OSError(self.number, os.strerror(self.number))


class PowerCut(BaseException):
    """The power is gone. No ``except Exception`` may carry on after it."""


@dataclass(eq=False)
class _Node:
    """A file or folder on the model disk; ``durable`` is the part of a file that power loss leaves."""

    is_folder: bool
    content: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


class PowerDisk(HookedDisk):
    """Remembers what is durable under ``root`` and cuts the power at the ``at``-th change.

    Durable is, as POSIX has it, the content of a file up to its last flush and the names in a folder up to
    its last flush; anything later may have reached the disk or not, one change without another, in any
    mixture that ``remains`` draws. ``forgetful`` names flushes that do nothing: the promises must break.
    """

    def __init__(self, root: Path, at: int, forgetful: Sequence[str] = ()) -> None:
        super().__init__()
        self.root = root
        self.at = at
        self.forgetful = frozenset(forgetful)
        self.dead = False
        self._now: dict[Path, _Node] = {}
        self._durable: dict[Path, _Node] = {}
        self._pending: dict[Path, list[tuple[Path, _Node | None]]] = {}
        self._open: dict[int, _Node] = {}

    def around(self, name: str, arguments: tuple[Any, ...], real: Callable[..., Any]) -> Any:
        if self.dead or (name in CHANGES and self.count == self.at):
            self.dead = True
            raise PowerCut
        done = real(*arguments)
        record = getattr(self, f"_{name}", None)
        if record is not None:
            record(*arguments, done)
        return done

    def remains(self, random: Random, target: Path) -> None:
        """Write to ``target`` what a disk may hold when power comes back."""
        names = dict(self._durable)
        for changes in self._pending.values():
            luck = random.choice([0.0, 0.5, 0.9, 1.0])
            for path, node in changes:
                if random.random() < luck:
                    self._apply(names, path, node)
        target.mkdir()
        for path, node in sorted(names.items()):
            place = target / path.relative_to(self.root)
            if not place.parent.is_dir():
                continue  # the folder's own name was lost
            if node.is_folder:
                place.mkdir(mode=0o700)
            else:
                place.touch(mode=0o600)
                place.write_bytes(self._surviving(random, node))

    def _surviving(self, random: Random, node: _Node) -> bytes:
        whole = bytes(node.content)
        if whole == node.durable:
            return whole
        reached = random.randint(len(node.durable), len(whole))
        zeros = bytes(len(whole) - reached)
        return random.choice(
            [node.durable, whole[:reached], whole[:reached] + zeros, bytes(len(whole)), whole]
        )

    def _apply(self, names: dict[Path, _Node], path: Path, node: _Node | None) -> None:
        if node is None:
            names.pop(path, None)
        else:
            names[path] = node

    def _name(self, path: Path, node: _Node | None) -> None:
        self._apply(self._now, path, node)
        self._pending.setdefault(path.parent, []).append((path, node))

    def _create(self, path: Path, file: int) -> None:
        self._open[file] = node = _Node(False)
        self._name(path, node)

    def _write(self, file: int, data: bytes, _: None) -> None:
        self._open[file].content += data

    def _flush(self, file: int, _: None) -> None:
        if "flush" not in self.forgetful:
            self._open[file].durable = bytes(self._open[file].content)

    def _flush_all(self, paths: Sequence[Path], _: None) -> None:
        for path in paths if "flush_all" not in self.forgetful else ():
            self._now[path].durable = bytes(self._now[path].content)

    def _flush_folder(self, folder: Path, _: None) -> None:
        if "flush_folder" not in self.forgetful:
            for path, node in self._pending.pop(folder, ()):
                self._apply(self._durable, path, node)

    def _link(self, source: Path, target: Path, _: None) -> None:
        self._name(target, self._now[source])

    def _rename(self, source: Path, target: Path, _: None) -> None:
        self._name(target, self._now[source])
        self._name(source, None)

    def _unlink(self, path: Path, _: None) -> None:
        self._name(path, None)

    def _mkdir(self, path: Path, _: None) -> None:
        self._name(path, _Node(True))

    def _rmdir(self, path: Path, _: None) -> None:
        self._name(path, None)

    def _lock(self, path: Path, shared: bool, _: int) -> None:
        if path not in self._now:
            self._name(path, _Node(False))
