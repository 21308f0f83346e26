"""What the gate asks about pictures that come and go: is this one, or one like it, reported or taken down?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rakkan.features.fingerprints import Catalogue, Look, catalogue, looks
from rakkan.formats.inspect import inspect_picture
from rakkan.records import Picture
from rakkan.trust.gate import (
    Arrival,
    ArrivalCheck,
    Departure,
    DepartureCheck,
    Destination,
    Finding,
    PictureCheck,
    Source,
)
from rakkan.trust.provenance import digest_of_file, digest_of_pixels, digests_of, pixel_digest
from rakkan.trust.takedown.docket import Case, Docket
from rakkan.trust.takedown.states import DOWN, OVERTURNED, PROVISIONAL, how_to_appeal

#: What each rule says of a picture.
_TEXTS = {
    PROVISIONAL: "was reported in case {} and is hidden until a moderator decides",
    DOWN: "was taken down in case {}",
}


@dataclass
class Blocklist:
    """The open reports and upheld decisions of a docket, ready to be asked."""

    docket: Docket
    _version: int = -1
    _exact: dict[tuple[str, str], list[Case]] = field(default_factory=dict)
    _restored: set[tuple[str, str]] = field(default_factory=set)
    _looks: Catalogue = field(default_factory=lambda: catalogue([]))
    _owners: list[Case] = field(default_factory=list)

    def barring(self, exact: Mapping[str, str], seen: tuple[Look, ...]) -> tuple[Case, bool] | None:
        """The case that bars a picture, and whether it is the picture itself rather than one like it.

        An upheld decision goes before an open report, which does not bar what a moderator has restored.
        """
        self._refresh()
        itself = [case for key in exact.items() for case in self._exact.get(key, ())]
        near = [self._owners[row] for row, _ in self._looks.copies(seen)] if self._owners else []
        restored = any(key in self._restored for key in exact.items())
        for rule in (DOWN, PROVISIONAL):
            for found, is_exact in ((itself, True), (near, False)):
                for case in found:
                    if case.state.bars == rule and not (restored and rule == PROVISIONAL):
                        return case, is_exact
        return None

    def _refresh(self) -> None:
        self.docket.refresh()
        if self._version == self.docket.version:
            return
        self._exact, self._restored, self._owners = {}, set(), []
        entries: list[Look] = []
        for case in self.docket.cases():
            keys = [key for one in case.pictures for key in one.items()]
            if case.state.outcome == OVERTURNED:
                self._restored.update(keys)
            elif case.state.bars:
                for key in keys:
                    self._exact.setdefault(key, []).append(case)
                entries += case.looks
                self._owners += [case] * len(case.looks)
        self._looks = catalogue(entries)
        self._version = self.docket.version


def released_blocklist(blocklist: Blocklist) -> PictureCheck:
    """Inspector of pictures that leave."""

    def inspect(picture: Picture, to: Destination) -> list[Finding]:
        digest = digest_of_pixels(picture)
        return _findings(blocklist.barring({"pixels": digest}, looks(picture.pixels)), digest)

    return inspect


def arriving_blocklist(blocklist: Blocklist) -> ArrivalCheck:
    """Inspector of files that come in; a model passes."""

    def inspect(arrival: Arrival, source: Source) -> list[Finding]:
        if arrival.pixels is None:
            return [Finding(True, "a model, which no report is about")]
        digests = digests_of(arrival)
        return _findings(blocklist.barring(digests, looks(arrival.pixels)), digests["pixels"])

    return inspect


def departing_blocklist(blocklist: Blocklist) -> DepartureCheck:
    """Inspector of what an account takes with it: no picture in it is reported, nor one like it."""

    def inspect(taken: Departure, to: Path) -> list[Finding]:
        findings = [Finding(True, f"it holds {len(taken.pictures)} pictures")]
        for data in taken.pictures:
            _, pixels = inspect_picture(data, "a picture in it")
            digests = {"sha256": digest_of_file(data), "pixels": pixel_digest(pixels)}
            findings += _findings(blocklist.barring(digests, looks(pixels)), digests["pixels"])
        return findings

    return inspect


def _findings(found: tuple[Case, bool] | None, about: str) -> list[Finding]:
    if found is None:
        return [Finding(True, "neither it nor a picture like it is reported")]
    case, is_exact = found
    rule = case.state.bars
    text, hint = _TEXTS[rule].format(case.name), how_to_appeal(case.name, case.state)
    what = "this picture" if is_exact else "a picture of which this is a near copy"
    return [Finding(False, f"{what} {text}", rule=rule, hint=hint, about=about)]
