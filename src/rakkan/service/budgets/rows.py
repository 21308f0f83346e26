"""The statements on the tables of the budgets; each works on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Table, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from rakkan.service.budgets import pairs, windows
from rakkan.service.budgets.clusters import Link
from rakkan.service.budgets.pairs import Usage
from rakkan.service.budgets.tables import ALARMED, ALARMS, EGRESS, JOINS, LINKS, PAIRS
from rakkan.service.budgets.windows import DAY, HOUR, MONTH, Counter, Windows
from rakkan.store.database import transaction

#: Accounts asked for in one statement; SQLite takes no more than 32,766 parameters.
_AT_ONCE = 500


@dataclass(frozen=True)
class Kept:
    """What the database knows of some accounts together: their usage, and the digests of the pairs they
    were given and of the canaries they asked for in this month."""

    usage: Usage
    given: set[int]
    canaries: set[int]


def load(engine: Engine, accounts: Sequence[str], now: float) -> Kept:
    """The usage of accounts as one, each pair counted once, when it was first given."""
    month = int(now // MONTH)
    seen: dict[tuple[int, int], tuple[int, bool, bool, bool]] = {}
    sizes: Tally[int] = Tally()
    with transaction(engine) as connection:
        for start in range(0, len(accounts), _AT_ONCE):
            some = accounts[start : start + _AT_ONCE]
            query = select(PAIRS).where(PAIRS.c.account.in_(some), PAIRS.c.month >= month - 1)
            for row in connection.execute(query):
                before = seen.get((row.month, row.digest), (row.at, False, False, False))
                seen[row.month, row.digest] = (
                    min(before[0], row.at),
                    before[1] or row.given,
                    before[2] or (row.given and row.tail),
                    before[3] or row.canary,
                )
            days = select(EGRESS.c.day, EGRESS.c.bytes).where(
                EGRESS.c.account.in_(some), EGRESS.c.day >= int(now // DAY) - 60
            )
            for day, size in connection.execute(days):
                sizes[day] += size
    values = list(seen.values())
    usage = replace(
        pairs.UNUSED,
        members=len(accounts),
        pairs=_counted([at for at, given, _, _ in values if given], now),
        tail=_counted([at for at, _, tail, _ in values if tail], now),
        egress=_weighed(sizes, now),
        canaries=_counted([at for at, _, _, canary in values if canary], now).month,
    )
    current = {digest: found for (of, digest), found in seen.items() if of == month}
    return Kept(
        usage,
        {digest for digest, found in current.items() if found[1]},
        {digest for digest, found in current.items() if found[3]},
    )


def _counted(moments: Iterable[int], now: float) -> Windows:
    some = [moment / 1000 for moment in moments]
    return Windows(
        *(_counter(Tally(int(at // span) for at in some), int(now // span)) for span in windows.SPANS)
    )


def _weighed(sizes: Mapping[int, int], now: float) -> Windows:
    """Bytes are kept by day alone: the last hour's are forgotten when they are read again."""
    months: Tally[int] = Tally()
    for day, size in sizes.items():
        months[day * DAY // MONTH] += size
    hour = Counter(int(now // HOUR), 0, 0)
    return Windows(hour, _counter(sizes, int(now // DAY)), _counter(months, int(now // MONTH)))


def _counter(blocks: Mapping[int, int], block: int) -> Counter:
    return Counter(block, blocks.get(block, 0), blocks.get(block - 1, 0))


def write(engine: Engine, found: Sequence[Mapping[str, Any]], sizes: Mapping[tuple[str, int], int]) -> None:
    """Add pairs (a canary asked for earlier and given now becomes given), and bytes by account and day."""
    with transaction(engine) as connection:
        if found:
            adding = _insert(engine, PAIRS)
            new = adding.excluded
            connection.execute(
                adding.on_conflict_do_update(
                    index_elements=["account", "month", "digest"],
                    set_={"given": PAIRS.c.given | new.given, "canary": PAIRS.c.canary | new.canary},
                ),
                list(found),
            )
        if sizes:
            adding = _insert(engine, EGRESS)
            connection.execute(
                adding.on_conflict_do_update(
                    index_elements=["account", "day"], set_={"bytes": EGRESS.c.bytes + adding.excluded.bytes}
                ),
                [{"account": who, "day": day, "bytes": size} for (who, day), size in sorted(sizes.items())],
            )


def link(engine: Engine, links: Mapping[Link, float]) -> None:
    """Remember that accounts showed values, or showed them again, at these times (seconds)."""
    adding = _insert(engine, LINKS)
    rows = [
        {"account": one.account, "kind": one.kind, "value": one.value, "at": int(at * 1000)}
        for one, at in links.items()
    ]
    with transaction(engine) as connection:
        connection.execute(
            adding.on_conflict_do_update(
                index_elements=["account", "kind", "value"], set_={"at": adding.excluded.at}
            ),
            rows,
        )


def links(engine: Engine, since: int) -> tuple[list[Link], list[tuple[str, str]]]:
    """The links by values that several accounts showed, and the pairs that were joined, of the time since
    ``since`` (milliseconds)."""
    value = (LINKS.c.kind, LINKS.c.value)
    several = select(*value).where(LINKS.c.at >= since).group_by(*value).having(func.count() > 1).subquery()
    shared = (LINKS.c.kind == several.c.kind) & (LINKS.c.value == several.c.value)
    query = select(LINKS).join(several, shared).where(LINKS.c.at >= since)
    with transaction(engine) as connection:
        found = connection.execute(query).all()
        kept = connection.execute(select(JOINS.c.one, JOINS.c.other).where(JOINS.c.at >= since)).all()
    return [Link(row.account, row.kind, row.value) for row in found], [(one, other) for one, other in kept]


def join(engine: Engine, joined: Sequence[tuple[str, str]], at: int) -> None:
    """Remember pairs of accounts that belong together by evidence of now."""
    if not joined:
        return
    adding = _insert(engine, JOINS)
    rows = [{"one": one, "other": other, "at": at} for one, other in joined]
    with transaction(engine) as connection:
        connection.execute(
            adding.on_conflict_do_update(index_elements=["one", "other"], set_={"at": adding.excluded.at}),
            rows,
        )


def add_alarm(engine: Engine, identifier: str, content: str, accounts: Sequence[str]) -> None:
    """Record an alarm that was raised for some accounts."""
    with transaction(engine) as connection:
        connection.execute(ALARMS.insert().values(identifier=identifier, state="open", content=content))
        connection.execute(ALARMED.insert(), [{"alarm": identifier, "account": one} for one in accounts])


def change_alarm(
    engine: Engine, identifier: str, before: str, state: str, content: str, appeal: bytes | None
) -> bool:
    """Bring an alarm from the state ``before`` to another; whether it still was in that state."""
    values: dict[str, Any] = {"state": state, "content": content}
    if appeal is not None:
        values["appeal"] = appeal
    with transaction(engine) as connection:
        changed = connection.execute(
            update(ALARMS).where(ALARMS.c.identifier == identifier, ALARMS.c.state == before).values(**values)
        )
    return changed.rowcount == 1


def alarm(engine: Engine, identifier: str) -> tuple[str, bytes | None] | None:
    """The content of an alarm and its sealed appeal."""
    with transaction(engine) as connection:
        row = connection.execute(select(ALARMS).where(ALARMS.c.identifier == identifier)).one_or_none()
    return None if row is None else (row.content, row.appeal)


def alarms(engine: Engine, state: str = "", account: str = "", most: int = 100) -> list[str]:
    """The contents of alarms, newest first: of a state, of an account, or all."""
    query = select(ALARMS.c.content).order_by(ALARMS.c.identifier.desc()).limit(most)
    if state:
        query = query.where(ALARMS.c.state == state)
    if account:
        query = query.where(
            ALARMS.c.identifier.in_(select(ALARMED.c.alarm).where(ALARMED.c.account == account))
        )
    with transaction(engine) as connection:
        return [str(content) for content in connection.scalars(query)]


def alarmed(engine: Engine, identifier: str) -> list[str]:
    """The accounts an alarm was raised for."""
    with transaction(engine) as connection:
        found = connection.scalars(select(ALARMED.c.account).where(ALARMED.c.alarm == identifier))
        return sorted(str(account) for account in found)


def standing(engine: Engine, accounts: Sequence[str]) -> list[str]:
    """The contents of the alarms that any of some accounts has and that are not lifted."""
    with transaction(engine) as connection:
        found: list[str] = []
        for start in range(0, len(accounts), _AT_ONCE):
            mine = select(ALARMED.c.alarm).where(ALARMED.c.account.in_(accounts[start : start + _AT_ONCE]))
            query = select(ALARMS.c.content).where(ALARMS.c.identifier.in_(mine), ALARMS.c.state != "lifted")
            found += [str(content) for content in connection.scalars(query)]
    return found


def forgive(engine: Engine, accounts: Sequence[str]) -> None:
    """Let no pair so far count as long tail or canary of these accounts: their alarm was lifted."""
    with transaction(engine) as connection:
        for start in range(0, len(accounts), _AT_ONCE):
            some = accounts[start : start + _AT_ONCE]
            connection.execute(
                update(PAIRS).where(PAIRS.c.account.in_(some)).values(tail=False, canary=False)
            )


def forget(engine: Engine, account: str) -> None:
    """Delete all that is kept of an account; an alarm itself keeps only a pseudonym."""
    with transaction(engine) as connection:
        for table in (PAIRS, EGRESS, LINKS, ALARMED):
            connection.execute(delete(table).where(table.c.account == account))
        connection.execute(delete(JOINS).where((JOINS.c.one == account) | (JOINS.c.other == account)))


def expire(engine: Engine, now: float, lasting: float) -> None:
    """Delete what no window reaches any more, and links older than ``lasting`` seconds."""
    oldest = int((now - lasting) * 1000)
    with transaction(engine) as connection:
        connection.execute(delete(PAIRS).where(PAIRS.c.month < int(now // MONTH) - 1))
        connection.execute(delete(EGRESS).where(EGRESS.c.day < int(now // DAY) - 60))
        connection.execute(delete(LINKS).where(LINKS.c.at < oldest))
        connection.execute(delete(JOINS).where(JOINS.c.at < oldest))


def _insert(engine: Engine | Connection, table: Table) -> Any:
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    return dialect.insert(table)
