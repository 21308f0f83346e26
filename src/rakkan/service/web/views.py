"""What each page is made from: frozen records without behaviour, filled by the routes, shown by the templates.

Texts are plain (the templates escape them), addresses are of this site, and times are ISO 8601 in UTC.

What the pages and modules expect of the routes. Every POST carries ``csrf``; a form that is posted without
JavaScript gets a 303 to the page it belongs to, a module asks with ``Accept: application/json``.

=========================================  ==========================================================
GET  /create?prompt=&from=                 ``create.html``; ``from`` is a picture to go on from
POST /studio/draft                         prompt negative seed size guidance steps model character style
                                           reference reference_kind reference_strength slot ->
                                           image/webp; 409 superseded; a JSON error otherwise
POST /studio/create                        the same fields -> 202 {"job", "events", "cancel"}
GET  /studio/jobs/{id}/events              text/event-stream: ``progress`` {"done", "total"},
                                           ``done`` {"picture", "url"}, ``failed`` {"message", "hint"}
POST /studio/jobs/{id}/cancel              -> {"cancelled": true}, or 303 /queue
POST /studio/reference                     multipart ``picture`` -> {"reference", "thumbnail"}
GET  /pictures/{id}                        ``picture.html``
POST /pictures/{id}/like                   ``liked`` 1 or 0; with HX-Request ``fragments/like.html`` (a card)
POST /pictures/{id}/comments               ``text``; with HX-Request ``fragments/comment.html`` (a comment)
POST /pictures/{id}/edit                   multipart instruction strength region* left top width height
                                           ``mask`` (PNG, white is drawn over) -> 202 as /studio/create
POST /pictures/{id}/{vary,upscale}         ``strength`` and ``count``; ``scale`` -> 303 /queue
POST /pictures/{id}/download               ``format`` png jpeg webp, ``disclosure`` full redacted digest
                                           -> 303 to a link for minutes
POST /pictures/{id}/{publish,withdraw,report,delete,take-down}   ``caption`` ``tags``; ``reason`` ``text``
GET  /gallery?q=&tag=&character=&model=&like=&feed=&after=
                                           ``gallery.html``; with HX-Request ``fragments/cards.html``
GET  /people/{handle}                      ``gallery.html`` with ``person``
POST /people/{handle}/follow               ``followed`` 1 or 0
GET  /characters, /characters/{id}         ``characters.html``, ``character.html``
POST /characters                           ``name`` ``words``
GET  /queue                                ``queue.html``; with HX-Request ``fragments/jobs.html``
GET  /account                              ``account.html``
POST /account/{profile,password,export,import,delete,appeal}
POST /account/sessions/{id}/revoke, /account/keys, /account/keys/{id}/revoke, /account/passkeys/{id}/remove
POST /account/passkeys/options, /account/passkeys, /sign-in/passkey/options, /sign-in/passkey
                                           JSON as WebAuthn's ``publicKey`` with base64url texts;
                                           the second of each answers {"next"}
GET  /moderation                           ``moderation.html``
POST /moderation/reports/{id}, /moderation/appeals/{id}   ``decision`` ``note``
POST /moderation/bans, /moderation/bans/{id}/lift         ``kind`` account or organisation, ``who`` ``reason`` ``days``
GET  /claim; POST /claim                   multipart ``who`` ``contact`` ``link`` ``right`` ``text`` ``evidence``
GET  /about; GET /sign-in?next=; POST /sign-in, /sign-out; GET and POST /welcome (``token``)
POST /preferences                          ``theme`` auto light dark, ``locale`` en ja id, ``next``
=========================================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rakkan.service.web.chips import ChipGroup


@dataclass(frozen=True)
class PictureCard:
    """A picture in a list: its thumbnail (``width`` and ``height`` in pixels), never its recipe."""

    identifier: str
    thumbnail: str
    width: int
    height: int
    alternative: str
    handle: str
    likes: int = 0
    liked: bool = False


@dataclass(frozen=True)
class Choice:
    """One of several in a select: the value that is sent, and what people read."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Meter:
    """A budget: how much of ``most`` is ``used``; ``label`` is a key of the words, ``unit`` is shown after
    both; ``renews`` says when, "" if it does not."""

    label: str
    used: int
    most: int
    unit: str = ""
    renews: str = ""

    @property
    def left(self) -> int:
        """What is left, never less than nothing."""
        return max(self.most - self.used, 0)


@dataclass(frozen=True)
class Limits:
    """What the engine takes: steps, guidance, and the seed's end."""

    steps: tuple[int, int] = (1, 50)
    guidance: tuple[float, float] = (1.0, 12.0)
    seed: int = 2**31 - 1


