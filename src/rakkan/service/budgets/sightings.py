"""What accounts have shown of late that links them, until it is written down.

Whoever changes their address with each request would have each of them written, and looked at for as long as
links last: of networks and devices only the first of a day count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rakkan.service.budgets.clusters import Kind, Link
from rakkan.service.budgets.windows import DAY

#: Values of one kind that count of an account on a day.
MOST_A_DAY = 32
#: Values that are remembered, so that each is written once a day.
MOST = 100_000


@dataclass
class Sightings:
    """The memory of one process; whoever touches it holds the front's lock. ``waiting`` is to be written, by
    link, with the time it was seen."""

    waiting: dict[Link, float] = field(default_factory=dict)
    _seen: dict[Link, float] = field(default_factory=dict)
    _counts: Counter[tuple[str, Kind, int]] = field(default_factory=Counter)

    def add(self, link: Link, now: float, is_bounded: bool = True) -> bool:
        """Take a value that was shown at ``now`` (seconds); whether it is to be written."""
        if now - self._seen.get(link, -1e18) < DAY:
            return False
        if len(self._seen) >= MOST:
            self._seen.clear()
            self._counts.clear()
        count = (link.account, link.kind, int(now // DAY))
        if is_bounded and self._counts[count] >= MOST_A_DAY:
            return False
        self._counts[count] += 1
        self._seen[link] = self.waiting[link] = now
        return True
