"""What a single character may stand for: its own letter, one it looks like, one it sounds like.

Decompositions and names come from the interpreter's Unicode database (UAX 15 and 44), the rest from
``characters.toml``. A reading is a string of the letters a to z, or one Japanese character: hiragana for
either kana, small kana as large ones.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: Kinds of characters. A stand-in may be a letter or a mere sign; a stranger is a letter of a script not
#: read here.
LETTER, STAND_IN, DIGIT, JAPANESE, STRANGER, GAP = "L", "S", "D", "J", "X", " "

#: Characters without a shape: they separate nothing.
_INVISIBLE_CATEGORIES = {"Mn", "Me", "Cf"}
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5"
_VOICING = "\u3099\u309a"

_BY_NAME = re.compile(
    r"(?:LATIN (?:SMALL |CAPITAL )?LETTER "
    r"(?:SMALL CAPITAL |TURNED |REVERSED |SIDEWAYS |BARRED |DOTLESS |OPEN |LONG )*"
    r"|MODIFIER LETTER (?:SMALL |CAPITAL )*(?:TURNED )?"
    r"|(?:NEGATIVE |CROSSED )?(?:SQUARED|CIRCLED) LATIN (?:CAPITAL|SMALL) LETTER "
    r"|REGIONAL INDICATOR SYMBOL LETTER "
    r"|COMBINING LATIN SMALL LETTER )([A-Z]{1,2})(?: WITH .*)?"
)
_SMALL_KANA = str.maketrans("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ")


@dataclass(frozen=True)
class Sign:
    """What a character is, and its readings, the likeliest first; none for a gap."""

    kind: str
    readings: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Data:
    lookalikes: dict[str, tuple[str, ...]]
    stand_ins: dict[str, tuple[str, ...]]
    sounds: dict[str, tuple[str, ...]]
    japanese: dict[str, str]
    pairs: dict[str, str]


@cache
def _data() -> _Data:
    text = (files(__package__) / "characters.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)
    lookalikes: dict[str, list[str]] = {}
    for letter, characters in raw["lookalikes"].items():
        for character in characters:
            lookalikes.setdefault(character, []).append(letter)
    return _Data(
        {character: tuple(letters) for character, letters in lookalikes.items()},
        {character: tuple(letters) for character, letters in raw["stand_ins"].items()},
        {character: tuple(letters) for character, letters in raw["sounds"].items()},
        raw["japanese"],
        raw["pairs"],
    )


def pairs() -> dict[str, str]:
    """Two letters that look like one, with the one."""
    return _data().pairs


@cache
def is_invisible(character: str) -> bool:
    """Whether a character leaves no trace: combining marks, format controls, blank letters."""
    if character in _BLANK_LETTERS:
        return True
    if character in _VOICING:
        return False
    category = unicodedata.category(character)
    return category in _INVISIBLE_CATEGORIES or (category == "Cc" and character not in "\t\n\r\v\f")


@cache
def sign(character: str) -> Sign:
    """What one character, in NFKC, may be read as."""
    if "a" <= character <= "z":
        return Sign(LETTER, ("l", "i") if character == "l" else (character,))
    if "A" <= character <= "Z":
        return Sign(LETTER, ("i", "l") if character == "I" else (character.lower(),))
    data = _data()
    decimal = unicodedata.decimal(character, None)
    if decimal is not None and character not in data.lookalikes:
        character = str(decimal)
    if character in data.stand_ins:
        readings = data.stand_ins[character]
        return Sign(DIGIT, (*readings, character)) if character.isdigit() else Sign(STAND_IN, readings)
    if script(character):
        return Sign(JAPANESE, _japanese(character, data))
    readings = _latin(character, data)
    # What looks like one of these strokes looks like the other.
    if {"i", "l"} & set(readings):
        readings = (*readings, *{"i", "l"}.difference(readings))
    if readings:
        alphabetic = character.isalpha() or unicodedata.category(character)[0] == "L"
        return Sign(LETTER if alphabetic else STAND_IN, readings)
    if character in data.japanese:
        return Sign(JAPANESE, (data.japanese[character],))
    if unicodedata.category(character)[0] == "L":
        return Sign(STRANGER)
    return Sign(GAP)


@cache
def script(character: str) -> str:
    """``kanji``, ``katakana`` or ``hiragana``; "" for a character of none of them."""
    point = ord(character)
    if 0x3041 <= point <= 0x309F:
        return "hiragana"
    if 0x30A1 <= point <= 0x30FF and point != 0x30FB:
        return "katakana"
    if 0x3400 <= point <= 0x9FFF or 0x20000 <= point <= 0x3FFFF or point in (0x3005, 0x3007):
        return "kanji"
    return ""


def kana(character: str) -> str:
    """Katakana as hiragana and small kana as large ones; every other character as it is."""
    if "\u30a1" <= character <= "\u30f6":
        character = chr(ord(character) - 0x60)
    return character.translate(_SMALL_KANA)


def _japanese(character: str, data: _Data) -> tuple[str, ...]:
    own = kana(character)
    other = [data.japanese[character]] if character in data.japanese else []
    latin = [*data.lookalikes.get(character, ())]
    return (own, *other, *latin)


def _latin(character: str, data: _Data) -> tuple[str, ...]:
    found: list[str] = []
    lower = character.casefold()
    found.extend(data.lookalikes.get(character, ()))
    found.extend(data.lookalikes.get(lower, ()))
    for form in (character, lower):
        plain = _ascii(form)
        if plain:
            found.append(plain)
    base = unicodedata.normalize("NFD", lower)[:1]
    found.extend(data.sounds.get(lower, ()) or data.sounds.get(base, ()))
    found.extend(data.lookalikes.get(base, ()))
    found.extend(_by_name(character))
    return tuple(dict.fromkeys(found))


def _ascii(text: str) -> str:
    """The letters a to z left when marks are taken off, "" when something else is left too."""
    bare = "".join(
        part for part in unicodedata.normalize("NFKD", text) if unicodedata.category(part) not in ("Mn", "Me")
    ).casefold()
    return bare if re.fullmatch("[a-z]{1,3}", bare) else ""


def _by_name(character: str) -> list[str]:
    name = unicodedata.name(character, "")
    match = _BY_NAME.fullmatch(name)
    if match and (len(match[1]) == 1 or match[1] in ("AE", "OE", "TH")):
        return [match[1].lower()]
    return []
