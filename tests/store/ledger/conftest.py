"""A small ledger to test with, and a vault that keeps everything in plain files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.ledger.doubles import PlainBodies

from rakkan.store import database
from rakkan.store.ledger.index import Index
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.notes import SigningKey

KEY = SigningKey("studio.example/ledger", b"k" * 32)
INDEX_KEY = b"i" * 32


@pytest.fixture
def bodies(tmp_path: Path) -> PlainBodies:
    return PlainBodies(tmp_path / "vault")


@pytest.fixture
def opened(tmp_path: Path, bodies: PlainBodies) -> Callable[..., Ledger]:
    """Open the ledger of this test (again)."""

    def open_ledger(**options: object) -> Ledger:
        index = Index(database.connect(database.url_of(tmp_path / "index.sqlite")), INDEX_KEY)
        given = {"folder": tmp_path / "ledger", "bodies": bodies, "key": KEY, "index": index, **options}
        return Ledger(**given)  # type: ignore[arg-type]

    return open_ledger


@pytest.fixture
def ledger(opened: Callable[..., Ledger]) -> Ledger:
    return opened()
