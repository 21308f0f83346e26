"""What ends a drawing early: somebody's wish, or the end of the memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rakkan.errors import RakkanError

ADVICE = "Draw a smaller picture, take the tiny decoder or a smaller model, or close other programs"
#: How OpenVINO, oneDNN and the C++ library say that there is no memory.
_SIGNS = ("bad_alloc", "allocate", "out of memory", "out_of_memory")


class Cancelled(RakkanError):
    """Somebody asked to stop. Nothing is drawn, and the engine is ready for the next picture."""


class OutOfMemory(RakkanError):
    """The memory did not suffice. Nothing is drawn, and the engine is ready for the next picture."""

    def __init__(self, message: str, hint: str = ADVICE) -> None:
        super().__init__(message, hint)


@contextmanager
def memory_watched(what: str) -> Iterator[None]:
    """Turn an exhausted memory into OutOfMemory, which says for ``what`` there was too little."""
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory(f"There is not enough memory for {what}") from error
    except RuntimeError as error:
        if not any(sign in str(error).lower() for sign in _SIGNS):
            raise
        raise OutOfMemory(f"There is not enough memory for {what}") from error
