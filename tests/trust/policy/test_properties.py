"""What holds for any request and any statements: drawn at random, from few names so that they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as some

from rakkan.store.ledger.statements import (
    Banned,
    Consented,
    Generated,
    Leaked,
    Licensed,
    Reserved,
    Revoked,
    Statement,
    Subject,
)
from rakkan.trust.policy import Action, Known, Request, account_subject, decide
from rakkan.trust.policy.licences import LICENCES
from rakkan.trust.policy.words import USES

NOW = 100
DIGESTS = [f"{number:064x}" for number in range(24)]
ACCOUNTS = ["a", "b"]

THINGS = [
    Subject("picture", {"sha256": "11", "pixels": "44"}),
    Subject("model", {"sha256": "22"}),
    Subject("work", {"sha256": "33"}),
    Subject("work", {"pixels": "44"}),
    Subject("picture", {}),
    Subject("modle", {"sha256": "22"}),
]
subjects = some.sampled_from(THINGS)
about = some.sampled_from([*THINGS[:4], *(account_subject(name) for name in ACCOUNTS)])
words = some.one_of(some.sampled_from([*USES, "c2pa.data_mining", "cawg.new"]), some.text(max_size=4))
untils = some.sampled_from([0, NOW - 1, NOW, NOW + 1])
bans = some.builds(
    Banned,
    some.sampled_from(["leak", "odd"]),
    some.lists(some.sampled_from([*Action, "odd"]), max_size=2).map(tuple),
    untils,
)
predicates = some.one_of(
    bans,
    some.builds(
        Reserved,
        some.dictionaries(words, some.sampled_from(["allowed", "notAllowed", "constrained", "?"])),
        untils,
    ),
    some.builds(
        Consented,
        some.lists(words, max_size=2).map(tuple),
        untils,
        some.sampled_from(["", "terms"]),
        some.lists(some.sampled_from(ACCOUNTS), max_size=1).map(tuple),
    ),
    some.builds(
        Licensed, some.one_of(some.sampled_from([row.name for row in LICENCES]), some.text(max_size=5))
    ),
    some.builds(Leaked, some.booleans()),
    some.builds(Revoked, some.sampled_from(DIGESTS)),
    some.just(Generated("create", "", "full", "m", "11", references=("22",))),
)
accounts = some.sampled_from(ACCOUNTS)
statements = some.builds(
    Statement, predicates, some.lists(about, min_size=1, max_size=2).map(tuple), accounts, some.integers(0, 4)
)
ledgers = some.lists(
    some.tuples(statements, some.sampled_from(DIGESTS)), max_size=10, unique_by=lambda p: p[1]
).map(lambda pairs: [Known(*pair) for pair in pairs])
requests = some.builds(
    Request,
    some.sampled_from(Action),
    accounts,
    subjects,
    some.lists(subjects, max_size=2).map(tuple),
    some.booleans(),
    some.booleans(),
)


@given(requests, ledgers, some.randoms(use_true_random=False))
def test_the_order_of_the_statements_does_not_matter(
    request: Request, ledger: list[Known], random: object
) -> None:
    shuffled = list(ledger)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert decide(request, shuffled, NOW) == decide(request, ledger, NOW)


def test_every_order_of_many_statements_gives_the_same_reasons() -> None:
    model = THINGS[1]
    many = [
        Known(Statement(predicate, (model,), by, time), f"{number:064x}")
        for number, (predicate, by, time) in enumerate(
            [
                (Banned("leak"), "a", 1),
                (Banned("leak", ("merge",)), "b", 1),
                (Leaked(True), "a", 1),
                (Licensed("MIT"), "a", 1),
                (Licensed("GPL-3.0-only"), "b", 1),
                (Licensed("All-Rights-Reserved"), "b", 1),
            ]
        )
    ]
    request = Request(Action.MERGE, "a", Subject("model", {}), (model,))
    answers = {decide(request, order, NOW) for order in permutations(many)}
    assert len(answers) == 1
    assert len(answers.pop().denials) == 4


@given(requests, ledgers)
def test_a_statement_told_twice_counts_once(request: Request, ledger: list[Known]) -> None:
    again = [replace(known) for known in ledger]
    assert decide(request, [*ledger, *again], NOW) == decide(request, ledger, NOW)


@given(requests, ledgers)
def test_a_decision_is_allowed_exactly_when_no_reason_denies(request: Request, ledger: list[Known]) -> None:
    decision = decide(request, ledger, NOW)
    assert decision.reasons
    assert decision.allowed == (not decision.denials)
    assert all(reason.text and (reason.allows or reason.hint) for reason in decision.reasons)


@given(requests, ledgers, some.one_of(bans, some.builds(Leaked, some.booleans())), about, accounts)
def test_a_ban_or_a_leak_never_turns_denied_into_allowed(
    request: Request, ledger: list[Known], predicate: object, subject: Subject, by: str
) -> None:
    more = [*ledger, Known(Statement(predicate, (subject,), by, 5), "f" * 64)]
    before, after = decide(request, ledger, NOW), decide(request, more, NOW)
    assert set(before.denials) <= set(after.denials)


@given(requests, ledgers, some.integers(0, 7))
def test_what_is_revoked_behaves_as_if_never_said(request: Request, ledger: list[Known], which: int) -> None:
    spoken = [known for known in ledger if not isinstance(known.statement.predicate, Revoked)]
    if not spoken:
        return
    gone = spoken[which % len(spoken)]
    revocation = Known(Statement(Revoked(gone.digest), (), gone.statement.account, 9), "f" * 64)
    rest = [known for known in ledger if known is not gone]
    assert decide(request, [*ledger, revocation], NOW) == decide(request, rest, NOW)


@given(requests, ledgers)
def test_what_is_about_something_else_changes_nothing(request: Request, ledger: list[Known]) -> None:
    elsewhere = Subject("work", {"sha256": "55"})
    noise = [
        Known(replace(known.statement, subjects=(elsewhere,)), f"{number:x}" * 64)
        for number, known in enumerate(ledger, 1)
        if not isinstance(known.statement.predicate, Revoked)
    ]
    assert decide(request, [*ledger, *noise], NOW) == decide(request, ledger, NOW)


def _standing(ledger: Sequence[Known], second: int) -> list[Known]:
    """The statements without those that have ended by ``second``, each of which is the only one of its
    account and kind, so that none comes back from behind another."""
    return [known for known in ledger if not 0 < getattr(known.statement.predicate, "until", 0) <= second]


@given(requests, ledgers)
def test_what_has_ended_behaves_as_if_never_said(request: Request, ledger: list[Known]) -> None:
    alone = {
        (type(known.statement.predicate), known.statement.account): known
        for known in ledger
        if not isinstance(known.statement.predicate, Revoked)
    }
    kept = list(alone.values())
    assert decide(request, kept, NOW) == decide(request, _standing(kept, NOW), NOW)
    assert decide(request, kept, NOW - 1) == decide(request, _standing(kept, NOW - 1), NOW - 1)
