"""What moderation and alarms are about, made real for a walk: cases, claims, bans, alarms."""

from __future__ import annotations

import secrets
from typing import Any

from tests.service.access.world import ACCOUNT, ELSEWHERE, Who, World

from rakkan.service.access.actors import Actor
from rakkan.service.budgets.clusters import Cluster
from rakkan.service.budgets.decide import Decision, Reason
from rakkan.service.moderation.reports import Claimed
from rakkan.service.schema import new_identifier
from rakkan.trust.takedown.digests import EXACT, Digests, to_line

#: A reason of the table for what stays, and one for a ban.
KEPT, BARRED = "unrelated", "scraping"
#: Not sure, so that it restricts nobody who still has a way to go.
_FOUND = Decision("decoy", (Reason("long tail in day", "account", 201, 200),), None, "long tail", False)


def alarm(world: World, handle: str, published: bool = False) -> str:
    """An alarm that stands against somebody; what stood before is lifted."""
    desk, account = world.service.budgets.desk, world.accounts[handle]
    for one in desk.alarms(account=account):
        if one.state != "lifted":
            desk.settle(one.facts.identifier, upheld=False)
    made = desk.report(Cluster((account,)), _FOUND)
    assert made is not None
    return made.facts.identifier


def claimed(world: World) -> Claimed:
    """A claim that nothing here is like, decided in the first instance by somebody who is not here."""
    reports = world.service.reports
    made = reports.claim("author", [_digests()])
    judge = Actor(new_identifier(), "owner")
    reports.decide(judge, made.case.name, False, KEPT, "It is another hat")
    return made


def secret(world: World, handle: str, published: bool = False) -> str:
    """What somebody finds the page of their claim by."""
    return claimed(world).secret


def case(world: World, handle: str, published: bool = False) -> str:
    """A case in which somebody appeals."""
    made = claimed(world)
    return world.service.reports.appeal_as_reporter(made.secret, "Look at the ribbon").name


def ban(world: World, handle: str, published: bool = False) -> str:
    """A ban that stands, of somebody who is new."""
    barred = world.anybody()
    judge = world.actor("owner")
    return world.service.bans.ban(judge, "account", f"walk-{barred}", BARRED, "see the alarm", 1).identifier


def appealed(world: World, who: Who) -> dict[str, str]:
    """The form of an appeal against one's own alarm."""
    handle = ACCOUNT[who] or ELSEWHERE
    return {"text": "Look again", "alarm": alarm(world, handle)}


def barring(world: World, who: Who) -> dict[str, str]:
    """The form of a ban of somebody who is new; for those who may not, of nobody."""
    name = f"walk-{world.anybody()}" if who in ("moderator", "owner") else "nobody"
    return {"kind": "account", "who": name, "reason": BARRED, "note": "see the alarm"}


def role(world: World, who: Who) -> dict[str, str]:
    """The form by which somebody new becomes a moderator."""
    name = f"walk-{world.anybody()}" if who == "owner" else "nobody"
    return {"who": name, "role": "moderator", "note": "helps"}


def claim(world: World, who: Who) -> dict[str, Any]:
    """The form of a claim by digests."""
    return {"right": "author", "digests": to_line(_digests())}


def _digests() -> Digests:
    """Those of no picture that there is."""
    return Digests({name: secrets.token_hex(32) for name in EXACT}, ())
