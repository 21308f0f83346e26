"""The rules: plain functions from a case to what they have to say, and the table they stand in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from rakkan.store.ledger.statements import (
    Appealed,
    Banned,
    Decided,
    Derived,
    Generated,
    Leaked,
    Reported,
    Reserved,
)
from rakkan.trust.policy.case import Case, Part
from rakkan.trust.policy.nearest import nearest
from rakkan.trust.policy.records import Action, Known, Reason
from rakkan.trust.policy.tables import Rule
from rakkan.trust.policy.terms import attribution, licence, missing_licence, same_licence
from rakkan.trust.policy.words import BAN_REASONS, USES, canonical_use
from rakkan.trust.takedown.states import DOWN, OVERTURNED, PROVISIONAL, how_to_appeal, state_of

Judge = Callable[[Case], Iterable[Reason]]


def fits(case: Case) -> Iterator[Reason]:
    """Denies what the table of shapes does not list, so that no rule is passed by in silence."""
    action = case.request.action
    shape = next((row for row in case.tables.shapes if row.action == action), None)
    if shape is None:
        yield Reason("fits", False, f"{str(action)!r} is no action of the policy", "Ask for one of its table")
        return
    for _, part in case.things():
        expected = shape.subjects if part.role == "subject" else shape.sources
        name = part.subject.name
        if name not in expected:
            text = f"{action} takes no {name[:100]!r} as {part.role}"
            hint = f"Did you mean {nearest(name, expected)!r}?" if expected else "Leave it out"
            yield Reason("fits", False, text, hint)
        elif not part.subject.digests and not (part.role == "subject" and name == shape.makes):
            text = f"{action} does not know which {name} is meant"
            yield Reason("fits", False, text, "Give its SHA-256")


def banned_account(case: Case) -> Iterator[Reason]:
    """Denies what the account that asks is barred from."""
    for known in case.about(len(case.parts) - 1, Banned):
        yield from _barred("banned account", "the account", known, case)


def banned_subject(case: Case) -> Iterator[Reason]:
    """Denies what the subject or a source is barred from."""
    for index, part in case.things():
        for known in case.about(index, Banned):
            yield from _barred("banned subject", str(part), known, case)


def _barred(rule: str, what: str, known: Known, case: Case) -> Iterator[Reason]:
    ban: Banned = known.statement.predicate
    # A ban with a word that is no action bars from everything, rather than from nothing.
    understood = set(ban.actions) <= set(Action)
    if ban.actions and understood and case.request.action not in ban.actions:
        return
    why = BAN_REASONS.get(ban.reason, "no reason of the table is given")
    hint = f"Wait until {_day(ban.until)}" if ban.until else "Ask whoever runs this instance to lift the ban"
    yield Reason(rule, False, f"{what} is banned: {why}", hint, known.digest)


def confirmed_leak(case: Case) -> Iterator[Reason]:
    """Denies the use of what is known to have leaked."""
    return _leaks(case, True, "confirmed leak", "Remove it, or ask whoever confirmed the leak to revoke it")


def unconfirmed_leak(case: Case) -> Iterator[Reason]:
    """Denies passing on what is reported to have leaked, until someone has looked."""
    return _leaks(case, False, "unconfirmed leak", "Wait until the report is confirmed or revoked")


def _leaks(case: Case, confirmed: bool, rule: str, hint: str) -> Iterator[Reason]:
    word = "is known" if confirmed else "is reported"
    for index, part in case.things():
        for known in case.about(index, Leaked):
            if known.statement.predicate.confirmed == confirmed:
                yield Reason(rule, False, f"{part} {word} to have leaked", hint, known.digest)


def reported(case: Case) -> Iterator[Reason]:
    """Denies what is reported and not decided, unless a moderator has restored it in another case."""
    return _hidden(case, PROVISIONAL, "was reported in case {} and is hidden until a moderator decides")


def taken_down(case: Case) -> Iterator[Reason]:
    """Denies what a moderator has taken down."""
    return _hidden(case, DOWN, "was taken down in case {}")


def _hidden(case: Case, rule: str, text: str) -> Iterator[Reason]:
    for index, part in case.things():
        if part.subject.name == "model" and case.request.action != Action.EXPORT:
            # Anyone may report any digest, that of the model everyone draws with too; a copy can wait.
            continue
        said: dict[str, list[Known]] = {}
        for known in case.about(index, Reported, Decided, Appealed):
            said.setdefault(known.statement.predicate.case, []).append(known)
        states = {name: state_of(known.statement for known in found) for name, found in said.items()}
        restored = any(state and state.outcome == OVERTURNED for state in states.values())
        for name, state in sorted(states.items()):
            if state and state.bars == rule and not (restored and rule == PROVISIONAL):
                yield Reason(
                    rule,
                    False,
                    f"{part} {text.format(name)}",
                    how_to_appeal(name, state),
                    said[name][0].digest,
                )


def lineage(case: Case) -> Iterator[Reason]:
    """Denies sharing a picture while a model or picture it was made from is left out of the request."""
    named = {
        digest for part in case.parts if part.role == "source" for digest in part.subject.digests.values()
    }
    for known in case.about(0, Generated, Derived):
        made = known.statement.predicate
        for digest in (made.model_digest, *made.references, *getattr(made, "parents", ())):
            if digest and digest not in named:
                text = f"{case.parts[0]} was also made from {digest[:12]}, which the request leaves out"
                yield Reason("lineage", False, text, "Name all it was made from as sources", known.digest)


def reservation(case: Case) -> Iterator[Reason]:
    """Denies a reserved use, unless the account that reserved it consents."""
    row = next((row for row in case.tables.uses if row.action == case.request.action), None)
    if row is None:
        return
    for index, part in case.things():
        for known in case.about(index, Reserved):
            use = _reserved(known.statement.predicate, row.uses)
            if use is None:
                continue
            consents = case.consents(index, row.uses[0], known.statement.account)
            if consents:
                text = f"{part} is reserved, but its artist consents to {USES[row.uses[0]]}"
                yield Reason("reservation", True, text, "", consents[0].digest)
            else:
                text = f"{part} is reserved: its artist does not allow {USES[use]}"
                yield Reason("reservation", False, text, _ask(part, row.uses[0]), known.digest)


def _reserved(reserved: Reserved, uses: tuple[str, ...]) -> str | None:
    """The use that decides, when it is not allowed."""
    stated: dict[str, bool] = {}
    for word, choice in reserved.uses.items():
        use = canonical_use(word)
        if use not in USES and use.startswith("cawg.") and choice != "allowed":
            return uses[0]  # a use not known here could be this one
        stated[use] = stated.get(use, True) and choice == "allowed"
    decides = next((use for use in uses if use in stated), None)
    return decides if decides is not None and not stated[decides] else None


def _ask(part: Part, use: str) -> str:
    return f"Leave {part} out, or ask its artist for consent to {use}"


def _day(second: int) -> str:
    try:
        return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"second {second}"


_EVERYTHING = frozenset(Action)
_SHARING = frozenset({Action.SHARE_PICTURE, Action.SHARE_MODEL})
#: Where pictures and works go in; reports are about nothing else.
_OF_PICTURES = _EVERYTHING - {Action.SHARE_MODEL, Action.MERGE}

RULES: tuple[Rule, ...] = (
    Rule("fits", _EVERYTHING, "the action takes such a subject and such sources, and knows which", fits),
    Rule("banned account", _EVERYTHING, "the account is not barred from it", banned_account),
    Rule("banned subject", _EVERYTHING, "neither subject nor sources are barred from it", banned_subject),
    Rule(
        "confirmed leak",
        _EVERYTHING - {Action.EXPORT},
        "nothing in it is known to have leaked; a last copy for its account is no use of it",
        confirmed_leak,
    ),
    Rule(
        "unconfirmed leak",
        _SHARING,
        "nothing in it is reported to have leaked: sharing cannot be taken back, own use can",
        unconfirmed_leak,
    ),
    Rule(
        "reported",
        _OF_PICTURES,
        "nothing in it is reported and undecided, except what a moderator has restored before",
        reported,
    ),
    Rule("taken down", _OF_PICTURES, "no moderator has taken down anything in it", taken_down),
    Rule("lineage", frozenset({Action.SHARE_PICTURE}), "all it was made from is named", lineage),
    Rule(
        "reservation",
        frozenset({Action.GENERATE, Action.TRAIN, Action.INDEX}),
        "no artist reserves this use, or the one who does consents to it for this account and now",
        reservation,
    ),
    Rule(
        "licence",
        frozenset({Action.GENERATE, Action.RELEASE, Action.TRAIN, Action.MERGE}) | _SHARING,
        "every licence stated grants it",
        licence,
    ),
    Rule("attribution", _SHARING, "the authors are named where a licence asks for it", attribution),
    Rule(
        "same licence",
        _SHARING,
        "what was adapted is offered under a licence that its sources allow",
        same_licence,
    ),
    Rule(
        "missing licence",
        frozenset({Action.TRAIN}) | _SHARING,
        "terms are stated where the table of needs asks for them",
        missing_licence,
    ),
)
