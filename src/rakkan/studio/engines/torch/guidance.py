"""The denoiser as samplers see it: one function of x and the timestep, guided by prompts and away from
another.

How they are weighed is said in ``composition``; where the negative prompt does not count, as with the scale 1
and one prompt, it is not looked at. The rescaling of its contrast is Lin et al. 2023, section 3.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rakkan.formats.checkpoints.architecture import SDXL
from rakkan.studio.diffusion.composition import composed, needs_away
from rakkan.studio.engines.torch.conditioning import Conditioning
from rakkan.studio.engines.torch.networks import Networks

#: (x [n, 4, h, w], timestep, text [n, tokens, width], whether each of n is the guided one, SDXL's vectors)
#: -> what the denoiser is given besides, by its parameters' names.
Besides = Callable[[torch.Tensor, float, torch.Tensor, Sequence[bool], dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Guidance:
    """How strongly a prompt leads: the ``scale`` (1 for none), and how far contrast is ``rescaled``, 0 to
    1."""

    scale: float
    rescaled: float = 0.0


def guided(
    networks: Networks,
    positives: Sequence[tuple[Conditioning, float]],
    negative: Conditioning,
    guidance: Guidance,
    size: tuple[int, int],
    besides: Sequence[Besides] = (),
) -> Callable[[torch.Tensor, float], torch.Tensor]:
    """What the denoiser says of x (scaled) at a timestep. ``positives`` are prompts with their weights: one
    of weight 1 unless ``AND`` joins several. ``size`` is the picture's (width, height) in pixels."""
    weights = [weight for _, weight in positives]
    conditions = [one for one, _ in positives]
    is_guided = [True] * len(conditions)
    is_rescaled = guidance.rescaled > 0 and guidance.scale != 1
    if needs_away(weights, guidance.scale) or is_rescaled:
        conditions, is_guided = [negative, *conditions], [False, *is_guided]

    def run(x: torch.Tensor, timestep: float) -> torch.Tensor:
        if len({one.text.shape for one in conditions}) == 1:
            together = _predict(networks, x, timestep, conditions, is_guided, size, besides)
            said = list(together.chunk(len(conditions)))
        else:  # prompts of different length do not share a batch
            pairs = zip(conditions, is_guided, strict=True)
            said = [_predict(networks, x, timestep, [one], [flag], size, besides) for one, flag in pairs]
        away = said.pop(0) if len(said) > len(weights) else None
        led: torch.Tensor = composed(said, weights, away, guidance.scale)
        if not is_rescaled:
            return led
        return _rescaled(led, composed(said, weights, away, 1.0), guidance.rescaled)

    return run


def _predict(
    networks: Networks,
    x: torch.Tensor,
    timestep: float,
    conditions: Sequence[Conditioning],
    is_guided: Sequence[bool],
    size: tuple[int, int],
    besides: Sequence[Besides],
) -> torch.Tensor:
    """One pass: the batch once for each of the conditions, joined."""
    count = len(x)
    many = torch.cat([x] * len(conditions)).to(networks.dtype)
    text = torch.cat([one.text.expand(count, -1, -1) for one in conditions])
    guided_ones = [one for one in is_guided for _ in range(count)]
    vectors: dict[str, Any] = {}
    if networks.architecture.family == SDXL:
        vectors = _vectors(networks, conditions, count, size)
    more: dict[str, Any] = {}
    for extra in besides:
        given = extra(many, timestep, text, guided_ones, vectors)
        if "image_embeds" in given:  # whatever runs the denoiser after this needs them too
            vectors["image_embeds"] = given.pop("image_embeds")
        _merge(more, given)
    with torch.no_grad():
        out: torch.Tensor = networks.unet(
            many,
            timestep,
            encoder_hidden_states=text,
            added_cond_kwargs=vectors or None,
            return_dict=False,
            **more,
        )[0]
    return out.to(x.dtype)


def _vectors(
    networks: Networks, conditions: Sequence[Conditioning], count: int, size: tuple[int, int]
) -> dict[str, Any]:
    """SDXL's vector of pooled text and sizes: the picture as large as asked for, nothing cropped away."""
    width, height = size
    pooled = torch.cat([one.pooled.expand(count, -1) for one in conditions if one.pooled is not None])
    sizes = torch.tensor([[height, width, 0, 0, height, width]], dtype=networks.dtype, device=pooled.device)
    return {"text_embeds": pooled, "time_ids": sizes.expand(len(pooled), -1)}


def _merge(into: dict[str, Any], new: dict[str, Any]) -> None:
    """Several ControlNets' contributions add up; all else stands by itself."""
    for name, value in new.items():
        before = into.get(name)
        if before is None:
            into[name] = value
        elif isinstance(value, torch.Tensor):
            into[name] = before + value
        else:
            into[name] = [one + other for one, other in zip(before, value, strict=True)]


def _rescaled(led: torch.Tensor, toward: torch.Tensor, share: float) -> torch.Tensor:
    inner = tuple(range(1, led.ndim))
    contrast = toward.std(dim=inner, keepdim=True) / led.std(dim=inner, keepdim=True)
    return led * (share * contrast + 1 - share)
