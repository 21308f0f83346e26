"""Views of the pages where people bring what they have: pictures, prompts, models."""

from __future__ import annotations

from dataclasses import dataclass

from rakkan.service.web.cards import Fact


@dataclass(frozen=True)
class Kept:
    """A text that is kept: what it is called or says, and how many lines it has."""

    identifier: str
    name: str
    lines: int = 1


@dataclass(frozen=True)
class ImportView:
    """Import. ``styles`` are the names of saved styles; ``notice`` says what came of a file of prompts, a
    line each; ``may_bring`` whether models may be brought; ``most`` files go into one job."""

    wildcards: tuple[Kept, ...]
    prompts: tuple[Kept, ...]
    styles: tuple[str, ...]
    may_bring: bool
    notice: tuple[str, ...] = ()
    most: int = 50


@dataclass(frozen=True)
class ModelRow:
    """A model that one may draw with: ``kind``, ``base`` and ``licence`` in words, ``size`` for people;
    ``own`` says that it can be shared and removed, ``removable`` that it can be removed."""

    name: str
    digest: str
    kind: str
    base: str
    licence: str
    size: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()
    own: bool = False
    shared: bool = False
    removable: bool = False


@dataclass(frozen=True)
class OnItsWay:
    """A model that is being sent: ``share`` of a hundred is here."""

    identifier: str
    name: str
    share: int
    state: str


@dataclass(frozen=True)
class ModelsView:
    """Models: what one may draw with, and where to send more; ``part`` bytes are sent at a time, and a file
    has at most ``largest``."""

    models: tuple[ModelRow, ...]
    uploads: tuple[OnItsWay, ...]
    may_bring: bool
    part: int
    largest: int
    shared_first: bool = False
