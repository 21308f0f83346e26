"""Textual inversions (Gal et al. 2022): files with a few vectors that a new word stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.adapters import check_embedding
from rakkan.formats.checkpoints.architecture import Architecture
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.clip.chunks import SIZE

Floats = npt.NDArray[np.float32]
#: For each text encoder its vectors, float32 [n, width].
Inversion = Sequence[Floats]
#: Textual inversions by the word that calls them.
Inversions = Mapping[str, Inversion]

#: What files for two text encoders call the vectors of each, the smaller encoder first.
_OF_ENCODERS = ("clip_l", "clip_g")
_DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}


def read_inversion(architecture: Architecture, tensors: Tensors) -> Inversion:
    """Read a textual inversion: ``emb_params`` as A1111 saves it, one tensor under the new word as diffusers
    does, or ``clip_l`` and ``clip_g`` for SDXL. Raises RakkanError when it is something else, is for another
    base, or holds numbers that are not finite."""
    check_embedding(tensors, architecture)
    names = list(tensors.entries)
    if set(names) == set(_OF_ENCODERS):
        chosen = list(_OF_ENCODERS)
    else:
        chosen = ["emb_params" if "emb_params" in names else names[0]]
    found = [_floats(tensors, name) for name in chosen]
    if not 1 <= len(found[0]) <= SIZE:
        raise RakkanError(
            f"The textual inversion has {len(found[0])} vectors", f"Use one of 1 to {SIZE} for every encoder"
        )
    broken = [name for name, one in zip(chosen, found, strict=True) if not np.isfinite(one).all()]
    if broken:
        raise RakkanError(
            f"The textual inversion's {few(broken)} hold numbers that are not finite", "Use another file"
        )
    return tuple(found)


def _floats(tensors: Tensors, name: str) -> Floats:
    entry, data = tensors.entries[name], tensors.read(name)
    if entry.dtype == "BF16":
        values = (np.frombuffer(data, "<u2").astype(np.uint32) << 16).view(np.float32)
    elif entry.dtype in _DTYPES:
        values = np.frombuffer(data, _DTYPES[entry.dtype]).astype(np.float32)
    else:
        raise RakkanError(
            f"{few([name])} of the textual inversion holds numbers of type {entry.dtype}",
            "Save it in half precision",
        )
    made: Floats = values.reshape(entry.shape)
    return made[None] if made.ndim == 1 else made
