"""What counts: distinct new pairs of a picture and its recipe, the long tail among them, and bytes.

A pair counts when the recipe or the full picture is fetched; lists carry thumbnails without prompts and do
not count. One's own pictures and what one has already fetched this month do not count either. A pair belongs
to the *long tail* of whoever fetches it when neither feed, search, profile nor link has shown it to them and
few people know it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from rakkan.service.budgets import windows
from rakkan.service.budgets.windows import Counter, Windows

#: Bytes of a digest: with 10⁵ pictures, two of the same are as likely as one in 10⁹.
DIGEST_BYTES = 8


class Fetch(NamedTuple):
    """A request for a pair, as far as it matters: ``new`` to the account and ``new_to_cluster``; ``tail``
    says that it is of the long tail, ``canary`` that only enumeration leads there."""

    new: bool = True
    new_to_cluster: bool = True
    tail: bool = False
    canary: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account, or a cluster, has used. ``arrival`` is the theoretical arrival time of its rate;
    ``canaries`` counts distinct canaries over a month, also those that were asked for and not given."""

    members: int = 1
    arrival: float = 0.0
    pairs: Windows = windows.NOTHING
    tail: Windows = windows.NOTHING
    egress: Windows = windows.NOTHING
    canaries: Counter = windows.NONE


UNUSED = Usage()


def digest(secret: bytes, holder: str, picture: str, month: int) -> int:
    """What is remembered of a pair: 64 bits, signed as databases want it, of HMAC-SHA256 under ``secret``.

    ``holder`` "" gives the digest that is the same for all accounts, by which clusters count a pair once.
    """
    text = f"pair\0{month}\0{holder}\0{picture}".encode()
    made = hmac.digest(secret, text, hashlib.sha256)[:DIGEST_BYTES]
    return int.from_bytes(made, "big", signed=True)


def counts(own: bool, full: bool) -> bool:
    """Whether a request can count at all: for the full picture or recipe of somebody else's."""
    return full and not own


def served(usage: Usage, new: bool, tail: bool, now: float) -> Usage:
    """The usage after a pair has been given; as it was when the pair is not new."""
    if not new:
        return usage
    return Usage(
        usage.members,
        usage.arrival,
        windows.spread(usage.pairs, now),
        windows.spread(usage.tail, now) if tail else usage.tail,
        usage.egress,
        usage.canaries,
    )


def hit(usage: Usage, now: float) -> Usage:
    """The usage after a canary that is new to it has been asked for."""
    canaries = windows.added(usage.canaries, now, windows.MONTH)
    return Usage(usage.members, usage.arrival, usage.pairs, usage.tail, usage.egress, canaries)


def sent(usage: Usage, size: int, now: float) -> Usage:
    """The usage after ``size`` bytes have left."""
    egress = windows.spread(usage.egress, now, size)
    return Usage(usage.members, usage.arrival, usage.pairs, usage.tail, egress, usage.canaries)


def timed(usage: Usage, arrival: float) -> Usage:
    """The usage with another theoretical arrival time."""
    return Usage(usage.members, arrival, usage.pairs, usage.tail, usage.egress, usage.canaries)


def merged(usages: Iterable[Usage]) -> Usage:
    """What a cluster has used at most, given what its accounts have: the sum, and the latest arrival time.

    A pair that two of them fetched counts twice here; who knows the pairs counts them once (``store``).
    Never less than any of the parts.
    """
    found = list(usages)
    whole = UNUSED
    for one in found:
        whole = Usage(
            0,
            max(whole.arrival, one.arrival),
            windows.united(whole.pairs, one.pairs),
            windows.united(whole.tail, one.tail),
            windows.united(whole.egress, one.egress),
            windows.joined(whole.canaries, one.canaries),
        )
    members = sum(one.members for one in found)
    return Usage(members, whole.arrival, whole.pairs, whole.tail, whole.egress, whole.canaries)


def tail_share(usage: Usage, now: float, span: int = windows.DAY) -> float:
    """Of the pairs of the last day (or month), the share that is of the long tail; 0 when there are none."""
    which = windows.SPANS.index(span)
    fetched = windows.total(usage.pairs[which], now, span)
    return windows.total(usage.tail[which], now, span) / fetched if fetched else 0.0
