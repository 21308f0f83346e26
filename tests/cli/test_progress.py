"""Bars at a terminal: what a command prints goes where it is sent, and stays to be read."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from rakkan.cli.progress import bar, bytes_bar, listening, share_bar
with bar("counting", 3) as told:
    told(1, 3); told.hide(); print("inside"); told(3, 3)
with share_bar("sharing") as told:
    told(1, 4); told.hide(); print("between"); told(4, 4)
with listening("drawing") as listener:
    listener.reading(1, 10); listener.drawing(1, 2); listener.reading(10, 10); listener.say("remarked")
    listener.drawing(2, 2)
with bytes_bar("never"):
    pass
print("after")
"""


def run(tty: bool, program: str = PROGRAM) -> tuple[str, str]:
    """What a program printed, and what it showed on standard error, a terminal or not."""
    if not tty:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        return done.stdout, done.stderr
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=follower,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # the program's end of the terminal is closed
            break
        if not piece:
            break
        shown += piece
    out, _ = process.communicate(timeout=60)
    os.close(leader)
    assert process.returncode == 0
    return out.decode(), shown.decode()


def test_elsewhere_than_at_a_terminal_nothing_is_shown_but_remarks() -> None:
    assert run(tty=False) == ("inside\nbetween\nafter\n", "rakkan: remarked\n")


def test_what_is_printed_is_not_taken_by_the_bar() -> None:
    out, shown = run(tty=True)
    assert out == "inside\nbetween\nafter\n"
    assert all(word in shown for word in ("counting", "sharing", "drawing", "reading", "remarked"))
    assert "never" not in shown and "inside" not in shown


@pytest.mark.parametrize("error", ["KeyboardInterrupt", "ValueError"])
def test_the_cursor_comes_back_whatever_happens(error: str, tmp_path: Path) -> None:
    program = f"""
from rakkan.cli.progress import listening
try:
    with listening("drawing") as listener:
        listener.drawing(1, 2)
        raise {error}
except {error}:
    print("caught")
"""
    out, shown = run(tty=True, program=program)
    assert out == "caught\n" and shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") >= 0
