"""How something is drawn, taken from one picture without training: reference AdaIN.

After lllyasviel's ``reference_adain`` (2023): adaptive instance normalisation (Huang & Belongie 2017,
equation 8) inside the denoiser: wherever a block has computed its features, each channel of the drawing's is
given the mean and the spread that the reference's have there. What is where stays the drawing's own.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch

from rakkan.studio.engines.torch.reference import View

#: The least spread of a channel, so that flat ones are not blown up.
_LEAST_VARIANCE = 1e-6


class StyleReference(View):
    """A reference whose mean and spread the drawing's features take.

    The ``strength`` is the share of blocks that are changed, the widest first; ``fidelity`` is how much is
    undone in the pass without the prompt, as in `reference.Reference`.
    """

    def _attach(self, strength: float) -> None:
        unet = self.networks.unet
        blocks = changed_blocks(unet)
        self._hooks = [
            unet.get_submodule(name).register_forward_hook(partial(self._styled, name))
            for name in blocks[: math.ceil(strength * len(blocks))]
        ]

    def close(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self.seen.clear()

    def _styled(self, name: str, module: torch.nn.Module, given: Any, made: Any) -> Any:
        features: torch.Tensor = made[0] if isinstance(made, tuple) else made
        if self.writes:
            self.seen[name] = statistics(features)
            return made
        if name not in self.seen:
            return made
        alike = renormalised(features, *self.seen[name])
        mixed = self.fidelity * features + (1 - self.fidelity) * alike
        found = torch.where(self.is_guided[:, None, None, None], alike, mixed)
        return (found, *made[1:]) if isinstance(made, tuple) else found


def statistics(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean and the spread of each channel over all places: two of [B, C, 1, 1], of [B, C, h, w]."""
    variance, mean = torch.var_mean(features.float(), dim=(2, 3), keepdim=True, correction=0)
    return mean, variance.clamp_min(_LEAST_VARIANCE).sqrt()


def renormalised(features: torch.Tensor, mean: torch.Tensor, spread: torch.Tensor) -> torch.Tensor:
    """Features [B, C, h, w] with another mean and spread in each channel (Huang & Belongie 2017, eq. 8)."""
    own_mean, own_spread = statistics(features)
    made: torch.Tensor = ((features.float() - own_mean) / own_spread * spread + mean).to(features.dtype)
    return made


def changed_blocks(unet: Any) -> list[str]:
    """The places whose features are changed, by name: after each pair of a residual block and its attention,
    and after the middle; the widest first."""
    found: list[tuple[int, int, str]] = [(-unet.config.block_out_channels[-1], 0, "mid_block")]
    for way, blocks in (("down_blocks", unet.down_blocks), ("up_blocks", unet.up_blocks)):
        for number, block in enumerate(blocks):
            attended = getattr(block, "attentions", None)
            for index, residual in enumerate(block.resnets):
                last = "attentions" if attended is not None else "resnets"
                name = f"{way}.{number}.{last}.{index}"
                found.append((-residual.out_channels, len(found), name))
    return [name for *_, name in sorted(found)]
