"""What libraries have to say, as lines of JSON among the service's own.

Of each record its logger, its level and its unfilled template are told, of an exception its kind and its
place: what was filled in, or what an exception says, may quote what somebody wrote.
"""

from __future__ import annotations

import logging
import time
from typing import IO

from rakkan.service import observing


class Lines(logging.Handler):
    """Writes records to ``out`` (standard error)."""

    def __init__(self, out: IO[str] | None = None) -> None:
        super().__init__(logging.WARNING)
        self._out = out

    def emit(self, record: logging.LogRecord) -> None:
        """Write one down."""
        if record.exc_info and record.exc_info[1] is not None:
            observing.fault(record.name, record.exc_info[1], self._out)
            return
        told = {
            "time": round(time.time(), 3),
            "logger": record.name,
            "level": record.levelname.lower(),
            "message": str(record.msg).split("\n", 1)[0][:200] if record.args else _constant(record),
        }
        observing.write(told, self._out)


def _constant(record: logging.LogRecord) -> str:
    """A message without arguments may have been filled in before: told only when it is one of uvicorn's."""
    return str(record.msg)[:200] if record.name.startswith("uvicorn") else record.funcName


def set_up() -> None:
    """Have all that is logged in this process written so, and nothing else."""
    logging.basicConfig(handlers=[Lines()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
