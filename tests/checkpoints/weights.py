"""Random weights that keep activations finite, written tensor by tensor, so that a full-size file needs
little memory. A parameter's numbers follow from the seed and its name in diffusers: both layouts hold the
same."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy
from numpy.typing import NDArray

Floats = NDArray[numpy.float32]

#: Layers whose output is added to what came in: smaller, so that the sum does not grow with the depth.
_ADDED = ("conv2", "to_out", "ff.net.2", "proj_out", "out_proj", "fc2")
_BYTES = {"F16": 2, "BF16": 2, "F32": 4}


@dataclass(frozen=True)
class Stored:
    """A tensor of a file: its shape, and what makes its numbers."""

    shape: tuple[int, ...]
    make: Callable[[], Floats]


def numbers(seed: int, name: str, shape: tuple[int, ...]) -> Floats:
    """The numbers of a parameter."""
    chosen = numpy.random.Generator(numpy.random.SFC64([seed, zlib.crc32(name.encode())]))
    normal: Floats = chosen.standard_normal(shape, dtype=numpy.float32)
    if name.endswith("bias"):
        return normal * numpy.float32(0.02)
    if "embedding.weight" in name:
        return normal * numpy.float32(0.2)
    if len(shape) < 2:
        return 1 + normal * numpy.float32(0.1)
    gain = 0.4 if any(part in name for part in _ADDED) else 1.0
    return normal * numpy.float32(gain / prod(shape[1:]) ** 0.5)


def constant(values: Any) -> Stored:
    """A tensor of given numbers."""
    array = numpy.asarray(values, numpy.float32)
    return Stored(array.shape, lambda: array)


def write(
    path: Path,
    stored: Iterable[tuple[str, Stored]],
    dtype: str = "F32",
    metadata: dict[str, str] | None = None,
) -> None:
    """Write a safetensors file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = dict(stored)
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    place = 0
    for name, one in tensors.items():
        end = place + prod(one.shape) * _BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(one.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for one in tensors.values():
            file.write(packed(one.make(), dtype))


def packed(values: Floats, dtype: str) -> bytes:
    """The bytes of numbers in a dtype."""
    if dtype == "BF16":
        return (numpy.ascontiguousarray(values).view(numpy.uint32) >> 16).astype("<u2").tobytes()
    return values.astype("<f2" if dtype == "F16" else "<f4").tobytes()
