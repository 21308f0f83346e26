"""Stage two: text encoder and U-Net learn the velocity of rectified flow (Liu et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.data import Batch, vary_captions
from rakkan.studio.starter.grids import COLUMNS, Pixels, grid_conditions, grid_counts, grid_of
from rakkan.studio.starter.loop import Averages, Stage, cosine
from rakkan.studio.starter.networks import TextEncoder, UNet
from rakkan.studio.starter.renders import SCOPES, Scope
from rakkan.studio.starter.sampling import draw_latents
from rakkan.studio.starter.schedule import noise_level
from rakkan.studio.starter.vocabulary import UNSPECIFIED


def flow_stage(
    text: TextEncoder,
    unet: UNet,
    autoencoder: Autoencoder,
    batch: int,
    rate: float,
    seed: int,
    scope: Scope = SCOPES["all"],
) -> Stage:
    """The stage that trains ``text`` and ``unet`` on stocks of normalised latents."""
    random = np.random.default_rng(seed)
    modules = {"text": text, "unet": unet}
    averages = Averages(modules, 0.999)

    def loss(given: Batch) -> Tensor:
        latents = given.items.float()
        ids = torch.from_numpy(vary_captions(given.ids, random)).to(latents.device)
        return flow_loss(unet, text, latents, ids)

    def grid() -> Pixels:
        return samples(averages, autoencoder, 16, 2.0, few_steps=False, scope=scope)

    return Stage("flow", modules, averages, loss, grid, batch, rate, cosine)


def flow_loss(
    unet: UNet, text: TextEncoder, latents: Tensor, ids: Tensor, reference: Sequence[Tensor] = ()
) -> Tensor:
    """Mean squared error of the velocity at x_t = (1 - t) x_0 + t noise, which is noise - x_0.

    ``latents`` [B, C, h, w] normalised, ``ids`` [B, slots], ``reference`` as of
    ``UNet.remember``. Positions on the schedule are logit-normal (Esser et al. 2024,
    section 3.1): the middle of the path is the hardest and gets the most samples.
    """
    time = noise_level(torch.sigmoid(torch.randn(len(latents), device=latents.device)))
    noise = torch.randn_like(latents)
    where = time[:, None, None, None]
    noisy = (1 - where) * latents + where * noise
    made = unet(noisy, time, torch.zeros_like(time), *text(ids), reference).float()
    return (made - (noise - latents)).square().mean()  # type: ignore[no-any-return]


@torch.no_grad()
def samples(
    averages: Averages,
    autoencoder: Autoencoder,
    steps: int,
    guidance: float,
    *,
    few_steps: bool,
    scope: Scope,
) -> Pixels:
    """A grid of four rows of six: the same conditions and the same noise every time."""
    text, unet = averages.modules["text"], averages.modules["unet"]
    assert isinstance(text, TextEncoder) and isinstance(unet, UNet)
    device = autoencoder.latent_mean.device
    channels, factor = len(autoencoder.latent_mean), autoencoder.factor
    rows: list[Tensor] = []
    for bucket in scope.buckets:
        count = grid_counts()[bucket.name]
        ids = torch.from_numpy(grid_conditions(bucket, count, scope)).to(device)
        nothing = torch.from_numpy(UNSPECIFIED).to(device).expand(count, -1)
        shape = (count, channels, bucket.height // factor, bucket.width // factor)
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(7)).to(device)
        with torch.autocast(device.type, torch.bfloat16):
            latents = draw_latents(unet, text, ids, nothing, noise, steps, guidance, few_steps)
            pictures = autoencoder.decode(autoencoder.denormalise(latents))
        rows += torch.split(pictures, COLUMNS)
    return grid_of(rows)
