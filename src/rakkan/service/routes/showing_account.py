"""The Account page, from what the parts know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fastapi import Request
from fastapi.responses import Response

from rakkan.service.access.actors import SCOPES, Actor
from rakkan.service.budgets.limits import Holder
from rakkan.service.core import Service
from rakkan.service.routes.showing import actor_of, page_of, service_of, show
from rakkan.service.routes.showing_moderation import alarm_fact
from rakkan.service.times import moment
from rakkan.service.web.cards import Meter
from rakkan.service.web.views import AccountView, Key, Organisation, Passkey, Session
from rakkan.service.web.words import Words

_DAY, _MIB = 24 * 3600, 1024 * 1024
#: The budgets that the page shows: those of a day.
_LABELS: Mapping[str, str] = {"pairs": "pairs", "bytes": "egress"}


def show_account(
    request: Request,
    status: int = 200,
    *,
    new_key: str = "",
    invitation: str = "",
    join: str = "",
    done: bool = False,
) -> Response:
    """The page, with what is told only now: a new key, an invitation's link, that something was done."""
    view = replace(
        account_view(service_of(request), actor_of(request), Words(page_of(request).locale)),
        new_key=new_key,
        invitation=invitation,
        join=join,
        done=done,
    )
    return show(request, "account.html", view, status)


def account_view(service: Service, actor: Actor, words: Words) -> AccountView:
    """What somebody sees of their own account."""
    accounts = service.accounts
    profile = accounts.profile(actor.account)
    alarm, identifier, appealable = _alarm(service, actor.account, words)
    invited: tuple[str, ...] = ("member",) if actor.at_least("moderator") else ()
    if actor.at_least("owner"):
        invited = ("member", "moderator")
    scopes = {name: text for name, text in SCOPES.items() if name != "moderate" or invited}
    return AccountView(
        profile.handle,
        profile.display_name,
        profile.bio,
        _meters(service, actor),
        tuple(
            Session(
                one.identifier,
                _device(words, one.agent),
                moment(one.seen),
                one.identifier == actor.credential,
            )
            for one in accounts.sessions.of(actor.account)
        ),
        tuple(
            Key(
                one.identifier,
                f"{one.label} ({one.prefix}…)".strip(),
                tuple(sorted(one.scopes)),
                moment(one.created),
                moment(one.used) if one.used else "",
            )
            for one in accounts.keys.of(actor.account)
            if one.revoked is None
        ),
        tuple(
            Passkey(one.identifier, one.label, moment(one.created))
            for one in accounts.passkeys.of(actor.account)
        ),
        _organisations(service, actor),
        scopes,
        alarm=alarm,
        alarm_identifier=identifier,
        appealable=appealable,
        has_password=accounts.has_password(actor.account),
        roles=invited,
    )


def _device(words: Words, agent: str) -> str:
    """A browser and where it runs (``Firefox on Linux``), as the language says that."""
    browser, on, system = agent.partition(" on ")
    named = words("account.program") if browser == "A program" else browser
    return words("account.device", browser=named, system=system) if on else named


def _organisations(service: Service, actor: Actor) -> tuple[Organisation, ...]:
    organisations, people = service.accounts.organisations, service.accounts.people
    found = []
    for one, own in organisations.of(actor.account):
        members = organisations.members(actor, one.identifier)
        known = people.profiles(member.account for member in members)
        told = tuple(
            (known[member.account].handle, member.role) for member in members if member.account in known
        )
        found.append(Organisation(one.handle, one.display_name, own.role, one.identifier, told))
    return tuple(found)


def _meters(service: Service, actor: Actor) -> tuple[Meter, ...]:
    holder: Holder = "moderator" if actor.at_least("moderator") else "member"
    found = []
    for one in service.budgets.used(actor.account, holder):
        if one.span != _DAY or one.what not in _LABELS:
            continue
        unit, scale = (" MiB", _MIB) if one.what == "bytes" else ("", 1)
        found.append(Meter(_LABELS[one.what], one.used // scale, one.limit // scale, unit))
    return tuple(found)


def _alarm(service: Service, account: str, words: Words) -> tuple[str, str, bool]:
    """What the newest standing alarm about an account says, which it is, and whether it can be appealed
    against."""
    standing = [one for one in service.budgets.desk.alarms(account=account) if one.state != "lifted"]
    if not standing:
        return "", "", False
    newest = standing[0]
    told = "; ".join(alarm_fact(words, *one) for one in newest.facts.reasons)
    return (
        told or words.known("alarm", newest.facts.cause),
        newest.facts.identifier,
        newest.state in ("open", "upheld"),
    )
