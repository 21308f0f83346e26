"""A picture is valid only as long as nothing in it, its seal or its proof has been touched or made up."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.trust.made import ingredient, look, move, picture, recipe, release

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.unsealed import without_seal
from rakkan.store.ledger import envelope, statements
from rakkan.store.ledger.statements import Reserved, Revoked, Statement, Subject
from rakkan.trust import provenance
from rakkan.trust.examination import examine
from rakkan.trust.gate import Destination, Source
from rakkan.trust.seal import disclosure
from rakkan.trust.seal.manifest import Ingredient, ModelFacts, SealRequest
from rakkan.trust.seal.report import SealReport
from rakkan.trust.verification import INVALID, NONE, VALID, operation_of, verify

Change = Callable[[SealRequest], SealRequest]
NAMES = ("a.png", "a.jpg", "a.webp")


@pytest.fixture
def lie(monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], None]:
    """Have the instance's own authority seal something else than what was stated in the ledger."""
    honest = provenance.seal

    def change_to(change: Change) -> None:
        monkeypatch.setattr(provenance, "seal", lambda data, said, by: honest(data, change(said), by))

    return change_to


@pytest.mark.parametrize("name", NAMES)
def test_a_flipped_bit_anywhere_is_seen(name: str, tmp_path: Path) -> None:
    path = release(tmp_path / name)
    whole = path.read_bytes()
    draw = random.Random(name)
    found = {VALID: 0, INVALID: 0, NONE: 0}
    for place in draw.sample(range(len(whole)), 200):
        broken = bytearray(whole)
        broken[place] ^= 1 << draw.randrange(8)
        path.write_bytes(broken)
        try:
            found[look(path).state] += 1
        except RakkanError as error:
            assert "is no picture" in error.message  # its first bytes
            found[INVALID] += 1
    assert found[VALID] == 0
    assert found[NONE] < 8  # what says that there is a seal is a few bytes long


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_that_was_cut_or_added_to_is_not_valid(name: str, tmp_path: Path) -> None:
    path = release(tmp_path / name)
    whole = path.read_bytes()
    for changed in (whole[:-1], whole[: len(whole) // 2], whole + b"\0", whole + whole):
        path.write_bytes(changed)
        assert look(path).state == INVALID


def test_the_seal_of_another_picture_does_not_hold(tmp_path: Path) -> None:
    first = release(tmp_path / "a.png", picture(seed=1))
    second = release(tmp_path / "b.png", picture(seed=2))
    first.write_bytes(_with_seal_of(first.read_bytes(), second.read_bytes()))
    found = look(first)
    assert found.state == INVALID
    assert "the picture was changed after it was sealed" in found.problems
    assert "The ledger's statement is about another file" in found.problems


def _with_seal_of(data: bytes, other: bytes) -> bytes:
    bare, place = without_seal(data), 8
    while other[place + 4 : place + 8] != b"caBX":
        place += 12 + int.from_bytes(other[place : place + 4], "big")
    end = place + 12 + int.from_bytes(other[place : place + 4], "big")
    return bare[:33] + other[place:end] + bare[33:]


def test_a_seal_put_back_where_it_was_is_valid(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png")
    data = path.read_bytes()
    assert _with_seal_of(data, data) == data


def test_another_instance_is_trusted_only_once_its_root_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = release(tmp_path / "a.png")
    root = assemble.instance().root
    move(monkeypatch, tmp_path / "another")
    found = look(path)
    assert found.state == INVALID
    assert "whoever signed it is not trusted here" in found.problems
    assert found.entry is not None  # the rest holds, and is told
    assert examine(path, [*assemble.trusted_roots(), root]).state == VALID


# ---- an authority that seals something else than the ledger says


def _other_recipe(said: SealRequest) -> SealRequest:
    return replace(said, recipe=disclosure.commit(recipe("a cat")))


def _told_less(said: SealRequest) -> SealRequest:
    assert said.recipe is not None
    return replace(said, recipe=disclosure.conceal(said.recipe, "digest"))


def _of_model(**changes: Any) -> Change:
    def change(said: SealRequest) -> SealRequest:
        assert said.model is not None
        return replace(said, model=replace(said.model, **changes))

    return change


LIES: dict[str, tuple[Change, str]] = {
    "another recipe": (_other_recipe, "about the recipe"),
    "no recipe": (lambda said: replace(said, recipe=None), "about the recipe"),
    "a recipe told less of": (_told_less, "how much of the recipe is told"),
    "another name of the model": (_of_model(name="other"), "about the model"),
    "another model": (_of_model(digest="cd" * 32), "about the model"),
    "no model": (lambda said: replace(said, model=None), "about the model"),
    "another operation": (lambda said: replace(said, operation="draft"), "about what was done"),
    "another time": (lambda said: replace(said, time=said.time + 1), "when it was made"),
    "a reference more": (
        lambda said: replace(said, ingredients=(Ingredient("inputTo", "ab" * 32, "image/png"),)),
        "the pictures it was made from",
    ),
    "no training statement": (_of_model(training=None), "was taken out"),
    "another training statement": (_of_model(training=b"{}"), "not the one"),
    "no proof": (lambda said: replace(said, evidence=None), "has no entry of a ledger"),
}


@pytest.mark.parametrize("lie_about", LIES)
def test_a_maker_who_seals_something_else_than_was_stated_is_caught(
    lie_about: str, lie: Callable[[Change], None], tmp_path: Path
) -> None:
    change, problem = LIES[lie_about]
    lie(change)
    found = look(release(tmp_path / "a.png"))
    assert found.report is not None and found.report.state == "trusted"
    assert found.state == INVALID
    assert any(problem in one for one in found.problems), found.problems


@pytest.mark.parametrize("name", ["reference", "parent"])
def test_other_sources_than_were_stated_are_seen(
    name: str, lie: Callable[[Change], None], tmp_path: Path
) -> None:
    source = release(tmp_path / "source.png", picture(seed=1))
    operation = {"reference": "variation", "parent": "edit"}[name]
    lie(lambda said: replace(said, ingredients=(replace(said.ingredients[0], digest="ab" * 32),)))
    found = look(release(tmp_path / "a.png", picture(operation, 2, "x", ingredient(name, source))))
    assert found.state == INVALID
    assert any("the pictures it was made from" in one for one in found.problems)


def test_a_recipe_that_names_another_model_than_was_stated_is_seen(
    lie: Callable[[Change], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The statement and the seal's model agree; the recipe, bound by its commitment, tells of another.
    monkeypatch.setattr(provenance, "_model_of", lambda made: ModelFacts("other", "cd" * 32))
    found = look(release(tmp_path / "a.png"))
    assert found.state == INVALID
    assert any("about the model" in one for one in found.problems)


def test_the_proof_of_another_picture_does_not_do(lie: Callable[[Change], None], tmp_path: Path) -> None:
    first = look(release(tmp_path / "a.png", picture(seed=1)))
    assert first.report is not None
    evidence = first.report.evidence
    lie(lambda said: replace(said, evidence=evidence))
    found = look(release(tmp_path / "b.png", picture(seed=2)))
    assert found.report is not None and found.report.state == "trusted"
    assert (found.state, found.problems) == (INVALID, ("The ledger's statement is about another file",))


def _flip(data: bytes, place: int = 0) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def _other_root(proof: str) -> str:
    """The proof with another hash: the last sign before the padding stands for bits that count."""
    lines = proof.split("\n")
    place = next(number for number, line in enumerate(lines) if len(line) == 44 and line.endswith("="))
    lines[place] = ("B" if lines[place][0] != "B" else "C") + lines[place][1:]
    return "\n".join(lines)


DAMAGES: dict[str, Callable[[Any], Any]] = {
    "envelope": lambda one: replace(one, envelope=one.envelope.replace(b"a", b"b", 1)),
    "salt": lambda one: replace(one, salt=_flip(one.salt)),
    "leaf": lambda one: replace(one, leaf=_flip(one.leaf, 20)),
    "proof": lambda one: replace(one, proof=_other_root(one.proof)),
    "index": lambda one: replace(one, proof=one.proof.replace("index 1", "index 0")),
    "no key": lambda one: replace(one, key=""),
    "an empty proof": lambda one: replace(one, proof=""),
}


@pytest.mark.parametrize("part", DAMAGES)
def test_each_part_of_the_proof_counts(part: str, lie: Callable[[Change], None], tmp_path: Path) -> None:
    def change(said: SealRequest) -> SealRequest:
        damaged = DAMAGES[part](said.evidence)
        assert damaged != said.evidence
        return replace(said, evidence=damaged)

    lie(change)
    found = look(release(tmp_path / "a.png"))
    assert found.report is not None and found.report.state == "trusted"
    assert found.state == INVALID and found.entry is None


def test_the_key_of_another_ledger_does_not_open_the_proof(
    lie: Callable[[Change], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "one"
    move(monkeypatch, tmp_path / "another")
    foreign = str(assemble.instance().ledger_key.verification_key())
    move(monkeypatch, home)
    lie(lambda said: replace(said, evidence=replace(said.evidence, key=foreign)))  # type: ignore[type-var]
    found = look(release(tmp_path / "a.png"))
    assert found.state == INVALID and found.entry is None


def test_a_training_statement_of_another_model_does_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger's entry and the seal both name it, and it is signed: but it speaks of another model."""
    origin = assemble.provenance()
    other = origin.training(recipe().model_digest)
    assert other is not None
    origin._training["cd" * 32] = other
    unknown = replace(picture(), recipe=recipe(model_digest="cd" * 32))
    found = look(release(tmp_path / "a.png", unknown))
    assert found.state == INVALID
    assert found.problems == ("The training statement is about another model",)


def test_a_statement_that_is_none_of_training_does_not_do(tmp_path: Path) -> None:
    origin = assemble.provenance()
    subject = Subject("model", {"sha256": "cd" * 32})
    (entry,) = assemble.ledger().append([Statement(Reserved({}), (subject,), "instance", 1)])
    origin._training["cd" * 32] = (entry.statement_digest, assemble.ledger().evidence(entry.index).envelope)
    unknown = replace(picture(), recipe=recipe(model_digest="cd" * 32))
    assert look(release(tmp_path / "a.png", unknown)).state == INVALID


def test_a_training_statement_of_another_ledger_does_not_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move(monkeypatch, tmp_path / "another")
    foreign = assemble.provenance().training(recipe().model_digest)
    move(monkeypatch, tmp_path / "one")
    assert foreign is not None
    assemble.provenance()._training[recipe().model_digest] = foreign
    assert look(release(tmp_path / "a.png")).state == INVALID


def test_only_statements_about_making_go_with_a_seal(lie: Callable[[Change], None], tmp_path: Path) -> None:
    def change(said: SealRequest) -> SealRequest:
        about = assemble.ledger()
        made = statements.from_payload(envelope.open_envelope(said.evidence.envelope, _keys()))  # type: ignore[union-attr]
        revoked = replace(made, predicate=Revoked("ab" * 32))
        return replace(said, evidence=about.evidence(about.append([revoked])[0].index))

    lie(change)
    found = look(release(tmp_path / "a.png"))
    assert found.problems == ("The ledger's statement is not one that goes with a seal",)


def _keys() -> list[Any]:
    return [assemble.instance().ledger_key.verification_key()]


# ---- an artist's own file


def test_a_protected_file_says_what_the_ledger_says(lie: Callable[[Change], None], tmp_path: Path) -> None:
    work = tmp_path / "work.png"
    work.write_bytes(without_seal(release(tmp_path / "a.png").read_bytes()))

    def protect() -> tuple[str, tuple[str, ...]]:
        uses = {"cawg.ai_training": "notAllowed"}
        to = Destination(tmp_path / "out.png", uses=uses, maker="Ann")
        found = look(assemble.gate().protect(Source(work), to))
        if found.state == VALID:
            assert operation_of(found).startswith("protect: an artist's own file")
        return found.state, found.problems

    assert protect() == (VALID, ())
    lies: tuple[tuple[Change, str], ...] = (
        (lambda said: replace(said, uses={"cawg.ai_training": "allowed"}), "what is reserved"),
        (lambda said: replace(said, recipe=disclosure.commit(recipe())), "the recipe"),
        (lambda said: replace(said, model=ModelFacts("m", "ab" * 32)), "the model"),
        (lambda said: replace(said, operation="create", ingredients=()), "what was done"),
        (
            lambda said: replace(said, ingredients=(replace(said.ingredients[0], digest="ab" * 32),)),
            "the pictures it was made from",
        ),
    )
    for change, problem in lies:
        lie(change)
        state, problems = protect()
        assert state == INVALID
        assert any(problem in one for one in problems), (problem, problems)


# ---- reports made up from nothing: what a taken-over reader could answer


def test_no_report_is_no_seal() -> None:
    assert verify(None, "ab" * 32).state == NONE


def test_a_seal_of_another_program_needs_no_ledger_but_trust() -> None:
    assert verify(SealReport("trusted", signer="A camera"), "ab" * 32).state == VALID
    assert verify(SealReport("valid", signer="A camera"), "ab" * 32).state == INVALID
    broken = SealReport("invalid", problems=("it is broken",))
    assert verify(broken, "ab" * 32).problems == ("it is broken",)


def test_a_recipe_that_does_not_hold_is_a_problem() -> None:
    report = SealReport("trusted", recipe_problem="a field in it is not JSON")
    found = verify(report, "ab" * 32)
    assert found.state == INVALID
    assert found.problems == ("its recipe does not hold: a field in it is not JSON",)


def test_a_report_is_judged_whatever_stands_in_its_proof(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png")
    report = look(path).report
    assert report is not None and report.evidence is not None
    digest = provenance.digest_of_file(path.read_bytes())
    assert verify(report, digest).state == VALID
    for part in ("envelope", "salt", "leaf", "proof", "key"):
        for wrong in ("", "x" * 1000, "\ud800", "\0\n" * 40):
            value: Any = wrong if part in ("proof", "key") else wrong.encode("utf-8", "surrogatepass")
            made = replace(report, evidence=replace(report.evidence, **{part: value}))
            assert verify(made, digest).state == INVALID, (part, wrong)
    assert verify(report, hashlib.sha256(b"").hexdigest()).state == INVALID
