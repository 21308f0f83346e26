"""The child of the sandbox: imports what it will need, locks itself in, and answers until its pipe ends.

Frames, both ways: two big-endian lengths (4 bytes, 8 bytes), then that many bytes of each part. A request
is a function's name and the data; a reply is JSON (``{"answer": …}``, ``{"error": [message, hint]}`` or
``{"failed": kind}``) and the payload. The first reply, before any request, names the locks that hold.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, BinaryIO

from rakkan.errors import RakkanError
from rakkan.formats import locks

FRAME = struct.Struct(">IQ")


def main(given: Mapping[str, Any]) -> None:
    """Serve requests on standard input until it ends; replies go where standard output was."""
    warnings.simplefilter("ignore")  # showing one would open the source file
    requests = sys.stdin.buffer
    replies = os.dup(1)
    os.dup2(2, 1)  # what a library prints goes nowhere, not among the replies
    functions: dict[str, Callable[[bytes], tuple[Any, bytes]]] = {}
    for module_name in given["modules"]:
        module = import_module(module_name)
        getattr(module, "warm_up", lambda: None)()
        for name, value in vars(module).items():
            if callable(value) and getattr(value, "__module__", "") == module_name:
                functions[f"{module_name}:{name}"] = value
    held = locks.lock(given["memory"], given["processor_seconds"], given["parent"])
    _send(replies, _text({"answer": held}), b"")
    while (request := _receive(requests)) is not None:
        name, data = request
        _send(replies, *_run(functions[name], data))
    os._exit(0)


def _run(function: Callable[[bytes], tuple[Any, bytes]], data: bytes) -> tuple[bytes, bytes]:
    try:
        answer, payload = function(data)
        return _text({"answer": answer}), payload
    except RakkanError as error:
        return _text({"error": [error.message, error.hint]}), b""
    except Exception as error:
        return _text({"failed": type(error).__name__}), b""


def _text(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _receive(requests: BinaryIO) -> tuple[str, bytes] | None:
    head = requests.read(FRAME.size)
    if len(head) < FRAME.size:
        return None
    name_length, data_length = FRAME.unpack(head)
    return requests.read(name_length).decode("ascii"), requests.read(data_length)


def _send(replies: int, text: bytes, payload: bytes) -> None:
    for part in (FRAME.pack(len(text), len(payload)) + text, payload):
        view = memoryview(part)
        while view:
            view = view[os.write(replies, view) :]
