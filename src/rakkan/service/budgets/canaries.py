"""Canaries: pairs that stand in the plain catalogue and nowhere else, so that only enumeration reaches them.

Which identifiers are canaries follows from a keyed hash, about one in a hundred, and from nothing stored. The
instance draws canary pictures itself and publishes them honestly; nobody's work is kept out of the feed for
it, because people's pictures get identifiers that are none (``ordinary``).
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Callable

#: The share of identifiers, and of the catalogue, that are canaries.
SHARE = 0.01
_SPACE = 2**64


def is_canary(secret: bytes, picture: str, share: float = SHARE) -> bool:
    """Whether an identifier is a canary's: the first 64 bits of its HMAC-SHA256 lie below ``share``."""
    made = hmac.digest(secret, b"canary\0" + picture.encode(), hashlib.sha256)
    return int.from_bytes(made[:8], "big") < int(share * _SPACE)


def ordinary(secret: bytes, draw: Callable[[], str]) -> str:
    """An identifier for somebody's picture: ``draw`` until it is no canary."""
    while is_canary(secret, found := draw()):
        pass
    return found


def reserved(secret: bytes, draw: Callable[[], str]) -> str:
    """An identifier for a canary: ``draw`` until it is one, a hundred times on average."""
    while not is_canary(secret, found := draw()):
        pass
    return found


def detection(fetches: int, share: float = SHARE) -> float:
    """The probability that so many distinct fetches without aim meet a canary: 1 - (1 - share)ⁿ."""
    return 1.0 - (1.0 - share) ** fetches


def detection_exact(fetches: int, catalogue: int, canaries: int) -> float:
    """The same without replacement (hypergeometric), for a catalogue of known size."""
    ordinary_ones = catalogue - canaries
    if fetches > ordinary_ones:
        return 1.0
    gone = math.lgamma(ordinary_ones + 1) - math.lgamma(ordinary_ones - fetches + 1)
    return -math.expm1(gone - math.lgamma(catalogue + 1) + math.lgamma(catalogue - fetches + 1))


def fetches_until(probability: float, share: float = SHARE) -> int:
    """After how many distinct fetches a canary has been met with this probability (299 for 95 %, 688 for
    99.9 %)."""
    return math.ceil(math.log(1.0 - probability) / math.log(1.0 - share))


def by_chance(hits: int, expected: float) -> float:
    """The probability of ``hits`` canaries or more for who meets ``expected`` on average (Poisson)."""
    below = math.fsum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(hits))
    return max(0.0, 1.0 - below)
