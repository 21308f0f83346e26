"""Tensors of a checkpoint made for a test, read as they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy
from tests.checkpoints.weights import packed

from rakkan.formats.checkpoints.tensors import Entry


class Files:
    """A file, or all of a folder by ``PART/NAME``."""

    def __init__(self, path: Path) -> None:
        self.metadata: dict[str, str] = {}
        self.entries: dict[str, Entry] = {}
        self._places: dict[str, tuple[Path, int, int]] = {}
        files: Iterable[Path] = [path] if path.is_file() else sorted(path.glob("*/*.safetensors"))
        for file in files:
            self._add(file, "" if file == path else f"{file.parent.name}/")

    def _add(self, file: Path, prefix: str) -> None:
        data = file.open("rb")
        length = int.from_bytes(data.read(8), "little")
        header = json.loads(data.read(length))
        data.close()
        self.metadata |= header.pop("__metadata__", {})
        for name, one in header.items():
            begin, end = one["data_offsets"]
            self.entries[prefix + name] = Entry(one["dtype"], tuple(one["shape"]))
            self._places[prefix + name] = (file, 8 + length + begin, end - begin)

    def read(self, name: str) -> bytes:
        file, place, length = self._places[name]
        with file.open("rb") as data:
            data.seek(place)
            return data.read(length)


class Held:
    """Arrays in memory."""

    def __init__(self, arrays: Mapping[str, numpy.ndarray]) -> None:
        self.metadata: dict[str, str] = {}
        self.arrays = {name: numpy.asarray(one, numpy.float32) for name, one in arrays.items()}
        self.entries = {name: Entry("F32", one.shape) for name, one in self.arrays.items()}

    def read(self, name: str) -> bytes:
        return packed(self.arrays[name], "F32")
