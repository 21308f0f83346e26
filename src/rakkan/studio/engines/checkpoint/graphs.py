"""Networks as OpenVINO keeps them, a description and weights, in memory only.

OpenVINO writes a graph to two files and maps them. Here these are anonymous memory that no disk ever holds:
weights lie encrypted in the vault or nowhere.
"""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import openvino

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.rewriting import halve_doubled, normalise_groups_where_they_lie
from rakkan.studio.engines.device import Precision, compile_model, core

#: Sizes of one input, -1 where any fits.
Shape = Sequence[int]

#: Linux: fallocate(2) with FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE.
_PUNCH_HOLE = 3
_PAGE = 4096
_HALF_FLOATS = re.compile(rb'<data element_type="f16"[^>]* offset="(\d+)" size="(\d+)"')


@dataclass(frozen=True)
class Graph:
    """A network: OpenVINO's XML, and its weights as a file that lies in memory."""

    description: bytes
    weights: IO[bytes]

    @property
    def size(self) -> int:
        """Bytes of the weights."""
        return _size(self.weights)

    def close(self) -> None:
        """Give the memory of the weights back, as soon as no compiled network maps it."""
        self.weights.close()


def graph_of(model: openvino.Model) -> Graph:
    """A model in OpenVINO's own form; needs as much memory again as its weights. Raises RakkanError when
    that is not there."""
    weights = memory("weights")
    try:
        with memory("description") as description, _named(description, weights) as (text, data):
            openvino.serialize(model, text, data)
            return Graph(os.pread(description.fileno(), _size(description), 0), weights)
    except RuntimeError as error:
        weights.close()
        raise RakkanError(
            "There is not enough memory to convert this checkpoint",
            "Close other programs, or take a smaller model",
        ) from error


def memory(name: str) -> IO[bytes]:
    """An empty file that lies in memory and has no name on any disk; write to it by ``append``."""
    return open(os.memfd_create(f"rakkan-{name}"), "rb", buffering=0)


def append(file: IO[bytes], piece: bytes) -> None:
    """Write all of a piece into memory; raises RakkanError when there is none left."""
    view = memoryview(piece)
    try:
        while view:
            view = view[os.write(file.fileno(), view) :]
    except OSError as error:
        raise RakkanError(
            "There is not enough memory for this checkpoint", "Close other programs, or take a smaller model"
        ) from error


def compile_graph(
    graph: Graph,
    shapes: Mapping[str, Shape],
    precision: Precision,
    *,
    threads: int | None = None,
) -> openvino.CompiledModel:
    """Compile a graph for inputs of exactly these sizes, by name.

    The weights are mapped, not copied; the compiled network keeps them mapped beside its own, arranged for
    this processor, so that any number of sizes share them. Raises RakkanError for a description or weights
    that are not OpenVINO's.
    """
    with memory("description") as description:
        append(description, graph.description)
        try:
            with _named(description, graph.weights) as (text, data):
                model = core().read_model(text, data)
            model.reshape({name: list(shape) for name, shape in shapes.items()})
            halve_doubled(model)
            normalise_groups_where_they_lie(model)
        except RuntimeError as error:
            raise RakkanError(
                "The converted network cannot be read", "Convert the checkpoint again"
            ) from error
    return compile_model(model, precision, threads=threads)


def release_half_floats(graph: Graph) -> int:
    """Give back the memory of weights that are half floats; how many bytes that was.

    A compiled network has widened copies of them and reads only its 32-bit constants where they lie, yet
    keeps everything mapped. Afterwards nothing more can be compiled from ``graph``, and whoever calls this
    must see that the compiled network still gives the same answer.
    """
    released = 0
    library = ctypes.CDLL(None, use_errno=True)
    for found in _HALF_FLOATS.finditer(graph.description):
        offset, size = int(found[1]), int(found[2])
        # Whole pages alone: the rest of the first and last may be another tensor's.
        start = -(-offset // _PAGE) * _PAGE
        length = (offset + size) // _PAGE * _PAGE - start
        if length > 0:
            place, amount = ctypes.c_int64(start), ctypes.c_int64(length)
            if library.fallocate(graph.weights.fileno(), _PUNCH_HOLE, place, amount) == 0:
                released += length
    return released


@contextmanager
def _named(description: IO[bytes], weights: IO[bytes]) -> Iterator[tuple[str, str]]:
    """Paths that lead to memory: OpenVINO looks at the endings, so they are links in a passing folder."""
    with tempfile.TemporaryDirectory(prefix="rakkan-") as folder:
        text, data = Path(folder) / "graph.xml", Path(folder) / "graph.bin"
        text.symlink_to(f"/proc/self/fd/{description.fileno()}")
        data.symlink_to(f"/proc/self/fd/{weights.fileno()}")
        yield str(text), str(data)


def _size(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size
