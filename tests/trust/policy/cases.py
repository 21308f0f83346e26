"""Cases of the policy worked by hand: who asks for what, what is known, and which rules deny."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from rakkan.store.ledger.statements import (
    Banned,
    Consented,
    Decided,
    Derived,
    Generated,
    Leaked,
    Licensed,
    Reported,
    Reserved,
    Revoked,
    Statement,
    Subject,
    Trained,
)
from rakkan.trust.policy import Action, Known, Request, account_subject

NOW = 1_000_000

PICTURE = Subject("picture", {"sha256": "aa" * 32, "pixels": "ab" * 32})
REFERENCE = Subject("picture", {"sha256": "ac" * 32})
WORK = Subject("work", {"sha256": "ba" * 32})
MODEL = Subject("model", {"sha256": "ca" * 32})
PARENT = Subject("model", {"sha256": "cb" * 32})
NEW_PICTURE = Subject("picture", {})
NEW_MODEL = Subject("model", {})
NOBODY_KNOWS_WHAT = Subject("statement", {"sha256": "ea" * 32})
NOBODY = Subject("account", {"sha256": "da" * 32})

GENERATIVE = "cawg.ai_generative_training"
OTHER_TRAINING = "cawg.ai_training"
INFERENCE = "cawg.ai_inference"
MINING = "cawg.data_mining"

_numbers = count(1)


def known(predicate: Any, *subjects: Subject, by: str = "artist", time: int = 1, digest: str = "") -> Known:
    """A statement as the ledger would give it, under a digest of its own unless one is named."""
    name = digest or f"{next(_numbers):064x}"
    return Known(Statement(predicate, subjects, by, time), name)


@dataclass(frozen=True)
class Case:
    """``denies``: the rules that deny, in their order; none means allowed."""

    name: str
    request: Request
    statements: tuple[Known, ...] = ()
    denies: tuple[str, ...] = ()


def ask(action: Action, subject: Subject, *sources: Subject, **facts: Any) -> Request:
    return Request(action, facts.pop("account", "asker"), subject, sources, **facts)


#: One plain request for every action, which nothing stands against.
PLAIN: dict[Action, tuple[Request, tuple[Known, ...]]] = {
    Action.ADMIT: (ask(Action.ADMIT, PICTURE), ()),
    Action.GENERATE: (ask(Action.GENERATE, NEW_PICTURE, MODEL, REFERENCE), ()),
    Action.RELEASE: (ask(Action.RELEASE, PICTURE, MODEL), ()),
    Action.SHARE_PICTURE: (ask(Action.SHARE_PICTURE, PICTURE, MODEL), ()),
    Action.SHARE_MODEL: (
        ask(Action.SHARE_MODEL, MODEL, PARENT),
        (known(Licensed("CC0-1.0"), MODEL, PARENT),),
    ),
    Action.TRAIN: (
        ask(Action.TRAIN, NEW_MODEL, WORK, MODEL),
        (known(Licensed("CC0-1.0"), WORK, MODEL),),
    ),
    Action.MERGE: (ask(Action.MERGE, NEW_MODEL, MODEL, PARENT), ()),
    Action.INDEX: (ask(Action.INDEX, WORK), ()),
    Action.EXPORT: (ask(Action.EXPORT, PICTURE), ()),
}

#: The same for every other sort of subject or source an action takes.
FITTING: tuple[tuple[Request, tuple[Known, ...]], ...] = (
    (ask(Action.ADMIT, MODEL), ()),
    (ask(Action.ADMIT, WORK), ()),
    (ask(Action.GENERATE, MODEL), ()),
    (ask(Action.GENERATE, NEW_PICTURE, MODEL, WORK), ()),
    (ask(Action.RELEASE, PICTURE, REFERENCE, WORK), ()),
    (ask(Action.SHARE_PICTURE, PICTURE, REFERENCE), ()),
    (ask(Action.SHARE_PICTURE, PICTURE, WORK), (known(Licensed("CC0-1.0"), WORK),)),
    (ask(Action.TRAIN, WORK), (known(Licensed("CC0-1.0"), WORK),)),
    (ask(Action.TRAIN, PICTURE, REFERENCE), (known(Licensed("CC0-1.0"), PICTURE, REFERENCE),)),
    (ask(Action.MERGE, MODEL, PARENT), ()),
    (ask(Action.INDEX, PICTURE), ()),
    (ask(Action.EXPORT, MODEL), ()),
    (ask(Action.EXPORT, WORK), ()),
    (ask(Action.EXPORT, Subject("character", {"sha256": "c4" * 32})), ()),
    (ask(Action.EXPORT, Subject("style", {"sha256": "57" * 32})), ()),
    (ask(Action.EXPORT, account_subject("asker")), ()),
)


def every_action(name: str, allowed_for: Sequence[Action], denies: str, *, on: str) -> list[Case]:
    """One case an action: its plain request with a statement about the asker, or its last part."""
    made = {
        "banned account": lambda part: known(Banned("abuse"), account_subject("asker"), by="keeper"),
        "banned subject": lambda part: known(Banned("unsafe"), part, by="keeper"),
        "confirmed leak": lambda part: known(Leaked(True), part, by="keeper"),
        "unconfirmed leak": lambda part: known(Leaked(False), part, by="keeper"),
    }[on]
    cases = []
    for action, (request, statements) in PLAIN.items():
        part = request.sources[-1] if request.sources else request.subject
        expected = () if action in allowed_for else (denies,)
        cases.append(Case(f"{action}: {name}", request, (*statements, made(part)), expected))
    return cases


def on_pictures(name: str, denies: str, *statements: Any) -> list[Case]:
    """One case an action that takes pictures or works: its plain request, these being about its subject."""
    cases = []
    for action in Action:
        plain, known_already = PLAIN[action]
        request = ask(action, NEW_PICTURE, MODEL, REFERENCE) if action == Action.GENERATE else plain
        if action == Action.TRAIN:
            request, known_already = ask(action, PICTURE), (known(Licensed("CC0-1.0"), PICTURE),)
        if action in (Action.SHARE_MODEL, Action.MERGE):
            continue
        part = request.sources[-1] if action == Action.GENERATE else request.subject
        said = tuple(known(one, part, by="instance", time=at) for at, one in enumerate(statements, 1))
        cases.append(Case(f"{action}: {name}", request, (*known_already, *said), (denies,) if denies else ()))
    return cases


CASE = "0c" * 16
OTHER_CASE = "1c" * 16
REPORT = Reported(CASE, "my work", NOW)
UPHELD, OVERTURNED = (Decided(CASE, "report", outcome, "unproven") for outcome in ("upheld", "overturned"))

_NOT_SHARED = [action for action in Action if action not in (Action.SHARE_PICTURE, Action.SHARE_MODEL)]

CASES: list[Case] = [
    *(Case(f"{action}: nothing against it", *plain) for action, plain in PLAIN.items()),
    *(Case(f"{row[0].action}: fits, {number}", *row) for number, row in enumerate(FITTING)),
    *every_action("its account is banned", (), "banned account", on="banned account"),
    *every_action("what it needs is banned", (), "banned subject", on="banned subject"),
    *every_action("a confirmed leak", (Action.EXPORT,), "confirmed leak", on="confirmed leak"),
    *every_action("a reported leak", _NOT_SHARED, "unconfirmed leak", on="unconfirmed leak"),
    # ---- fits
    *(
        Case(f"{action}: takes no such subject", ask(action, NOBODY_KNOWS_WHAT), (), ("fits",))
        for action in Action
    ),
    Case("merge takes no works", ask(Action.MERGE, NEW_MODEL, WORK), (), ("fits",)),
    Case("a picture is not shared as a model", ask(Action.SHARE_MODEL, PICTURE), (), ("fits",)),
    Case("a misspelt subject is denied", ask(Action.ADMIT, Subject("pictuer", {})), (), ("fits",)),
    Case("admit takes no sources", ask(Action.ADMIT, PICTURE, MODEL), (), ("fits",)),
    Case("a shared picture must be named", ask(Action.SHARE_PICTURE, NEW_PICTURE), (), ("fits",)),
    Case("a model that draws must be named", ask(Action.GENERATE, NEW_PICTURE, NEW_MODEL), (), ("fits",)),
    Case("only what is made may lack a digest", ask(Action.GENERATE, NEW_MODEL), (), ("fits",)),
    # ---- bans
    Case(
        "a ban from one action lets the others be",
        ask(Action.GENERATE, MODEL),
        (known(Banned("leak", ("share model",)), MODEL),),
    ),
    Case(
        "a ban from an action holds for it",
        ask(Action.GENERATE, MODEL),
        (known(Banned("leak", ("share model", "generate")), MODEL),),
        ("banned subject",),
    ),
    Case(
        "an unknown action in a ban bars all",
        ask(Action.GENERATE, MODEL),
        (known(Banned("leak", ("shaer model",)), MODEL),),
        ("banned subject",),
    ),
    Case(
        "a ban ends at its second",
        ask(Action.ADMIT, MODEL),
        (known(Banned("leak", until=NOW), MODEL),),
    ),
    Case(
        "a ban holds until the second before",
        ask(Action.ADMIT, MODEL),
        (known(Banned("leak", until=NOW + 1), MODEL),),
        ("banned subject",),
    ),
    Case(
        "a milder ban does not undo an earlier one",
        ask(Action.ADMIT, MODEL),
        (known(Banned("leak"), MODEL), known(Banned("leak", ("export",)), MODEL, time=9)),
        ("banned subject",),
    ),
    Case(
        "the ban of another account lets this one be",
        ask(Action.ADMIT, PICTURE),
        (known(Banned("abuse"), NOBODY),),
    ),
    Case(
        "the ban of a file that holds an account's name is no ban of the account",
        ask(Action.ADMIT, PICTURE),
        (known(Banned("unsafe"), Subject("work", account_subject("asker").digests)),),
    ),
    Case(
        "a ban on the pixels holds for the file",
        ask(Action.ADMIT, PICTURE),
        (known(Banned("unsafe"), Subject("picture", {"pixels": PICTURE.digests["pixels"]})),),
        ("banned subject",),
    ),
    Case(
        "every denial is listed",
        ask(Action.SHARE_MODEL, MODEL),
        (
            known(Banned("abuse"), account_subject("asker")),
            known(Banned("leak"), MODEL),
            known(Leaked(True), MODEL),
            known(Leaked(False), MODEL),
        ),
        ("banned account", "banned subject", "confirmed leak", "unconfirmed leak", "missing licence"),
    ),
    # ---- leaks
    Case(
        "a report after the confirmation does not undo it",
        ask(Action.GENERATE, MODEL),
        (known(Leaked(True), MODEL), known(Leaked(False), MODEL, time=9)),
        ("confirmed leak",),
    ),
    # ---- takedown
    *on_pictures("it is reported", "reported", REPORT),
    *on_pictures("it is taken down", "taken down", REPORT, UPHELD),
    *on_pictures("a report about it was overturned", "", REPORT, OVERTURNED),
    Case(
        "a model has no picture to report",
        ask(Action.MERGE, MODEL, PARENT),
        (known(REPORT, MODEL, by="instance"),),
    ),
    Case(
        "a model that is reported does not leave until it is decided",
        ask(Action.EXPORT, MODEL),
        (known(REPORT, MODEL, by="instance"),),
        ("reported",),
    ),
    Case(
        "a model whose report was overturned leaves",
        ask(Action.EXPORT, MODEL),
        (known(REPORT, MODEL, by="instance"), known(OVERTURNED, MODEL, by="instance", time=2)),
    ),
    Case(
        "only the instance speaks of cases",
        ask(Action.EXPORT, PICTURE),
        (known(REPORT, PICTURE, by="keeper"), known(UPHELD, PICTURE, by="keeper")),
    ),
    Case(
        "what a moderator restored stays, whatever is reported",
        ask(Action.EXPORT, PICTURE),
        (
            known(REPORT, PICTURE, by="instance"),
            known(OVERTURNED, PICTURE, by="instance", time=2),
            known(Reported(OTHER_CASE, "my work", NOW), PICTURE, by="instance", time=3),
        ),
    ),
    Case(
        "what a moderator restored is taken down when another case is upheld",
        ask(Action.EXPORT, PICTURE),
        (
            known(REPORT, PICTURE, by="instance"),
            known(OVERTURNED, PICTURE, by="instance", time=2),
            known(Decided(OTHER_CASE, "report", "upheld", "work"), PICTURE, by="instance", time=3),
        ),
        ("taken down",),
    ),
    # ---- revocation
    Case(
        "a revoked ban bars nothing",
        ask(Action.ADMIT, MODEL),
        (known(Banned("leak"), MODEL, digest="e1" * 32), known(Revoked("e1" * 32), time=9)),
    ),
    Case(
        "nobody revokes another account's word",
        ask(Action.ADMIT, MODEL),
        (
            known(Banned("leak"), MODEL, by="keeper", digest="e1" * 32),
            known(Revoked("e1" * 32), by="asker", time=9),
        ),
        ("banned subject",),
    ),
    Case(
        "a revocation is final",
        ask(Action.ADMIT, MODEL),
        (
            known(Banned("leak"), MODEL, digest="e1" * 32),
            known(Revoked("e1" * 32), time=2, digest="e2" * 32),
            known(Revoked("e2" * 32), time=3),
        ),
    ),
    # ---- lineage
    Case(
        "a picture whose model is left out is not shared",
        ask(Action.SHARE_PICTURE, PICTURE),
        (known(Generated("create", "", "full", "m", MODEL.digests["sha256"]), PICTURE),),
        ("lineage",),
    ),
    Case(
        "a picture whose reference is left out is not shared",
        ask(Action.SHARE_PICTURE, PICTURE, MODEL),
        (
            known(
                Generated(
                    "create",
                    "",
                    "full",
                    "m",
                    MODEL.digests["sha256"],
                    references=(REFERENCE.digests["sha256"],),
                ),
                PICTURE,
            ),
        ),
        ("lineage",),
    ),
    Case(
        "an edited picture whose parent is left out is not shared",
        ask(Action.SHARE_PICTURE, PICTURE),
        (known(Derived("edit", (REFERENCE.digests["sha256"],), "", "full", "", ""), PICTURE),),
        ("lineage",),
    ),
    Case(
        "a picture with all of its lineage is shared",
        ask(Action.SHARE_PICTURE, PICTURE, MODEL, REFERENCE),
        (
            known(
                Derived("edit", (REFERENCE.digests["sha256"],), "", "full", "m", MODEL.digests["sha256"]),
                PICTURE,
            ),
        ),
    ),
    # ---- reservations and consents
    Case(
        "a reserved work is not trained on",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Licensed("CC0-1.0"), WORK), known(Reserved({GENERATIVE: "notAllowed"}), WORK)),
        ("reservation",),
    ),
    Case(
        "constrained means not allowed",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Licensed("CC0-1.0"), WORK), known(Reserved({GENERATIVE: "constrained"}), WORK)),
        ("reservation",),
    ),
    Case(
        "an unknown choice means not allowed",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Licensed("CC0-1.0"), WORK), known(Reserved({GENERATIVE: "Allowed"}), WORK)),
        ("reservation",),
    ),
    Case(
        "an allowed work is trained on, whatever is said of other uses",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (
            known(Licensed("CC0-1.0"), WORK),
            known(
                Reserved({GENERATIVE: "allowed", OTHER_TRAINING: "notAllowed", INFERENCE: "notAllowed"}), WORK
            ),
        ),
    ),
    Case(
        "training follows what is said of other training, where nothing nearer is said",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Licensed("CC0-1.0"), WORK), known(Reserved({OTHER_TRAINING: "notAllowed"}), WORK)),
        ("reservation",),
    ),
    Case(
        "training follows what is said of mining, where nothing nearer is said",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Licensed("CC0-1.0"), WORK), known(Reserved({MINING: "notAllowed"}), WORK)),
        ("reservation",),
    ),
    Case(
        "the names of C2PA 1 count",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (
            known(Licensed("CC0-1.0"), WORK),
            known(Reserved({"c2pa.ai_generative_training": "notAllowed", GENERATIVE: "allowed"}), WORK),
        ),
        ("reservation",),
    ),
    Case(
        "an unknown use of CAWG reserves all",
        ask(Action.INDEX, WORK),
        (known(Reserved({"cawg.ai_trainning": "notAllowed"}), WORK),),
        ("reservation",),
    ),
    Case(
        "somebody's own use reserves nothing here",
        ask(Action.INDEX, WORK),
        (known(Reserved({"example.printing": "notAllowed"}), WORK),),
    ),
    Case(
        "a work reserved from mining is not indexed",
        ask(Action.INDEX, WORK),
        (known(Reserved({MINING: "notAllowed"}), WORK),),
        ("reservation",),
    ),
    Case(
        "a work reserved from training is indexed",
        ask(Action.INDEX, WORK),
        (known(Reserved({GENERATIVE: "notAllowed"}), WORK),),
    ),
    Case(
        "a work reserved from inference is no reference",
        ask(Action.GENERATE, NEW_PICTURE, MODEL, WORK),
        (known(Reserved({INFERENCE: "notAllowed"}), WORK),),
        ("reservation",),
    ),
    Case(
        "a reservation does not stop the sharing of what exists",
        ask(Action.SHARE_PICTURE, PICTURE),
        (known(Reserved({GENERATIVE: "notAllowed", MINING: "notAllowed"}), PICTURE),),
    ),
    Case(
        "a reservation ends at its second",
        ask(Action.INDEX, WORK),
        (known(Reserved({MINING: "notAllowed"}, until=NOW), WORK),),
    ),
    Case(
        "a later reservation replaces the earlier",
        ask(Action.INDEX, WORK),
        (known(Reserved({MINING: "notAllowed"}), WORK), known(Reserved({MINING: "allowed"}), WORK, time=2)),
    ),
    Case(
        "in the same second the stricter counts",
        ask(Action.INDEX, WORK),
        (known(Reserved({MINING: "notAllowed"}), WORK), known(Reserved({MINING: "allowed"}), WORK)),
        ("reservation",),
    ),
    Case(
        "another account's later word replaces nothing",
        ask(Action.INDEX, WORK),
        (
            known(Reserved({MINING: "notAllowed"}), WORK),
            known(Reserved({MINING: "allowed"}), WORK, by="asker", time=2),
        ),
        ("reservation",),
    ),
    Case(
        "a consent of the artist lifts the reservation",
        ask(Action.INDEX, WORK),
        (known(Reserved({MINING: "notAllowed"}), WORK), known(Consented((MINING,)), WORK, time=2)),
    ),
    Case(
        "a consent to another account does not",
        ask(Action.INDEX, WORK),
        (
            known(Reserved({MINING: "notAllowed"}), WORK),
            known(Consented((MINING,), accounts=("someone",)), WORK, time=2),
        ),
        ("reservation",),
    ),
    Case(
        "a consent to this account does",
        ask(Action.INDEX, WORK),
        (
            known(Reserved({MINING: "notAllowed"}), WORK),
            known(Consented(("c2pa.data_mining",), accounts=("someone", "asker")), WORK, time=2),
        ),
    ),
    Case(
        "a consent to another use does not",
        ask(Action.INDEX, WORK),
        (known(Reserved({MINING: "notAllowed"}), WORK), known(Consented((INFERENCE,)), WORK, time=2)),
        ("reservation",),
    ),
    Case(
        "a consent of another account does not",
        ask(Action.INDEX, WORK),
        (
            known(Reserved({MINING: "notAllowed"}), WORK),
            known(Consented((MINING,)), WORK, by="asker", time=2),
        ),
        ("reservation",),
    ),
    Case(
        "a consent about another work does not",
        ask(Action.INDEX, WORK),
        (known(Reserved({MINING: "notAllowed"}), WORK), known(Consented((MINING,)), REFERENCE, time=2)),
        ("reservation",),
    ),
    Case(
        "a consent ends at its second",
        ask(Action.INDEX, WORK),
        (
            known(Reserved({MINING: "notAllowed"}), WORK),
            known(Consented((MINING,), until=NOW), WORK, time=2),
        ),
        ("reservation",),
    ),
    Case(
        "a consent holds until the second before",
        ask(Action.INDEX, WORK),
        (
            known(Reserved({MINING: "notAllowed"}), WORK),
            known(Consented((MINING,), until=NOW + 1), WORK, time=2),
        ),
    ),
    Case(
        "consents of one second cover only what each covers",
        ask(Action.INDEX, WORK),
        (
            known(Reserved({MINING: "notAllowed"}), WORK),
            known(Consented((MINING,)), WORK, time=2),
            known(Consented((INFERENCE,)), WORK, time=2),
        ),
        ("reservation",),
    ),
    Case(
        "a consent with terms covers nothing commercial",
        ask(Action.INDEX, WORK, commercial=True),
        (
            known(Reserved({MINING: "notAllowed"}), WORK),
            known(Consented((MINING,), terms="for study"), WORK, time=2),
        ),
        ("reservation",),
    ),
    Case(
        "a consent without terms covers what is commercial",
        ask(Action.INDEX, WORK, commercial=True),
        (known(Reserved({MINING: "notAllowed"}), WORK), known(Consented((MINING,)), WORK, time=2)),
    ),
    # ---- licences: their permissions are worked through in test_licences.py
    Case("training needs terms", ask(Action.TRAIN, NEW_MODEL, WORK), (), ("missing licence",)),
    Case("training on a picture needs terms", ask(Action.TRAIN, PICTURE), (), ("missing licence",)),
    Case("training from a model needs terms", ask(Action.TRAIN, NEW_MODEL, MODEL), (), ("missing licence",)),
    Case(
        "a consent is terms enough",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Consented((GENERATIVE,)), WORK),),
    ),
    Case(
        "a consent to other training is not",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Consented((OTHER_TRAINING,)), WORK),),
        ("missing licence",),
    ),
    Case("sharing a model needs terms", ask(Action.SHARE_MODEL, MODEL), (), ("missing licence",)),
    Case(
        "sharing a model needs its parents' terms",
        ask(Action.SHARE_MODEL, MODEL, PARENT),
        (known(Licensed("CC0-1.0"), MODEL),),
        ("missing licence",),
    ),
    Case(
        "sharing a picture needs the terms of the works in it",
        ask(Action.SHARE_PICTURE, PICTURE, WORK),
        (),
        ("missing licence",),
    ),
    Case(
        "every licence stated must grant it",
        ask(Action.MERGE, NEW_MODEL, MODEL),
        (known(Licensed("CC0-1.0"), MODEL), known(Licensed("All-Rights-Reserved"), MODEL, by="other")),
        ("licence",),
    ),
    Case(
        "a later licence of the same account replaces the earlier",
        ask(Action.MERGE, NEW_MODEL, MODEL),
        (known(Licensed("All-Rights-Reserved"), MODEL), known(Licensed("MIT"), MODEL, time=2)),
    ),
    Case(
        "a licence that is not listed lets its holder draw",
        ask(Action.GENERATE, MODEL),
        (known(Licensed("Our-Own-Terms-2.0"), MODEL),),
    ),
    Case(
        "a licence that is not listed grants nothing else",
        ask(Action.MERGE, NEW_MODEL, MODEL),
        (known(Licensed("Our-Own-Terms-2.0"), MODEL),),
        ("licence",),
    ),
    Case(
        "the artist may consent beyond the licence they stated",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Licensed("All-Rights-Reserved"), WORK), known(Consented((GENERATIVE,)), WORK)),
    ),
    Case(
        "nobody consents beyond another account's licence",
        ask(Action.TRAIN, NEW_MODEL, WORK),
        (known(Licensed("All-Rights-Reserved"), WORK), known(Consented((GENERATIVE,)), WORK, by="asker")),
        ("licence",),
    ),
    Case(
        "a reference under all rights reserved is not drawn from",
        ask(Action.GENERATE, NEW_PICTURE, MODEL, REFERENCE),
        (known(Licensed("All-Rights-Reserved"), REFERENCE),),
        ("licence",),
    ),
    Case(
        "a work under all rights reserved is not drawn from",
        ask(Action.GENERATE, NEW_PICTURE, MODEL, WORK),
        (known(Licensed("All-Rights-Reserved"), WORK),),
        ("licence",),
    ),
    Case(
        "a picture under all rights reserved is not shared",
        ask(Action.SHARE_PICTURE, PICTURE),
        (known(Licensed("All-Rights-Reserved"), PICTURE),),
        ("licence",),
    ),
    Case(
        "its maker shares it all the same",
        ask(Action.SHARE_PICTURE, PICTURE),
        (
            known(Licensed("All-Rights-Reserved"), PICTURE, by="asker"),
            known(Generated("create", "", "full", "", ""), PICTURE, by="asker"),
        ),
    ),
    Case(
        "who only brought it does not",
        ask(Action.SHARE_PICTURE, PICTURE),
        (
            known(Licensed("All-Rights-Reserved"), PICTURE, by="asker"),
            known(Generated("create", "", "full", "", ""), PICTURE, by="artist"),
        ),
        ("licence",),
    ),
    Case(
        "a maker is still bound by what others state of it",
        ask(Action.SHARE_PICTURE, PICTURE),
        (
            known(Licensed("All-Rights-Reserved"), PICTURE, by="artist"),
            known(Generated("create", "", "full", "", ""), PICTURE, by="asker"),
        ),
        ("licence",),
    ),
    Case(
        "the trainer of a model shares it under the terms stated",
        ask(Action.SHARE_MODEL, MODEL),
        (
            known(Licensed("CC-BY-NC-4.0"), MODEL, by="asker"),
            known(Trained("m", "c", "", "own work", "CC-BY-NC-4.0"), MODEL, by="asker"),
        ),
    ),
    Case(
        "a model under all rights reserved draws for nobody else",
        ask(Action.SHARE_PICTURE, PICTURE, MODEL),
        (known(Licensed("All-Rights-Reserved"), MODEL),),
        ("licence",),
    ),
    Case(
        "an adapted work that must not be shared adapted is not",
        ask(Action.SHARE_PICTURE, PICTURE, WORK, attributed=True),
        (known(Licensed("CC-BY-ND-4.0"), WORK),),
        ("licence",),
    ),
    Case(
        "an adapted picture that must not be shared adapted is not",
        ask(Action.SHARE_PICTURE, PICTURE, REFERENCE, attributed=True),
        (known(Licensed("CC-BY-ND-4.0"), REFERENCE),),
        ("licence",),
    ),
    Case(
        "pictures of a model for study are not sold",
        ask(Action.SHARE_PICTURE, PICTURE, MODEL, commercial=True),
        (known(Licensed("CC-BY-NC-4.0"), MODEL),),
        ("licence",),
    ),
    Case(
        "pictures of a model that does not claim them are",
        ask(Action.SHARE_PICTURE, PICTURE, MODEL, commercial=True),
        (known(Licensed("FLUX-1-dev-NC"), MODEL),),
    ),
    # ---- attribution and same licence
    Case(
        "sharing asks for the author's name",
        ask(Action.SHARE_PICTURE, PICTURE),
        (known(Licensed("CC-BY-4.0"), PICTURE),),
        ("attribution",),
    ),
    Case(
        "with the author's name it is shared",
        ask(Action.SHARE_PICTURE, PICTURE, attributed=True),
        (known(Licensed("CC-BY-4.0"), PICTURE),),
    ),
    Case(
        "sharing a model asks for its parents' names",
        ask(Action.SHARE_MODEL, MODEL, PARENT),
        (known(Licensed("CC0-1.0"), MODEL), known(Licensed("MIT"), PARENT)),
        ("attribution",),
    ),
    Case(
        "pictures do not owe their model's author a name",
        ask(Action.SHARE_PICTURE, PICTURE, MODEL),
        (known(Licensed("CC-BY-4.0"), MODEL),),
    ),
    Case(
        "a merge is offered as its parents ask",
        ask(Action.SHARE_MODEL, MODEL, PARENT, attributed=True),
        (known(Licensed("GPL-3.0-only"), MODEL), known(Licensed("CC-BY-SA-4.0"), PARENT)),
    ),
    Case(
        "and not the other way round",
        ask(Action.SHARE_MODEL, MODEL, PARENT, attributed=True),
        (known(Licensed("CC-BY-SA-4.0"), MODEL), known(Licensed("GPL-3.0-only"), PARENT)),
        ("same licence",),
    ),
    Case(
        "a picture from a share-alike work says its own terms",
        ask(Action.SHARE_PICTURE, PICTURE, WORK, attributed=True),
        (known(Licensed("CC-BY-SA-4.0"), WORK),),
        ("same licence",),
    ),
    Case(
        "a copy is passed on as it is",
        ask(Action.SHARE_MODEL, MODEL, attributed=True),
        (known(Licensed("GPL-3.0-only"), MODEL),),
    ),
]
