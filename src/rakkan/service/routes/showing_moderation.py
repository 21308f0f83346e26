"""The Moderation page, from what the parts know."""

from __future__ import annotations

from collections.abc import Iterable

from rakkan.service.access.actors import Actor
from rakkan.service.core import Service
from rakkan.service.moderation.reports import CLAIM, KINDS
from rakkan.service.pictures.audit import Act
from rakkan.service.routes.presenting import cards
from rakkan.service.times import moment
from rakkan.service.web.cards import Choice, PictureCard
from rakkan.service.web.views import Alarm, Appeal, Ban, Entry, ModerationView, Report
from rakkan.service.web.words import Words
from rakkan.trust.policy.words import BAN_REASONS, DECISION_REASONS
from rakkan.trust.takedown.docket import Case
from rakkan.trust.takedown.files import Note
from rakkan.trust.takedown.states import APPEAL, REPORT, REPORTER

#: Rows of a page of the audit log, cases of a page, and pictures shown beside a case.
ROWS, MOST_CASES, MOST_ALIKE = 50, 50, 6
_MILLION = 1_000_000
_KIND_OF = {claim: kind for kind, claim in KINDS.items()}


def moderation_view(service: Service, actor: Actor, words: Words, before: int | None) -> ModerationView:
    """What waits for a moderator, and what was done."""
    waiting = service.reports.waiting()
    reported = [one for one in waiting if not one.state.appealed][:MOST_CASES]
    appealed = [one for one in waiting if one.state.appealed][:MOST_CASES]
    log = service.catalogue.audit.read(before=before, most=ROWS + 1)
    last = log[ROWS - 1].number if len(log) > ROWS else 0
    return ModerationView(
        (*(_case(service, actor, words, one) for one in reported), *_spam(service, actor, words)),
        tuple(_appeal(service, actor, words, one) for one in appealed),
        _bans(service, words),
        tuple(_alarms(service, words)),
        tuple(entries(service, words, log[:ROWS])),
        f"/moderation?before={last}#log" if last else "",
        tuple(Choice(word, words.known("ground", word)) for word in DECISION_REASONS),
        tuple(Choice(word, words.known("ban", word)) for word in BAN_REASONS),
    )


def entries(service: Service, words: Words, acts: Iterable[Act]) -> list[Entry]:
    """Lines of the audit log, with handles in the place of accounts that are there."""
    given = list(acts)
    people = service.accounts.people.profiles(
        one for act in given for one in (act.actor, act.about) if len(one) == 26
    )

    def named(identifier: str) -> str:
        return f"@{people[identifier].handle}" if identifier in people else identifier

    return [
        Entry(
            moment(act.time),
            named(act.actor) if act.actor not in ("", "nobody") else words("moderation.nobody"),
            _action(words, act.action),
            named(act.about),
            act.because,
        )
        for act in given
    ]


def _action(words: Words, action: str) -> str:
    """What was done, in the reader's language; an organisation's identifier stays at the end."""
    known, organisation, identifier = action.partition(" organisation ")
    told = words.known("act", known + organisation.rstrip())
    return f"{told} {identifier}".strip()


def _case(service: Service, actor: Actor, words: Words, case: Case) -> Report:
    came = service.reports.of_case(case.name)
    shown = _shown(service, actor, words, [one.identifier for one in service.reports.covered(case)])
    kind = came.kind if came else _KIND_OF.get(case.claim, CLAIM)
    return Report(
        case.name,
        kind,
        _said(service.reports.notes(case), REPORT),
        moment(case.time * 1000),
        _handle(service, came.reporter if came else ""),
        shown[0] if shown else None,
        case.works,
        case.state.due <= service.clock(),
        _shown(service, actor, words, service.reports.alike(case)[:MOST_ALIKE]),
        next((Choice(one.identifier, one.name) for one in service.reports.characters(case)), None),
    )


