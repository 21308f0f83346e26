"""Every public function, method and property of the package, and which of them deserve a second look.

The list is made by ``inspect`` from the modules that are there; nothing is kept by hand but the review.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import rakkan

#: What pixels are called in annotations, before and after decoding, and what holds them.
PIXELS = re.compile(
    r"uint(?:8|16)\]|\bPixels\b|\bSamples\b|\bPictures\b|\bTensor\b|\bLatents\b|\b(?:Banded)?Picture\b|\bArrival\b"
    r"|\bImage\b"
)
ARRAYS = re.compile(rf"{PIXELS.pattern}|NDArray|ndarray|\bAny\b|\bobject\b")
FILES = re.compile(r"\bbytes|\bstr\b|\bIO\[|BinaryIO|TextIO|memoryview|bytearray|\bAny\b|\bobject\b")
PATHS = re.compile(r"\bPath\b|\bIO\[|BinaryIO|TextIO")
#: Calls that write to a file, or make one.
_WRITING = re.compile(
    r"\.(?:write|writelines|write_text|write_bytes|save|savez\w*|tofile|to_file|dump|memmap|mkfifo"
    r"|link|symlink_to|hardlink_to|copyfile\w*|move|rename)\(|\bopen\(|\bos\.open\(|memmap\(|save_file\("
)


def modules() -> Iterator[ModuleType]:
    """Every module of the package; those that run when they are imported are left out."""
    for info in pkgutil.walk_packages(rakkan.__path__, "rakkan."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


@cache
def public() -> dict[str, Callable[..., Any]]:
    """The public functions by full name; of a class its public methods, properties and ``__init__``."""
    found: dict[str, Callable[..., Any]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", "") != module.__name__:
                continue
            if inspect.isclass(value):
                found.update(_methods(f"{module.__name__}.{name}", value))
            elif inspect.isfunction(inspect.unwrap(value)) if callable(value) else False:
                found[f"{module.__name__}.{name}"] = inspect.unwrap(value)
    return found


def _methods(prefix: str, owner: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, value in vars(owner).items():
        if name.startswith("_") and name not in ("__init__", "__call__", "__bytes__", "__array__"):
            continue
        function = value.fget if isinstance(value, property) else getattr(value, "func", value)
        function = getattr(function, "__func__", function)
        # what a dataclass writes for itself has no file
        if inspect.isfunction(function) and Path(function.__code__.co_filename).exists():
            yield f"{prefix}.{name}", function


def returned(function: Callable[..., Any]) -> str:
    """The annotation of what it returns."""
    return str(function.__annotations__.get("return", ""))


def taken(function: Callable[..., Any]) -> dict[str, str]:
    """The annotations of what it takes, by parameter."""
    return {name: str(one) for name, one in function.__annotations__.items() if name != "return"}


def hands_out_pixels(function: Callable[..., Any]) -> bool:
    """Whether it returns what may be the pixels of a picture, or leads to them."""
    return bool(PIXELS.search(returned(function)))


def makes_bytes_of_pixels(function: Callable[..., Any]) -> bool:
    """Whether it takes pixels and returns what may be a file, or text."""
    takes = any(PIXELS.search(one) for one in taken(function).values())
    return takes and bool(FILES.search(returned(function)))


def writes(function: Callable[..., Any]) -> bool:
    """Whether it takes a path or a stream, or pixels, in a module in which something is written."""
    kinds = taken(function).values()
    given = any(PATHS.search(one) or PIXELS.search(one) for one in kinds)
    return given and _module_writes(function.__code__.co_filename)


@cache
def _module_writes(file: str) -> bool:
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return any(_WRITING.search(f".{call}(") for call in calls)
