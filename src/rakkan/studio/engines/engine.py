"""What every engine offers, and what it refuses before it starts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.engines.conditions import Conditions, check_conditions
from rakkan.studio.engines.start import Start, Variation, check_variation
from rakkan.studio.ranges import check_ranges
from rakkan.studio.samplers import Progress, find_sampler, silent
from rakkan.studio.starter.roles import ROLES
from rakkan.studio.starter.vocabulary import decode

Tokens = npt.NDArray[np.int32]
Pixels = npt.NDArray[np.uint8]
#: Pixels a side that references are looked at with.
REFERENCE_SIDE = 256
MOST_STRENGTH = 2.0
#: How many pictures may be drawn in one pass, the most first.
TOGETHER = (4, 2)


@dataclass(frozen=True)
class Reference:
    """A picture that a drawing is guided by: ``pixels`` uint8 [256, 256, 3], what it is to be remembered for
    (of ``starter.roles.ROLES``), and with what ``strength``, above 0 to 2: 1 is what was learnt."""

    pixels: Pixels
    role: str = "identity"
    strength: float = 1.0


@dataclass(frozen=True)
class Figure:
    """What one picture of several that are drawn in one pass has of its own; see ``Engine.sample``."""

    tokens: Tokens | Conditions
    negative: Tokens | None
    seed: int


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
        tokens: Tokens | Conditions,
        negative: Tokens | None = None,
        *,
        width: int,
        height: int,
        seed: int,
        steps: int,
        guidance: float = 1.0,
        progress: Progress = silent,
        sampler: str = "euler",
        reference: Reference | None = None,
        start: Start | None = None,
        variation: Variation | None = None,
    ) -> Pixels:
        """Draw one picture at the model's own size, perhaps guided by a ``reference``, out of a picture that
        is there (``start``), or from a ``variation`` of the seed's noise.

        ``tokens`` and ``negative`` are ids of ``vocabulary.encode``, int32 [slots]; ``negative`` (by
        default the condition that says nothing) is what guidance leads away from and is not looked at
        when ``guidance`` is 1. ``Conditions`` are one a step. ``width`` and ``height`` are pixels, ``seed`` 0
        to 2**64 - 1, ``steps`` 1 to 250, ``guidance`` 0 to 30. ``progress(done, total)`` is called after each
        step. The result is
        uint8 [height, width, 3]. Every picture is computed by itself, so what else is drawn beside it
        changes nothing. Raises RakkanError for anything out of range.
        """
        ...

    def sample_together(
        self,
        figures: Sequence[Figure],
        *,
        width: int,
        height: int,
        steps: int,
        guidance: float = 1.0,
        progress: Progress = silent,
        sampler: str = "euler",
    ) -> list[Pixels]:
        """Draw several pictures in one pass, as many as ``TOGETHER`` has.

        What is drawn beside it and in which place changes nothing in a picture; how many there are may, by
        rounding, so recipes tell it as their setting ``batch``. Otherwise as ``sample``.
        """
        ...


def check(
    tokens: Tokens | Conditions,
    negative: Tokens | None,
    *,
    seed: int,
    steps: int,
    guidance: float,
    sampler: str,
    reference: Reference | None = None,
    variation: Variation | None = None,
) -> None:
    """Raise RakkanError when what an engine is asked for is out of range (sizes are the model's own)."""
    if reference is not None:
        _check_reference(reference)
    check_variation(variation)
    check_conditions(tokens, steps)
    if negative is not None:
        decode(negative)
    check_ranges(seed, steps, guidance)
    find_sampler(sampler)


def check_together(figures: Sequence[Figure], *, steps: int, guidance: float, sampler: str) -> None:
    """``check`` for several pictures at once. Raises RakkanError."""
    if len(figures) not in TOGETHER:
        counts = " or ".join(map(str, sorted(TOGETHER)))
        raise RakkanError(f"{len(figures)} pictures cannot be drawn in one pass", f"Draw {counts} at once")
    for one in figures:
        check(one.tokens, one.negative, seed=one.seed, steps=steps, guidance=guidance, sampler=sampler)


def _check_reference(reference: Reference) -> None:
    if reference.role not in ROLES:
        raise RakkanError(
            f"A reference cannot be remembered for {reference.role!r}", f"Choose one of {', '.join(ROLES)}"
        )
    if not 0 < reference.strength <= MOST_STRENGTH:
        raise RakkanError(
            f"The reference's strength {reference.strength} is out of range",
            f"Give above 0 to {MOST_STRENGTH:g}; 1 is what the model has learnt",
        )
    side = REFERENCE_SIDE
    if reference.pixels.dtype != np.uint8 or reference.pixels.shape != (side, side, 3):
        raise RakkanError(
            f"A reference of {list(reference.pixels.shape)} cannot be read", f"Fit it to {side}x{side} pixels"
        )
