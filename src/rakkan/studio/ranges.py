"""The numbers a drawing may be asked with, the same for every model and engine."""

from __future__ import annotations

import math

from rakkan.errors import RakkanError

MAXIMUM_SEED = 2**64 - 1
MAXIMUM_STEPS = 250
MAXIMUM_GUIDANCE = 30.0
#: Sides of pictures drawn with a checkpoint are multiples of this, in pixels, and within these limits.
CELL, SHORTEST, LONGEST = 8, 64, 4096


def check_ranges(seed: int, steps: int, guidance: float) -> None:
    """Raise RakkanError for a number that no engine draws with: ``seed`` 0 to 2**64 - 1, ``steps`` 1 to 250,
    ``guidance`` 0 to 30."""
    if not 0 <= seed <= MAXIMUM_SEED:
        raise RakkanError(f"The seed {seed} is out of range", f"Give a whole number from 0 to {MAXIMUM_SEED}")
    if not 1 <= steps <= MAXIMUM_STEPS:
        raise RakkanError(f"Cannot draw in {steps} steps", f"Give 1 to {MAXIMUM_STEPS}; 4 are enough")
    if not (math.isfinite(guidance) and 0 <= guidance <= MAXIMUM_GUIDANCE):
        raise RakkanError(
            f"The guidance scale {guidance} is out of range", f"Give 0 to {MAXIMUM_GUIDANCE:g}; 1 means none"
        )


def check_size(width: int, height: int) -> None:
    """Raise RakkanError for a picture of a size in pixels that no checkpoint draws."""
    if not all(SHORTEST <= side <= LONGEST and side % CELL == 0 for side in (width, height)):
        raise RakkanError(
            f"Cannot draw {width}x{height} pixels",
            f"Give multiples of {CELL} from {SHORTEST} to {LONGEST}, such as 512x768",
        )


def told_number(what: str, text: str) -> float:
    """The number that a recipe tells: anybody may write one. Raises RakkanError for what is none."""
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise RakkanError(f"The recipe's {what[:60]!r} is no number", "Give a picture that Rakkan made")
    return found


def told_integer(what: str, text: str) -> int:
    """The whole number that a recipe tells. Raises RakkanError for what is none."""
    found = told_number(what, text)
    if found != int(found):
        raise RakkanError(f"The recipe's {what[:60]!r} is no whole number", "Give a picture that Rakkan made")
    return int(found)
