"""The table of operations against the C2PA rules it has to keep."""

from __future__ import annotations

from dataclasses import fields

import pytest

from rakkan.errors import RakkanError
from rakkan.store.ledger import statements
from rakkan.trust.seal import operations
from rakkan.trust.seal.operations import OPERATIONS

#: C2PA 2.2, table 8, as far as used here.
VOCABULARY = {
    "c2pa.created",
    "c2pa.opened",
    "c2pa.placed",
    "c2pa.edited",
    "c2pa.resized",
    "c2pa.enhanced",
    "c2pa.transcoded",
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_seal_begins_with_created_or_opened_and_has_no_other(name: str) -> None:
    actions = [action.name for action in OPERATIONS[name].actions]
    assert set(actions) <= VOCABULARY
    if name != "import":
        assert actions[0] in ("c2pa.created", "c2pa.opened")
        assert not {"c2pa.created", "c2pa.opened"} & set(actions[1:])


@pytest.mark.parametrize("name", OPERATIONS)
def test_opened_means_exactly_one_parent_and_created_means_a_source_type(name: str) -> None:
    row = OPERATIONS[name]
    for action in row.actions:
        if action.name == "c2pa.opened":
            assert action.uses == "parentOf" and row.ingredients["parentOf"] == (1, 1)
        if action.name == "c2pa.created":
            assert action.source and "parentOf" not in row.ingredients
        if action.name == "c2pa.placed":
            assert action.uses == "componentOf" and action.only_with


def test_what_a_model_made_says_so_and_what_none_made_does_not() -> None:
    trained = {name for name, row in OPERATIONS.items() if "trained" in str(row.actions)}
    assert trained == {"create", "variation", "draft", "sheet", "edit", "upscale"}
    assert OPERATIONS["figure"].actions[0].source.endswith("/algorithmicMedia")
    for name in ("protect", "thumbnail", "copy"):
        assert not any(action.source for action in OPERATIONS[name].actions)


def test_every_row_is_stated_in_the_ledger_as_something_it_knows() -> None:
    known = {kind.name for kind in statements.kinds()}
    assert {row.statement for row in OPERATIONS.values()} <= known
    others = {name: row.statement for name, row in OPERATIONS.items() if row.statement != "generated"}
    assert others == {"edit": "derived", "upscale": "derived", "thumbnail": "derived", "copy": "derived"} | {
        "import": "admitted",
        "protect": "reserved",
    }
    assert {part.name for part in fields(statements.Derived)} >= {"parents", "references"}


def test_the_table_for_the_docs_has_a_row_for_each() -> None:
    lines = operations.table().splitlines()
    assert [line.split(" | ")[0].strip("| ") for line in lines[2:]] == list(OPERATIONS)
    assert len({line.count(" | ") for line in lines}) == 1
    assert "compositeWithTrainedAlgorithmicMedia" in lines[2 + list(OPERATIONS).index("edit")]


def test_an_import_makes_no_seal_and_an_unknown_operation_is_refused() -> None:
    with pytest.raises(RakkanError, match="makes no seal"):
        operations.operation("import")
    with pytest.raises(RakkanError, match="not an operation"):
        operations.operation("paint")
