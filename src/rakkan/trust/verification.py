"""Whether a picture is what its seal says: who made it, out of what, with which model, since when."""

from __future__ import annotations

from dataclasses import dataclass

from rakkan.errors import RakkanError
from rakkan.store.ledger import envelope, notes, statements
from rakkan.store.ledger.statements import Derived, Generated, Reserved, Statement, Trained
from rakkan.store.ledger.verify import Evidence, Verified, verify_evidence
from rakkan.trust.seal.operations import OPERATIONS
from rakkan.trust.seal.report import SealReport

VALID, INVALID, NONE = "valid", "invalid", "none"


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
    evidence = Evidence(found.envelope, found.salt, found.leaf, found.proof, found.key)
    entry = verify_evidence(evidence, [notes.parse_key(found.key)])
    predicate = entry.statement.predicate
    if all(subject.digests.get("sha256") != digest for subject in entry.statement.subjects):
        raise RakkanError("The ledger's statement is about another file")
    if isinstance(predicate, Generated | Derived):
        model = report.model
        stated = (predicate.recipe, predicate.model_digest, predicate.disclosure)
        told = report.recipe
        sealed = (
            told.commitment if told else "",
            model.digest if model else "",
            told.level if told else "",
        )
        if stated != sealed:
            raise RakkanError("The ledger's statement and the seal differ about the recipe or the model")
    elif not isinstance(predicate, Reserved):
        raise RakkanError("The ledger's statement is not one that goes with a seal")
    return entry


def _training(report: SealReport, entry: Verified | None) -> Statement | None:
    """The training statement in the seal, signed by the same ledger and the one the entry names."""
    import hashlib

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
