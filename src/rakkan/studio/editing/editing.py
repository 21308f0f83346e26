"""From a checked request to released pictures: what is asked becomes rounds, each drawn and composed.

Who draws (the starter model or a checkpoint), what reads a figure and the ways in and out are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rakkan.records import Recipe
from rakkan.studio.editing import restoring
from rakkan.studio.editing.masks import (
    Mask,
    check_mask,
    grown,
    inverted,
    is_rectangle,
    rectangle,
)
from rakkan.studio.editing.opening import Opened, opened_mask, told
from rakkan.studio.editing.passes import (
    Painter,
    Round,
    coloured,
    extended,
    feather_of,
    redrawn,
    region_of,
    rounds,
    unit_of,
)
from rakkan.studio.editing.regions import FigureReading, Read, is_region, named, names_of
from rakkan.studio.editing.requests import BETWEEN, Consider, EditPlan, extension_of, known_mask
from rakkan.studio.editing.settings import digest_of, settings_of
from rakkan.studio.editing.sharpening import sharp
from rakkan.studio.editing.wording import condition_of_reading
from rakkan.studio.references import LetIn
from rakkan.studio.requests import Created, Progress, Release, draw_all, part_of
from rakkan.studio.starter.tags import changed

Pixels = npt.NDArray[np.uint8]

#: Strengths where none is given: of drawing over a picture, and under a mask that is given.
OVER, UNDER = 0.6, 1.0
#: Units over which an extension fades in from the old picture's last pixels.
_FADES_FROM_EDGE = 6


@dataclass(frozen=True)
class Said:
    """What is told to who draws: the ``figure`` as a condition, and the ``prompt`` that says so."""

    figure: Mapping[str, str]
    prompt: str


@dataclass(frozen=True, eq=False)
class ChangedPicture:
    """A picture after its changes, uint8 [height, width, 3]; all that they ``touched``, and where each drew
    with what strength."""

    pixels: Pixels
    touched: Mask
    strengths: tuple[str, ...]


class Artist(Protocol):
    """Who draws, told of one request."""

    @property
    def polishes(self) -> bool:
        """Whether it redraws what a colour was laid over."""
        ...

    @property
    def steps(self) -> int:
        """Steps of a round at most."""
        ...

    @property
    def beyond(self) -> float:
        """The strength of what it draws past the edges."""
        ...

    def said(self, opened: Opened, figure: Callable[[], Mapping[str, str]], planned: EditPlan) -> Said:
        """What is told of the finished picture; ``figure`` says what the picture's figure is."""
        ...

    def painter(self, said: Said, seed: int, edit: Edit, progress: Progress) -> Painter:
        """Draws rounds of a picture of this seed."""
        ...

    def recipe(self, said: Said, seed: int, size: tuple[int, int]) -> Recipe:
        """How a picture of a size (width, height) was made, but for the edit's own settings."""
        ...


@dataclass(frozen=True, eq=False)
class Edit:
    """An edit that is ready to be drawn: the picture, what reads it, and the mask that was given (``marked``,
    with what it was ``called``), if any."""

    planned: EditPlan
    opened: Opened
    read: Read
    marked: Mask | None = None
    called: str = ""

    @cached_property
    def reading(self) -> FigureReading:
        """What the picture shows, read when it is first needed."""
        return sharp(self.read(self.opened.pixels), self.opened.pixels)

    @cached_property
    def figure(self) -> dict[str, str]:
        """What the picture's figure is: as its own recipe says, or as it is read."""
        return told(self.opened.recipe) or condition_of_reading(self.reading.slots)


def prepare(planned: EditPlan, opened: Opened, read: Read, let: Callable[[Path], LetIn]) -> Edit:
    """Let the mask in, if there is one, and check it against the picture. Raises RakkanError."""
    request = planned.request
    edit = Edit(planned, opened, read)
    if request.mask:
        mask, called = _given_mask(edit, let)
    elif request.restore:
        mask, called = restoring.found(opened.pixels), "found"
    else:
        return edit
    mask = grown(mask, request.grow or 0)
    mask = check_mask(inverted(mask) if request.invert else mask, called)
    return replace(edit, marked=mask, called=called)


def _given_mask(edit: Edit, let: Callable[[Path], LetIn]) -> tuple[Mask, str]:
    text, size = edit.planned.request.mask, edit.opened.size
    if is_rectangle(text):
        return rectangle(text, size), text
    if is_region(text) and not Path(text).exists():
        return named(edit.reading, names_of(text), round(2 * unit_of(size))), text
    mask, digest = opened_mask(Path(known_mask(text) or text), size, let)
    return mask, f"file {digest}"


