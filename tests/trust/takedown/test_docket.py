"""The register is only a memory: lost, stolen, stale or rolled back, the ledger says what is so."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.trust.takedown.drawn import admit, appeal, decide, figure, jpeg, png, release, report

from rakkan import assemble
from rakkan.cli import entry
from rakkan.errors import RakkanError
from rakkan.trust.takedown.docket import Case, Docket
from rakkan.trust.takedown.register import Register
from rakkan.trust.takedown.states import UPHELD, state_of


def home() -> Path:
    return Path(os.environ["RAKKAN_HOME"])


def everything() -> tuple[list[Case], list[Any]]:
    docket = assemble.docket()
    return docket.cases(), sorted(docket.stored(), key=repr)


def some_history(folder: Path) -> list[Case]:
    release(folder / "a.png", figure(1))
    release(folder / "b.png", figure(2), account="someone")
    admit(folder, jpeg(figure(3)), account="someone")
    first = decide(report(jpeg(figure(1)), contact="x"), UPHELD)
    second = appeal(decide(report(png(figure(2))), "overturned"), "reporter")
    return [first, second, report(png(figure(3)), png(figure(4)))]


def test_without_its_database_everything_is_as_before(tmp_path: Path) -> None:
    some_history(tmp_path)
    before = everything()
    assemble.forget()
    for file in home().glob("database.sqlite*"):
        file.unlink()
    assemble.ledger().rebuild_index(["local", "someone"])
    assert everything() == before
    assert len(before[0]) == 3 and len(before[1]) == 3


def test_rebuilt_from_the_ledger_the_register_is_as_before(tmp_path: Path) -> None:
    some_history(tmp_path)
    before = everything()
    assert assemble.docket().rebuild() == 3
    assert everything() == before


def test_another_process_sees_what_this_one_states(tmp_path: Path) -> None:
    def another() -> Docket:
        docket = assemble.docket()
        return Docket(docket.ledger, Register(docket.register._engine, docket.register._key))

    watching = another()
    assert watching.cases() == []
    cases = some_history(tmp_path)
    assert watching.cases() == assemble.docket().cases() == another().cases()
    assert {case.name for case in watching.cases()} == {case.name for case in cases}


def test_an_erased_account_leaves_no_rows(tmp_path: Path) -> None:
    some_history(tmp_path)
    assert len(assemble.docket().stored()) == 3
    rows = {data for _, data in assemble.docket().register.pictures()}
    cases = assemble.docket().cases()
    assert entry(["account", "erase", "someone", "--yes"]) == 0
    kept = {data for _, data in assemble.docket().register.pictures()}
    assert len(kept) == 1 and kept < rows
    assert assemble.docket().cases() == cases
    assemble.docket().rebuild()
    assert {data for _, data in assemble.docket().register.pictures()} == kept


def test_an_erasure_that_was_interrupted_is_finished_by_the_next(tmp_path: Path) -> None:
    some_history(tmp_path)
    assemble.docket().stored()
    assemble.ledger().erase_account("someone")  # and the light goes out
    assemble.forget()
    assert len(assemble.docket().stored()) == 1


def test_a_stolen_database_tells_of_no_picture(tmp_path: Path) -> None:
    some_history(tmp_path)
    (cases, stored) = everything()
    secrets = [one for case in cases for exact in case.pictures for one in exact.values()]
    secrets += [one.layout.hex() for _, looks in stored for one in looks]
    secrets += [one.hashes[0].hex() for case in cases for one in case.looks]
    content = b"".join(path.read_bytes() for path in home().glob("database.sqlite*"))
    assert len(content) > 10_000 and len(secrets) > 10
    for secret in secrets:
        assert secret.encode() not in content and bytes.fromhex(secret) not in content


def test_a_changed_row_is_noticed() -> None:
    case = report(png(figure(1)))
    register = assemble.docket().register
    row = json.dumps({"anything": 1}).encode()
    other = Register(register._engine, bytes(32))
    other.put_cases({case.name: row}, 1, 1)
    assemble.forget()
    with pytest.raises(RakkanError, match="register is damaged"):
        assemble.docket().cases()


def test_a_lost_statement_about_a_case_stops_the_gate(tmp_path: Path) -> None:
    report(png(figure(1)))
    (blob,) = assemble.vault().list("instance")
    assemble.vault().shred("instance", blob.digest)
    assemble.forget()
    for file in home().glob("database.sqlite*"):
        file.unlink()
    assemble.ledger().rebuild_index([])
    with pytest.raises(RakkanError, match="about a case, is lost"):
        release(tmp_path / "a.png", figure(2))


def test_a_ledger_that_was_rolled_back_is_believed(tmp_path: Path) -> None:
    report(png(figure(1)))
    assemble.docket().cases()
    assemble.docket().register.put_cases({}, 99, 1)
    assemble.forget()
    assert len(assemble.docket().cases()) == 1


class Stop(BaseException):
    """The light goes out."""


STEPS = ("expect_file", "put", "append", "put_cases")


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_stopped_anywhere_a_report_is_whole_or_none(step: str, after: bool, tmp_path: Path) -> None:
    release(tmp_path / "a.png", figure(1))
    desk = assemble.takedown()
    desk.docket.cases()
    owner = {"expect_file": desk.docket.register, "put": desk.vault, "append": desk.ledger}
    target = owner.get(step, desk.docket.register)
    real = getattr(target, step)

    def stopping(*arguments: Any, **options: Any) -> Any:
        if after:
            real(*arguments, **options)
        raise Stop

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Stop):
        patch.setattr(target, step, stopping)
        report(jpeg(figure(1)), contact="planted contact", words="planted words")
    assemble.forget()
    desk = assemble.takedown()
    cases = desk.docket.cases()
    stated = step == "put_cases" or (step == "append" and after)
    assert len(cases) == stated
    if stated:
        assert cases[0].works == 2 and cases[0].state.bars == "reported"
        assert [one.contact for one in desk.notes(cases[0])] == ["planted contact"]
        return
    files = desk.docket.register.files()
    assert len(files) == (step != "expect_file" or after)
    assert desk.tidy() == 0  # it may be going on in another process
    object.__setattr__(desk, "clock", lambda: 4e9)
    assert desk.tidy() == len(files)
    assert desk.docket.register.files() == []
    for name, _ in files:
        assert list(desk.vault.list(f"case {name}")) == []


class Histories(RuleBasedStateMachine):
    """Reports, decisions and appeals in any order, against what they ought to come to."""

    def __init__(self) -> None:
        super().__init__()
        assemble.forget()
        shutil.rmtree(home(), ignore_errors=True)
        self.expected: dict[str, list[str]] = {}

    @rule(seed=some.integers(1, 3))
    def reports(self, seed: int) -> None:
        case = report(png(figure(seed)))
        self.expected[case.name] = []

    @precondition(lambda self: self.expected)
    @rule(data=some.data(), outcome=some.sampled_from(["upheld", "overturned"]))
    def decides(self, data: Any, outcome: str) -> None:
        name = data.draw(some.sampled_from(sorted(self.expected)))
        history = self.expected[name]
        case = assemble.docket().find(name)
        if history in ([], ["upheld", "appeal"], ["overturned", "appeal"]):
            decide(case, outcome, f"moderator {len(history)}")
            history.append(outcome)
        else:
            with pytest.raises(RakkanError, match="nothing to decide"):
                decide(case, outcome)

    @precondition(lambda self: self.expected)
    @rule(data=some.data(), by=some.sampled_from(["reporter", "account"]))
    def appeals(self, data: Any, by: str) -> None:
        name = data.draw(some.sampled_from(sorted(self.expected)))
        history = self.expected[name]
        case = assemble.docket().find(name)
        if len(history) == 1:
            appeal(case, by)
            history.append("appeal")
        else:
            with pytest.raises(RakkanError):
                appeal(case, by)

    @rule()
    def begins_anew(self) -> None:
        assemble.forget()

    @invariant()
    def every_case_is_what_its_history_says(self) -> None:
        for case in assemble.docket().cases():
            history = self.expected[case.name]
            outcomes = [one for one in history if one != "appeal"]
            bars = {None: "reported", "upheld": "taken down", "overturned": ""}
            assert case.state.bars == bars[outcomes[-1] if outcomes else None]
            assert case.state.final == (len(history) == 3)
            assert case.state == state_of(said for _, said in assemble.ledger().about(case.name))
        assert {case.name for case in assemble.docket().cases()} == set(self.expected)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=5, stateful_step_count=8)
