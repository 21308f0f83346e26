"""Signals are heard in whatever thread the kernel gives them to, and whatever the main thread does."""

from __future__ import annotations

import subprocess
import sys

import pytest

_WAITING = """
import os, signal, threading, time
from rakkan.service.signals import heard
stopped = threading.Event()
heard((signal.SIGTERM, signal.SIGINT), stopped.set)
def elsewhere():
    time.sleep(0.3)
    signal.pthread_kill(threading.get_ident(), signal.{name})
threading.Thread(target=elsewhere).start()
{main}
"""
MAIN = {
    "waits": "print(stopped.wait(60))",
    "holds the event's own lock": "with stopped._cond: time.sleep(1)\nprint(stopped.wait(60))",
}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("main", MAIN)
def test_a_signal_that_another_thread_was_given_is_heard(name: str, main: str) -> None:
    code = _WAITING.format(name=name, main=MAIN[main])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
