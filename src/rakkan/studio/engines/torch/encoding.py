"""From a picture to the latents of a checkpoint."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from rakkan.errors import RakkanError
from rakkan.studio.engines.torch.networks import Networks


def encoded(networks: Networks, picture: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Latents as the denoiser has them, float32 [1, channels, height / 8, width / 8], of a picture, uint8
    [height, width, 3]: the mean of what the VAE finds likely, where diffusers and A1111 draw from it.

    Raises RakkanError for a tiny decoder, which cannot encode, and numbers that are not finite.
    """
    shape = networks.architecture.vae
    assert shape is not None
    if shape.is_tiny:
        raise RakkanError(
            "A tiny decoder cannot look at a picture", "Draw with the checkpoint's own VAE: leave out --vae"
        )
    values = torch.from_numpy(np.array(picture, np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        encoded = networks.vae.encode(values.to(device=networks.device, dtype=networks.vae.dtype))
    latents: torch.Tensor = encoded.latent_dist.mode().float() * shape.scaling
    if not bool(torch.isfinite(latents).all()):
        raise RakkanError("the VAE computed numbers that are not finite", "draw in float32")
    return latents
