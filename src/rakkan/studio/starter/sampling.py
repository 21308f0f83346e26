"""Drawing latents with the torch networks, as training needs it for its own targets and sample grids."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from rakkan.studio.starter.networks import TextEncoder, UNet
from rakkan.studio.starter.schedule import noise_levels


def velocity(
    unet: UNet,
    latents: Tensor,
    time: Tensor,
    step: Tensor,
    text: tuple[Tensor, Tensor],
    nothing: tuple[Tensor, Tensor] | None = None,
    guidance: float = 1.0,
    reference: Sequence[Tensor] = (),
) -> Tensor:
    """Velocity [B, C, h, w] in float32, with classifier-free guidance when ``nothing`` is given.

    ``text`` and ``nothing`` are a text encoder's (tokens, pooled) for [B] conditions; v = v(nothing) +
    guidance * (v(text) - v(nothing)) (Ho and Salimans 2022, equation 6). A ``reference`` belongs to the
    text: what is led away from has neither.
    """
    if nothing is None:
        return unet(latents, time, step, *text, reference).float()  # type: ignore[no-any-return]
    if reference:
        told = unet(latents, time, step, *text, reference).float()
        untold = unet(latents, time, step, *nothing).float()
        return untold + guidance * (told - untold)  # type: ignore[no-any-return]
    tokens, pooled = (torch.cat(pair) for pair in zip(text, nothing, strict=True))
    doubled = [torch.cat([tensor] * 2) for tensor in (latents, time, step)]
    told, untold = unet(*doubled, tokens, pooled).float().chunk(2)
    return untold + guidance * (told - untold)  # type: ignore[no-any-return]


@torch.no_grad()
def draw_latents(
    unet: UNet,
    text_encoder: TextEncoder,
    ids: Tensor,
    nothing: Tensor,
    noise: Tensor,
    steps: int,
    guidance: float,
    few_steps: bool,
    reference: Sequence[Tensor] = (),
) -> Tensor:
    """Normalised latents from ``noise`` [B, C, h, w] by Euler's method over ``steps`` steps.

    ``ids`` [B, slots] is the condition, ``nothing`` [B, slots] the unspecified one, read only when
    ``guidance`` is not 1. ``few_steps`` tells the U-Net the size of the steps (the distilled model).
    ``reference`` is what ``UNet.remember`` gave for [B] references.
    """
    text = text_encoder(ids)
    untold = text_encoder(nothing) if guidance != 1.0 else None
    latents = noise
    size = torch.full((len(noise),), 1.0 / steps if few_steps else 0.0, device=noise.device)
    for level, following in pairwise(noise_levels(steps)):
        time = torch.full((len(noise),), level, device=noise.device)
        made = velocity(unet, latents, time, size, text, untold, guidance, reference)
        latents = latents - (level - following) * made
    return latents
