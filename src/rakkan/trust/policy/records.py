"""What the policy is asked and what it answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Statement, Subject
from rakkan.trust.policy.nearest import nearest


class Action(StrEnum):
    """What an account wants to do."""

    ADMIT = "admit"
    GENERATE = "generate"
    RELEASE = "release"
    SHARE_PICTURE = "share picture"
    SHARE_MODEL = "share model"
    TRAIN = "train"
    MERGE = "merge"
    INDEX = "index"
    EXPORT = "export"


@dataclass(frozen=True)
class Request:
    """``account`` wants to do ``action`` with ``subject``.

    ``sources`` are what the subject is, or is to be, made from: the model and the references of a
    picture, the works and the base model of a training run, the parents of a merge. Digests must name
    exactly one thing (``sha256``, ``pixels``): a perceptual hash would spread one work's licence to its
    look-alikes. A subject that does not exist yet has no digests. ``commercial`` says whether money is
    to be made; ``attributed`` whether the authors will be named where it is shared.
    """

    action: Action
    account: str
    subject: Subject
    sources: tuple[Subject, ...] = ()
    commercial: bool = False
    attributed: bool = False


@dataclass(frozen=True)
class Known:
    """A statement from the ledger with the SHA-256 of its envelope, by which others revoke it."""

    statement: Statement
    digest: str


@dataclass(frozen=True)
class Reason:
    """What one rule has to say. ``hint`` is what to do about a denial; ``statement`` is the envelope
    digest of the statement it rests on, "" when it rests on the lack of one."""

    rule: str
    allows: bool
    text: str
    hint: str = ""
    statement: str = ""


@dataclass(frozen=True)
class Decision:
    """Allowed exactly when no reason denies; every denial is listed, in the order of the rules."""

    allowed: bool
    reasons: tuple[Reason, ...]

    @property
    def denials(self) -> tuple[Reason, ...]:
        """The reasons that deny."""
        return tuple(reason for reason in self.reasons if not reason.allows)


def action_named(word: str) -> Action:
    """The action of that name. Raises RakkanError for an unknown one, with the nearest there is."""
    try:
        return Action(word)
    except ValueError as error:
        raise RakkanError(
            f"{word!r} is no action of the policy", f"Did you mean {nearest(word, list(Action))!r}?"
        ) from error


def account_subject(account: str) -> Subject:
    """An account as the subject of a statement: the SHA-256 of its name in UTF-8."""
    return Subject("account", {"sha256": hashlib.sha256(account.encode("utf-8")).hexdigest()})
