"""What each page is made from: frozen records, filled by the routes and shown by the templates.

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
POST /pictures/{id}/release                the same -> 202 as /studio/create; with HX-Request
                                           ``fragments/files.html``
GET  /pictures/{id}/releases?job=&seen=    ``fragments/files.html``; 204 while the job goes on
POST /pictures/{id}/appeal                 ``text``
POST /pictures/{id}/{publish,withdraw,report,delete,take-down}   ``caption`` ``tags``; ``reason`` ``text``
GET  /gallery?q=&tag=&character=&model=&like=&feed=&after=
                                           ``gallery.html``; with HX-Request ``fragments/cards.html``
GET  /people/{handle}                      ``gallery.html`` with ``person``
POST /people/{handle}/follow               ``followed`` 1 or 0
GET  /characters?tab=&q=&tag=&after=       ``characters.html``, ``tab`` is mine or shared
GET  /characters/{id}                      ``character.html``
GET  /characters/{id}/file                 the character as a .rakkan file
POST /characters                           ``name`` ``words``
POST /characters/import                    multipart ``file``
POST /characters/{id}/{sheet,rename,remove,withdraw,copy,publish,report,take-down}
                                           ``name``; ``terms`` draw or copy; ``reason`` ``text``
GET  /queue                                ``queue.html``; with HX-Request ``fragments/jobs.html``
GET  /account                              ``account.html``
POST /account/{profile,password,export,import,delete,appeal}
POST /account/sessions/{id}/revoke, /account/keys, /account/keys/{id}/revoke, /account/passkeys/{id}/remove
POST /account/passkeys/options, /account/passkeys, /sign-in/passkey/options, /sign-in/passkey
                                           {"ceremony", "publicKey"}, then ``ceremony`` ``credential``
                                           (``label`` ``next``) -> {"next"}; texts are base64url
POST /account/keys, /account/invitations, /organisations/{id}/invite
                                           answer with the page: what they make is shown only once
POST /organisations, /organisations/join, /organisations/{id}/{leave,invite,members}
GET  /moderation?before=                   ``moderation.html``
POST /moderation/reports/{id}, /moderation/appeals/{id}   ``decision`` ``reason`` ``note`` ``alike``
POST /moderation/bans                      ``kind`` account or organisation, ``who reason note days``
POST /moderation/bans/{id}/lift            ``note``
POST /moderation/alarms/{id}               ``decision`` ``note``
GET  /claim; POST /claim                   multipart who contact link right text evidence digests
GET  /claim/{secret}; POST /claim/{secret}/appeal   ``text`` ``contact``
GET  /about/policies/{name}, /about/transparency
GET  /about; GET /sign-in?next=; POST /sign-in (handle password next), /sign-out;
GET and POST /welcome, /join (token handle password)
POST /preferences                          ``theme`` auto light dark, ``locale`` en ja id, ``next``
=========================================  ==========================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rakkan.service.web.cards import Choice, Fact, Meter, PictureCard
from rakkan.service.web.chips import ChipGroup
from rakkan.service.web.house import (
    AboutView,
    AccountView,
    Alarm,
    Appeal,
    Ban,
    ClaimState,
    ClaimView,
    Entry,
    ErrorView,
    Figure,
    Key,
    ModelCard,
    ModerationView,
    Organisation,
    Passkey,
    PolicyView,
    Report,
    Session,
    SignInView,
)
from rakkan.service.web.releases import Barred, DownView, FileRow, FilesView

__all__ = [
    "AboutView",
    "AccountView",
    "Alarm",
    "Appeal",
    "Ban",
    "Barred",
    "CharacterCard",
    "CharacterView",
    "CharactersView",
    "Choice",
    "ClaimState",
    "ClaimView",
    "Comment",
    "CreateView",
    "Credit",
    "DownView",
    "Entry",
    "ErrorView",
    "Fact",
    "Figure",
    "FileRow",
    "FilesView",
    "GalleryView",
    "Job",
    "Key",
    "Limits",
    "Meter",
    "ModelCard",
    "ModerationView",
    "Organisation",
    "Origin",
    "Passkey",
    "Person",
    "PictureCard",
    "PictureView",
    "PolicyView",
    "QueueView",
    "Report",
    "Session",
    "SignInView",
    "State",
]


@dataclass(frozen=True)
class Limits:
    """What the engine takes: steps, guidance, and the seed's end."""

    steps: tuple[int, int] = (1, 50)
    guidance: tuple[float, float] = (1.0, 12.0)
    seed: int = 2**31 - 1