def perform(
    edit: Edit,
    artist: Artist,
    release: Release,
    consider: Consider,
    progress: Progress = lambda done, total: None,
) -> list[Created]:
    """Draw the pictures of an edit and release them one by one, several followed by a contact sheet.

    ``consider`` is asked about the words that the model is told. Raises RakkanError; pictures released before
    it stay.
    """
    request = edit.planned.request
    said = considered(edit, artist, consider)
    asked = BETWEEN.join(request.texts) or request.prompt or said.prompt

    def draw(index: int) -> tuple[Pixels, Recipe]:
        return drawn(edit, artist, said, index, part_of(progress, index, request.count))

    parent = (edit.opened.parent,)
    return draw_all(request.count, draw, request.out, asked, request.telling, release, parent, "edit")


def considered(edit: Edit, artist: Artist, consider: Consider) -> Said:
    """What the artist is told of the finished picture, once ``consider`` has been asked about it."""
    said = artist.said(edit.opened, lambda: edit.figure, edit.planned)
    consider(said.prompt, edit.planned.request.negative)
    return said


def drawn(
    edit: Edit, artist: Artist, said: Said, index: int, progress: Progress = lambda done, total: None
) -> tuple[Pixels, Recipe]:
    """One picture of an edit, by its number from 0, and its recipe; it is not released."""
    total = artist.steps * max(1, _count_rounds(edit, artist.polishes))
    seed = edit.planned.seed + index
    painter = artist.painter(said, seed, edit, lambda done, _: progress(done, total))
    pixels, settings = _drawn(edit, painter, artist)
    recipe = artist.recipe(said, seed, (int(pixels.shape[1]), int(pixels.shape[0])))
    return pixels, replace(recipe, settings={**recipe.settings, **settings})


def _count_rounds(edit: Edit, polishes: bool) -> int:
    """How many rounds of a picture are drawn by a model."""
    request = edit.planned.request
    if not request.texts:
        return 1
    return sum(one.strength > 0 for one in rounds(edit.planned.changes, request.strength, polishes))


def _drawn(edit: Edit, painter: Painter, artist: Artist) -> tuple[Pixels, dict[str, str]]:
    request, opened = edit.planned.request, edit.opened
    settings = settings_of(request, opened.letin.digest, edit.called)
    if request.texts:
        after = changed_picture(edit, painter, artist.polishes)
        settings["strength"] = "; ".join(after.strengths)
        return after.pixels, settings | digest_of(after.touched)
    pixels, mask = opened.pixels, edit.marked
    feather = feather_of(request.feather, opened.size)
    usual = OVER if mask is None else UNDER
    if edit.planned.extension:
        pixels, mask = extended(pixels, extension_of(edit.planned.extension, opened.size))
        feather = round(_FADES_FROM_EDGE * unit_of(opened.size)) if request.feather is None else feather
        usual = artist.beyond
    strength = usual if request.strength is None else request.strength
    begun = restoring.filled(pixels, mask) if request.restore and mask is not None else pixels
    made = redrawn(pixels, begun, mask, strength, feather, painter, 0)
    settings["strength"] = f"{strength:g}"
    return made, settings | digest_of(mask)


def changed_picture(edit: Edit, painter: Painter, polishes: bool) -> ChangedPicture:
    """The picture with one change after the other, read again where something was redrawn."""
    request, size = edit.planned.request, edit.opened.size
    pixels, reading, figure = edit.opened.pixels, edit.reading, dict(edit.figure)
    feather, strengths, touched = feather_of(request.feather, size), [], np.zeros(size[::-1], np.float32)
    for number, one in enumerate(rounds(edit.planned.changes, request.strength, polishes)):
        mask = edit.marked
        if mask is None:
            mask = region_of(reading, one, size, request.grow, request.invert)
        begun = coloured(pixels, reading, one, figure, mask)
        pixels = redrawn(pixels, begun, mask, one.strength, feather, painter, number)
        figure = changed(figure, one.values)
        if one.strength:
            reading = sharp(edit.read(pixels), pixels)
        touched = np.maximum(touched, 1 if mask is None else mask)
        strengths.append(f"{_place(one, edit)} {one.strength:g}")
    return ChangedPicture(pixels, touched, tuple(strengths))


def _place(one: Round, edit: Edit) -> str:
    return edit.called or "+".join(one.how.parts) or "all"
