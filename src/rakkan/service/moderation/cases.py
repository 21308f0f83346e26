"""What the docket's cases and the catalogue have to do with each other: which picture is hidden, or down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from rakkan.service.access.actors import Actor
from rakkan.service.errors import Conflict
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.tables import pictures
from rakkan.service.sharing.records import SharedState
from rakkan.service.sharing.sharing import Sharing
from rakkan.store.database import transaction
from rakkan.trust.instance import INSTANCE
from rakkan.trust.takedown.docket import Case
from rakkan.trust.takedown.states import DOWN, OVERTURNED

#: Who hides and restores pictures when a case says so.
HAND = Actor(INSTANCE, "moderator")
_AT_ONCE = 500


@dataclass(frozen=True)
class Found:
    """A picture of the catalogue that a case is about."""

    identifier: str
    account: str
    digest: str
    state: str


def digests_of(case: Case) -> set[str]:
    """What the catalogue knows the case's pictures by."""
    return {one["sha256"] for one in case.pictures if "sha256" in one}


def covered(catalogue: Catalogue, digests: Iterable[str]) -> list[Found]:
    """The pictures of the catalogue that have these digests."""
    wanted, found = sorted(set(digests)), []
    columns = (pictures.c.identifier, pictures.c.account, pictures.c.digest, pictures.c.state)
    with transaction(catalogue.engine) as connection:
        for first in range(0, len(wanted), _AT_ONCE):
            part = pictures.c.digest.in_(wanted[first : first + _AT_ONCE])
            found += [Found(*row) for row in connection.execute(select(*columns).where(part))]
    return found


def bars(cases: Iterable[Case]) -> dict[str, tuple[str, str]]:
    """The rule that bars a picture and the case it is of, by the picture's digest; as the gate reads them: an
    upheld decision goes first, and an open report bars nothing that a moderator has restored."""
    told: dict[str, tuple[str, str]] = {}
    restored: set[str] = set()
    for case in cases:
        if case.state.refusal:
            continue
        if case.state.outcome == OVERTURNED:
            restored |= digests_of(case)
        for digest in digests_of(case) if case.state.bars else ():
            if told.get(digest, ("", ""))[0] != DOWN:
                told[digest] = (case.state.bars, case.name)
    return {one: said for one, said in told.items() if said[0] == DOWN or one not in restored}


def follow(catalogue: Catalogue, cases: Iterable[Case], about: Iterable[str]) -> int:
    """Let the catalogue show of the pictures ``about`` what the cases say; how many changed."""
    barred, changed = bars(cases), 0
    for one in covered(catalogue, about):
        rule, case = barred.get(one.digest, ("", ""))
        try:
            changed += _set(catalogue, one, rule, case)
        except Conflict:  # somebody was quicker: it is as they say
            continue
    return changed


def heaviest(rules: Iterable[tuple[str, str]]) -> tuple[str, str] | None:
    """Of several rules that bar a thing, with their cases, one that takes it down if there is any; None for
    none."""
    return min(rules, key=lambda rule: rule[0] != DOWN, default=None)


def follow_characters(sharing: Sharing, cases: Iterable[Case], about: Iterable[str]) -> int:
    """Let those shared characters that have versions ``about`` be shown as the cases say; how many
    changed."""
    barred, changed = bars(cases), 0
    for one in sharing.covered(about):
        known = sharing.versions(one.identifier)
        rule, case = heaviest(barred[each] for each in known if each in barred) or ("", "")
        state: SharedState = "removed" if rule == DOWN else "hidden" if rule else "published"
        if state == one.state or (state == "hidden" and one.state == "removed"):
            continue
        because = f"case {case}: {rule}" if rule else "no case bars it any more"
        sharing.set_state(HAND, one.identifier, state, because)
        changed += 1
    return changed


def _set(catalogue: Catalogue, one: Found, rule: str, case: str) -> bool:
    if rule == DOWN and one.state != "removed":
        catalogue.remove(HAND, one.identifier, f"case {case} was upheld")
        return True
    if rule and rule != DOWN and one.state in ("private", "published"):
        catalogue.hide(HAND, one.identifier, f"reported in case {case}")
        return True
    if not rule and one.state in ("hidden", "removed"):
        catalogue.restore(HAND, one.identifier, "no case bars it any more")
        return True
    return False
