"""Views of the pages about the house itself: account, moderation, claims, about, the door, errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rakkan.service.web.cards import Choice, Meter, PictureCard


@dataclass(frozen=True)
class Session:
    """A browser that is signed in."""

    identifier: str
    device: str
    time: str
    current: bool = False


@dataclass(frozen=True)
class Key:
    """A key for programs: never the key itself."""

    identifier: str
    label: str
    scopes: tuple[str, ...]
    made: str
    used: str = ""


@dataclass(frozen=True)
class Passkey:
    """A passkey."""

    identifier: str
    label: str
    made: str


@dataclass(frozen=True)
class Organisation:
    """An organisation, and what one is in it (member or admin). ``members`` are pairs of a handle and what it
    is."""

    handle: str
    name: str
    role: str
    identifier: str = ""
    members: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class AccountView:
    """Account. ``new_key`` and ``invitation``, a link, are shown this once; ``alarm`` says why the account is
    limited, "" if it is not, and ``alarm_identifier`` which alarm that is. ``roles`` are what it may invite
    others as; ``join`` is the token of an organisation's invitation; ``done`` that something was done."""

    handle: str
    name: str
    about: str
    budgets: tuple[Meter, ...]
    sessions: tuple[Session, ...]
    keys: tuple[Key, ...]
    passkeys: tuple[Passkey, ...]
    organisations: tuple[Organisation, ...] = ()
    scopes: Mapping[str, str] = field(default_factory=dict)
    new_key: str = ""
    alarm: str = ""
    notice: str = ""
    alarm_identifier: str = ""
    appealable: bool = False
    has_password: bool = True
    roles: tuple[str, ...] = ()
    done: bool = False
    invitation: str = ""
    join: str = ""


@dataclass(frozen=True)
class Report:
    """A report or a claim, by a visitor if ``handle`` is "": ``kind`` is a key of the words (unsafe, person,
    copyright, spam, claim). ``alike`` are pictures that may be copies and are not covered; ``character``
    is what it is about where it is about no picture: its identifier and name."""

    identifier: str
    kind: str
    text: str
    time: str
    handle: str
    picture: PictureCard | None = None
    count: int = 1
    overdue: bool = False
    alike: tuple[PictureCard, ...] = ()
    character: Choice | None = None


@dataclass(frozen=True)
class Appeal:
    """Somebody asks to look at a decision again; ``picture`` is what it was about, if that is here."""

    identifier: str
    handle: str
    about: str
    text: str
    time: str
    picture: PictureCard | None = None


@dataclass(frozen=True)
class Ban:
    """Whom (``kind`` account or organisation) and why; ``until`` is "" for good."""

    identifier: str
    kind: Literal["account", "organisation"]
    who: str
    reason: str
    until: str = ""


@dataclass(frozen=True)
class Alarm:
    """What the budgets noticed: facts, the accounts it is linked to, and how sure that is (a percentage)."""

    identifier: str
    facts: tuple[str, ...]
    linked: tuple[str, ...]
    confidence: int
    time: str
    evidence: str = ""
    state: str = "open"
    appeal: str = ""


@dataclass(frozen=True)
class Entry:
    """A line of the audit log; ``handle`` is who, with the sign before it."""

    time: str
    handle: str
    action: str
    subject: str
    because: str = ""


@dataclass(frozen=True)
class ModerationView:
    """Moderation. ``after`` is the address of older entries, "" at the end. ``reasons`` are those of a
    decision, ``grounds`` those of a ban: words with what they mean."""

    reports: tuple[Report, ...]
    appeals: tuple[Appeal, ...]
    bans: tuple[Ban, ...]
    alarms: tuple[Alarm, ...]
    log: tuple[Entry, ...]
    after: str = ""
    reasons: tuple[Choice, ...] = ()
    grounds: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class ClaimState:
    """How a claim stands: ``name`` is a key of the words (waiting, upheld, overturned, appealed), ``count``
    how many pictures of here it covers, ``reason`` the word of a decision's ground, ``verdict`` what the
    moderator wrote. ``is_final`` says that nothing can follow."""

    name: str
    count: int
    time: str
    due: str = ""
    reason: str = ""
    verdict: str = ""
    appealable: bool = False
    is_final: bool = False


@dataclass(frozen=True)
class ClaimView:
    """ "Someone used my picture"; ``receipt`` names a claim that came in, ``page`` is its own address and
    ``state`` how it stands."""

    contact: str = ""
    receipt: str = ""
    link: str = ""
    page: str = ""
    state: ClaimState | None = None


@dataclass(frozen=True)
class ModelCard:
    """A model with its licence and what is known of its training."""

    name: str
    digest: str
    licence: str
    training: str
    link: str = ""


@dataclass(frozen=True)
class Figure:
    """A measured figure of safety, with what it was measured on."""

    name: str
    value: str
    basis: str


@dataclass(frozen=True)
class AboutView:
    """About this instance. ``policies`` are pairs of an address and a title."""

    name: str
    owner: str
    version: str
    models: tuple[ModelCard, ...]
    figures: tuple[Figure, ...]
    policies: tuple[Choice, ...]
    root: str = ""
    pictures: int = 0
    accounts: int = 0


@dataclass(frozen=True)
class PolicyView:
    """A policy, or a report: ``body`` is HTML that the service has made of its own Markdown."""

    title: str
    body: str


@dataclass(frozen=True)
class SignInView:
    """Sign in; or join (where ``open``, or with an invitation's ``token``); or welcome,
    with the first owner's ``token``. ``message`` says what went wrong; ``known`` that there is an owner
    already, who need not be asked for a handle."""

    way: Literal["sign_in", "join", "welcome"] = "sign_in"
    next: str = "/create"
    token: str = ""
    handle: str = ""
    message: str = ""
    open: bool = False
    known: bool = False


@dataclass(frozen=True)
class ErrorView:
    """What went wrong and what to do."""

    status: int
    message: str
    hint: str = ""
