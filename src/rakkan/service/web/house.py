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
    """An organisation, and what one is in it (member or admin)."""

    handle: str
    name: str
    role: str


@dataclass(frozen=True)
class AccountView:
    """Account. ``new_key`` is shown this once; ``alarm`` says why the account is limited, "" if it is not."""

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


@dataclass(frozen=True)
class Report:
    """A report or a claim; a visitor's ``handle`` is "". ``kind`` is a key of the words
    (unsafe, person, copyright, spam, claim)."""

    identifier: str
    kind: str
    text: str
    time: str
    handle: str
    picture: PictureCard | None = None
    count: int = 1


@dataclass(frozen=True)
class Appeal:
    """Somebody asks to look at a decision again."""

    identifier: str
    handle: str
    about: str
    text: str
    time: str


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


@dataclass(frozen=True)
class Entry:
    """A line of the audit log."""

    time: str
    handle: str
    action: str
    subject: str


@dataclass(frozen=True)
class ModerationView:
    """Moderation. ``after`` is the address of older entries, "" at the end."""

    reports: tuple[Report, ...]
    appeals: tuple[Appeal, ...]
    bans: tuple[Ban, ...]
    alarms: tuple[Alarm, ...]
    log: tuple[Entry, ...]
    after: str = ""


@dataclass(frozen=True)
class ClaimView:
    """ "Someone used my picture"; ``receipt`` names a claim that has just come in, ``steps`` what follows."""

    contact: str = ""
    receipt: str = ""
    link: str = ""


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
    """About this instance. ``policies`` are pairs of a title and an address."""

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
class SignInView:
    """Sign in; or join (where ``open``, or with an invitation's ``token``); or welcome,
    with the first owner's ``token``. ``message`` says what went wrong."""

    way: Literal["sign_in", "join", "welcome"] = "sign_in"
    next: str = "/create"
    token: str = ""
    handle: str = ""
    message: str = ""
    open: bool = False


@dataclass(frozen=True)
class ErrorView:
    """What went wrong and what to do."""

    status: int
    message: str
    hint: str = ""
