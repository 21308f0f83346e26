"""Captions of figures: Danbooru-style tags in random order, and sentences.

A caption is written from a *condition*: a dict from slot to value, as ``slots`` makes it from the
attributes a viewer can see. A subset of the condition gives a caption that leaves the rest open.
Everything is drawn from the caller's ``random.Random``; the same state gives the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from rakkan.corpus.figures.attributes import (
    ACCESSORY_PLACES,
    COLOURED_ACCESSORIES,
    COLOURED_BACKGROUNDS,
    Attributes,
    visible,
)
from rakkan.corpus.figures.sentences import describe
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, WORDS

#: Slots whose tags stand alone, whatever else is said.
_PLAIN_SLOTS = ("presentation", "framing", "view", "style", "fringe", "expression", "skin", "pose")

_AMERICAN = {"colour": "color", "grey": "gray", "armour": "armor", "woollen": "woolen", "woolly": "wooly"}


def slots(attributes: Attributes) -> dict[str, str]:
    """What a viewer can read off a figure, as slot -> value; each accessory fills the slot of its place."""
    condition: dict[str, str] = {}
    for name, value in visible(attributes).items():
        if isinstance(value, str):
            condition[name] = value
        else:
            for place, names in ACCESSORY_PLACES.items():
                condition.update({f"accessory {place}": worn for worn in value if worn in names})
    return condition


def subset(condition: Mapping[str, str], random: Random) -> dict[str, str]:
    """A random part of a condition: anything from one slot to all of them, each size about as likely."""
    share = random.random()
    kept = {slot: value for slot, value in condition.items() if random.random() < share}
    if not kept and condition:
        slot = random.choice(list(condition))
        kept = {slot: condition[slot]}
    return kept


def caption(attributes: Attributes, random: Random) -> str:
    """A caption that names everything visible on a figure, as tags or as sentences."""
    return write(slots(attributes), random)


def partial_caption(attributes: Attributes, random: Random) -> str:
    """A caption that names a random part of what is visible on a figure."""
    return write(subset(slots(attributes), random), random)


def write(condition: Mapping[str, str], random: Random) -> str:
    """A caption of a condition: tags three times in five, else sentences; '' for an empty condition."""
    return tags(condition, random) if random.random() < 0.6 else sentences(condition, random)


def tags(condition: Mapping[str, str], random: Random) -> str:
    """A comma-separated list of tags naming every slot of a condition, in random order."""
    parts = [_word(slot, condition[slot], random) for slot in _PLAIN_SLOTS if slot in condition]
    for group in (_hair, _eyes, _outfit, _accessories, _background):
        parts.extend(group(condition, random))
    random.shuffle(parts)
    if random.random() < 0.15:
        parts = [part.replace(" ", "_") for part in parts]
    return _spelt(", ".join(parts), random)


def sentences(condition: Mapping[str, str], random: Random) -> str:
    """One to several English sentences naming every slot of a condition; '' for an empty one."""
    return _spelt(describe(condition, random), random) if condition else ""


def _word(slot: str, value: str, random: Random) -> str:
    """The tag of a value half of the time, else one of its synonyms."""
    phrases = WORDS[slot][value]
    return phrases[0] if random.random() < 0.5 else random.choice(phrases)


def _hair(condition: Mapping[str, str], random: Random) -> list[str]:
    parts: list[str] = []
    style, colour = condition.get("hairstyle"), condition.get("hair_colour")
    tone, accent = condition.get("hair_tone"), condition.get("hair_accent")
    colour_word = _word("hair_colour", colour, random) if colour else ""
    accent_word = _word("hair_colour", accent, random) if accent else ""
    if colour and accent and tone == "split colour" and random.random() < 0.5:
        parts.append(f"{colour_word} and {accent_word} split-colour hair")
        colour = tone = accent = None
    if style and colour and random.random() < 0.5:
        parts.append(f"{colour_word} {_word('hairstyle', style, random)}")
    else:
        parts.extend([f"{colour_word} hair"] if colour else [])
        parts.extend([_word("hairstyle", style, random)] if style else [])
    if accent:
        place = {"dipped tips": ("tips", "dipped tips"), "streaks": ("streaks", "highlights")}
        split = ("on one side",) if tone == "split colour" else ("hair accents",)
        parts.append(f"{accent_word} {random.choice(place.get(tone or '', split))}")
    elif tone:
        parts.append(_word("hair_tone", tone, random))
    return parts


def _eyes(condition: Mapping[str, str], random: Random) -> list[str]:
    shape, colour = condition.get("eye_shape"), condition.get("eye_colour")
    shape_word = _word("eye_shape", shape, random) if shape else ""
    colour_word = _word("eye_colour", colour, random) if colour else ""
    if shape and colour and random.random() < 0.4:
        return [f"{colour_word} {shape_word}"]
    return [part for part in (shape_word, f"{colour_word} eyes" if colour else "") if part]


def _outfit(condition: Mapping[str, str], random: Random) -> list[str]:
    adjectives = [
        _word(slot, condition[slot], random)
        for slot in ("outfit_colour", "outfit_pattern")
        if slot in condition
    ]
    random.shuffle(adjectives)
    if "outfit" in condition:
        noun = _word("outfit", condition["outfit"], random)
        if len(adjectives) == 2 and random.random() < 0.25:
            return [f"{adjectives[0]} {noun}", f"{adjectives[1]} outfit"]
    else:
        noun = random.choice(("outfit", "clothes"))
        if not adjectives:
            return []
    return [" ".join([*adjectives, noun])]


def _accessories(condition: Mapping[str, str], random: Random) -> list[str]:
    colour = condition.get("accessory_colour")
    colour_word = _word("accessory_colour", colour, random) if colour else ""
    parts: list[str] = []
    named = False
    for slot in ACCESSORY_SLOTS:
        if slot not in condition:
            continue
        takes_colour = bool(colour) and condition[slot] in COLOURED_ACCESSORIES
        word = _word(slot, condition[slot], random)
        parts.append(f"{colour_word} {word}" if takes_colour else word)
        named = named or takes_colour
    if colour and not named:
        parts.append(f"{colour_word} accessories")
    return parts


def _background(condition: Mapping[str, str], random: Random) -> list[str]:
    place, colour = condition.get("background"), condition.get("background_colour")
    place_word = _word("background", place, random) if place else ""
    colour_word = _word("background_colour", colour, random) if colour else ""
    if place in COLOURED_BACKGROUNDS and colour and random.random() < 0.6:
        return [f"{colour_word} {place_word}"]
    return [part for part in (place_word, f"{colour_word} background" if colour else "") if part]


def _spelt(text: str, random: Random) -> str:
    """The text in British spelling, or one time in three in American."""
    if random.random() < 1 / 3:
        for british, american in _AMERICAN.items():
            text = text.replace(british, american)
    return text
