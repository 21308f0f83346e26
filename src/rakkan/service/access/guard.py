"""What is asked of a request before its handler sees it. Plain functions on what the request says.

Cross-site requests are told by what a page cannot forge: a browser sends ``Origin`` with every request that
changes something, and ``Sec-Fetch-Site`` with all (Fetch standard, 2.2.6; Fetch Metadata, W3C). A token in
the page is asked for besides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from rakkan.service.access.actors import Actor
from rakkan.service.access.rules import Access
from rakkan.service.errors import Forbidden, NotFound, Refusal, TooLarge, Unauthenticated

#: Methods that change nothing (RFC 9110, 9.2.1).
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: Bytes of all headers together.
LARGEST_HEAD = 32 * 1024
#: Headers that say one thing.
_ONCE = frozenset({"host", "origin", "authorization", "content-type", "content-length", "sec-fetch-site"})
#: JSON's way to write what no text has.
_ODD = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
#: Types of a picture that is sent as it is.
PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})
#: Type of a part of a file.
PART = "application/octet-stream"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class WrongHost(Refusal):
    """The request was sent to another name than this service's: DNS rebinding, or a proxy set up wrongly."""

    status = 421
    code = "misdirected"


class WrongType(Refusal):
    """The body is of a type that this route does not read."""

    status = 415
    code = "unsupported_media_type"


@dataclass(frozen=True)
class Asked:
    """What is known of a request from its head. ``headers`` has lower-case names."""

    method: str
    headers: Mapping[str, str]

    @property
    def changes(self) -> bool:
        """Whether the method may change something."""
        return self.method not in SAFE

    @property
    def media_type(self) -> str:
        """The type of the body, in lower case and without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        """Whether the body is what a browser's form sends."""
        return self.media_type in _FORMS

    @property
    def is_held(self) -> bool:
        """Whether all of the body is held in memory before it is looked at."""
        return self.is_form or self.media_type == "application/json" or self.media_type in PICTURES


def head_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers by their names in lower case. Raises Refusal for what must not be told twice, since another
    reader of the request might go by the other, and TooLarge."""
    found: dict[str, str] = {}
    size = 0
    for name, text in pairs:
        size += len(name) + len(text)
        if name in found and name in _ONCE:
            raise Refusal(f"The request says {name!r} twice", "Say it once")
        found[name] = text
    if size > LARGEST_HEAD:
        raise TooLarge(f"The request has {size:,} bytes of headers", f"At most {LARGEST_HEAD:,} are taken")
    return found


def check_text(body: bytes) -> None:
    """Raise Refusal for JSON with what no text holds: half of a pair of surrogates, or U+0000, which not
    every database takes. JSON that cannot be read at all is its reader's affair."""
    if not _ODD.search(body):
        return
    with suppress(ValueError, RecursionError):
        left = [json.loads(body)]
        while left:
            one = left.pop()
            if isinstance(one, str):
                check_word(one)
            elif isinstance(one, dict):
                left += [*one, *one.values()]
            elif isinstance(one, list):
                left += one


def check_word(text: str) -> None:
    """Raise Refusal for a text with what no text holds; see ``check_text``."""
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise Refusal("The request has a sign in it that no text has", "Leave it out")


def check_host(asked: Asked, origins: tuple[str, ...]) -> None:
    """Raise WrongHost unless the request names a host of ``origins`` (``https://rakkan.example``)."""
    host = asked.headers.get("host", "").lower()
    if host not in {urlsplit(one).netloc.lower() for one in origins}:
        raise WrongHost(
            f"This service is not called {host[:80]!r}", "Use the address that rakkan serve prints"
        )


def check_body(asked: Asked, access: Access) -> None:
    """Raise for a body that is too large by its own account, or of a type that the route does not read."""
    told = asked.headers.get("content-length", "0")
    if not told.isascii() or not told.isdigit():
        raise Refusal("The request's Content-Length is no number")
    if int(told) > access.largest:
        raise TooLarge(f"The request has {int(told):,} bytes", f"At most {access.largest:,} are taken here")
    if not asked.changes or (int(told) == 0 and "transfer-encoding" not in asked.headers):
        return
    is_read = (
        asked.media_type == "application/json"
        or (access.forms and asked.is_form)
        or (access.pictures and asked.media_type in PICTURES)
        or (access.parts and asked.media_type == PART)
    )
    if not is_read:
        raise WrongType(f"A body of type {asked.media_type[:60]!r} is not read here", "Send application/json")


def check_site(asked: Asked, actor: Actor, origins: tuple[str, ...]) -> None:
    """Raise Forbidden for a request that another site's page sends with a session of here.

    Keys stand in a header that no page can add across sites, so requests by key pass, except that browsers
    remember a key of HTTP basic authentication and send it along: such requests are told by the same signs.
    A visitor's pass only from here as well, for signing somebody in from elsewhere is an attack, too (login
    CSRF).
    """
    is_basic = asked.headers.get("authorization", "").lower().startswith("basic ")
    if actor.way == "key" and not is_basic:
        return
    origin = asked.headers.get("origin", "")
    if origin and origin not in origins:
        raise Forbidden("The request comes from another site", "Open the page here and try again")
    site = asked.headers.get("sec-fetch-site", "")
    if asked.changes and not origin and site not in ("same-origin", "none") and actor.way != "key":
        raise Forbidden("The request does not say which site it comes from", "Use a browser, or a key")
    # A link from elsewhere may open a page; nothing else of another site's may ask in somebody's name,
    # streams of events included. Another port of this machine is the same site, and yet somebody else's.
    opens = asked.headers.get("sec-fetch-mode") == "navigate" and (
        asked.headers.get("sec-fetch-dest", "document") == "document"
    )
    if site in ("cross-site", "same-site") and (asked.changes or not opens):
        raise Forbidden("The request comes from another site", "Open the page here and try again")


def check_actor(actor: Actor, access: Access) -> None:
    """Raise Unauthenticated or Forbidden unless the actor may call a route.

    Who is no moderator is told that a moderator's route is not there.
    """
    if actor.at_least(access.role):
        is_open = access.role == "visitor" and not access.scope
        if actor.way == "key" and not is_open and access.scope not in actor.scopes:
            wanted = f"scope {access.scope!r}" if access.scope else "session: no key opens this"
            raise Forbidden(f"This needs the {wanted}", "Make another key, or sign in")
        return
    if access.role in ("moderator", "owner"):
        raise NotFound("There is nothing here")
    raise Unauthenticated("Nobody is signed in", "Sign in, or send a key")
