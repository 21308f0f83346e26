"""What every engine offers, and what it refuses before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rakkan.studio.ranges import check_ranges
from rakkan.studio.samplers import Progress, find_sampler, silent
from rakkan.studio.starter.vocabulary import decode

Tokens = npt.NDArray[np.int32]
Pixels = npt.NDArray[np.uint8]


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
    check_ranges(seed, steps, guidance)
    find_sampler(sampler)
