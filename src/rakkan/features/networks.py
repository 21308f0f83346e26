"""The networks that ship with the package, verified before they are used and compiled once.

A network is an OpenVINO model, ``NAME.xml`` with its weights ``NAME.bin``. Both files are read into
memory, held against the digests written in the code, and compiled from there: what is checked is what runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

#: Answers of a network, in the order of its outputs.
Answers = tuple["NDArray[numpy.float32]", ...]
#: A network in use, or what stands in for one.
Run = Callable[["NDArray[numpy.float32]"], Answers]


@dataclass(frozen=True)
class Network:
    """A network: its files' common path without an ending, and the SHA-256 of each of the two.

    ``extend`` is given the model that was read and returns the one that is compiled: its weights in another
    graph. ``precision`` is what it computes in where the processor can: ``f32``, with which a picture gets
    the same answer on every machine, or ``bf16``, twice as fast, for one whose answers it hardly changes.
    """

    path: Path
    graph_sha256: str
    weights_sha256: str
    precision: str = "f32"
    extend: Callable[[Any], Any] | None = None


class Loaded:
    """A network in use: called with one input it gives its outputs, in as many threads at once as one likes.

    ``begin`` starts it in a thread of the network's own and returns what waits for the outputs, so that
    other work can be done on another core meanwhile. The last answer is kept, and whoever asks for the same
    while it is being worked out waits for it: several inspectors put one picture to the same network.
    Answers are for all who ask and cannot be changed.
    """

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._lock = Lock()
        #: Requests that have given their answer: a new one allots all of its memory anew.
        self._free: list[Any] = []
        self._last: _Answer | None = None

    def __call__(self, value: NDArray[numpy.float32]) -> Answers:
        return self._asked(value)()

    def begin(self, value: NDArray[numpy.float32]) -> Callable[[], Answers]:
        answer = self._asked(value)
        answer.start()
        return answer

    def _asked(self, value: NDArray[numpy.float32]) -> _Answer:
        with self._lock:
            if self._last is None or self._last.failed or not _same(self._last.value, value):
                request = self._free.pop() if self._free else self._compiled.create_infer_request()
                self._last = _Answer(request, _still(value), len(self._compiled.outputs), self._free)
            return self._last


class _Answer:
    """What a network says of ``value``: called, it gives the outputs, as often and to as many threads as one
    likes. ``request`` goes to ``free`` when it has; of one that failed nothing is used again."""

    def __init__(self, request: Any, value: NDArray[numpy.float32], outputs: int, free: list[Any]) -> None:
        self.value = value
        self.failed = False
        self._request = request
        self._outputs = outputs
        self._free = free
        self._lock = Lock()
        self._is_started = False
        self._answers: Answers | None = None

    def start(self) -> None:
        with self._lock:
            if not self._is_started:
                self._is_started = True
                self._request.start_async({0: self.value})

    def __call__(self) -> Answers:
        with self._lock:
            if self._answers is None:
                try:
                    self._answers = self._worked_out()
                except BaseException:
                    self.failed = True
                    raise
            return self._answers

    def _worked_out(self) -> Answers:
        if self._is_started:
            self._request.wait()
        else:
            self._is_started = True
            self._request.infer({0: self.value})
        tensors = (self._request.get_output_tensor(index) for index in range(self._outputs))
        answers = tuple(_still(tensor.data) for tensor in tensors)
        self._free.append(self._request)
        return answers


#: Held while a network is loaded, so that threads that ask for the same one at once share it.
_LOADING = Lock()


def load(network: Network) -> Loaded:
    """A network in use, computed on one core of the processor: different networks side by side use the cores
    better than one that is spread over them.

    A network is read, verified and compiled once in a process. Raises RakkanError when a file is missing or
    is not the one that shipped.
    """
    with _LOADING:
        return _load(network)


@cache
def _load(network: Network) -> Loaded:
    import openvino

    graph = verified(network.path.with_suffix(".xml"), network.graph_sha256)
    weights = verified(network.path.with_suffix(".bin"), network.weights_sha256)
    core = openvino.Core()
    is_native = network.precision.upper() in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    settings = {
        "INFERENCE_PRECISION_HINT": network.precision if is_native else "f32",
        "INFERENCE_NUM_THREADS": "1",
        # Pinned, all networks would have to share the first core, and the thread that loads them, too.
        "ENABLE_CPU_PINNING": "NO",
    }
    model = core.read_model(model=graph, weights=weights)
    extended = network.extend(model) if network.extend else model
    return Loaded(core.compile_model(extended, "CPU", settings))


def begin(run: Run, value: NDArray[numpy.float32]) -> Callable[[], Answers]:
    """Start ``run`` on ``value``; what waits for its outputs. A plain function runs when it is waited for."""
    return run.begin(value) if isinstance(run, Loaded) else partial(run, value)


def _same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one is other:
        return True
    return one.shape == other.shape and one.dtype == other.dtype and bool((one == other).all())


def _still(values: NDArray[Any]) -> NDArray[Any]:
    """Read-only values: themselves when they are, else a copy."""
    if values.flags.writeable:
        values = values.copy()
        values.setflags(write=False)
    return values


def verified(path: Path, sha256: str) -> bytes:
    """The bytes of a file that ships with a network. Raises RakkanError when it is missing or another."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RakkanError(
            f"{path} is missing: nothing is judged without it", "Install Rakkan anew"
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RakkanError(f"{path} is not the file that shipped", "Install Rakkan anew")
    return data
