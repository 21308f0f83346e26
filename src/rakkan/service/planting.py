"""Canaries are planted: pictures that the instance draws of characters nobody asked for.

They are pictures as any other, sealed and told of truthfully, of an account that is the instance's own and
says so to whoever opens one. Until then nothing tells them apart: their identifiers are of the times of
other pictures, and the plain catalogue, which alone lists them, gives no more than identifiers.
"""

from __future__ import annotations

import json
import math
import random
import secrets
from dataclasses import dataclass

from rakkan.service.accounts import Accounts
from rakkan.service.budgets.canaries import SHARE
from rakkan.service.errors import Conflict
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import JobRequest
from rakkan.service.pictures import plain
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.schema import new_identifier

#: The handle of the instance's own account, which no person can have.
HANDLE = "instance"
BIO = (
    "Nobody stands behind this account: the instance draws pictures of its own. They stand in the plain "
    "catalogue alone, so that those who collect all of it are noticed."
)
#: Canaries there are at least, once anything is published.
LEAST = 5
#: After so many that could not be drawn in a row, none is tried for a day.
_TRIES, _DAY = 5, 86_400_000
#: Characters are drawn from the usual to the unusual; identifiers lie so many seconds around others' at most.
_CREATIVITY, _AROUND = (0.2, 0.7), 900.0


@dataclass(frozen=True)
class Planting:
    """``house`` is the identifier of the instance's own account, ``name`` what the instance is called."""

    accounts: Accounts
    queue: Queue
    catalogue: Catalogue
    house: str
    name: str

    def wanted(self) -> int:
        """How many canaries are missing: one in a hundred of what is published, ``LEAST`` at least."""
        published = plain.count(self.catalogue, "published")
        if not published:
            return 0
        target = max(LEAST, math.ceil(SHARE * published / (1 - SHARE)))
        return max(0, target - plain.count(self.catalogue, "canary"))

    def plant(self) -> str:
        """Have one drawn when one is missing and none is being drawn, behind everybody's work: the job, ""
        for none."""
        before = self.queue.page(self.house, limit=_TRIES)
        # Counted after the jobs were looked at: one that was over by then has left its picture.
        if not all(one.over for one in before) or not self.wanted():
            return ""
        now = self.catalogue.clock()
        failed = [one.state in ("failed", "quarantined") for one in before]
        if len(failed) == _TRIES and all(failed) and now * 1000 - before[0].created < _DAY:
            return ""
        self.accounts.people.add_house(self.house, HANDLE, f"{self.name} itself", BIO)
        payload = json.dumps(self._wish(now), sort_keys=True, separators=(",", ":")).encode()
        # Of two servers that look at the same moment one plants: a job comes after one other.
        after = f"after {before[0].identifier}" if before else "the first"
        try:
            return self.queue.submit(
                JobRequest(self.house, "canary", payload, "batch", "create/starter", idempotency=after)
            )
        except Conflict:
            return ""

    def _wish(self, now: float) -> dict[str, object]:
        """What is drawn, from a character that is drawn by lot; told as ``wishes.Canary``."""
        from rakkan.studio.starter.prior import imagined, words_of

        lot = random.SystemRandom()
        seed = secrets.randbelow(2**32)
        words = words_of(imagined(seed, round(lot.uniform(*_CREATIVITY), 2)))
        moment = plain.made_at(self.catalogue, lot.random()) / 1000 + lot.uniform(-_AROUND, _AROUND)
        return {"prompt": words, "seed": seed, "near": new_identifier(min(moment, now))}
