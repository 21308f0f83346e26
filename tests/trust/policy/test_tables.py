"""The tables: every row counts, each speaks of things that exist, and the document shows them as they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.trust.policy.cases import CASES, MODEL, NOW, PARENT, ask, known
from tests.trust.policy.test_licences import EXPECTED, OFFERED, questions

from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Licensed
from rakkan.trust.policy import Action, Known, Request, decide
from rakkan.trust.policy.decide import TABLES
from rakkan.trust.policy.markdown import markdown
from rakkan.trust.policy.tables import Tables
from rakkan.trust.policy.words import BAN_REASONS, DECISION_REASONS, USES


def without_a_row() -> Iterator[tuple[str, Tables]]:
    """The tables with one row left out, or one entry of a row."""
    for rule in TABLES.rules:
        yield f"rule {rule.name}", replace(TABLES, rules=tuple(set(TABLES.rules) - {rule}))
        for action in sorted(rule.actions):
            less = replace(rule, actions=rule.actions - {action})
            rules = tuple(less if row is rule else row for row in TABLES.rules)
            yield f"rule {rule.name} for {action}", replace(TABLES, rules=rules)
    for shape in TABLES.shapes:
        rest = tuple(row for row in TABLES.shapes if row is not shape)
        yield f"shape of {shape.action}", replace(TABLES, shapes=rest)
        for name in shape.subjects:
            row = replace(shape, subjects=tuple(set(shape.subjects) - {name}))
            yield f"shape of {shape.action} of {name}", replace(TABLES, shapes=(*rest, row))
        for name in shape.sources:
            row = replace(shape, sources=tuple(set(shape.sources) - {name}))
            yield f"shape of {shape.action} from {name}", replace(TABLES, shapes=(*rest, row))
    for need in TABLES.needs:
        others = tuple(row for row in TABLES.needs if row is not need)
        yield f"need {need.action} {need.name} {need.permission}", replace(TABLES, needs=others)
    for use in TABLES.uses:
        unused = tuple(row for row in TABLES.uses if row is not use)
        yield f"uses of {use.action}", replace(TABLES, uses=unused)
        for name in use.uses[1:]:
            fewer = replace(use, uses=tuple(word for word in use.uses if word != name))
            yield f"use {name} of {use.action}", replace(TABLES, uses=(*unused, fewer))
    for licence in TABLES.licences:
        unlisted = tuple(row for row in TABLES.licences if row is not licence)
        yield f"licence {licence.name}", replace(TABLES, licences=unlisted)
        for permission in sorted(licence.grants):
            row_ = replace(licence, grants=licence.grants - {permission})
            yield f"{licence.name} {permission}", replace(TABLES, licences=(*unlisted, row_))


def judged() -> list[tuple[Request, tuple[Known, ...]]]:
    asked = [(case.request, case.statements) for case in CASES]
    for licence in EXPECTED:
        asked += questions(licence).values()
    return asked


def outcomes(tables: Tables) -> list[object]:
    answers: list[object] = []
    for request, statements in judged():
        try:
            decision = decide(request, statements, NOW, tables)
        except RakkanError as error:
            answers.append(str(error))
            continue
        answers.append(
            (decision.allowed, frozenset((reason.rule, reason.allows) for reason in decision.reasons))
        )
    return answers


WITHOUT = dict(without_a_row())


@pytest.fixture(scope="module")
def whole() -> list[object]:
    return outcomes(TABLES)


@pytest.mark.parametrize("row", WITHOUT)
def test_no_row_can_go_without_a_case_changing(row: str, whole: list[object]) -> None:
    assert outcomes(WITHOUT[row]) != whole


def test_every_action_has_a_shape_and_every_rule_a_name_of_its_own() -> None:
    assert [shape.action for shape in TABLES.shapes] == list(Action)
    names = [rule.name for rule in TABLES.rules]
    assert len(set(names)) == len(names)
    assert {use for row in TABLES.uses for use in row.uses} <= set(USES)


def test_a_need_speaks_only_of_what_its_action_takes() -> None:
    shapes = {shape.action: shape for shape in TABLES.shapes}
    for need in TABLES.needs:
        shape = shapes[need.action]
        takes = {"subject": shape.subjects, "source": shape.sources}
        assert all(need.name in takes[part] for part in need.parts), need


def test_an_adaptation_can_always_be_offered_under_its_own_licence() -> None:
    for licence in OFFERED:
        statements = [known(Licensed(licence), MODEL, PARENT)]
        assert decide(ask(Action.SHARE_MODEL, MODEL, PARENT, attributed=True), statements, NOW).allowed


def test_the_document_shows_the_tables(root: Path) -> None:
    written = (root / "docs" / "policy.md").read_text(encoding="utf-8")
    assert written == markdown(), "run: .venv/bin/python -m rakkan.trust.policy > docs/policy.md"


def test_the_document_shows_every_row() -> None:
    text = markdown()
    assert text.count("\n| ") == sum(
        (
            *(2 for _ in range(7)),
            len(TABLES.rules),
            len(TABLES.shapes),
            len(TABLES.needs),
            len(TABLES.uses),
            len(TABLES.licences),
            len(BAN_REASONS),
            len(DECISION_REASONS),
        )
    )
