"""The table of phrases the lexicon knows, and the longest-match scan over a clause."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from rakkan.corpus.figures.attributes import COLOURED_ACCESSORIES, COLOURED_BACKGROUNDS
from rakkan.corpus.figures.words import BARE, WORDS
from rakkan.studio.starter.modifiers import MODIFIERS
from rakkan.studio.starter.normal import words
from rakkan.studio.starter.synonyms import ALSO_READ

#: Slots whose words are adjectives, read by ``modifiers`` beside a noun.
ADJECTIVE_SLOTS = frozenset(
    {
        "hair_colour", "hair_accent", "eye_colour", "outfit_colour", "accessory_colour",
        "background_colour", "outfit_pattern",
    }
)  # fmt: skip

_KINDS = {
    "presentation": "person", "hairstyle": "hair", "fringe": "fringe", "eye_shape": "eyes", "skin": "skin",
    "outfit": "outfit",
}  # fmt: skip

_NOUNS = {
    "person": "person,figure,character,someone,people,model",
    "hair": "hair,haired,locks,tresses,strands,hair colour,hairstyle,haircut",
    "accent": "accents,accent,hair accents,second hair colour",
    "eyes": "eyes,eye,eyed,irises,iris,gaze,pupils,eye colour",
    "skin": "skin,skinned,complexion,skin tone",
    "outfit": "outfit,clothes,clothing,clothed,garment,attire,wearing,wears,wear,dressed,clad,costume",
    "accessory": "accessories,accessory",
    "background": "background,backdrop,behind,background colour",
}

_TONES = {
    "dipped tips": "tips,tipped,dipped,ends",
    "streaks": "streaks,streaked,streak,highlights",
    "split colour": "on one side,split with,one side",
}

_LINKS = "in is are was of coloured dyed being has have with looks look"
_AND = "and or nor plus half"
_NEGATIONS = "no without not lacking minus"
_STOP_PHRASES = ("in front of", "front of", "on either side")
_STOPS = """
he she they who which it there be been am were as at by for from on to into over under against before near
around along among between while where also both just so very quite really rather too slightly somewhat
front then up down tied worn tone tones shade shades colour colours hued
sitting posing posed pose drawn shown set stands keeps holds held gives makes making wearing
head face body shoulders shoulder arm arms hand hands neck ears expression style view shot look viewer
scene patterned pattern frames framed framing falling fall cut side left right
highlighted falls catches looking facing turned turns seen light lit whole single kind
masterpiece quality best high amazing good great excellent normal top score up aesthetic very highres
absurdres lowres newest recent mid solo alone anime official art artwork illustration illustrated drawing
painting picture image digital detailed highly intricate beautiful pretty cute handsome lovely elegant nice
cool adult portrait rating general safe sfw hd uhd 4k 8k 2d focus break original manga cartoon comic simple
one two upon ultra during softly please draw make create want i me but
"""


@dataclass(frozen=True)
class Item:
    """One piece of a clause. ``kind`` is the kind of noun it is, if colours can stand beside it."""

    role: Literal["value", "noun", "modifier", "link", "and", "negation", "stop", "unknown"]
    text: str
    kind: str = ""
    slot: str = ""
    value: str = ""
    weak: bool = False


def scan(tokens: list[str]) -> Iterator[Item]:
    """The items of a clause, each the longest phrase of the table that starts where the last one ended."""
    table, longest = _table()
    position = 0
    while position < len(tokens):
        for length in range(min(longest, len(tokens) - position), 0, -1):
            item = table.get(tuple(tokens[position : position + length]))
            if item is not None:
                yield item
                position += length
                break
        else:
            token = tokens[position]
            yield Item("stop" if token.isdigit() else "unknown", token)
            position += 1


@cache
def known_tags() -> tuple[str, ...]:
    """Every phrase that names a value, as people would type it: what an unknown word is compared with."""
    tags = dict.fromkeys(
        phrase.removeprefix("?")
        for source in (WORDS, ALSO_READ)
        for slot, values in source.items()
        if slot not in ADJECTIVE_SLOTS
        for phrases in values.values()
        for phrase in phrases
    )
    tags.update(dict.fromkeys(f"{word} hair" for word in _flat("hair_colour")))
    tags.update(dict.fromkeys(f"{word} eyes" for word in _flat("eye_colour")))
    return tuple(tags)


def _flat(slot: str) -> list[str]:
    return [phrase for phrases in WORDS[slot].values() for phrase in phrases]


@cache
def _table() -> tuple[dict[tuple[str, ...], Item], int]:
    """Normal phrase -> item, and the longest phrase's length in tokens. Earlier entries win."""
    table: dict[tuple[str, ...], Item] = {}

    def add(phrase: str, item: Item) -> None:
        table.setdefault(tuple(words(phrase)), item)

    for source in (WORDS, ALSO_READ):
        for slot, values in source.items():
            if slot in ADJECTIVE_SLOTS:
                continue
            for value, phrases in values.items():
                itself = () if source is not WORDS or _is_label(slot, value) else (value,)
                for phrase in (*phrases, *itself):
                    text = phrase.removeprefix("?")
                    if text != BARE:
                        weak = phrase.startswith("?")
                        add(text, Item("value", text, _kind(slot, value), slot, value, weak))
    for value, text in _TONES.items():
        for phrase in text.split(","):
            add(phrase, Item("value", phrase, "accent", "hair_tone", value))
    for kind, text in _NOUNS.items():
        for phrase in text.split(","):
            add(phrase, Item("noun", phrase, kind))
    for modifier in MODIFIERS:
        add(modifier, Item("modifier", modifier))
    for phrase in _STOP_PHRASES:
        add(phrase, Item("stop", phrase))
    for role, text in (("link", _LINKS), ("and", _AND), ("negation", _NEGATIONS), ("stop", _STOPS)):
        for word in text.split():
            add(word, Item(role, word))  # type: ignore[arg-type]
    table.pop((), None)
    return table, max(map(len, table))


def _is_label(slot: str, value: str) -> bool:
    """Whether a value's name is a label of ours rather than a phrase that means it ("deep", "plain")."""
    return slot in ("skin", "hair_tone", "style") or (slot, value) in (
        ("view", "front"),
        ("expression", "neutral"),
    )


def _kind(slot: str, value: str) -> str:
    if slot == "hair_tone":
        return {"plain": "hair", "split colour": "split"}.get(value, "accent")
    if slot == "background":
        return "background" if value in COLOURED_BACKGROUNDS else "scene"
    if slot.startswith("accessory"):
        if value in COLOURED_ACCESSORIES:
            return "accessory"
        return "glasses" if value == "glasses" else "uncoloured"
    return _KINDS.get(slot, "")
