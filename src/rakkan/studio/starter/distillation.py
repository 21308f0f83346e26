"""Stage four: the flow model learns to take few large steps (shortcut models, Frans et al. 2024).

One step of size d must equal two steps of size d/2 in a row. The small sizes learn from the velocity of the
flow model as it was before this stage, with classifier-free guidance, which bakes the guidance into the
steps (Meng et al. 2023); the larger ones from the averaged model's own steps below them. A part of every
batch keeps training the plain velocity (d = 0, no guidance).

The teacher must stand still: taught by its own averages, the model soon guides what is already guided, and
its colours run away within minutes.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.data import Batch, vary_captions
from rakkan.studio.starter.flow_training import flow_loss, samples
from rakkan.studio.starter.grids import Pixels
from rakkan.studio.starter.loop import Averages, Stage, linear
from rakkan.studio.starter.networks import TextEncoder, UNet
from rakkan.studio.starter.reference_training import (
    ALONE,
    Pairs,
    pairs_of,
    reference_samples,
    remembered,
    silence,
)
from rakkan.studio.starter.renders import SCOPES, Scope
from rakkan.studio.starter.sampling import velocity
from rakkan.studio.starter.schedule import noise_level
from rakkan.studio.starter.vocabulary import UNSPECIFIED

#: Sizes of steps with the share of batches each gets, smallest first: most for the four steps people use.
LEVELS: tuple[tuple[float, float], ...] = ((1 / 8, 0.1), (1 / 4, 0.8), (1 / 2, 0.05), (1.0, 0.05))
#: Steps up to this size learn from the guided velocity itself, larger ones from the model's own steps.
#: Frans et al. do so for the smallest size alone; for the four steps people use, a target that the model
#: must first have learnt would come too late in a short run.
GUIDED_UP_TO = 1 / 4
FLOW_SHARE = 0.25


def distillation_stage(
    text: TextEncoder,
    unet: UNet,
    teacher: tuple[TextEncoder, UNet],
    autoencoder: Autoencoder,
    batch: int,
    rate: float,
    guidance: float,
    seed: int,
    scope: Scope = SCOPES["all"],
) -> Stage:
    """The stage that teaches ``text`` and ``unet`` steps of 1/8 to 1 with ``guidance`` baked in.

    ``teacher`` is the flow model before any distillation; it is not changed.
    """
    random = np.random.default_rng(seed)
    modules = {"text": text, "unet": unet}
    averages = Averages(modules, 0.995)
    own_text, own_unet = averages.modules["text"], averages.modules["unet"]
    if not isinstance(own_text, TextEncoder) or not isinstance(own_unet, UNet):
        raise TypeError("the averages of a distillation are a text encoder and a U-Net")
    own = (own_text, own_unet)

    def loss(given: Batch) -> Tensor:
        pairs = pairs_of(given)
        latents = pairs.latents
        plain = max(1, round(FLOW_SHARE * len(latents)))
        shown = random.random() >= ALONE
        if shown:
            ids = silence(pairs.ids, pairs.roles, random)
        else:
            ids = vary_captions(pairs.ids, random, dropped=0.0)
            ids[:plain] = vary_captions(pairs.ids[:plain], random)
        tokens = torch.from_numpy(ids).to(latents.device)
        seen = remembered(unet, text, pairs) if shown else []
        total = plain * flow_loss(unet, text, latents[:plain], tokens[:plain], [one[:plain] for one in seen])
        if len(latents) > plain:
            step = float(random.choice([size for size, _ in LEVELS], p=[share for _, share in LEVELS]))
            position = _positions(len(latents) - plain, step, random).to(latents.device)
            noise = torch.randn_like(latents[plain:])
            level = noise_level(position)
            where = level[:, None, None, None]
            noisy = (1 - where) * latents[plain:] + where * noise
            text_encoder, velocities = teacher if step <= GUIDED_UP_TO else own
            rest = pairs.after(plain) if shown else None
            target = two_half_steps(
                velocities, text_encoder, noisy, position, step, tokens[plain:], guidance, rest
            )
            sizes = torch.full_like(level, step)
            made = unet(noisy, level, sizes, *text(tokens[plain:]), [one[plain:] for one in seen]).float()
            total = total + (len(latents) - plain) * (made - target).square().mean()
        return total / len(latents)

    def grid() -> Pixels:
        alone = samples(averages, autoencoder, 4, 1.0, few_steps=True, scope=scope)
        shown = reference_samples(averages, autoencoder, 4, 1.0, few_steps=True, scope=scope)
        return np.concatenate([alone, shown])

    return Stage("distil", modules, averages, loss, grid, batch, rate, linear)


@torch.no_grad()
def two_half_steps(
    unet: UNet,
    text_encoder: TextEncoder,
    noisy: Tensor,
    position: Tensor,
    step: float,
    ids: Tensor,
    guidance: float,
    pairs: Pairs | None = None,
) -> Tensor:
    """Mean velocity [B, C, h, w] over two steps of ``step`` / 2 from ``noisy`` at ``position`` [B], with the
    references of ``pairs``.

    Steps are equal in positions of the schedule, not in noise levels.

    Up to ``GUIDED_UP_TO`` these are Euler steps of the guided velocity, above it the model's own steps of
    half the size (Frans et al. 2024, equation 4).
    """
    text = text_encoder(ids)
    guided = step <= GUIDED_UP_TO
    nothing = None
    if guided:
        nothing = text_encoder(torch.from_numpy(UNSPECIFIED).to(ids.device).expand(len(ids), -1))
    seen = remembered(unet, text_encoder, pairs) if pairs else []
    sizes = torch.full_like(position, 0.0 if guided else step / 2)
    start, middle, end = (noise_level(position - part * step) for part in (0.0, 0.5, 1.0))
    first_part, second_part = ((a - b)[:, None, None, None] for a, b in ((start, middle), (middle, end)))
    first = velocity(unet, noisy, start, sizes, text, nothing, guidance, seen)
    halfway = noisy - first_part * first
    second = velocity(unet, halfway, middle, sizes, text, nothing, guidance, seen)
    mean: Tensor = (first_part * first + second_part * second) / (first_part + second_part)
    return mean


def _positions(count: int, step: float, random: np.random.Generator) -> Tensor:
    """Positions [count] at which a sampler with steps of this size starts one: multiples of it, above 0."""
    return torch.from_numpy((step * random.integers(1, round(1 / step) + 1, count)).astype(np.float32))
