"""Whether a picture is what its seal says: who made it, out of what, with which model, since when."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rakkan.errors import RakkanError
from rakkan.store.ledger import envelope, notes, statements
from rakkan.store.ledger.statements import Derived, Generated, Reserved, Statement, Trained
from rakkan.store.ledger.verify import Verified, verify_evidence
from rakkan.trust.seal import disclosure
from rakkan.trust.seal.operations import OPERATIONS, PARENT, REFERENCE
from rakkan.trust.seal.report import ActionTaken, SealReport

VALID, INVALID, NONE = "valid", "invalid", "none"
#: The end of the year 9999, past which no date can be written.
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True)
class Verification:
    """What a picture's seal is worth. ``state``: ``valid`` when a trusted root vouches for it and all it
    says fits together, ``invalid`` with the ``problems`` in plain words, or ``none``.

    ``entry`` is the ledger's statement that the seal proves, ``training`` the training statement of the
    model it names; both are None when the seal has none, or they do not hold.
    """

    state: str
    problems: tuple[str, ...] = ()
    report: SealReport | None = None
    entry: Verified | None = None
    training: Statement | None = None


def verify(report: SealReport | None, digest: str) -> Verification:
    """Judge a picture by what its seal says.

    ``report`` is what was read of the seal (None: there is none), ``digest`` the SHA-256 of the file
    without it. The key of the ledger stands in the seal, so whoever vouches for the seal vouches for the
    ledger. Never raises for what a file holds.
    """
    if report is None:
        return Verification(NONE)
    problems = list(report.problems)
    if report.state == "valid":
        problems.append("whoever signed it is not trusted here")
    if report.recipe_problem:
        problems.append(f"its recipe does not hold: {report.recipe_problem}")
    entry: Verified | None = None
    training: Statement | None = None
    try:
        entry = _entry(report, digest)
        training = _training(report, entry)
    except RakkanError as error:
        problems.append(error.message)
    return Verification(
        INVALID if problems else VALID, tuple(dict.fromkeys(problems)), report, entry, training
    )


def _entry(report: SealReport, digest: str) -> Verified | None:
    """The ledger's statement, once it is found to be about this file and to say what the seal says."""
    found = report.evidence
    if found is None:
        if report.stated_root:
            raise RakkanError("The seal was made by Rakkan but has no entry of a ledger")
        return None
    entry = verify_evidence(found, [notes.parse_key(found.key)])
    if all(subject.digests.get("sha256") != digest for subject in entry.statement.subjects):
        raise RakkanError("The ledger's statement is about another file")
    if not isinstance(entry.statement.predicate, Generated | Derived | Reserved):
        raise RakkanError("The ledger's statement is not one that goes with a seal")
    differing = list(_differences(report, entry.statement, digest))
    if differing:
        raise RakkanError(f"The ledger's statement and the seal differ about {', '.join(differing)}")
    return entry


def _differences(report: SealReport, statement: Statement, digest: str) -> Iterator[str]:
    """What a seal says otherwise than the ledger's statement, which it is to repeat in every point."""
    said, told, model = statement.predicate, report.recipe, report.model
    if isinstance(said, Reserved):
        # What the statement of a reservation does not speak of, its seal must not either.
        said = Derived("protect", (digest,), "", "", "", "")
        if {use: one.permission for use, one in report.uses.items()} != statement.predicate.uses:
            yield "what is reserved"
    if (told.commitment if told else "") != said.recipe:
        yield "the recipe"
    if (told.level if told else "") != said.disclosure:
        yield "how much of the recipe is told"
    shown = disclosure.fields_of(told) if told else {}
    models = {(model.name, model.digest) if model else ("", "")}
    if "model_digest" in shown:
        models.add((shown.get("model", ""), shown["model_digest"]))
    if models != {(said.model, said.model_digest)}:
        yield "the model"
    if not _is_done(said.operation, report.actions):
        yield "what was done"
    pictures = {PARENT: getattr(said, "parents", ()), REFERENCE: said.references}
    for relationship, digests in pictures.items():
        found = [one.digest for one in report.ingredients if one.relationship == relationship]
        if sorted(found) != sorted(digests):
            yield "the pictures it was made from"
    when = datetime.fromtimestamp(min(statement.time, _LAST_SECOND), UTC)
    if {action.when for action in report.actions} != {when.strftime("%Y-%m-%dT%H:%M:%SZ")}:
        yield "when it was made"


def _is_done(operation: str, taken: Sequence[ActionTaken]) -> bool:
    """Whether the actions of a seal are those of the operation's row, in that order."""
    row = OPERATIONS[operation].actions if operation in OPERATIONS else ()
    names = {action.name for action in taken}
    expected = [action for action in row if not action.only_with or action.name in names]
    return len(expected) == len(taken) > 0 and all(
        one.name == action.name
        and one.source in (action.source, action.outside or action.source)
        and one.description == action.description
        for one, action in zip(taken, expected, strict=True)
    )


def _training(report: SealReport, entry: Verified | None) -> Statement | None:
    """The training statement in the seal, signed by the same ledger and the one the entry names."""
    found = report.model.training if report.model else None
    named = getattr(entry.statement.predicate, "training", "") if entry else ""
    if found is None or report.evidence is None or entry is None:
        if named:
            raise RakkanError("The training statement of its model was taken out")
        return None
    if hashlib.sha256(found).hexdigest() != named:
        raise RakkanError("The training statement is not the one that the ledger's entry names")
    keys = [notes.parse_key(report.evidence.key)]
    statement = statements.from_payload(envelope.open_envelope(found, keys))
    about = {subject.digests.get("sha256") for subject in statement.subjects}
    if (
        not isinstance(statement.predicate, Trained)
        or report.model is None
        or report.model.digest not in about
    ):
        raise RakkanError("The training statement is about another model")
    return statement


def operation_of(verification: Verification) -> str:
    """What was done, in the words of the operations' table; "" when the seal does not say."""
    predicate = verification.entry.statement.predicate if verification.entry else None
    name = "protect" if isinstance(predicate, Reserved) else getattr(predicate, "operation", "")
    return f"{name}: {OPERATIONS[name].meaning}" if name in OPERATIONS else ""
