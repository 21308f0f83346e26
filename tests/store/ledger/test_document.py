"""docs/statements.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rakkan.store.ledger import typed
from rakkan.store.ledger.document import document
from rakkan.store.ledger.entry import parse_leaf
from rakkan.store.ledger.statements import from_payload, kinds, to_payload


def test_the_document_is_fresh(root: Path) -> None:
    assert (root / "docs" / "statements.md").read_text() == document(), (
        "run: python -m rakkan.store.ledger.document > docs/statements.md"
    )


def test_every_kind_and_every_field_is_in_it() -> None:
    text = document()
    for kind in kinds():
        section = text.split(f"### `{kind.predicate_type}`")[1].split("\n#")[0]
        fields = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
        assert fields == [part.name for part in typed.described(kind.record)]


def test_its_examples_are_read() -> None:
    statement, leaf = re.findall(r"```json\n(.*?)```", document(), re.DOTALL)
    said = from_payload(statement.encode())
    assert json.loads(to_payload(said)) == json.loads(statement)
    assert parse_leaf(leaf.strip().encode()).kind == "generated"
