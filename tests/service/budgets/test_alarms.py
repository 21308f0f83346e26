"""Alarms: what they say and do not say, what follows what, and evidence that anyone can verify."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rakkan.errors import RakkanError
from rakkan.service.budgets import alarms
from rakkan.service.budgets.alarms import Alarm, bundle, moved, raised, read, restriction
from rakkan.service.budgets.clusters import Link, clustered
from rakkan.service.budgets.decide import Decision, Reason
from rakkan.service.errors import Conflict
from rakkan.store.ledger import notes
from rakkan.store.ledger.notes import SigningKey

SECRET = bytes(range(32))
KEY = SigningKey("hub.example/ledger", bytes(31) + b"\1")
NOW = 1_700_000_000.0
DAY = 86_400.0
IDENTIFIER = "0123456789abcdefghjkmnpqrs"
(CLUSTER,) = clustered([Link(f"account{number}", "payment", "5ec2e7") for number in range(3)])
SURE = Decision("refuse", (Reason("canaries in month", "cluster", 2, 1),), None, "canaries", True)
UNSURE = Decision("decoy", (Reason("long tail in hour", "cluster", 150, 150),), 60.0, "long tail")


def alarm(decision: Decision = SURE) -> Alarm:
    return raised(SECRET, IDENTIFIER, CLUSTER, decision, NOW)


def test_it_gives_facts_and_confidence() -> None:
    facts = alarm().facts
    assert facts.raised == 1_700_000_000_000
    assert len(facts.accounts) == 3
    assert facts.linked == 950_000
    # Two canaries where 0.05 are expected: 1 - 0.0012091.
    assert facts.enumeration == 998_790
    assert alarm(UNSURE).facts.enumeration == 500_000
    assert [tie.kinds for tie in facts.ties] == [("payment",), ("payment",)]


def test_a_bundle_is_verified_with_the_public_key_alone() -> None:
    data = bundle(moved(alarm(), "appealed", NOW + 5), KEY)
    found = read(data, [KEY.verification_key()])
    assert found == moved(alarm(), "appealed", NOW + 5)
    assert bundle(alarm(), KEY) == bundle(alarm(), KEY)


def test_a_bundle_names_nobody() -> None:
    data = bundle(alarm(), KEY).decode()
    assert "account0" not in data
    assert "5ec2e7" not in data
    assert "linked to each other; who asked for it is not known" in data
    other = raised(SECRET, IDENTIFIER[::-1], CLUSTER, SURE, NOW)
    assert not set(other.facts.accounts) & set(alarm().facts.accounts)


@given(some.integers(0, 10**6), some.integers(1, 255))
def test_a_changed_bundle_is_refused(place: int, change: int) -> None:
    data = bytearray(bundle(alarm(), KEY))
    data[place % len(data)] ^= change
    with pytest.raises(RakkanError):
        read(bytes(data), [KEY.verification_key()])


def test_other_notes_are_no_evidence() -> None:
    keys = [KEY.verification_key()]
    with pytest.raises(RakkanError, match="no evidence"):
        read(bytes(notes.sign("something else\n", KEY)), keys)
    with pytest.raises(RakkanError, match="lacks a part"):
        read(bytes(notes.sign("rakkan alarm 1\n{}\n", KEY)), keys)
    with pytest.raises(RakkanError, match="not signed by"):
        read(bundle(alarm(), SigningKey("other.example", bytes(32))), keys)
    with pytest.raises(RakkanError, match="state that no alarm has"):
        alarms.parsed(alarms.content(alarm()) | {"steps": []})


def test_long_clusters_fit_a_note() -> None:
    links = [Link(f"{number:026}", "payment", f"p{number // 40}") for number in range(400)]
    links += [Link(f"{number:026}", "device", f"d{(number + 1) // 2}") for number in range(400)]
    largest = max(clustered(links), key=lambda one: len(one.accounts))
    found = raised(SECRET, IDENTIFIER, largest, SURE, NOW)
    assert len(found.facts.accounts) > 200
    assert len(found.facts.ties) + found.facts.more_ties == len(largest.ties)
    assert read(bundle(found, KEY), [KEY.verification_key()]) == found


def test_one_appeal_and_then_the_decision_stands() -> None:
    upheld = moved(moved(moved(alarm(), "upheld", NOW), "appealed", NOW + 1), "upheld", NOW + 2)
    assert [step.state for step in upheld.steps] == ["open", "upheld", "appealed", "upheld"]
    with pytest.raises(Conflict, match="cannot become appealed"):
        moved(upheld, "appealed", NOW + 3)
    lifted = moved(upheld, "lifted", NOW + 4)
    for state in alarms.STATES:
        with pytest.raises(Conflict):
            moved(lifted, state, NOW + 5)


def test_what_an_alarm_does() -> None:
    found = alarm()
    assert restriction(found, NOW) == "refused"
    assert restriction(found, NOW + 3.1 * DAY) == "reduced"
    assert restriction(moved(found, "appealed", NOW), NOW) == "reduced"
    assert restriction(moved(found, "upheld", NOW), NOW + 10 * DAY) == "refused"
    assert restriction(moved(found, "upheld", NOW), NOW + 91 * DAY) == ""
    assert restriction(moved(found, "lifted", NOW), NOW) == ""
    assert restriction(alarm(UNSURE), NOW) == ""
    assert restriction(moved(alarm(UNSURE), "upheld", NOW), NOW) == "reduced"
