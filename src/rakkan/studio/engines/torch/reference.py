"""Reference-only attention: a character's identity from one picture, without training.

After lllyasviel's ``reference_only`` (2023). The reference's latents, noised as much as the drawing, pass
through the denoiser beside it; each self-attention of the drawing then looks at the reference's tokens as
well as at its own. In the pass without the prompt that is undone in part: by ``fidelity``, which A1111 calls
style fidelity. The ``strength`` is A1111's control weight: the share of the self-attentions that look, the
widest first, which are the deepest and see the coarse things.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from rakkan.errors import RakkanError
from rakkan.studio.diffusion.training import stable_diffusion
from rakkan.studio.engines.noise import gaussian
from rakkan.studio.engines.torch.encoding import encoded
from rakkan.studio.engines.torch.networks import Networks

_NOISE_SEED = 0
#: Through the denoiser: how the names of its parts begin.
_WAY = ("down", "mid", "up")


class View(ABC):
    """A reference's own pass through the denoiser before each step of the drawing's, given to the engine in
    ``besides`` for one drawing after another. What this pass leaves in ``seen`` changes the drawing's, until
    ``close``."""

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
        self.networks, self.fidelity = networks, fidelity
        #: Whether the reference passes now, and of which rows of a batch the prompt is told.
        self.writes, self.is_guided = False, torch.ones(0, dtype=torch.bool)
        self.seen: dict[str, Any] = {}
        self._latents = encoded(networks, picture)
        noise = gaussian(_NOISE_SEED, tuple(self._latents.shape))
        self._noise = torch.from_numpy(noise).to(self._latents.device)
        self._training = stable_diffusion(networks.architecture.zero_terminal_snr)
        self._attach(strength)

    @abstractmethod
    def _attach(self, strength: float) -> None:
        """Change the networks so that they look at what is ``seen``."""

    @abstractmethod
    def close(self) -> None:
        """Let the networks compute as before. What was attached later is closed first."""

    def __call__(
        self,
        x: torch.Tensor,
        timestep: float,
        text: torch.Tensor,
        is_guided: Sequence[bool],
        vectors: dict[str, Any],
    ) -> dict[str, Any]:
        """Show the reference to the denoiser at this timestep, noised as much as the drawing ``x`` is by now,
        with the same text as the drawing."""
        sigma = self._training.sigma_of(timestep)
        noised = (self._latents + self._noise * sigma) / math.sqrt(sigma * sigma + 1)
        self.writes = True
        try:
            with torch.no_grad():
                self.networks.unet(
                    noised.to(x.dtype).expand(len(x), -1, -1, -1),
                    timestep,
                    encoder_hidden_states=text,
                    added_cond_kwargs=vectors or None,
                    return_dict=False,
                )
        finally:
            self.writes = False
        self.is_guided = torch.tensor(list(is_guided), device=x.device)
        return {}


class Reference(View):
    """A reference whose tokens the drawing's self-attention looks at."""

    def _attach(self, strength: float) -> None:
        networks = self.networks
        self._before = dict(networks.unet.attn_processors)
        looking = _looking(networks, strength)
        networks.unet.set_attn_processor(
            {name: _Beside(one, name, self) if name in looking else one for name, one in self._before.items()}
        )

    def close(self) -> None:
        self.networks.unet.set_attn_processor(self._before)
        self.seen.clear()


def check(picture: npt.NDArray[np.uint8], strength: float, fidelity: float) -> None:
    """Raises RakkanError for a reference that cannot be shown, or a number that is out of range."""
    for name, value in (("strength", strength), ("fidelity", fidelity)):
        if not 0 <= value <= 1:
            raise RakkanError(f"The reference's {name} {value} is out of range", "Give 0 to 1")
    if any(side % 64 or not side for side in picture.shape[:2]):
        raise RakkanError("The reference's sides are no multiples of 64 pixels", "Resize it first")


class _Beside:
    """One self-attention, which keeps the reference's tokens or looks at those that are kept."""

    def __init__(self, inner: Any, name: str, view: View) -> None:
        self._inner, self._name, self._view = inner, name, view

    def __call__(self, attention: Any, hidden: torch.Tensor, *rest: Any, **named: Any) -> torch.Tensor:
        view = self._view
        plain: torch.Tensor
        if view.writes:
            view.seen[self._name] = hidden
            plain = self._inner(attention, hidden, *rest, **named)
            return plain
        named["encoder_hidden_states"] = torch.cat([hidden, view.seen[self._name]], dim=1)
        out: torch.Tensor = self._inner(attention, hidden, **named)
        if view.fidelity == 0 or bool(view.is_guided.all()):
            return out
        named["encoder_hidden_states"] = None
        plain = self._inner(attention, hidden, **named)
        mixed = view.fidelity * plain + (1 - view.fidelity) * out
        return torch.where(view.is_guided[:, None, None], out, mixed)


def _looking(networks: Networks, strength: float) -> set[str]:
    """The self-attentions that look at the reference, by their processors' names: the widest first, of equal
    ones those that come first on the way through the denoiser."""
    unet = networks.unet
    found: list[tuple[int, int, int, str]] = []
    for name in unet.attn_processors:
        if name.endswith("attn1.processor"):
            width = unet.get_submodule(name.removesuffix(".processor")).to_q.weight.shape[1]
            found.append((-width, _WAY.index(name.split("_")[0]), len(found), name))
    return {name for *_, name in sorted(found)[: math.ceil(strength * len(found))]}
