"""How something is drawn, taken from one picture without training: reference AdaIN.

After lllyasviel's ``reference_adain`` (2023): adaptive instance normalisation (Huang & Belongie 2017,
equation 8) inside the denoiser: wherever a block has computed its features, each channel of the drawing's is
given the mean and the spread that the reference's have there. What is where stays the drawing's own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from rakkan.studio.engines.torch.networks import Networks
from rakkan.studio.engines.torch.reference import View, check

#: The least spread of a channel, so that flat ones are not blown up.
_LEAST_VARIANCE = 1e-6


class StyleReference:
    """A reference for one drawing after another, given to the engine in ``besides``. It changes the networks'
    features until ``close``.

    The ``strength`` is the share of blocks that are changed, the widest first; ``fidelity`` is how much is
    undone in the pass without the prompt, as in `reference.Reference`.
    """

    def __init__(
        self,
        networks: Networks,
        picture: npt.NDArray[np.uint8],
        *,
        strength: float = 1.0,
        fidelity: float = 0.5,
    ) -> None:
        """``picture`` is uint8 [height, width, 3], sides multiples of 64; ``strength`` and ``fidelity`` are 0
        to 1. Raises RakkanError for anything else."""
        check(picture, strength, fidelity)
        self._view = View(networks, picture)
        self._fidelity = fidelity
        self._writes = False
        self._is_guided = torch.ones(0, dtype=torch.bool)
        self._seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        blocks = changed_blocks(networks.unet)
        self._hooks = [
            networks.unet.get_submodule(name).register_forward_hook(partial(self._styled, name))
            for name in blocks[: math.ceil(strength * len(blocks))]
        ]

    def close(self) -> None:
        """Let the networks compute as before."""
        for hook in self._hooks:
            hook.remove()
        self._seen.clear()

    def __call__(
        self,
        x: torch.Tensor,
        timestep: float,
        text: torch.Tensor,
        is_guided: Sequence[bool],
        vectors: dict[str, Any],
    ) -> dict[str, Any]:
        """Show the reference to the denoiser at this timestep, with the same text as the drawing."""
        self._writes = True
        try:
            self._view.show(x, timestep, text, vectors)
        finally:
            self._writes = False
        self._is_guided = torch.tensor(list(is_guided), device=x.device)
        return {}

    def _styled(self, name: str, module: torch.nn.Module, given: Any, made: Any) -> Any:
        features: torch.Tensor = made[0] if isinstance(made, tuple) else made
        if self._writes:
            self._seen[name] = statistics(features)
            return made
        if name not in self._seen:
            return made
        alike = renormalised(features, *self._seen[name])
        mixed = self._fidelity * features + (1 - self._fidelity) * alike
        found = torch.where(self._is_guided[:, None, None, None], alike, mixed)
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
