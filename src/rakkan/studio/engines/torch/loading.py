"""Fills a network's parameters from a checkpoint, one by one, and says before reading what does not fit."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

import torch

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.checks import check_shapes
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.engines.torch.layouts import Finder, Source

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "I64": torch.int64,
    "I32": torch.int32,
}
#: How many names of tensors an error gives.
NAMED = 3


def tensor(tensors: Tensors, name: str) -> torch.Tensor:
    """One tensor of the file, in its own dtype. Raises RakkanError on a dtype that weights do not have."""
    entry = tensors.entries[name]
    if entry.dtype not in _DTYPES:
        raise RakkanError(
            f"{name} holds numbers of type {entry.dtype}, which no network here has",
            "save the checkpoint in half precision",
        )
    data = bytearray(tensors.read(name))
    dtype = _DTYPES[entry.dtype]
    if len(data) != prod(entry.shape) * dtype.itemsize:
        raise RakkanError(
            f"{name} is cut short: {len(data)} bytes for the shape {list(entry.shape)}",
            "fetch the file again and compare its SHA-256",
        )
    if not data:
        return torch.empty(entry.shape, dtype=dtype)
    return torch.frombuffer(data, dtype=dtype).reshape(entry.shape)


def fill(
    network: torch.nn.Module, tensors: Tensors, find: Finder, what: str, *, dtype: torch.dtype, device: str
) -> None:
    """Put the file's tensors into a network made on the device ``meta``. ``what`` names it in errors. Raises
    RakkanError, before a byte is read, when parameters are missing or of another shape; and when one holds a
    number that is not finite."""
    wanted = {name: tuple(one.shape) for name, one in network.state_dict().items()}
    found = {name: _present(find(name.removeprefix("text_model.")), tensors) for name in wanted}
    stored = {one.names[0]: _stored(wanted[name], one) for name, one in found.items()}
    check_shapes(tensors.entries, stored, what)
    broken = []
    for name, shape in wanted.items():
        value = _part(tensor(tensors, found[name].names[0]), found[name])
        value = value.reshape(shape).to(device=device, dtype=dtype).contiguous()
        if not bool(torch.isfinite(value).all()):
            broken.append(found[name].names[0])
        _assign(network, name, value)
    if broken:
        raise RakkanError(
            f"{some(broken)} of {what} hold numbers that are not finite",
            "the file is damaged or a failed merge: fetch another copy, or draw in float32",
        )


def _present(source: Source, tensors: Tensors) -> Source:
    names = [name for name in source.names if name in tensors.entries] or list(source.names[:1])
    return Source((names[0],), source.third, source.transposed)


def _stored(shape: tuple[int, ...], source: Source) -> tuple[int, ...]:
    """The shape that a parameter's tensor has in the file."""
    if source.transposed:
        shape = shape[::-1]
    return (3 * shape[0], *shape[1:]) if source.third >= 0 else shape


def _part(value: torch.Tensor, source: Source) -> torch.Tensor:
    if source.third >= 0:
        value = value.chunk(3)[source.third]
    return value.T if source.transposed else value


def _assign(network: torch.nn.Module, name: str, value: torch.Tensor) -> None:
    module, _, end = name.rpartition(".")
    owner = network.get_submodule(module)
    if end in owner._parameters:
        owner._parameters[end] = torch.nn.Parameter(value, requires_grad=False)
    else:
        owner._buffers[end] = value


def some(names: Iterable[str]) -> str:
    """The first few of the names, for an error."""
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - NAMED
    return ", ".join(distinct[:NAMED]) + (f" and {more} more" if more > 0 else "")
