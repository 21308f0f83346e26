"""Views of a picture's files, and of one that a case is about."""

from __future__ import annotations

from dataclasses import dataclass

from rakkan.service.web.cards import Choice
from rakkan.service.web.house import ClaimState


@dataclass(frozen=True)
class FileRow:
    """A file of a picture: ``format`` is the value that is sent, ``label`` what people read; ``disclosure``
    is full, redacted or digest, ``size`` a text, "" where it is not known. ``is_sealed`` says that it is the
    one the picture was sealed as."""

    format: str
    label: str
    disclosure: str
    size: str = ""
    is_sealed: bool = False


@dataclass(frozen=True)
class FilesView:
    """The files of a picture of one's own, and those that are being made. ``job`` is the one to look for, ""
    for none; ``trouble`` and ``hint`` say why that came to nothing. ``may_make`` is false for a picture that
    has only the file it came as."""

    identifier: str
    files: tuple[FileRow, ...]
    making: tuple[FileRow, ...] = ()
    job: str = ""
    trouble: str = ""
    hint: str = ""
    formats: tuple[Choice, ...] = ()
    may_make: bool = True


@dataclass(frozen=True)
class Barred:
    """A picture of one's own that a case is about: ``category`` is a key of the words (unsafe, person,
    copyright, spam, claim), ``is_down`` says that it was taken down and not only hidden."""

    category: str
    state: ClaimState
    is_down: bool


@dataclass(frozen=True)
class DownView:
    """The page of a picture of one's own that was taken down: nothing of what it shows."""

    identifier: str
    title: str
    time: str
    barred: Barred
