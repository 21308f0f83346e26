"""The policy's cases, worked by hand, and what every decision promises."""

from __future__ import annotations

import pytest
from tests.trust.policy.cases import CASES, MODEL, NEW_PICTURE, NOW, PICTURE, WORK, Case, ask, known

from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Banned, Consented, Generated, Leaked, Licensed, Reserved
from rakkan.trust.policy import Action, Decision, Request, action_named, check_words, decide


def rules_that_deny(decision: Decision) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason.rule for reason in decision.denials))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_case_is_decided_as_by_hand(case: Case) -> None:
    decision = decide(case.request, case.statements, NOW)
    assert rules_that_deny(decision) == case.denies
    assert decision.allowed == (not case.denies)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_reason_can_be_followed(case: Case) -> None:
    decision = decide(case.request, case.statements, NOW)
    digests = {known.digest for known in case.statements}
    assert decision.reasons
    for reason in decision.reasons:
        assert reason.text and not reason.text.endswith(".")
        assert "\n" not in reason.text + reason.hint
        assert reason.statement in digests | {""}
        assert reason.hint or reason.allows, f"{reason} does not say what to do"


def test_no_two_cases_are_called_the_same() -> None:
    assert len({case.name for case in CASES}) == len(CASES)


def test_a_denial_names_the_statement_it_rests_on() -> None:
    ban = known(Banned("unsafe", until=NOW + 60), PICTURE, digest="f1" * 32)
    (denial,) = decide(ask(Action.ADMIT, PICTURE), [ban], NOW).denials
    assert denial.statement == "f1" * 32
    assert denial.text == f"the picture {'aa' * 6} is banned: it holds or makes what Rakkan does not draw"
    assert denial.hint == "Wait until 1970-01-12 13:47 UTC"


def test_a_consent_is_given_as_the_reason() -> None:
    consent = known(Consented(("cawg.data_mining",)), WORK, time=2, digest="f2" * 32)
    reserved = known(Reserved({"cawg.data_mining": "notAllowed"}), WORK)
    (reason,) = decide(ask(Action.INDEX, WORK), [reserved, consent], NOW).reasons
    assert (reason.rule, reason.allows, reason.statement) == ("reservation", True, "f2" * 32)


def test_a_licence_that_is_not_listed_gets_the_nearest() -> None:
    request = ask(Action.MERGE, MODEL)
    (denial,) = decide(request, [known(Licensed("creativeml-openrail"), MODEL)], NOW).denials
    assert denial.hint == (
        "'creativeml-openrail' is not in the table of licences. The nearest is 'CreativeML-OpenRAIL-M'"
    )


def test_the_case_of_a_licence_does_not_matter() -> None:
    assert decide(ask(Action.MERGE, MODEL), [known(Licensed("apache-2.0"), MODEL)], NOW).allowed


def test_a_misspelt_subject_gets_the_nearest() -> None:
    (denial,) = decide(Request(Action.EXPORT, "asker", NEW_PICTURE), [], NOW).denials
    assert denial.text == "export does not know which picture is meant"
    decision = decide(ask(Action.EXPORT, type(MODEL)("modle", MODEL.digests)), [], NOW)
    assert decision.denials[0].hint == "Did you mean 'model'?"


def test_one_denial_for_each_thing_that_is_wrong() -> None:
    leaks = [known(Leaked(True), MODEL), known(Leaked(True), PICTURE)]
    decision = decide(ask(Action.SHARE_PICTURE, PICTURE, MODEL), leaks, NOW)
    assert [reason.text.split()[1] for reason in decision.denials] == ["picture", "model"]


def test_an_end_far_beyond_the_calendar_is_still_an_end() -> None:
    ban = known(Banned("unsafe", until=10**30), PICTURE)
    assert decide(ask(Action.ADMIT, PICTURE), [ban], NOW).denials[0].hint == f"Wait until second {10**30}"


def test_a_thousand_sources_are_each_looked_at() -> None:
    works = [type(WORK)("work", {"sha256": f"{number:064x}"}) for number in range(1000)]
    statements = [known(Licensed("CC0-1.0"), *works), known(Leaked(True), works[-1])]
    decision = decide(ask(Action.TRAIN, type(MODEL)("model", {}), *works), statements, NOW)
    assert rules_that_deny(decision) == ("confirmed leak",)


def test_an_unknown_action_gets_the_nearest() -> None:
    assert action_named("merge") is Action.MERGE
    with pytest.raises(RakkanError, match="Did you mean 'share picture'"):
        action_named("share pictures")


@pytest.mark.parametrize(
    ("predicate", "message"),
    [
        (Reserved({"cawg.ai_trainin": "notAllowed"}), "Did you mean 'cawg.ai_training'"),
        (Reserved({"cawg.ai_training": "not allowed"}), "Did you mean 'notAllowed'"),
        (Consented(("cawg.datamining",)), "Did you mean 'cawg.data_mining'"),
        (Banned("scrapping"), "Did you mean 'scraping'"),
        (Banned("leak", ("shaer model",)), "Did you mean 'share model'"),
        (Licensed("CC-BY-4"), "The nearest is 'CC-BY-4.0'"),
    ],
)
def test_a_statement_with_an_unknown_word_is_refused(predicate: object, message: str) -> None:
    with pytest.raises(RakkanError, match=message):
        check_words(predicate)


@pytest.mark.parametrize(
    "predicate",
    [
        Reserved({"c2pa.ai_training": "constrained", "cawg.data_mining": "allowed"}),
        Consented(("cawg.ai_inference",)),
        Banned("leak", ("share model", "export")),
        Licensed("mit"),
        Generated("create", "", "full", "", ""),
    ],
)
def test_a_statement_in_known_words_passes(predicate: object) -> None:
    check_words(predicate)
