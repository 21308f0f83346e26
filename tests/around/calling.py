"""Calls a public function with a stand-in's picture in every place where one fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy
from numpy.typing import NDArray
from tests.around.functions import PIXELS, taken

from rakkan.records import FiguresRecipe, Picture
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.trust.gate import Destination

_UNKNOWN = object()


def filled(function: Callable[..., Any], pixels: NDArray[Any], folder: Path) -> dict[str, Any] | None:
    """Arguments by name; None when one of them cannot be made up."""
    made = {name: _made(kind, pixels, folder) for name, kind in taken(function).items()}
    return None if any(value is _UNKNOWN for value in made.values()) else made


def _made(kind: str, pixels: NDArray[Any], folder: Path) -> Any:
    height, width = pixels.shape[:2]
    if re.search(r"(?:Sequence|Iterable)\[NDArray|Pictures|list\[NDArray", kind):
        return [pixels, pixels]
    if "Tensor" in kind:
        import torch

        return torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(numpy.float32) / 127.5 - 1)
    if re.fullmatch(r"(?:records\.)?Picture", kind):
        recipe = FiguresRecipe(1, 1, 1, width, height, "test")
        return Picture(pixels, recipe, "figure")
    if PIXELS.search(kind) or "NDArray" in kind or "ndarray" in kind:
        return pixels
    simple: list[tuple[str, Any]] = [
        (r"Destination", Destination(folder / "out.png")),
        (r"\bPath\b", folder / "out.png"),
        (r"Callable|Progress|Report", lambda *given, **named: None),
        (r"Engine", FakeEngine()),
        (r"Random", Random(1)),
        (r"bool", False),
        (r"Mapping|dict", {}),
        (r"Sequence|list|tuple|Iterable", ()),
        (r"bytes", pixels.tobytes()),
        (r"\bstr\b", "out.png"),
        (r"\bint\b", 1),
        (r"\bfloat\b", 1.0),
    ]
    return next((value for pattern, value in simple if re.search(pattern, kind)), _UNKNOWN)


def bytes_in(value: Any, depth: int = 3) -> Iterator[bytes]:
    """All bytes and texts in what a function gave back, of arrays none: those stay in this process."""
    if isinstance(value, bytes | bytearray | memoryview):
        yield bytes(value)
    elif isinstance(value, str):
        yield value.encode("utf-8", "replace")
    elif depth and isinstance(value, dict):
        yield from (part for item in value.items() for part in bytes_in(item, depth - 1))
    elif depth and isinstance(value, list | tuple | set):
        yield from (part for item in value for part in bytes_in(item, depth - 1))
    elif depth and is_dataclass(value):
        inner = [getattr(value, one.name) for one in fields(value)]
        yield from (part for item in inner for part in bytes_in(item, depth - 1))
