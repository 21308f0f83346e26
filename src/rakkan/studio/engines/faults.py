"""What ends a drawing early: somebody's wish, or the end of the memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rakkan.errors import RakkanError

ADVICE = "Draw a smaller picture, take the tiny decoder or a smaller model, or close other programs"
#: How OpenVINO, oneDNN, the C++ library, torch, CUDA and the loader of libraries say that there is no memory.
_SIGNS = ("bad_alloc", "allocate", "alloc_failed", "out of memory", "out_of_memory", "failed to map segment")


class Cancelled(RakkanError):
    """Somebody asked to stop. Nothing is drawn, and the engine is ready for the next picture."""


class OutOfMemory(RakkanError):
    """The memory did not suffice. Nothing is drawn, and the engine is ready for the next picture."""

    def __init__(self, message: str, hint: str = ADVICE) -> None:
        super().__init__(message, hint)


@contextmanager
def memory_watched(what: str) -> Iterator[None]:
    """Turn an exhausted memory into OutOfMemory, which says for ``what`` there was too little, and give back
    what the failed attempt held."""
    try:
        yield
    except (MemoryError, RuntimeError, OSError, ImportError) as error:
        is_told = any(sign in str(error).lower() for sign in _SIGNS)
        if not (isinstance(error, MemoryError) or is_told):
            raise
        error.__traceback__ = None  # whose frames hold what was being computed
    else:
        return
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
    raise OutOfMemory(f"There is not enough memory for {what}")
