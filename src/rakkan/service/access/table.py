"""The table of who may call what: as the routes have it, and as ``docs/access.md`` says it.

The document is written by people; a test demands that it and the routes say the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.routing import BaseRoute

from rakkan.service.access.router import GuardedRoute

HEAD = (
    "| method | path | least role | key's scope | whose | weight | body besides JSON | largest body | but |\n"
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_CELLS = 9


@dataclass(frozen=True, order=True)
class Row:
    """A route by one of its methods. ``scope`` is "" where no key is let through; ``body`` says what it reads
    besides JSON, and ``largest`` how much, in bytes. ``but`` is the document's alone: what a handler asks
    beyond the rest of its line, as ``access.md`` explains."""

    path: str
    method: str
    role: str
    scope: str
    tenant: str
    weight: str
    body: str
    largest: int
    but: str = ""

    def __str__(self) -> str:
        cells = [self.method, f"`{self.path}`", self.role, self.scope or "–", self.tenant, self.weight]
        return f"| {' | '.join([*cells, self.body or '–', f'`{size(self.largest)}`', self.but or '–'])} |"


def rows(routes: Iterable[BaseRoute]) -> list[Row]:
    """The lines of an application's routes, in order of their paths."""
    found = []
    for route in routes:
        assert isinstance(route, GuardedRoute), route
        asked = route.access
        body = ", ".join(name for name, is_read in asked.bodies.items() if is_read)
        for method in sorted(route.methods or ()):
            found.append(
                Row(
                    route.path,
                    method,
                    asked.role,
                    asked.scope,
                    asked.tenant,
                    asked.weight,
                    body,
                    asked.largest,
                )
            )
    return sorted(found)


def printed(routes: Iterable[BaseRoute]) -> str:
    """The table of an application's routes, as the document has it."""
    return "\n".join([HEAD, *map(str, rows(routes))])


def read(document: str) -> list[Row]:
    """The lines of all tables of a document, in order of their paths. Raises ValueError."""
    found = []
    for line in document.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or cells[0] not in _METHODS:
            continue
        if len(cells) != _CELLS:
            raise ValueError(f"{len(cells)} cells, not {_CELLS}: {line}")
        method, path, role, scope, tenant, weight, body, largest, but = (
            "" if cell == "–" else cell for cell in cells
        )
        found.append(Row(path.strip("`"), method, role, scope, tenant, weight, body, _bytes(largest), but))
    return sorted(found)


def size(number: int) -> str:
    """A number of bytes, in KiB where it is whole."""
    return f"{number} B" if number % 1024 else f"{number // 1024} KiB"


def _bytes(told: str) -> int:
    number, unit = told.strip("`").split()
    return int(number) * {"B": 1, "KiB": 1024}[unit]
