"""Refusals of the gate: stated without whom or what, appealed against, overturned for one thing alone."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Refused
from rakkan.trust.gate import Finding
from rakkan.trust.safety.overturning import overturnable
from rakkan.trust.takedown.refusals import overturner, refuser

SECRET = bytes(32)
ABOUT = hashlib.sha256(b"a painter called Owlbert").hexdigest()
FINDING = Finding(False, "it names a real person", rule="real person", hint="Leave the name out", about=ABOUT)


def refuse(finding: Finding = FINDING) -> str:
    return refuser(assemble.ledger(), SECRET)("create", finding)


def overturned(finding: Finding = FINDING, rules: Any = ("real person", "drawings only")) -> bool:
    return overturner(assemble.ledger(), SECRET, rules)(finding)


def case_in(hint: str) -> str:
    found = re.search(r"rakkan takedown appeal ([0-9a-f]{32})", hint)
    assert found, hint
    return found[1]


def settle(case: str, outcome: str) -> None:
    desk = assemble.takedown()
    found = desk.appeal(desk.docket.find(case), "account", "it is a character of mine")
    desk.decide(found, outcome, "mistake", "it is", "local")


def test_a_refusal_is_stated_and_says_how_to_appeal() -> None:
    hint = refuse()
    assert hint.startswith("Leave the name out. If this is a mistake: rakkan takedown appeal ")
    ((entry, said),) = assemble.ledger().about(case_in(hint))
    assert said.predicate == Refused(case_in(hint), "create", "real person")
    assert said.account == "instance"
    assert ABOUT not in repr(said)
    envelope = assemble.ledger().evidence(entry.index).envelope
    assert ABOUT.encode() not in envelope and b"Owlbert" not in envelope


def test_a_moderator_can_overturn_exactly_this_one() -> None:
    case = case_in(refuse())
    assert not overturned()
    settle(case, "overturned")
    assert overturned()
    other = hashlib.sha256(b"another").hexdigest()
    assert not overturned(Finding(False, "", rule="real person", about=other))
    assert not overturned(Finding(False, "", rule="drawings only", about=ABOUT))
    assert not overturned(Finding(False, "", rule="real person", about=""))
    assert not overturner(assemble.ledger(), bytes(31) + b"1", ("real person",))(FINDING)


def test_rules_about_content_are_never_overturned() -> None:
    case = case_in(refuse())
    settle(case, "overturned")
    assert not overturned(rules=())
    assert not overturned(rules=("drawings only",))
    assert overturnable() == {"real person", "drawings only"}


def test_an_upheld_refusal_stands() -> None:
    case = case_in(refuse())
    settle(case, "upheld")
    assert not overturned()
    with pytest.raises(RakkanError, match="is closed"):
        settle(case, "overturned")


def test_a_refusal_of_nothing_in_particular_is_stated_and_stays() -> None:
    finding = Finding(False, "", rule="real person")
    case = case_in(refuse(finding))
    settle(case, "overturned")
    assert not overturned(finding)


def test_a_refusal_that_cannot_be_stated_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = assemble.ledger()
    for error in (RakkanError("the disk is full"), OSError(28, "full")):

        def full(_: Any, error: Exception = error) -> Any:
            raise error

        monkeypatch.setattr(ledger, "append", full)
        assert refuser(ledger, SECRET)("create", FINDING) == "Leave the name out"


def test_a_refusal_that_names_its_own_case_is_given_no_second() -> None:
    finding = Finding(False, "", rule="reported", hint="See: rakkan takedown show 00")
    assert refuse(finding) == finding.hint
    assert assemble.ledger().size() == 1


def test_a_reporter_has_no_part_in_a_refusal() -> None:
    desk = assemble.takedown()
    case = desk.docket.find(case_in(refuse()))
    with pytest.raises(RakkanError, match="cannot appeal"):
        desk.appeal(case, "reporter")
    with pytest.raises(RakkanError, match="nobody has appealed"):
        desk.decide(case, "overturned", "mistake", "x", "local")


@given(some.text(max_size=40), some.text(max_size=40))
def test_the_keyed_digest_keeps_rule_and_subject_apart(rule: str, other: str) -> None:
    from rakkan.trust.takedown.refusals import _keyed

    keys = {_keyed(SECRET, Finding(False, "", rule=one, about=ABOUT)) for one in {rule, other}}
    assert len(keys) == len({rule, other})
