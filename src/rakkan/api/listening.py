"""Who is told how far the work has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

#: (done, of how many); 0 where the number is not known.
Progress = Callable[[int, int], None]


def _nobody(done: int, total: int) -> None:
    """Nobody listens."""


def _nobody_reads(line: str) -> None:
    """Nobody reads it."""


@dataclass(frozen=True)
class Listener:
    """``drawing`` is called after each step of drawing, ``reading`` while a model's bytes are read, and
    ``say`` with remarks, a line each. What a listener raises ends the work: pictures released before
    stay."""

    drawing: Progress = _nobody
    reading: Progress = _nobody
    say: Callable[[str], None] = _nobody_reads


SILENT = Listener()
