"""Tensors and converted parts across processes: one side has them, the other computes with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from typing import Any

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.files import shown
from rakkan.formats.checkpoints.tensors import Entry, Tensors
from rakkan.studio.engines.checkpoint.graphs import Graph

#: Opens a file's tensors for a while.
Opener = Callable[[], AbstractContextManager[Tensors]]
#: (part, whether somebody wants to stop) -> the converted part.
Parts = Callable[[str, Callable[[], bool]], Graph]


class Serving:
    """Serves a process without keys what one drawing is made of, and nothing else.

    ``files`` are opened when they are first asked for, and closed by ``close``; ``parts`` gives converted
    parts, where the engine is one that takes them."""

    def __init__(self, files: Mapping[str, Opener], parts: Parts | None = None) -> None:
        self._files, self._parts = files, parts
        self._opened: dict[str, Tensors] = {}
        self._closing = ExitStack()

    def __call__(self, what: str, arguments: Sequence[Any], cancelled: Callable[[], bool]) -> Any:
        """``part`` (its name): a Graph. ``names`` (a file's digest): its tensors' dtypes and shapes by name,
        and its texts. ``tensor`` (digest, name): its bytes. Raises RakkanError for anything else."""
        given = [str(one) for one in arguments]
        asked = what, len(given)
        if asked == ("part", 1) and self._parts is not None:
            return self._parts(given[0], cancelled)
        if asked == ("names", 1) and given[0] in self._files:
            tensors = self._tensors(given[0])
            entries = {name: (one.dtype, one.shape) for name, one in tensors.entries.items()}
            return entries, dict(tensors.metadata)
        if asked == ("tensor", 2) and given[0] in self._files:
            return bytes(self._tensors(given[0]).read(given[1]))
        raise RakkanError(f"{shown(what)} is nothing that is served for this drawing", "Load the model again")

    def close(self) -> None:
        """Close the files."""
        self._opened.clear()
        self._closing.close()

    def _tensors(self, digest: str) -> Tensors:
        if digest not in self._opened:
            self._opened[digest] = self._closing.enter_context(self._files[digest]())
        return self._opened[digest]


class ServedTensors:
    """The tensors of a file that another process has, read one by one as ``Tensors`` are."""

    def __init__(self, ask: Callable[..., Any], digest: str) -> None:
        self._ask, self._digest = ask, digest

    @cached_property
    def _names(self) -> tuple[dict[str, Entry], Mapping[str, str]]:
        entries, metadata = self._ask("names", self._digest)
        return {name: Entry(dtype, tuple(shape)) for name, (dtype, shape) in entries.items()}, metadata

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All of them, in the order of their bytes."""
        return self._names[0]

    @property
    def metadata(self) -> Mapping[str, str]:
        """The texts the file carries about itself."""
        return self._names[1]

    def read(self, name: str) -> bytes:
        """The bytes of one tensor. Raises RakkanError as the file's own ``read`` does."""
        data: bytes = self._ask("tensor", self._digest, name)
        return data
