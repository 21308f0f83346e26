"""The forms a term of the tables takes in a text. More forms than exist do no harm, a missing one does.

Letters with marks are written both bare and, in German, as two letters (Teekanne, Kännchen, Kaennchen).
"""

from __future__ import annotations

import unicodedata

from rakkan.trust.safety.prompts import characters, romaji

LANGUAGES = ("en", "ja", "id", "de", "es")
#: Shorter Latin spellings of Japanese words would be words of other languages.
_SHORTEST_ROMAJI = 5
_VOWELS = "aeiou"


def forms(word: str, language: str, verb: bool = False) -> frozenset[str]:
    """Every form of one word (or of words written as one), folded to a-z, or to Japanese characters."""
    if language == "ja":
        return _japanese(word)
    inflect = {"en": _english, "de": _german, "es": _spanish, "id": _indonesian}[language]
    return frozenset(form for bare in folded(word) for form in inflect(bare, verb))


def folded(word: str) -> tuple[str, ...]:
    """The spellings of a Latin word without marks: ä as a and as ae, ñ as n, ß as ss."""
    lower = unicodedata.normalize("NFC", word.casefold())
    long = lower.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    return tuple(dict.fromkeys(_bare(one) for one in (lower, long)))


def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if "a" <= part <= "z" or "0" <= part <= "9")


def _english(word: str, verb: bool) -> set[str]:
    found = {word, word + "s", word + "es"}
    if word.endswith("y") and len(word) > 2 and word[-2] not in _VOWELS:
        found.add(word[:-1] + "ies")
    if verb:
        stem = word[:-1] if word.endswith("e") else word
        found |= {stem + end for end in ("ing", "ed", "er", "ers", "ings")}
        if len(word) > 2 and word[-1] not in _VOWELS + "wxy" and word[-2] in _VOWELS:
            found |= {word + word[-1] + end for end in ("ing", "ed", "er", "ers")}
        if word.endswith("y"):
            found |= {word[:-1] + "ied", word[:-1] + "ier"}
    return found


def _german(word: str, verb: bool) -> set[str]:
    ends = ("", "e", "n", "en", "er", "es", "em", "s", "in", "innen", "ern")
    found = {word + end for end in ends}
    if word.endswith("e"):
        found |= {word[:-1] + end for end in ("er", "es", "em", "chen", "lein")}
    if verb and word.endswith("en"):
        stem = word[:-2]
        found |= {stem + end for end in ("e", "st", "t", "te", "ten", "end", "ende", "enden", "ender", "et")}
        found |= {"ge" + stem + end for end in ("t", "te", "ten", "ter", "tes", "en", "ene", "enen", "ener")}
    return found


def _spanish(word: str, verb: bool) -> set[str]:
    found = {word, word + "s", word + "es"}
    if word.endswith(("o", "a")):
        stem = word[:-1]
        found |= {stem + end for end in ("o", "a", "os", "as", "ito", "ita", "itos", "itas")}
    if word.endswith("z"):
        found.add(word[:-1] + "ces")
    if verb and word.endswith(("ar", "er", "ir")):
        stem, vowel = word[:-2], word[-2]
        ends = ("o", "as", "a", "an", "e", "es", "en", "amos", "ando", "iendo", "ado", "ada", "ados", "adas")
        found |= {stem + end for end in (*ends, "ido", "ida", "idos", "idas", vowel + "rse", vowel + "r")}
    return found


def _indonesian(word: str, verb: bool) -> set[str]:
    suffixed = {word + end for end in ("", "an", "i", "kan", "nya", "ku", "mu", "lah", "annya")}
    found = suffixed | {word + one for one in suffixed}
    if len(word) < 4:
        return found
    nasal = {"t": "men", "p": "mem", "s": "meny", "k": "meng"}.get(word[0])
    stems = {word + end for end in ("", "an", "i", "kan", "nya")}
    for stem in stems:
        found |= {start + stem for start in ("ber", "di", "ter", "ke", "se", "pe", "per", "me", "mem", "men")}
        found |= {"meng" + stem, "peng" + stem}
        if nasal:
            found |= {nasal + stem[1:], nasal.replace("m", "p", 1) + stem[1:]}
    return found


def _japanese(word: str) -> frozenset[str]:
    plain = "".join(characters.kana(sign) for sign in unicodedata.normalize("NFKC", word))
    found = {plain, plain.replace("ー", "")} if len(plain) > 3 else {plain}
    return frozenset(found | {one for one in romaji.spellings(word) if len(one) >= _SHORTEST_ROMAJI})
