"""docs/access.md and the routes say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.service.access.documents import DOCUMENT

from rakkan.service import wiring
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.access.table import HEAD, Row, printed, read, rows
from rakkan.service.app import build
from rakkan.service.settings import Settings


@pytest.fixture
def in_code() -> list[Row]:
    return rows(build(wiring.service(Settings(("http://localhost:8420",), ()))).routes)


def test_the_document_and_the_routes_say_the_same(in_code: list[Row]) -> None:
    told = {str(Row(**{**vars(row), "but": ""})) for row in read(DOCUMENT)}
    there = {str(row) for row in in_code}
    missing = "\n".join(sorted(there - told))
    stale = "\n".join(sorted(told - there))
    assert not missing, f"docs/access.md lacks:\n{missing}"
    assert not stale, f"docs/access.md says what is not so:\n{stale}"


def test_no_line_stands_twice(in_code: list[Row]) -> None:
    for found in (read(DOCUMENT), in_code):
        keys = [(row.path, row.method) for row in found]
        assert len(set(keys)) == len(keys)


def test_each_table_has_its_reason() -> None:
    for section in DOCUMENT.split("\n## ")[2:]:
        before, table, _ = section.partition(HEAD)
        assert table, section[:60]
        assert len(before.partition("\n")[2].split()) >= 12, f"Why is missing: {section[:60]}"


def test_what_is_printed_can_be_read() -> None:
    router = new_router()

    @router.api_route("/things/{thing}", methods=["GET", "DELETE"])
    @allow("member", "share", "own", "list", forms=True, largest=100)
    def handler() -> None:
        """Nothing."""

    assert read(printed(router.routes)) == [
        Row("/things/{thing}", "DELETE", "member", "share", "own", "list", "forms", 100),
        Row("/things/{thing}", "GET", "member", "share", "own", "list", "forms", 100),
    ]
    with pytest.raises(ValueError, match="cells"):
        read("| GET | `/` | visitor |")


def test_the_document_is_where_pages_say(root: Path) -> None:
    assert (root / "docs" / "access.md").read_text(encoding="utf-8") == DOCUMENT
