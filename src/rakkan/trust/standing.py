"""What the policy says at the gate, with all that the ledger knows of who and what is concerned."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rakkan.formats.unsealed import without_seal
from rakkan.records import Picture, Recipe, SheetRecipe, ThumbnailRecipe, UpscaleRecipe
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.statements import Admitted, Derived, Generated, Licensed, Subject, kinds
from rakkan.trust.copies import COPY
from rakkan.trust.gate import (
    Arrival,
    ArrivalCheck,
    Departure,
    DepartureCheck,
    Destination,
    Finding,
    PictureCheck,
    Source,
)
from rakkan.trust.policy import Action, Decision, Known, Request, account_subject, decide
from rakkan.trust.policy.case import MAKING
from rakkan.trust.provenance import digest_of_file, digest_of_pixels, digests_of

#: The names of the kinds that say how a thing was made, and deny nothing by themselves.
_OF_MAKING = frozenset(kind.name for kind in kinds() if kind.record in MAKING)


def release_policy(ledger: Ledger, clock: Callable[[], float] = time.time) -> PictureCheck:
    """Inspector of pictures that leave: may this account release this, made by that model, from those?

    A picture that guided it must be one that the ledger has seen: there is no way for it but the gate.
    """

    def inspect(picture: Picture, to: Destination) -> list[Finding]:
        recipe = picture.recipe
        recipes = recipe.recipes if isinstance(recipe, SheetRecipe) else (recipe,)
        drawn = [one for one in recipes if isinstance(one, Recipe)]
        is_copied = isinstance(recipe, UpscaleRecipe | ThumbnailRecipe) or picture.operation == COPY
        models = sorted({digest for one in drawn for digest in (one.model_digest, *one.adapters)})
        models += [recipe.model_digest] if isinstance(recipe, UpscaleRecipe) else []
        sources = [Subject("model", {"sha256": digest}) for digest in models]
        shown = {digest_of_file(one.data): one.relationship for one in picture.ingredients}
        pictures = {*shown, *(digest for one in drawn for digest in one.references)}
        sources += [Subject("picture", {"sha256": digest}) for digest in sorted(pictures)]
        subject = Subject("picture", {"pixels": digest_of_pixels(picture)})
        request = Request(Action.RELEASE, to.account, subject, tuple(sources))
        strangers = [
            digest
            for digest in sorted(shown if picture.operation == COPY else pictures)
            if (shown.get(digest) != "parent" or is_copied) and not _came_in(ledger, digest, to.account)
        ]
        return _findings(decide(request, known(ledger, request), int(clock()))) + [
            Finding(False, f"the reference {digest[:12]} did not come in through the gate", rule="reference")
            for digest in strangers
        ]

    return inspect


def _came_in(ledger: Ledger, digest: str, account: str) -> bool:
    """Whether the ledger has seen a picture: let in for this account, or made here."""
    return any(
        isinstance(said.predicate, Generated | Derived)
        or (isinstance(said.predicate, Admitted) and said.account == account)
        for _, said in ledger.about(digest)
    )


def arrival_policy(ledger: Ledger, clock: Callable[[], float] = time.time) -> ArrivalCheck:
    """Inspector of files that come in: may this account bring this here?"""

    def inspect(arrival: Arrival, source: Source) -> list[Finding]:
        name = "picture" if arrival.inspected.media_type.startswith("image/") else "model"
        request = Request(Action.ADMIT, source.account, Subject(name, digests_of(arrival)))
        return _findings(decide(request, known(ledger, request), int(clock())))

    return inspect


def departure_policy(ledger: Ledger, clock: Callable[[], float] = time.time) -> DepartureCheck:
    """Inspector of what an account takes with it: may it, this one, each of its files and pictures?"""

    def inspect(model: Departure, to: Path) -> list[Finding]:
        findings: list[Finding] = []
        subjects = [Subject(model.sort, {"sha256": digest}) for digest in dict.fromkeys(model.digests)]
        subjects += [Subject("picture", {"sha256": digest_of_file(data)}) for data in model.pictures]
        for data in model.pictures:
            digest = digest_of_file(data)
            made_here = any(isinstance(one.predicate, Generated | Derived) for _, one in ledger.about(digest))
            if made_here and without_seal(data) == data:
                text = f"the picture {digest[:12]} was made here and has lost its seal"
                findings.append(Finding(False, text, rule="seal", hint="Give it sealed, as it was released"))
        for subject in subjects:
            request = Request(Action.EXPORT, model.account, subject)
            findings += _findings(decide(request, known(ledger, request), int(clock())))
        return findings

    return inspect


def known(ledger: Ledger, request: Request) -> list[Known]:
    """All statements about the account, the subject and the sources of a request that its decision hangs on,
    and what revokes them.

    Statements of how a thing was made are the most by far: whoever draws the same again and again adds one
    each time. They are asked for what they say when a picture is shared (its lineage), and beside a licence,
    for who made what it binds (``Case.licences``); otherwise they are passed over unread.
    """
    subjects = (account_subject(request.account), request.subject, *request.sources)
    digests = [digest for subject in subjects for digest in subject.digests.values()]
    if request.action != Action.SHARE_PICTURE:
        found = _about(ledger, digests, _OF_MAKING)
        if not any(isinstance(one.statement.predicate, Licensed) for one in found):
            return found + _about(ledger, (one.digest for one in found))
    found = _about(ledger, digests)
    return found + _about(ledger, (one.digest for one in found))


def _about(ledger: Ledger, digests: Iterable[str], without: frozenset[str] = frozenset()) -> list[Known]:
    return [
        Known(statement, entry.statement_digest)
        for digest in dict.fromkeys(digests)
        for entry, statement in ledger.about(digest, without)
    ]


def _findings(decision: Decision) -> list[Finding]:
    return [
        Finding(reason.allows, reason.text, rule=reason.rule, hint=reason.hint) for reason in decision.reasons
    ]