@dataclass(frozen=True)
class CreateView:
    """Create. ``phrases`` is the table the chips read prompts by; ``latest`` is on the easel at first,
    ``parent`` the picture to go on from; ``prompts`` and ``wildcards`` are those that are kept."""

    groups: tuple[ChipGroup, ...]
    phrases: Mapping[str, Mapping[str, tuple[str, ...]]]
    sizes: tuple[Choice, ...]
    models: tuple[Choice, ...]
    characters: tuple[Choice, ...]
    styles: tuple[Choice, ...]
    prompts: tuple[str, ...] = ()
    wildcards: tuple[str, ...] = ()
    budget: Meter | None = None
    prompt: str = ""
    negative: str = ""
    seed: int = 1
    steps: int = 8
    guidance: float = 1.0
    limits: Limits = field(default_factory=Limits)
    latest: PictureCard | None = None
    slot: str = ""
    parent: PictureCard | None = None


@dataclass(frozen=True)
class Origin:
    """A row of "where this came from": ``kind`` is a key of the words (parent, reference, character, model,
    training, seal, ledger, licence); ``link`` and ``thumbnail`` may be ""."""

    kind: str
    title: str
    detail: str = ""
    link: str = ""
    thumbnail: str = ""


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

    ``formats`` and ``disclosures`` are those it can be downloaded in. ``allowed`` is of: edit, vary,
    upscale, download, publish, withdraw, delete, like, comment, remix, report, take_down. ``followed`` is
    None where following makes no sense (one's own picture). ``sealed`` is false for what was
    brought in. ``files`` and ``barred`` are for its maker alone: what it can be had as, and the case that
    hides it, None for none. ``imported`` says that it came from elsewhere
    and that the ledger does not tell of it.
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
    formats: tuple[Choice, ...] = ()
    disclosures: tuple[str, ...] = ("full", "redacted", "digest")
    sealed: bool = True
    files: FilesView | None = None
    barred: Barred | None = None
    imported: bool = False


@dataclass(frozen=True)
class CharacterCard:
    """A character in a list; ``handle`` is its maker's where it is shared, ``words`` "" in lists of those."""

    identifier: str
    name: str
    version: int
    words: str
    thumbnail: str
    pictures: int = 0
    handle: str = ""
    shared: bool = False


@dataclass(frozen=True)
class CharactersView:
    """Characters: one's own (``tab`` mine), or all that are shared, a page of them found by ``query`` and
    ``tag``; ``after`` is the address of the next page. A visitor has no own ones (``signed_in``)."""

    cards: tuple[CharacterCard, ...]
    tab: Literal["mine", "shared"] = "mine"
    query: str = ""
    tag: str = ""
    after: str = ""
    signed_in: bool = True


@dataclass(frozen=True)
class Credit:
    """What a character was copied from; ``handle`` and ``link`` are "" for what is gone or shared no more."""

    name: str
    handle: str = ""
    link: str = ""
    digest: str = ""


@dataclass(frozen=True)
class CharacterView:
    """Character. ``palette`` holds #rrggbb by part; ``consistency`` is a percentage, None if not measured.

    ``state`` is "" while it is not shared, else published, hidden or removed; ``terms`` what others may do
    (draw, copy), ``newer`` that there is a version which is not shared yet. ``allowed`` is of: draw, copy,
    file, report, take_down. ``tags`` lead to characters that are alike.
    """

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
    state: str = ""
    terms: str = ""
    newer: bool = False
    allowed: frozenset[str] = frozenset()
    credits: tuple[Credit, ...] = ()
    tags: tuple[str, ...] = ()


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
    """Queue: work of one's own, and how much there is of everyone's (``seconds`` to wait, or None)."""

    jobs: tuple[Job, ...]
    waiting: int = 0
    seconds: int | None = None

    @property
    def busy(self) -> bool:
        """Whether anything may change by itself, so that the page is to look again."""
        return any(job.state in ("waiting", "drawing") for job in self.jobs)