def _spam(service: Service, actor: Actor, words: Words) -> list[Report]:
    """Reports that have no case yet."""
    found = service.reports.unfiled(MOST_CASES)
    shown = {
        one.identifier: one for one in _shown(service, actor, words, [report.picture for report in found])
    }
    shared = service.sharing.among(report.picture for report in found)
    return [
        Report(
            one.identifier,
            one.kind,
            one.text,
            moment(one.created),
            _handle(service, one.reporter),
            shown.get(one.picture),
            character=Choice(one.picture, shared[one.picture].name) if one.picture in shared else None,
        )
        for one in found
        if one.picture in shown or one.picture in shared
    ]


def _appeal(service: Service, actor: Actor, words: Words, case: Case) -> Appeal:
    told = (words.known("act", f"case {case.state.outcome}"), words.known("ground", case.state.reason))
    about = " · ".join(part for part in told if part)
    if case.state.refusal:
        about = words("moderation.refused", action=case.action, rule=case.rule)
    if case.state.appealed == REPORTER:
        came = service.reports.of_case(case.name)
        account = came.reporter if came else ""
    else:
        account = next(iter(sorted(service.reports.makers(case))), "")
    handle = _handle(service, account) or case.state.appealed
    text = _said(service.reports.notes(case), APPEAL)
    shown = _shown(service, actor, words, [one.identifier for one in service.reports.covered(case)][:1])
    picture = shown[0] if shown else None
    return Appeal(
        case.name, handle, f"{about} · {case.name[:8]}", text, moment(case.state.since * 1000), picture
    )


def _bans(service: Service, words: Words) -> tuple[Ban, ...]:
    standing = service.bans.standing()
    people = service.accounts.people.profiles(one.who for one in standing if one.kind == "account")
    organisations = service.accounts.organisations.several(
        one.who for one in standing if one.kind == "organisation"
    )
    handles = {one.identifier: one.handle for one in people.values()}
    handles |= {one.identifier: one.handle for one in organisations.values()}
    return tuple(
        Ban(
            one.identifier,
            one.kind,
            handles.get(one.who, one.who),
            words.known("ban", one.reason),
            moment(one.until) if one.until else "",
        )
        for one in standing
    )


def _alarms(service: Service, words: Words) -> list[Alarm]:
    desk = service.budgets.desk
    made = []
    for one in (*desk.alarms("appealed"), *desk.alarms("open")):
        facts = one.facts
        people = service.accounts.people.profiles(desk.concerned(facts.identifier))
        told = tuple(alarm_fact(words, *fact) for fact in facts.reasons)
        made.append(
            Alarm(
                facts.identifier,
                told or (words.known("alarm", facts.cause),),
                tuple(sorted(profile.handle for profile in people.values())),
                round(100 * facts.enumeration / _MILLION),
                moment(facts.raised),
                f"/moderation/alarms/{facts.identifier}/evidence",
                one.state,
                desk.words(facts.identifier) if one.state == "appealed" else "",
            )
        )
    return made


def alarm_fact(words: Words, fact: str, subject: str, measured: int, limit: int) -> str:
    """A fact of an alarm in words: what was measured, of whom, and the limit."""
    numbers = {"measured": words.number(measured), "limit": words.number(limit)}
    told = words("alarm.fact", fact=words.known("alarm", fact), **numbers)
    return f"{told} ({words('alarm.together')})" if subject == "cluster" else told


def _shown(service: Service, actor: Actor, words: Words, identifiers: list[str]) -> tuple[PictureCard, ...]:
    found = service.catalogue.cards(actor, identifiers)
    # Who follows a report goes through no catalogue.
    service.budgets.shown(actor.account, [one.identifier for one in found])
    return cards(service, found, words, actor)


def _handle(service: Service, account: str) -> str:
    found = service.accounts.people.profiles([account]) if account else {}
    return found[account].handle if account in found else ""


def _said(notes: Iterable[Note], what: str) -> str:
    """What people wrote, with how they can be reached."""
    return " · ".join(
        part for note in notes if note.what == what for part in (note.words, note.contact) if part
    )
