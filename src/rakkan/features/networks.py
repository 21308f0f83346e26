"""The networks that ship with the package, verified before they are used and compiled once.

A network is an OpenVINO model, ``NAME.xml`` with its weights ``NAME.bin``. Both files are read into
memory, held against the digests written in the code, and compiled from there: what is checked is what runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

Result = TypeVar("Result")
#: Answers of a network, in the order of its outputs.
Answers = tuple["NDArray[numpy.float32]", ...]


@dataclass(frozen=True)
class Network:
    """A network: its files' common path without an ending, and the SHA-256 of each of the two."""

    path: Path
    graph_sha256: str
    weights_sha256: str


@cache
def load(network: Network, threads: int = 2) -> Callable[[NDArray[numpy.float32]], Answers]:
    """A function from one input to the network's outputs, computed on the processor in 32-bit floats, so
    that one picture gets the same answer on every machine. It may be called from several threads at once.

    A network is read, verified and compiled once in a process. Raises RakkanError when a file is missing or
    is not the one that shipped.
    """
    import openvino

    graph = _verified(network.path.with_suffix(".xml"), network.graph_sha256)
    weights = _verified(network.path.with_suffix(".bin"), network.weights_sha256)
    core = openvino.Core()
    model = core.read_model(model=graph, weights=weights)
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": str(threads)}
    compiled = core.compile_model(model, "CPU", settings)
    outputs = len(compiled.outputs)

    def run(value: NDArray[numpy.float32]) -> Answers:
        # A compiled model's own request is one, and threads would read each other's answers from it.
        result = compiled.create_infer_request().infer({0: value})
        return tuple(_still(result[index]) for index in range(outputs))

    return last_kept(run)


def last_kept(work: Callable[[NDArray[Any]], Result]) -> Callable[[NDArray[Any]], Result]:
    """``work``, a function of one array alone, with its last answer kept: several inspectors put one picture
    to the same network, one after the other. The answer is for all who ask, so it must not be changed."""
    last: list[tuple[NDArray[Any], Result]] = []

    def asked(value: NDArray[Any]) -> Result:
        known = last[0] if last else None
        same = known and known[0].shape == value.shape and known[0].dtype == value.dtype
        if known and same and (known[0] == value).all():
            return known[1]
        answer = work(value)
        last[:] = [(_still(value), answer)]
        return answer

    return asked


def _still(values: NDArray[Any]) -> NDArray[Any]:
    copy = values.copy()
    copy.setflags(write=False)
    return copy


def _verified(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RakkanError(
            f"{path} is missing: nothing is judged without it", "Install Rakkan anew"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RakkanError(f"{path} is not the file that shipped", "Install Rakkan anew")
    return data
