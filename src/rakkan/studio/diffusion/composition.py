"""What several prompts at once say of a picture: composable diffusion (Liu et al. 2022, equation 11).

Each leads away from the negative prompt by its own weight. With one prompt this is classifier-free guidance
(Ho and Salimans 2022).
"""

from __future__ import annotations

from collections.abc import Sequence

from rakkan.studio.diffusion.training import Array


def needs_away(weights: Sequence[float], guidance: float) -> bool:
    """Whether the negative prompt's prediction counts: it cancels out where ``guidance`` times the sum of the
    ``weights`` is 1, as without guidance."""
    return abs(guidance * sum(weights) - 1) > 1e-9


def composed(towards: Sequence[Array], weights: Sequence[float], away: Array, guidance: float) -> Array:
    """away + guidance * sum of weight * (toward - away), as A1111 has it: of noise, of v or of clean latents,
    which are linear in each other. ``away`` is None where it is not needed (``needs_away``)."""
    total = away
    for toward, weight in zip(towards, weights, strict=True):
        part = (toward if away is None else toward - away) * (weight * guidance)
        total = part if total is None else total + part
    return total
