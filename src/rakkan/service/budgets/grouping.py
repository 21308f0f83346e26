"""Forming the clusters of the front anew from the links that the database keeps."""

from __future__ import annotations

from sqlalchemy import Engine

from rakkan.service.budgets import clusters, rows
from rakkan.service.budgets.front import Front

#: Seconds a link lasts after it was last seen.
LINKS_LAST = 90 * 86_400.0


def regroup(engine: Engine, front: Front, now: float) -> None:
    """Form them as of ``now`` (seconds), unless another thread is at it."""
    if not front.regrouping.acquire(blocking=False):
        return
    try:
        front.regroup = False  # what is seen from here on is for the next time
        write_links(engine, front)
        _take(engine, front, now)
    except BaseException:
        front.regroup = True
        raise
    finally:
        front.regrouping.release()


def write_links(engine: Engine, front: Front) -> None:
    """Write what was seen. Raises RakkanError when the database cannot; then nothing is lost."""
    with front.lock:
        waiting, front.sightings.waiting = front.sightings.waiting, {}
    try:
        if waiting:
            rows.link(engine, waiting)
    except BaseException:
        with front.lock:
            front.sightings.waiting = waiting | front.sightings.waiting
        raise


def _take(engine: Engine, front: Front, now: float) -> None:
    links, kept = rows.links(engine, int((now - LINKS_LAST) * 1000))
    found = [one for one in clusters.clustered(links, kept) if len(one.accounts) > 1]
    known = set(kept)
    joined = [(tie.one, tie.other) for one in found for tie in one.ties if tie.kinds]
    rows.join(engine, [pair for pair in joined if pair not in known], int(now * 1000))
    with front.lock:
        before = front.groups
        front.groups = {account: one for one in found for account in one.accounts}
        front.grouped = now
        for one in found:
            if before.get(one.name) != one:
                front.states.drop(f"cluster:{one.name}")
