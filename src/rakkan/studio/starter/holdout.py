"""Combinations of attributes that training never shows, so that they can be asked for in a test.

About 4 % of the pairs of hairstyle and hair colour and of the pairs of outfit and outfit colour are held
out. The rule is a digest of the words alone: adding a value to the attribute space moves no other pair.
"""

from __future__ import annotations

import hashlib
from itertools import product

from rakkan.corpus.figures.attributes import GROUPS, Attributes

#: The pairs of groups whose combinations may be held out.
PAIRS: tuple[tuple[str, str], ...] = (("hairstyle", "hair_colour"), ("outfit", "outfit_colour"))

SHARE = 0.04


def held_out(attributes: Attributes) -> bool:
    """Whether the figure holds a combination that training must never show."""
    return any(
        _is_held_out(pair, getattr(attributes, pair[0]), getattr(attributes, pair[1])) for pair in PAIRS
    )


def held_out_combinations(pair: tuple[str, str]) -> tuple[tuple[str, str], ...]:
    """All values of one of ``PAIRS`` that are held out, in the order of the attribute space."""
    first, second = pair
    return tuple(
        (one, other)
        for one, other in product(GROUPS[first], GROUPS[second])
        if _is_held_out(pair, one, other)
    )


def _is_held_out(pair: tuple[str, str], first: str, second: str) -> bool:
    digest = hashlib.sha256("\n".join(("rakkan held out", *pair, first, second)).encode()).digest()
    return int.from_bytes(digest[:8], "big") < SHARE * 2**64
