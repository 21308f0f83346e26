"""Textual inversions (Gal et al. 2022): files with a few vectors that a new word stands for."""

from __future__ import annotations

import torch

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.clip.chunks import SIZE
from rakkan.studio.engines.torch.conditioning import Inversion
from rakkan.studio.engines.torch.loading import some, tensor
from rakkan.studio.engines.torch.networks import Networks

#: What files for two text encoders call the vectors of each.
_OF_ENCODERS = ("clip_l", "clip_g")


def read_inversion(networks: Networks, tensors: Tensors) -> Inversion:
    """Read a textual inversion: ``emb_params`` as A1111 saves it, one tensor under the new word as diffusers
    does, or ``clip_l`` and ``clip_g`` for SDXL. Raises RakkanError when it is something else, is for another
    base, or holds numbers that are not finite."""
    names = list(tensors.entries)
    widths = [shape.width for shape in networks.architecture.text]
    if set(names) >= set(_OF_ENCODERS):
        chosen = list(_OF_ENCODERS)
    elif "emb_params" in names or len(names) == 1:
        chosen = ["emb_params" if "emb_params" in names else names[0]]
    else:
        raise RakkanError(f"not a textual inversion: it holds {some(names)}", "give a file of vectors alone")
    vectors = [tensor(tensors, name).float() for name in chosen]
    vectors = [one[None] if one.ndim == 1 else one for one in vectors]
    if [one.shape[-1] for one in vectors] != widths or any(one.ndim != 2 for one in vectors):
        shapes = ", ".join(f"{name} {list(one.shape)}" for name, one in zip(chosen, vectors, strict=True))
        raise RakkanError(
            f"the textual inversion is for another base: {shapes} instead of width {widths}",
            f"use one made for {networks.architecture.family}",
        )
    counts = {len(one) for one in vectors}
    if len(counts) != 1 or not 1 <= min(counts) <= SIZE:
        raise RakkanError(
            f"the textual inversion has {sorted(counts)} vectors", f"use one of 1 to {SIZE} for every encoder"
        )
    if not all(bool(torch.isfinite(one).all()) for one in vectors):
        raise RakkanError("the textual inversion holds numbers that are not finite", "use another file")
    return Inversion(tuple(one.to(networks.device) for one in vectors))