@dataclass(frozen=True)
class CreateView:
    """Create. ``phrases`` is the table the chips read prompts by; ``latest`` what is on the easel at first."""

    groups: tuple[ChipGroup, ...]
    phrases: Mapping[str, Mapping[str, tuple[str, ...]]]
    sizes: tuple[Choice, ...]
    models: tuple[Choice, ...]
    characters: tuple[Choice, ...]
    styles: tuple[Choice, ...]
    budget: Meter | None = None
    prompt: str = ""
    negative: str = ""
    seed: int = 1
    steps: int = 8
    guidance: float = 1.0
    limits: Limits = field(default_factory=Limits)
    latest: PictureCard | None = None
    slot: str = ""


@dataclass(frozen=True)
class Origin:
    """A row of "where this came from": ``kind`` is a key of the words (parent, reference, character, model,
    training, seal, ledger); ``link`` and ``thumbnail`` may be ""."""

    kind: str
    title: str
    detail: str = ""
    link: str = ""
    thumbnail: str = ""


@dataclass(frozen=True)
class Fact:
    """A name and what it is, for lists of details."""

    name: str
    value: str


@dataclass(frozen=True)
class Comment:
    """What somebody said about a picture."""

    identifier: str
    handle: str
    text: str
    time: str
    mine: bool = False


@dataclass(frozen=True)
class PictureView:
    """Picture. ``sentences`` is the recipe in words, ``prompt`` its text ("" when it is kept back).

    ``allowed`` is of: edit, vary, upscale, download, publish, withdraw, delete, like, comment, remix,
    report, take_down. ``followed`` is None where following makes no sense (one's own picture).
    """

    card: PictureCard
    url: str
    title: str
    time: str
    sentences: tuple[str, ...]
    prompt: str
    facts: tuple[Fact, ...]
    origins: tuple[Origin, ...]
    allowed: frozenset[str]
    tags: tuple[str, ...] = ()
    published: bool = False
    followed: bool | None = None
    comments: tuple[Comment, ...] = ()
    similar: tuple[PictureCard, ...] = ()
    remixes: int = 0


@dataclass(frozen=True)
class CharacterCard:
    """A character in a list."""

    identifier: str
    name: str
    version: int
    words: str
    thumbnail: str
    pictures: int = 0


@dataclass(frozen=True)
class CharactersView:
    """Characters: one's own, and those that others share."""

    mine: tuple[CharacterCard, ...]
    shared: tuple[CharacterCard, ...]
    may_make: bool = True


@dataclass(frozen=True)
class CharacterView:
    """Character. ``palette`` holds #rrggbb by part; ``consistency`` is a percentage, None if not measured."""

    card: CharacterCard
    handle: str
    licence: str
    sheet: str
    palette: tuple[Fact, ...]
    facts: tuple[Fact, ...]
    versions: tuple[Fact, ...]
    pictures: tuple[PictureCard, ...]
    consistency: int | None = None
    mine: bool = False


@dataclass(frozen=True)
class Person:
    """Whose gallery it is."""

    handle: str
    name: str
    about: str
    pictures: int
    followers: int
    followed: bool | None = None


@dataclass(frozen=True)
class GalleryView:
    """Gallery. ``after`` is the address of what comes next, "" at the end; ``like`` the picture that others
    are sought for; ``tags`` the common ones."""

    cards: tuple[PictureCard, ...]
    after: str = ""
    query: str = ""
    tag: str = ""
    feed: Literal["new", "following"] = "new"
    tags: tuple[str, ...] = ()
    characters: tuple[Choice, ...] = ()
    models: tuple[Choice, ...] = ()
    like: PictureCard | None = None
    person: Person | None = None


State = Literal["waiting", "drawing", "done", "failed", "cancelled", "quarantined"]


@dataclass(frozen=True)
class Job:
    """Work in the queue. ``done`` of ``total`` steps; ``position`` from 1, 0 when it is not waiting; ``kind``
    is a key of the words (create, edit, vary, upscale, import); ``message`` and ``hint`` of a failure."""

    identifier: str
    kind: str
    words: str
    state: State
    time: str
    done: int = 0
    total: int = 0
    position: int = 0
    picture: PictureCard | None = None
    message: str = ""
    hint: str = ""


@dataclass(frozen=True)
class QueueView:
    """Queue: work of one's own, and how much there is of everyone's (``seconds`` to wait, None if unknown)."""

    jobs: tuple[Job, ...]
    waiting: int = 0
    workers: int = 1
    seconds: int | None = None


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
    """A report or a claim: ``kind`` is a key of the words (unsafe, person, copyright, spam, claim)."""

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
    """"Someone used my picture"; ``receipt`` names a claim that has just come in, ``steps`` what follows."""

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
    """Sign in, or with a ``token`` the first owner's welcome; ``message`` says what went wrong."""

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
