"""Counts over the last hour, day and month, in two numbers each.

A window is cut into blocks as long as itself; the count over the last window is the current block's, and of
the previous block's the share that still lies within it. That is exact when what was counted is spread evenly
over the previous block, and never forgets more than that block.
"""

from __future__ import annotations

from typing import NamedTuple

#: Lengths in seconds. A month is 30 days.
HOUR, DAY, MONTH = 3_600, 86_400, 2_592_000
SPANS = (HOUR, DAY, MONTH)


class Counter(NamedTuple):
    """A count in the block ``block`` and in the one before. (Named tuples here, since thousands are made a
    second and they are made three times as fast as frozen dataclasses.)"""

    block: int = 0
    current: int = 0
    previous: int = 0


NONE = Counter()


class Windows(NamedTuple):
    """The same thing counted over an hour, a day and a month."""

    hour: Counter = NONE
    day: Counter = NONE
    month: Counter = NONE


NOTHING = Windows()


def added(counter: Counter, now: float, span: int, amount: int = 1) -> Counter:
    """The counter after ``amount`` more at ``now``; a time before its block counts into its block."""
    block = int(now // span)
    if block <= counter.block:
        return Counter(counter.block, counter.current + amount, counter.previous)
    if block == counter.block + 1:
        return Counter(block, amount, counter.current)
    return Counter(block, amount, 0)


def total(counter: Counter, now: float, span: int) -> float:
    """How many in the ``span`` seconds before ``now``."""
    block, past = divmod(now, span)
    if block <= counter.block:
        if block < counter.block:
            past = 0.0
        return counter.current + counter.previous * (1.0 - past / span)
    if block == counter.block + 1:
        return counter.current * (1.0 - past / span)
    return 0.0


def wait(counter: Counter, now: float, span: int, limit: float) -> float:
    """Seconds until ``total`` has fallen below ``limit`` (above 0), if nothing is added; 0 when it is."""
    if total(counter, now, span) < limit:
        return 0.0
    block = max(int(now // span), counter.block)
    current, previous = counter.current, counter.previous
    if block > counter.block:
        current, previous = 0, counter.current
    if current < limit:
        # Within this block: current + previous (1 - past / span) = limit.
        past = span * (1.0 - (limit - current) / previous) if previous else 0.0
        return max(block * span + past - now, 0.0) + 1.0
    # Only in the next block: current (1 - past / span) = limit.
    return (block + 1) * span + span * (1.0 - limit / current) - now + 1.0


def spread(windows: Windows, now: float, amount: int = 1) -> Windows:
    """All three after ``amount`` more."""
    return Windows(
        added(windows.hour, now, HOUR, amount),
        added(windows.day, now, DAY, amount),
        added(windows.month, now, MONTH, amount),
    )


def joined(one: Counter, other: Counter) -> Counter:
    """The sum of two counters, as of the later block."""
    if one.block < other.block:
        one, other = other, one
    if one.block == other.block:
        return Counter(one.block, one.current + other.current, one.previous + other.previous)
    if one.block == other.block + 1:
        return Counter(one.block, one.current, one.previous + other.current)
    return one


def united(one: Windows, other: Windows) -> Windows:
    """The sum of two, window by window: nothing counted in either is lost."""
    return Windows(*(joined(left, right) for left, right in zip(one, other, strict=True)))
