"""From views to HTML, and the addresses of assets, which change with their contents."""

from __future__ import annotations

import hashlib
from collections.abc import MutableMapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rakkan.service.access.actors import ROLES, Role
from rakkan.service.web.words import DEFAULT, LOCALES, Words

_HERE = Path(__file__).parent
STATIC = _HERE / "static"
THEMES = ("auto", "light", "dark")

#: The policy of every page: nothing but this site's own files, no inline script or style, no frames.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: Of every asset: its address changes when it does.
ASSET_CACHING = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Page:
    """Who looks at a page and how: the ``handle`` is "" for a visitor, ``path`` the address it stands at."""

    handle: str = ""
    role: Role = "visitor"
    locale: str = DEFAULT
    csrf: str = ""
    path: str = "/"
    theme: Literal["auto", "light", "dark"] = "auto"
    instance: str = "Rakkan"

    def at_least(self, role: Role) -> bool:
        """Whether whoever looks may what ``role`` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


@lru_cache(maxsize=1)
def version() -> str:
    """Sixteen hexadecimal digits that change with any asset. One for all: modules import each other by
    relative addresses, which so keep to one version."""
    digest = hashlib.sha256()
    for path in sorted(path for path in STATIC.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(STATIC)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@lru_cache(maxsize=256)
def asset(path: str) -> str:
    """The address of an asset, for ever the same bytes. Raises FileNotFoundError for what is not there."""
    if not (STATIC / path).is_file():
        raise FileNotFoundError(path)
    return f"/static/{version()}/{path}"


def asset_file(path: str) -> Path | None:
    """The file behind what follows the version in an asset's address, None when there is none."""
    try:
        file = (STATIC / path).resolve()
        return file if file.is_relative_to(STATIC) and file.is_file() else None
    except (ValueError, OSError):  # a name that no file can have
        return None


class _Templates(Environment):
    """Templates whose globals stand in a plain dictionary: a page asks for them dozens of times, and in the
    chain of two that Jinja makes each time takes twenty times as long."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return {**self.globals, **(d or {})}


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates: escaped throughout, strict about names that are not there, and read once."""
    made = _Templates(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(asset=asset, locales=LOCALES, themes=THEMES)
    return made


def render(name: str, view: object, page: Page) -> str:
    """A page or a fragment: ``name`` is a template such as ``create.html`` or ``fragments/cards.html``."""
    words = Words(page.locale)
    context: dict[str, Any] = {"view": view, "page": page, "t": words}
    return environment().get_template(name).render(context)
