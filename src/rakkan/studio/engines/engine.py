"""What every engine offers, and what it refuses before it starts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.noise import MAXIMUM_SEED
from rakkan.studio.samplers import Progress, find_sampler, silent
from rakkan.studio.starter.vocabulary import decode

Tokens = npt.NDArray[np.int32]
Pixels = npt.NDArray[np.uint8]

MAXIMUM_STEPS = 250
MAXIMUM_GUIDANCE = 30.0


class Engine(Protocol):
    """Something that turns token ids and a seed into pixels."""

    @property
    def name(self) -> str:
        """Name in recipes: ``openvino``, ``fake``."""
        ...

    @property
    def model_digest(self) -> str:
        """SHA-256 of the weights (hexadecimal), which names the model in recipes."""
        ...

    @property
    def precision(self) -> str:
        """Arithmetic the networks run in, ``f32`` or ``bf16``."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Versions of what computes the pixels, for recipes: equal recipes promise equal pixels."""
        ...

    def sample(
        self,
        tokens: Tokens,
        negative: Tokens | None = None,
        *,
        width: int,
        height: int,
        seed: int,
        steps: int,
        guidance: float = 1.0,
        progress: Progress = silent,
        sampler: str = "euler",
    ) -> Pixels:
        """Draw one picture at the model's own size.

        ``tokens`` and ``negative`` are ids of ``vocabulary.encode``, int32 [slots]; ``negative`` (by
        default the condition that says nothing) is what guidance leads away from and is not looked at
        when ``guidance`` is 1. ``width`` and ``height`` are pixels, ``seed`` 0 to 2**64 - 1, ``steps`` 1
        to 250, ``guidance`` 0 to 30. ``progress(done, total)`` is called after each step. The result is
        uint8 [height, width, 3]. Every picture is computed by itself, so what else is drawn beside it
        changes nothing. Raises RakkanError for anything out of range.
        """
        ...


def check(
    tokens: Tokens, negative: Tokens | None, *, seed: int, steps: int, guidance: float, sampler: str
) -> None:
    """Raise RakkanError when what an engine is asked for is out of range (sizes are the model's own)."""
    decode(tokens)
    if negative is not None:
        decode(negative)
    if not 0 <= seed <= MAXIMUM_SEED:
        raise RakkanError(f"The seed {seed} is out of range", f"Give a whole number from 0 to {MAXIMUM_SEED}")
    if not 1 <= steps <= MAXIMUM_STEPS:
        raise RakkanError(f"Cannot sample in {steps} steps", f"Give 1 to {MAXIMUM_STEPS}")
    if not (math.isfinite(guidance) and 0 <= guidance <= MAXIMUM_GUIDANCE):
        raise RakkanError(
            f"The guidance scale {guidance} is out of range", f"Give 0 to {MAXIMUM_GUIDANCE:g}; 1 means none"
        )
    find_sampler(sampler)
