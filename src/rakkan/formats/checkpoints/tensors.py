"""Tensors of a file or a folder, read one by one wherever they lie: on disk or encrypted in the vault."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Entry:
    """A tensor: its dtype as safetensors names it (``F16``, ``BF16``, ``F32``, …) and its shape."""

    dtype: str
    shape: tuple[int, ...]


class Tensors(Protocol):
    """Named tensors. Those of a diffusers folder are named ``PART/NAME``, such as ``unet/conv_in.weight``."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """All of them, in the order of their bytes."""
        ...

    @property
    def metadata(self) -> Mapping[str, str]:
        """The texts the file carries about itself: claims."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of one tensor, little-endian, in row-major order. Raises RakkanError when they are cut
        short."""
        ...
