"""The tiny decoder (TAESD): a few plain convolutions from latents to a picture, in place of the VAE's."""

from __future__ import annotations

from typing import Any, cast

import torch

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout
from rakkan.formats.checkpoints.autoencoders import read_tiny
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.engines.torch.layouts import Source
from rakkan.studio.engines.torch.loading import fill


def tiny_decoder(tensors: Tensors, *, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Any:
    """diffusers' ``AutoencoderTiny`` of a file, in its authors' names or diffusers', that decodes alone:
    latents as the denoiser has them, not divided by anything, [n, channels, h, w], to pixels in -1 to 1,
    [n, 3, 8h, 8w]. Raises RakkanError for what is none, is not whole, or holds numbers that are not finite.
    """
    from diffusers import AutoencoderTiny

    found = read_tiny(tensors.entries)
    if found is None:
        raise RakkanError(f"no tiny decoder: it holds {few(tensors.entries) or 'nothing'}", "give one")
    channels, prefix, single = found
    places = {one.folder: one.single if single else one.folder for one in layout.tiny_decoder(channels)}
    made = cast(Any, AutoencoderTiny)
    with torch.device("meta"):
        tiny = made(latent_channels=channels)
    tiny.encoder = torch.nn.Identity()
    fill(
        tiny.decoder,
        tensors,
        lambda name: Source((prefix + places[name.removeprefix("layers.")],)),
        "the tiny decoder",
        dtype=dtype,
        device=device,
    )
    return tiny.eval()
