"""A picture in words that the starter model understands: what the figure reader is sure of, and what it is
not.

The words are tags that `lexicon.read` reads back to the very values they were written from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rakkan.corpus.figures.attributes import COLOURED_ACCESSORIES, COLOURED_BACKGROUNDS
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE, WORDS
from rakkan.errors import RakkanError

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    from rakkan.features.figures.reading import FigureReading

#: From this probability on a value stands in the prompt; from the other one on it is told as possible.
SURE, POSSIBLE = 0.5, 0.2
#: What is told only from a higher probability on: little more than the shoulders show it, and it is a poor
#: joke when it is wrong.
_AT_LEAST = {"presentation": 0.85}
#: Of a picture with less than this share of figure nothing is told.
_LEAST_FIGURE = 0.01
#: Values that go without saying.
_UNSAID = {("hair_tone", "plain"), ("outfit_pattern", "plain")}


@dataclass(frozen=True)
class Seen:
    """One value: its slot, how it is said, and the probability, 0 to 1, that the picture shows it."""

    slot: str
    value: str
    words: str
    probability: float


@dataclass(frozen=True)
class Description:
    """What was read off a picture: a prompt of all that is sure, the values in it, those that are possible
    (bare places are left out of both), and the main colours by part as ``#rrggbb``."""

    prompt: str
    sure: tuple[Seen, ...]
    unsure: tuple[Seen, ...]
    palette: Mapping[str, tuple[str, ...]]


def described(pixels: NDArray[numpy.uint8], name: str) -> Description:
    """The description of a picture, uint8 [height, width, 3]. Raises RakkanError, with the file's ``name``,
    where no figure is seen."""
    from rakkan.features.figures.reading import read

    reading = read(pixels)
    if reading.bust is None and _figure(reading) < _LEAST_FIGURE:
        raise RakkanError(f"No figure is seen in {name}", "Give a drawing of one figure, its face in view")
    return describe(reading)


def describe(reading: FigureReading) -> Description:
    """A reading in words."""
    condition = known(reading)
    sure, unsure = [], []
    for slot, (value, probability) in reading.slots.items():
        if value == BARE or (slot, value) in _UNSAID:
            continue
        if slot in condition:
            sure.append(Seen(slot, value, _said(slot, value), probability))
        elif probability >= POSSIBLE:
            unsure.append(Seen(slot, value, _said(slot, value), probability))
    return Description(prompt_of(condition), tuple(sure), tuple(unsure), reading.palette)


def known(reading: FigureReading, least: float = SURE) -> dict[str, str]:
    """The condition of all that is read with at least this probability and can be told from the rest of it:
    slot -> value, bare places too."""
    read = {
        slot: value
        for slot, (value, probability) in reading.slots.items()
        if probability >= max(least, _AT_LEAST.get(slot, 0.0))
    }
    worn = {read.get(slot) for slot in ACCESSORY_SLOTS}
    if read.get("hair_tone", "plain") == "plain" or read.get("hair_accent") == read.get("hair_colour"):
        read.pop("hair_accent", None)
    if not worn & COLOURED_ACCESSORIES:
        read.pop("accessory_colour", None)
    if read.get("background") not in COLOURED_BACKGROUNDS:
        read.pop("background_colour", None)
    return read


def prompt_of(condition: Mapping[str, str]) -> str:
    """A condition as one line of tags, the figure first and the drawing style last; bare places go unsaid."""
    told = {
        slot: _said(slot, value)
        for slot, value in condition.items()
        if value != BARE and (slot, value) not in _UNSAID
    }
    tags = [told.get(slot, "") for slot in ("presentation", "framing", "view")]
    tags += _hair(told)
    tags.append(" ".join(told[slot] for slot in ("eye_colour", "eye_shape") if slot in told))
    if "eye_colour" in told and "eye_shape" not in told:
        tags[-1] += " eyes"
    tags += [told.get(slot, "") for slot in ("expression", "skin")]
    worn = [told[slot] for slot in ("outfit_colour", "outfit_pattern") if slot in told]
    if worn or "outfit" in told:
        tags.append(" ".join([*worn, told.get("outfit", "clothes")]))
    tags.append(told.get("pose", ""))
    tags += _accessories(condition, told)
    tags += _background(condition, told)
    tags.append(told.get("style", ""))
    return ", ".join(tag for tag in tags if tag)


def as_json(description: Description) -> str:
    """All of a description, for programs."""
    told = {
        "prompt": description.prompt,
        "sure": [vars(one) for one in description.sure],
        "unsure": [vars(one) for one in description.unsure],
        "palette": {part: list(colours) for part, colours in description.palette.items()},
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def as_text(description: Description) -> str:
    """A text to edit: the prompt, and in lines that begin with ``#`` what else was seen."""
    lines = [description.prompt, ""]
    if description.unsure:
        maybe = ", ".join(f"{one.words} ({one.probability:.0%})" for one in description.unsure)
        lines.append(f"# perhaps: {maybe}")
    lines += [f"# {part}: {' '.join(colours)}" for part, colours in description.palette.items()]
    lines.append("# Lines that begin with # are not drawn: rakkan create --prompt-file FILE")
    return "\n".join(lines) + "\n"


def _said(slot: str, value: str) -> str:
    """The tag of a value."""
    return WORDS["hair_colour" if slot == "hair_accent" else slot][value][0]


def _hair(told: Mapping[str, str]) -> list[str]:
    style, colour = told.get("hairstyle", ""), told.get("hair_colour", "")
    tone, accent = told.get("hair_tone", ""), told.get("hair_accent", "")
    tags = [f"{colour} {style}" if colour and style else style or (f"{colour} hair" if colour else "")]
    tags.append(told.get("fringe", ""))
    if accent and colour and tone == WORDS["hair_tone"]["split colour"][0]:
        tags.append(f"{colour} and {accent} split-colour hair")
    elif accent:
        place = {"dipped tips": "tips", "streaks": "streaks", "split colour": "on one side"}
        words = {WORDS["hair_tone"][name][0]: said for name, said in place.items()}
        tags.append(f"{accent} {words.get(tone, 'hair accents')}")
    else:
        tags.append(tone)
    return tags


def _accessories(condition: Mapping[str, str], told: Mapping[str, str]) -> list[str]:
    colour, tags = told.get("accessory_colour", ""), []
    for slot in ACCESSORY_SLOTS:
        if slot in told:
            takes = colour and condition[slot] in COLOURED_ACCESSORIES
            tags.append(f"{colour} {told[slot]}" if takes else told[slot])
    return tags


def _background(condition: Mapping[str, str], told: Mapping[str, str]) -> list[str]:
    place, colour = told.get("background", ""), told.get("background_colour", "")
    if colour and condition.get("background") in COLOURED_BACKGROUNDS:
        return [f"{colour} {place}"]
    return [place, f"{colour} background" if colour else ""]


def _figure(reading: FigureReading) -> float:
    """The share of the picture that is figure."""
    return float(1 - reading.parts["background"].mean())
