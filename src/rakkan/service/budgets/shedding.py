"""Shedding: what is dropped first when there is more to do than can be done.

The load is the *standing delay*: the least time a request waited in the last interval, as CoDel measures
it (RFC 8289): a burst that drains leaves no trace in a minimum, a queue that stands does. Of a few requests
the minimum says nothing (one that came while modules were loaded is no queue), so an interval goes on until
it has seen ``_ENOUGH``. The classes go in order, so that people at work are the last to notice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from rakkan.service.budgets.limits import LIMITS, Delays

#: In the order in which they are dropped. ``anonymous``: lists and pages for visitors; ``over budget``:
#: anything but the essential of a cluster that has used up a budget; ``bulk``: the plain catalogue and
#: exports; ``batch``: many drawings at once; ``draft``: drafts while typing; ``interactive``: people at work;
#: ``essential``: signing in, reports, appeals, what is one's own.
Class = Literal["anonymous", "over budget", "bulk", "batch", "draft", "interactive", "essential"]
ORDER: tuple[Class, ...] = get_args(Class)


#: Requests that an interval must have seen, and the intervals that it may take for them.
_ENOUGH, _PATIENCE = 5, 10


@dataclass(frozen=True, slots=True)
class Pressure:
    """Delays as far as they are remembered, in seconds: the least of the ``seen`` ones in the interval that
    runs since ``started``, and ``standing``, that of the interval before it."""

    started: float = 0.0
    least: float = 0.0
    standing: float = 0.0
    seen: int = 0


CALM = Pressure()


def observed(pressure: Pressure, delay: float, now: float, limits: Delays = LIMITS.delays) -> Pressure:
    """The pressure after a request has waited ``delay`` seconds until ``now``.

    When so few come that an interval does not fill, nothing waits for long: what stood is forgotten.
    """
    passed = now - pressure.started
    if passed >= _PATIENCE * limits.interval:
        return Pressure(now, delay, 0.0, 1)
    least, seen = min(pressure.least, delay), pressure.seen + 1
    if passed < limits.interval or seen < _ENOUGH:
        return Pressure(pressure.started, least, pressure.standing, seen)
    return Pressure(now, delay, least, 1)


def admits(klass: Class, standing: float, limits: Delays = LIMITS.delays) -> bool:
    """Whether a class is still served at a standing delay in seconds."""
    return standing < limits.classes[klass]


def retry_after(klass: Class, standing: float) -> float:
    """Seconds after which to come again: longer for what is dropped first, and the longer the queue."""
    return round(1.0 + 4.0 * standing + 2.0 * (len(ORDER) - 1 - ORDER.index(klass)), 1)
