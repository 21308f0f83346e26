"""A walk: every line of the table, as everybody, on things of everybody's, and what should come of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from typing import Any, get_args

from tests.service.access.world import ACCOUNT, ELSEWHERE, ROLE, What, Who, World

from rakkan.service.access.actors import ROLES
from rakkan.service.access.table import Row

WHO: tuple[Who, ...] = get_args(Who)
#: Answers that say: you may not, or there is nothing.
SHUT = (401, 403, 404)
_PARAMETER = re.compile(r"{(\w+)(?::path)?}")

#: Makes a thing of somebody's, published or not, for a parameter of a path: what stands in the address.
Maker = Callable[[World, str, bool], str]


@dataclass(frozen=True)
class Filler:
    """How a route is filled: ``json``, or the fields and files of a form, each made anew for each request.
    ``also`` are answers from 400 up that mean that somebody was let in. ``absent`` says that the thing in the
    address is none: then 404 means that somebody was let in, and only who is shut out otherwise is seen."""

    json: Callable[[World, Who], Any] | None = None
    data: Callable[[World, Who], dict[str, Any]] | None = None
    files: Callable[[World, Who], dict[str, Any]] | None = None
    query: str = ""
    also: tuple[int, ...] = ()
    absent: bool = False


@dataclass(frozen=True)
class Step:
    """One request of a walk, and what came of it: "in", or a status."""

    row: Row
    who: Who
    what: What
    expected: str
    came: str

    def __str__(self) -> str:
        where = f"{self.row.method} {self.row.path}"
        return f"{where} as {self.who} on {self.what or 'nothing'}: {self.came}, not {self.expected}"


@dataclass
class Walk:
    """``makers`` know the parameters of paths and ``fillers`` what each route is sent."""

    world: World
    makers: dict[str, Maker]
    fillers: dict[tuple[str, str], Filler]
    _kept: dict[tuple[str, str, What], str] = field(default_factory=dict)

    def unknown(self, table: list[Row]) -> list[str]:
        """What of a table the walk cannot fill."""
        found = []
        for row in table:
            known = (row.method, row.path) in self.fillers or row.method in ("GET", "DELETE")
            named = () if row.path in self.makers else _PARAMETER.findall(row.path)
            lacking = [name for name in named if name not in self.makers]
            if not known or lacking:
                found.append(f"{row.method} {row.path} {lacking or 'has no filler'}")
        return found

    def steps(self, table: list[Row]) -> Iterator[Step]:
        """Walk a table."""
        for row in table:
            for who in WHO:
                for what in things(row, who):
                    should = expected(row, who, what)
                    yield Step(row, who, what, should, self._ask(row, who, what, should))

    def _ask(self, row: Row, who: Who, what: What, should: str) -> str:
        filler = self.fillers.get((row.method, row.path), Filler())
        # What is let in may use a thing up; what is shut out must not, so the next finds the same.
        fresh = should == "in" and row.method != "GET"
        path = _PARAMETER.sub(lambda found: self._thing(found[1], row, who, what, fresh), row.path)
        sent: dict[str, Any] = {}
        for name in ("json", "data", "files"):
            if (make := getattr(filler, name)) is not None:
                sent[name] = make(self.world, who)
        headers = {"accept": "application/json", **self.world.headers(who, row.scope)}
        reply = self.world.client.request(
            row.method, path + filler.query, headers=headers, follow_redirects=False, **sent
        )
        if filler.absent and reply.status_code == 404 and should == "in":
            return "in"
        if reply.status_code in SHUT:
            return str(reply.status_code)
        if reply.status_code < 400 or reply.status_code in filler.also:
            return "in"
        return f"{reply.status_code} {reply.text[:120]}"

    def _thing(self, name: str, row: Row, who: Who, what: What, fresh: bool) -> str:
        handle = {"own": ACCOUNT[who], "organisation": "admin"}.get(what, ELSEWHERE)
        key = (row.path if row.path in self.makers else name, handle, what)
        make = self.makers.get(row.path) or self.makers[name]
        if fresh:
            return make(self.world, handle, what == "published")
        if key not in self._kept:
            self._kept[key] = make(self.world, handle, what == "published")
        return self._kept[key]


def things(row: Row, who: Who) -> tuple[What, ...]:
    """Whose things there are for somebody to ask a route about."""
    if not _PARAMETER.search(row.path) or row.tenant == "none":
        return ("",)
    if row.tenant == "organisation":
        return ("organisation",)
    others: tuple[What, ...] = ("private", "published")
    return others if who in ("visitor", "suspended", "suspended key") else ("own", *others)


def expected(row: Row, who: Who, what: What) -> str:
    """What the document says of it."""
    if who == "suspended key":
        return "401"
    if ROLES.index(ROLE[who]) < ROLES.index(row.role):  # type: ignore[arg-type]
        return "404" if row.role in ("moderator", "owner") else "401"
    is_open = row.role == "visitor" and not row.scope
    if not is_open and (who == "other key" or (who == "key" and not row.scope)):
        return "403"
    for told in filter(None, (part.strip() for part in row.but.split(";"))):
        whom, _, rest = told.partition(" on ")
        which, _, answer = rest.partition(":")
        if fnmatch(who, whom) and fnmatch(what, which.strip()):
            return answer.strip()
    return "in" if _is_theirs(row, who, what) else "404"


def _is_theirs(row: Row, who: Who, what: What) -> bool:
    if row.tenant == "organisation":
        return who in ("associate", "admin")
    if what in ("", "own"):
        return True
    if row.tenant == "own":
        return False
    return what == "published" or who in ("moderator", "owner")
