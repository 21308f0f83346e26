"""Kana written in Latin letters, in the ways people write it: Hepburn, Kunrei and as typed.

Long vowels may be doubled, written with a u, or left out; all spellings of a word are made, a few dozen
at most.
"""

from __future__ import annotations

_ROWS = {
    "あいうえお": "",
    "かきくけこ": "k",
    "がぎぐげご": "g",
    "さしすせそ": "s",
    "ざじずぜぞ": "z",
    "たちつてと": "t",
    "だぢづでど": "d",
    "なにぬねの": "n",
    "はひふへほ": "h",
    "ばびぶべぼ": "b",
    "ぱぴぷぺぽ": "p",
    "まみむめも": "m",
    "らりるれろ": "r",
}
_ALONE: dict[str, tuple[str, ...]] = {
    "し": ("shi", "si"),
    "じ": ("ji", "zi"),
    "ち": ("chi", "ti"),
    "つ": ("tsu", "tu"),
    "ぢ": ("ji", "di"),
    "づ": ("zu", "du"),
    "ふ": ("fu", "hu"),
    "や": ("ya",),
    "ゆ": ("yu",),
    "よ": ("yo",),
    "わ": ("wa",),
    "を": ("wo", "o"),
    "ん": ("n", "m"),
    "ゔ": ("v", "vu"),
}
_Y_SOUNDS: dict[str, tuple[str, ...]] = {
    "し": ("sh", "sy"),
    "じ": ("j", "zy", "jy"),
    "ち": ("ch", "ty", "cy"),
}
_SMALL = {"ゃ": "a", "ゅ": "u", "ょ": "o", "ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o"}
_MOST = 96


def spellings(kana: str) -> tuple[str, ...]:
    """The spellings of a word in kana (either kind); () when it holds anything but kana."""
    text = "".join(chr(ord(sign) - 0x60) if "\u30a1" <= sign <= "\u30f6" else sign for sign in kana)
    found = [""]
    position = 0
    while position < len(text):
        taken, choices = _syllable(text, position, found)
        if not choices:
            return ()
        found = [start + choice for start in found for choice in choices if _fits(start, choice)][:_MOST]
        position += taken
    return tuple(dict.fromkeys(found))


def _fits(start: str, choice: str) -> bool:
    # An m for ん stands before b, m and p only.
    return not (start.endswith("m") and choice[:1] not in ("a", "i", "u", "e", "o", "y", "b", "m", "p", ""))


def _syllable(text: str, position: int, found: list[str]) -> tuple[int, tuple[str, ...]]:
    """How many kana make the next syllable, and its spellings."""
    sign, following = text[position], text[position + 1 : position + 2]
    if sign == "ー":
        return 1, ("", found[0][-1:])
    if sign == "っ":
        taken, choices = _syllable(text, position + 1, found) if following else (0, ("",))
        doubled = [("t" if choice.startswith("ch") else choice[:1]) + choice for choice in choices]
        return taken + 1, (*doubled, *(choice[:1] + choice for choice in choices if choice.startswith("ch")))
    if following in _SMALL and following:
        return 2, _glide(sign, following)
    if sign == "う" and found[0][-1:] in ("o", "u"):
        return 1, ("u", "", found[0][-1:])
    return 1, _plain(sign)


def _plain(sign: str) -> tuple[str, ...]:
    if sign in _ALONE:
        return _ALONE[sign]
    for row, consonant in _ROWS.items():
        if sign in row:
            return (consonant + "aiueo"[row.index(sign)],)
    return ()


def _glide(sign: str, small: str) -> tuple[str, ...]:
    vowel = _SMALL[small]
    if sign in _Y_SOUNDS:
        return tuple(sound + vowel for sound in _Y_SOUNDS[sign])
    plain = _plain(sign)
    if not plain:
        return ()
    consonants = tuple(dict.fromkeys(one.rstrip("aiueo") for one in plain))
    if small in "ゃゅょ":
        return tuple(consonant + "y" + vowel for consonant in consonants)
    # てぃ is ti, typed thi; うぃ is wi.
    if sign == "う":
        return ("w" + vowel,)
    typed = ("h",) if sign in "てで" else ("x",)
    return tuple(
        one for consonant in consonants for one in (consonant + vowel, consonant + typed[0] + vowel)
    ) + tuple(one + vowel for one in plain)
