"""Progress bars for commands that take a while: on standard error where that is a terminal, else silence."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

    from rakkan.api.listening import Listener

#: (done, of how many), 0 where that is not known.
Told = Callable[[int, int], None]


@contextlib.contextmanager
def bar(what: str, total: int) -> Iterator[ShownBar]:
    """A bar that counts parts, shown at once."""
    with _showing() as bars:
        told = bars.counting(what)
        told(0, total)
        yield ShownBar(lambda done, of: told(done, total), lambda: bars.show(None))


@contextlib.contextmanager
def share_bar(what: str) -> Iterator[ShownBar]:
    """``bar`` for work whose parts are too small to count: it shows how much is done in percent, and how long
    the rest will take; it appears when the first part is done, and again after it was hidden for a line."""
    with _showing() as bars:
        yield ShownBar(bars.sharing(what), lambda: bars.show(None))


@contextlib.contextmanager
def bytes_bar(what: str) -> Iterator[Told]:
    """``bar`` for bytes, whose total is told as they come; it appears with the first of them."""
    with _showing() as bars:
        yield bars.bytes(what)


@contextlib.contextmanager
def listening(what: str) -> Iterator[Listener]:
    """A listener that shows a bar for what is being done now, and remarks on standard error."""
    from rakkan.api.listening import Listener
    from rakkan.cli.faults import say

    with _showing() as bars:
        yield Listener(bars.counting(what), bars.bytes("reading"), say)


@dataclass(frozen=True)
class ShownBar:
    """Called as any bar; ``hide`` makes room for a line of output."""

    told: Told
    hide: Callable[[], None]

    def __call__(self, done: int, of: int) -> None:
        self.told(done, of)


class _Bars:
    """Bars of which one is shown at a time: the one that was told of last."""

    def __init__(self, is_silent: bool) -> None:
        self._is_silent = is_silent
        self._shown: Progress | None = None

    def counting(self, what: str) -> Told:
        return self._made(what, "MofNCompleteColumn", "TimeElapsedColumn")

    def sharing(self, what: str) -> Told:
        return self._made(what, "TaskProgressColumn", "TimeRemainingColumn")

    def bytes(self, what: str) -> Told:
        return self._made(what, "DownloadColumn", "TransferSpeedColumn")

    def show(self, progress: Progress | None) -> None:
        if self._shown is progress:
            return
        if self._shown is not None:
            self._shown.stop()
        if progress is not None:
            progress.start()
        self._shown = progress

    def _made(self, what: str, *columns: str) -> Told:
        """A bar with columns of rich's after it, by their names."""
        if self._is_silent:
            return lambda done, of: None
        from rich import progress
        from rich.console import Console

        told_in = [getattr(progress, name)() for name in columns]
        made = progress.Progress(
            progress.TextColumn(what),
            progress.BarColumn(),
            *told_in,
            console=Console(stderr=True),
            transient=True,
            # What commands print goes where it is sent, whoever looks at the bar.
            redirect_stdout=False,
        )
        task = made.add_task(what, total=None)

        def told(done: int, of: int) -> None:
            self.show(made)
            made.update(task, completed=done, total=of or None)

        return told


@contextlib.contextmanager
def _showing() -> Iterator[_Bars]:
    bars = _Bars(not sys.stderr.isatty())
    try:
        yield bars
    finally:
        bars.show(None)
