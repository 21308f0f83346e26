"""What a fault looks like on the command line: one line on standard error that says what to do."""

from __future__ import annotations

import errno
import os
import sys

from rakkan.errors import RakkanError

#: Exit statuses: a fault of the input or the machine, and Ctrl-C (128 + SIGINT), as shells expect.
FAULT = 2
INTERRUPTED = 130

_LONGEST_LINE = 600


def explain(error: Exception) -> int:
    """Print a fault the user can act on and return its exit status; raise again what is a defect."""
    import typer

    if isinstance(error, BrokenPipeError):
        # The reader has gone (``rakkan … | head``): nothing is left to say, not even while Python closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, RakkanError):
        say(str(error))
    elif isinstance(error, typer.TyperException):
        line = _usage(error)
        if not line:
            return 0
        say(line)
    elif isinstance(error, typer.Abort):
        return interrupted()
    elif isinstance(error, MemoryError):
        say("there is not enough memory. Close other programs or ask for a smaller picture")
    elif isinstance(error, OSError):
        say(_machine(error))
    else:
        raise error
    return FAULT


def interrupted() -> int:
    """Say what a Ctrl-C left behind and return 130."""
    assembled = sys.modules.get("rakkan.assemble")
    kept = len(assembled.released()) if assembled is not None else 0
    if kept:
        say(f"stopped; {kept} finished {'picture was' if kept == 1 else 'pictures were'} kept")
    else:
        say("stopped; nothing was written")
    return INTERRUPTED


def say(message: str) -> None:
    """Print one line on standard error, whatever ``message`` holds, after ``rakkan:``."""
    line = printable(message)
    if len(line) > _LONGEST_LINE:
        line = line[: _LONGEST_LINE - 1] + "…"
    encoding = sys.stderr.encoding or "utf-8"
    print("rakkan: " + line.encode(encoding, "replace").decode(encoding), file=sys.stderr)


def printable(text: str) -> str:
    """``text`` as one line that cannot move the cursor: what is not printable is spelt out."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _usage(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "rakkan"
    message: str = error.format_message() if hasattr(error, "format_message") else str(error)
    if not message.strip():
        return ""  # a group without a command: its help has been printed
    ending = "" if message.endswith(("?", ")")) else "."
    return f"{message.rstrip('.')}{ending} Try '{command} --help'"


def _machine(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{where}the disk is full. Free some space or name another folder"
    return f"{where}{(error.strerror or str(error)).lower()}. Check the path and its permissions"
