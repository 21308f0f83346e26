"""The way in and the way out. ``Gate.release`` is the only path by which a picture becomes a file, and
``Gate.admit`` the only one by which a file from outside comes to be used; ``Gate.hand_out`` gives an account
a model of its own back.

The gate knows nothing of the layers above it. It is built, in ``rakkan.assemble`` alone, with
*inspectors*, which look and may refuse, and *markers*, which add text to the file; both are plain
functions ``(subject, context) -> list[Finding]``. One that is required and missing means denied. What
seals a picture and what keeps an arrival are handed in too: a gate without them cannot be built.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, TypeVar

from rakkan.errors import RakkanError
from rakkan.records import BandedPicture, Picture, seen, still, still_banded
from rakkan.trust.placing import nameless, no_picture, pieces_of, place, place_folder
from rakkan.trust.seal.manifest import DEFAULT_USES

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.formats.inspect import Inspected

#: What nothing leaves or comes in without, by the names ``rakkan.assemble`` wires them under.
REQUIRED_WORD_INSPECTORS = frozenset({"prompt"})
REQUIRED_CHARACTER_INSPECTORS = frozenset({"prompt", "adulthood"})
REQUIRED_INSPECTORS = frozenset(
    {"well formed", "policy", "prompt", "wording", "blocklist", "likeness", "content"}
)
#: What looks at every part of a picture that is too large to be held.
REQUIRED_PART_INSPECTORS = frozenset({"content"})
REQUIRED_MARKERS = frozenset({"recipe"})
REQUIRED_ARRIVAL_INSPECTORS = frozenset({"seal", "policy", "text", "blocklist", "likeness", "content"})
REQUIRED_DEPARTURE_INSPECTORS = frozenset({"policy", "text", "pictures"})

#: The account of whoever sits at this machine.
LOCAL = "local"


@dataclass(frozen=True)
class Finding:
    """What one inspector or marker has to say: whether the subject may pass, why, and text to add.

    Of a refusal ``rule`` is the rule that refuses ("" for the inspector's own name), ``hint`` what to do
    about it, and ``about`` the SHA-256 of the words or pixels it refuses, "" when there are none: by it a
    moderator may overturn a refusal of a rule that can be.
    """

    allowed: bool
    reason: str
    text: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    hint: str = ""
    about: str = ""


@dataclass(frozen=True)
class Destination:
    """Where a picture goes: a path that ends in ``.png``, ``.jpg``, ``.jpeg`` or ``.webp``, the account
    it is made for, and how much of its recipe the file tells: ``full``, ``redacted`` or ``digest``.
    ``uses`` maps a CAWG use to what its maker allows, ``constraint`` explains ``constrained``; ``maker``
    is a name to seal it with, "" for none."""

    path: Path
    account: str = LOCAL
    disclosure: str = "full"
    uses: Mapping[str, str] = field(default_factory=lambda: DEFAULT_USES)
    constraint: str = ""
    maker: str = ""


@dataclass(frozen=True)
class Source:
    """Where a file comes from: its path, the account it is to be kept for, the way it came, and ``words``
    that it is to be known by here besides its own."""

    path: Path
    account: str = LOCAL
    way: str = "file"
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrival:
    """A file on its way in: what the parsers found, and what its own seal is worth (``none``, ``trusted``,
    ``valid`` when signed by someone unknown here, or ``invalid``).

    ``content`` is the whole file, seekable, and ``start`` what was parsed of it: all of a picture, the
    header of a model. ``digest`` is the SHA-256 of the whole file that was parsed, in hexadecimal.
    ``pixels`` are a picture's: uint8 [height, width, 3], or 4 with alpha, sRGB, read-only; None of a model.
    """

    inspected: Inspected
    start: bytes
    content: IO[bytes]
    digest: str
    seal: str = "none"
    pixels: NDArray[numpy.uint8] | None = None


@dataclass(frozen=True)
class Admission:
    """A file that came in: the SHA-256 the vault knows it by, what it is, its entry in the ledger, and
    what the inspectors remarked."""

    digest: str
    inspected: Inspected
    entry: int
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Departure:
    """A model or a character that its account takes with it: ``digests`` are the SHA-256 that it and its
    files are known by, ``words`` what it is called here, ``texts`` what each of its files says of itself,
    and ``pictures`` the files, as they lie in it, of every picture that a character has.

    ``files`` gives the bytes of each by its path in the model's folder; a model of one file has it under its
    name alone. Nothing of it is read before the inspectors have answered. ``sort`` says what it is.
    """

    account: str
    digests: tuple[str, ...]
    words: tuple[str, ...]
    texts: tuple[Mapping[str, str], ...]
    files: Mapping[str, Callable[[], Iterable[bytes]]]
    is_folder: bool = False
    sort: str = "model"
    pictures: tuple[bytes, ...] = ()


Subject = TypeVar("Subject")
Place = TypeVar("Place")
PictureCheck = Callable[[Picture, Destination], list[Finding]]
PartCheck = Callable[["NDArray[numpy.uint8]", Destination], list[Finding]]
ArrivalCheck = Callable[[Arrival, Source], list[Finding]]
DepartureCheck = Callable[[Departure, Path], list[Finding]]
#: (prompt, negative prompt)
WordCheck = Callable[[str, str], list[Finding]]


@dataclass(frozen=True)
class Gate:
    """The gate with what it asks, by name, and what does its work.

    ``seal`` states a picture, with its file as encoded, in the ledger and returns the file sealed;
    ``parse`` reads a file apart, ``keep`` stores and states an arrival and returns its digest and entry,
    ``endorse`` seals an artist's own file as it is. ``overturned`` says whether a moderator has overturned a
    refusal, and ``refuse`` states one that stands and returns what to do about it. ``begin`` is
    given pixels that are about to be inspected and may start what takes long; it decides nothing.
    ``part_inspectors`` and ``seal_file``, which seals from one file into another, are for pictures in bands.
    ``released`` lists the files this gate has written. What it asks cannot be changed once it is built, and
    what it is given is copied first, so that what the inspectors saw is what is written.
    """

    word_inspectors: Mapping[str, WordCheck]
    inspectors: Mapping[str, PictureCheck]
    markers: Mapping[str, PictureCheck]
    arrival_inspectors: Mapping[str, ArrivalCheck]
    seal: Callable[[Picture, Destination, bytes], bytes]
    parse: Callable[[Path], Arrival]
    keep: Callable[[Arrival, Source, list[Finding]], tuple[str, int]]
    endorse: Callable[[Arrival, Source, Destination], bytes]
    overturned: Callable[[Finding], bool]
    refuse: Callable[[str, Finding], str]
    begin: Callable[[NDArray[numpy.uint8]], None] = lambda pixels: None
    departure_inspectors: Mapping[str, DepartureCheck] = field(default_factory=dict)
    part_inspectors: Mapping[str, PartCheck] = field(default_factory=dict)
    seal_file: Callable[[Picture, Destination, IO[bytes], IO[bytes]], None] | None = None
    character_inspectors: Mapping[str, WordCheck] = field(default_factory=dict)
    released: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        asked = ("word", "arrival", "departure", "part", "character")
        for name in ("inspectors", "markers", *(f"{one}_inspectors" for one in asked)):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def consider(self, prompt: str, negative: str = "") -> None:
        """Refuse words that nothing may be drawn from, before anything is drawn.

        It spares whoever asks the wait: ``release`` looks at the words again. Raises RakkanError.
        """
        checks, required = self.word_inspectors, REQUIRED_WORD_INSPECTORS
        self._ask("create", prompt, negative, "inspector", checks, required, "Nothing was drawn")

    def consider_character(self, words: Iterable[str]) -> None:
        """Refuse words that no character or style may be kept with, text by text. Raises RakkanError."""
        checks, required = self.character_inspectors, REQUIRED_CHARACTER_INSPECTORS
        for text in words:
            self._ask("create", str.__str__(text), "", "inspector", checks, required, "Nothing was kept")

    def release(self, picture: Picture, to: Destination) -> Path:
        """Seal ``picture`` and write it; the path it took.

        That path is ``to.path``, or, since nothing is ever overwritten, the first free of
        ``name-2.png``, ``name-3.png``, … beside it. The file appears under its name whole or not at all.
        Its statement is in the ledger before the file appears: a crash between them leaves an entry
        about a picture nobody has, never a picture without an entry.

        Raises RakkanError, with no file written, when an inspector refuses, a required inspector or
        marker is missing, or the folder cannot be written to or is full.
        """
        refused = "The picture was not released"
        picture, to = still(picture), _still_destination(to)
        shown = seen(picture)
        encoded = _encoded(picture, to.path, self._inspected_text(shown, to, refused))
        path = place([self.seal(shown, to, encoded)], to.path)
        self.released.append(path)
        return path

    def release_banded(self, picture: BandedPicture, to: Destination) -> Path:
        """As ``release``, for a picture that comes in bands of rows and is too large to be held: a PNG.

        Its parts are inspected as they come, at full size, and all of it reduced, by what inspects any other
        picture; until then it lies in files that have no name. Raises RakkanError as ``release`` does.
        """
        from rakkan.formats import png, png_bands
        from rakkan.trust.banding import gathered

        refused = "The picture was not released"
        picture, to = still_banded(picture), _still_destination(to)
        checks, required = self.part_inspectors, REQUIRED_PART_INSPECTORS
        _demand(checks, required, "inspector", refused)
        if self.seal_file is None:
            raise RakkanError(f"{refused}: nothing seals files here", "Wire it in assemble.py")
        look = partial(self._ask, "release", context=to, role="inspector", checks=checks)
        with nameless(to.path, 3) as (rows, bare, sealed):
            shown = gathered(picture, partial(look, required=required, refused=refused), rows)
            text = self._inspected_text(shown, to, refused)
            sides = shown.recipe.width, shown.recipe.height
            bare.write(png_bands.head(*sides, picture.channels, picture.depth, png.text_chunks(text)))
            bare.writelines(pieces_of(rows))
            bare.write(png_bands.END)
            self.seal_file(shown, to, bare, sealed)
            path = place(pieces_of(sealed), to.path)
        self.released.append(path)
        return path

    def _inspected_text(self, shown: Picture, to: Destination, refused: str) -> dict[str, str]:
        """What the markers write, once the inspectors have let the picture pass."""
        self.begin(shown.pixels)
        self._ask("release", shown, to, "inspector", self.inspectors, REQUIRED_INSPECTORS, refused)
        text: dict[str, str] = {}
        marks = self._ask("release", shown, to, "marker", self.markers, REQUIRED_MARKERS, refused)
        for finding in marks:
            if twice := text.keys() & finding.text.keys():
                raise RakkanError(f"{refused}: two markers write the text {min(twice)!r}", "Rename one")
            text.update(finding.text)
        return text

    def admit(self, source: Source) -> Admission:
        """Let a file from outside in: parsed in the sandbox, inspected, kept in the vault, stated.

        Raises RakkanError, with nothing kept, for a file that is no sound picture or safetensors file,
        that an inspector refuses, or that cannot be read, and when a required inspector is missing.
        """
        source = _still_source(source)
        refused = f"{source.path.name} was not let in"
        arrival = self._parsed(source, refused)
        with arrival.content:
            findings = self._inspected("admit", arrival, source, refused)
            digest, entry = self.keep(arrival, source, findings)
        return Admission(digest, arrival.inspected, entry, tuple(finding.reason for finding in findings))

    def protect(self, source: Source, to: Destination) -> Path:
        """Seal an artist's own file with what ``to.uses`` reserves, and write it; the path it took.

        The file passes the same inspection as one that comes in, and the copy is placed as ``release``
        does. Raises RakkanError, with nothing written, as both of them do.
        """
        source, to = _still_source(source), _still_destination(to)
        refused = f"{source.path.name} was not sealed"
        arrival = self._parsed(source, refused)
        with arrival.content:
            self._inspected("protect", arrival, source, refused)
            path = place([self.endorse(arrival, source, to)], to.path)
        self.released.append(path)
        return path

    def hand_out(self, model: Departure, to: Path) -> Path:
        """Write a model or a character that is kept here to a file or folder, for the account it is kept for;
        the path it took, found and written as ``release`` does.

        Raises RakkanError, with nothing written, when an inspector refuses or a required one is missing, and
        when there is no room for it.
        """
        model, to = _still_departure(model), _plain_path(to)
        refused = f"The {model.sort} was not handed out"
        checks, required = self.departure_inspectors, REQUIRED_DEPARTURE_INSPECTORS
        self._ask("export", model, to, "inspector", checks, required, refused)
        if model.is_folder:
            files = {name: lambda made=made: no_picture(made()) for name, made in model.files.items()}
            path = place_folder(files, to)
        else:
            (pieces,) = model.files.values()
            path = place(no_picture(pieces()), to)
        self.released.append(path)
        return path

    def _parsed(self, source: Source, refused: str) -> Arrival:
        _demand(self.arrival_inspectors, REQUIRED_ARRIVAL_INSPECTORS, "inspector", refused)
        try:
            return self.parse(source.path)
        except RakkanError as error:
            raise RakkanError(f"{refused}: {error.message}", error.hint) from error

    def _inspected(self, action: str, arrival: Arrival, source: Source, refused: str) -> list[Finding]:
        checks, required = self.arrival_inspectors, REQUIRED_ARRIVAL_INSPECTORS
        if arrival.pixels is not None:
            self.begin(arrival.pixels)
        return self._ask(action, arrival, source, "inspector", checks, required, refused)

    def _ask(
        self,
        action: str,
        subject: Subject,
        context: Place,
        role: str,
        checks: Mapping[str, Callable[[Subject, Place], list[Finding]]],
        required: frozenset[str],
        refused: str,
    ) -> list[Finding]:
        _demand(checks, required, role, refused)
        findings: list[Finding] = []
        for name, check in checks.items():
            answers = list(check(subject, context))
            if name in required and not answers:
                raise RakkanError(f"{refused}: the {role} {name!r} gave no answer")
            for finding in answers:
                named = finding if finding.rule else replace(finding, rule=name)
                if not finding.allowed and not self.overturned(named):
                    hint = self.refuse(action, named)
                    raise RakkanError(f"{refused} ({named.rule}): {finding.reason}", hint)
            findings.extend(answers)
        return findings


def _still_destination(to: Destination) -> Destination:
    """The same destination in plain texts: a class of the caller's could answer otherwise the next time."""
    return Destination(
        _plain_path(to.path),
        str.__str__(to.account),
        str.__str__(to.disclosure),
        MappingProxyType({str.__str__(use): str.__str__(choice) for use, choice in to.uses.items()}),
        str.__str__(to.constraint),
        str.__str__(to.maker),
    )


def _still_source(source: Source) -> Source:
    return Source(
        _plain_path(source.path),
        str.__str__(source.account),
        str.__str__(source.way),
        tuple(map(str.__str__, source.words)),
    )


def _still_departure(model: Departure) -> Departure:
    return Departure(
        str.__str__(model.account),
        tuple(map(str.__str__, model.digests)),
        tuple(map(str.__str__, model.words)),
        tuple({str.__str__(key): str.__str__(text) for key, text in one.items()} for one in model.texts),
        MappingProxyType({str.__str__(name): made for name, made in model.files.items()}),
        model.is_folder is True,
        str.__str__(model.sort),
        tuple(bytes(memoryview(one)) for one in model.pictures),
    )


def _plain_path(path: Path) -> Path:
    return Path(str.__str__(os.fspath(path)))


def _encoded(picture: Picture, path: Path, text: Mapping[str, str]) -> bytes:
    """The file of a picture, unsealed, in the format that the ending of ``path`` names."""
    from rakkan.formats import encode, png

    suffix = path.suffix.lower()
    if suffix == ".png":
        return png.encode(picture.pixels, text)
    if suffix == ".webp":
        return encode.webp_file(picture.pixels, text, **encode.LOSSY.get(picture.operation, {}))
    return encode.jpeg(picture.pixels, text)


def _demand(checks: Mapping[str, object], required: frozenset[str], role: str, refused: str) -> None:
    missing = sorted(required - set(checks))
    if missing:
        raise RakkanError(f"{refused}: the {role} {missing[0]!r} is missing", "Wire it in assemble.py")
