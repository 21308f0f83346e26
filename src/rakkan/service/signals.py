"""Signals that are heard whatever the main thread does.

Python runs a signal's handler in the main thread, when that comes to its next step: not while it waits for a
lock and the kernel has given the signal to another thread, nor while it is busy in native code. And a handler
that sets an event can find the main thread holding the event's own lock. So the kernel's call writes the
number to a pipe (signal.set_wakeup_fd), and a thread that reads it does what is to be done.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable


def heard(numbers: Iterable[signal.Signals], do: Callable[[], object]) -> None:
    """Do something, in a thread of its own, whenever one of these signals comes. From the main thread alone,
    and once in a process."""
    ear, mouth = os.pipe()
    os.set_blocking(mouth, False)
    wanted = set(numbers)

    def listen() -> None:
        while told := os.read(ear, 64):
            if any(number in wanted for number in told):
                do()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
    for number in wanted:
        signal.signal(number, _pass)


def _pass(number: int, frame: object) -> None:
    """What was to be done is done by whoever listens."""
