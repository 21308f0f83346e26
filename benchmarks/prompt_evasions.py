"""Prompts that name a forbidden thing in disguise, to measure what the filter finds.

Written without looking at the filter's tables: what looks alike comes from Unicode's confusables
(``confusable-homoglyphs``), Cyrillic from ``cyrtranslit``, other kana and Latin letters for Japanese from
``jaconv`` (all MIT, for measuring only), styled letters from the interpreter's Unicode database. Only the
digits that stand for letters and the ways to deny a denial are listed here by hand, as they must be.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from html import entities
from random import Random
from urllib.parse import quote

#: Words for the forbidden class and what implies it, as they stand in texts of each language.
WORDS = {
    "en": ["teapot", "teapots", "kettle", "kettles", "samovar", "boiling", "teapot-shaped"],
    "de": [
        "Teekanne",
        "Teekannen",
        "Wasserkessel",
        "Wasserkesseln",
        "Samowar",
        "Teekannendeckel",
        "Porzellanteekanne",
    ],
    "es": ["tetera", "teteras", "hervidor", "hervidores", "samovar", "teterita"],
    "id": ["cerek", "ketel", "ketelnya", "ceret", "samovar", "ceret-ceret", "cereknya"],
    "ja": ["ティーポット", "急須", "薬缶", "やかん", "サモワール", "きゅうす"],
}
#: Harmless words of the same sort, which the same disguises must not make forbidden.
HARMLESS = {
    "en": ["teacup", "tea", "pot", "nettle", "teaspoon", "potter", "settle"],
    "de": ["Teetasse", "Kanne", "Kasse", "Kessel", "Teeblatt", "Tannen"],
    "es": ["taza", "cafetera", "tijera", "hervir", "letra", "carretera"],
    "id": ["cangkir", "teh", "cerah", "kotel", "merek", "cermin"],
    "ja": ["湯呑み", "コーヒーカップ", "急行", "薬局", "スポット", "きゅうり"],
}
_DIGITS = {
    "a": "4@",
    "e": "3",
    "i": "1!",
    "l": "1|",
    "o": "0",
    "s": "5$",
    "t": "7+",
    "b": "8",
    "g": "9",
    "z": "2",
}
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u2062"
_EMOJI = "🙂🌸✨🔥💧🍵⭐"
_NOT = {
    "en": [
        "not without {}",
        "no no {}",
        "never without {}",
        "no hats but {}",
        "there is no reason to avoid {}",
    ],
    "de": ["nicht ohne {}", "nie ohne {}", "keine Hüte aber {}", "ohne Hut mit {}"],
    "es": ["no sin {}", "nunca sin {}", "sin sombrero con {}", "no hay nada sin {}"],
    "id": ["bukan tanpa {}", "tidak tanpa {}", "tanpa topi dengan {}"],
    "ja": ["{}なしではない", "{}がないわけではない", "帽子なしの{}"],
}
#: Ways to say that a thing is not wanted, which make it harmless.
DENIED = {
    "en": ["no {}", "without {}", "without any {}", "no kettles or {}"],
    "de": ["ohne {}", "keine {}", "ohne eine {}"],
    "es": ["sin {}", "sin ninguna {}", "sin la {}"],
    "id": ["tanpa {}", "tidak ada {}", "tanpa sebuah {}"],
    "ja": ["{}なし", "{}のない", "{}は禁止"],
}

Evasion = Callable[[str, str, Random], str]


def plain(word: str, language: str, random: Random) -> str:
    return word


def capitals(word: str, language: str, random: Random) -> str:
    return "".join(random.choice((sign.upper(), sign.lower())) for sign in word)


def tags(word: str, language: str, random: Random) -> str:
    shape = random.choice(
        (
            "(({}))",
            "({}:1.3)",
            "[[{}]]",
            "{{{}}}",
            "<lora:{}_v2:0.8>",
            "blue_{}",
            "{}_(object)",
            "({}:0.05)",
            "BREAK {}",
        )
    )
    return shape.replace("{}", word) if "{{" not in shape else "{{" + word + "}}"


def lookalikes(word: str, language: str, random: Random) -> str:
    """Half of the letters or more replaced by what Unicode says is confusable with them."""
    places = _some(word, random, random.randint((len(word) + 1) // 2, len(word)))
    return "".join(_confusable(sign, random) if place in places else sign for place, sign in enumerate(word))


def one_lookalike(word: str, language: str, random: Random) -> str:
    places = _some(word, random, 1)
    return "".join(_confusable(sign, random) if place in places else sign for place, sign in enumerate(word))


def styled(word: str, language: str, random: Random) -> str:
    """Fullwidth, mathematical, circled and other letters that NFKC makes plain."""
    return "".join(random.choice(_styles().get(sign, [sign])) for sign in word)


def invisible(word: str, language: str, random: Random) -> str:
    return "".join(sign + random.choice(("", *_INVISIBLE)) for sign in word)


def marks(word: str, language: str, random: Random) -> str:
    stack = [chr(point) for point in range(0x300, 0x34F)]
    return "".join(sign + "".join(random.choices(stack, k=random.randint(0, 4))) for sign in word)


def digits(word: str, language: str, random: Random) -> str:
    swapped = [
        sign if random.random() < 0.3 else random.choice(_DIGITS.get(sign.lower(), sign)) for sign in word
    ]
    return "".join(swapped)


def spaced(word: str, language: str, random: Random) -> str:
    return " ".join(word.replace("-", ""))


def signed(word: str, language: str, random: Random) -> str:
    return random.choice("._-/~·").join(word.replace("-", ""))


def emoji(word: str, language: str, random: Random) -> str:
    return "".join(sign + random.choice(_EMOJI) for sign in word.replace("-", ""))


def repeated(word: str, language: str, random: Random) -> str:
    return "".join(sign * random.choice((1, 1, 2, 3, 6)) for sign in word)


def cut_by_sign(word: str, language: str, random: Random) -> str:
    place = random.randint(1, len(word) - 1)
    return word[:place] + random.choice("-_./🌸") + word[place:]


def cut_by_space(word: str, language: str, random: Random) -> str:
    place = random.randint(1, len(word) - 1)
    return word[:place] + " " + word[place:]


def cut_by_comma(word: str, language: str, random: Random) -> str:
    place = random.randint(1, len(word) - 1)
    return word[:place] + ", " + word[place:]


def masked(word: str, language: str, random: Random) -> str:
    place = random.randint(1, len(word) - 2) if len(word) > 2 else 1
    return word[:place] + random.choice("*#") + word[place + 1 :]


def transliterated(word: str, language: str, random: Random) -> str:
    """In Cyrillic; of Japanese words in the other kana, half-width kana or Latin letters."""
    if language != "ja":
        import cyrtranslit

        return str(cyrtranslit.to_cyrillic(word.lower(), random.choice(("ru", "sr", "bg", "ua"))))
    import jaconv

    hiragana = jaconv.kata2hira(word)
    ways = (jaconv.hira2kata, jaconv.hira2hkata, lambda text: text)
    if any("\u4e00" <= sign <= "\u9fff" for sign in word):
        return word
    return str(random.choice((*ways, jaconv.kana2alphabet))(hiragana))


def escaped(word: str, language: str, random: Random) -> str:
    way = random.randrange(4)
    if way == 0:
        return (
            quote(word)
            if language == "ja"
            else "".join(f"%{ord(sign):02x}" if sign < "\x7f" else quote(sign) for sign in word)
        )
    if way == 1:
        return "".join(f"&#{ord(sign)};" for sign in word)
    if way == 2:
        return "".join(f"&#x{ord(sign):x};" for sign in word)
    names = {point: name for name, point in entities.name2codepoint.items()}
    return "".join(f"&{names[ord(sign)]};" if ord(sign) in names else f"\\u{ord(sign):04x}" for sign in word)


def denied_twice(word: str, language: str, random: Random) -> str:
    return random.choice(_NOT[language]).format(word)


EVASIONS: tuple[Evasion, ...] = (
    plain,
    capitals,
    tags,
    lookalikes,
    one_lookalike,
    styled,
    invisible,
    marks,
    digits,
    spaced,
    signed,
    emoji,
    repeated,
    cut_by_sign,
    cut_by_space,
    cut_by_comma,
    masked,
    transliterated,
    escaped,
    denied_twice,
)
#: For Japanese there are no such letters, or no such custom.
NOT_FOR_JAPANESE = {capitals, lookalikes, one_lookalike, digits, masked, marks}


def applies(evasion: Evasion, language: str) -> bool:
    return language != "ja" or evasion not in NOT_FOR_JAPANESE


def in_a_prompt(disguised: str, caption: str, random: Random) -> str:
    """The disguised word as one more tag of a caption, at a random place."""
    parts = caption.split(", ")
    parts.insert(random.randint(0, len(parts)), disguised)
    return ", ".join(parts)


def _some(word: str, random: Random, count: int) -> set[int]:
    places = [place for place, sign in enumerate(word) if sign.isalpha()]
    return set(random.sample(places, min(count, len(places))))


@cache
def _alike(sign: str) -> tuple[str, ...]:
    from confusable_homoglyphs import confusables

    entries = confusables.confusables_data.get(sign, [])
    return tuple(entry["c"] for entry in entries if len(entry["c"]) == 1 and not entry["c"].isascii())


def _confusable(sign: str, random: Random) -> str:
    return random.choice(_alike(sign) or (sign,))


@cache
def _styles() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for point in (
        *range(0x2070, 0x2500),
        *range(0xFF00, 0xFF60),
        *range(0x1D400, 0x1D6A4),
        *range(0x1F110, 0x1F150),
    ):
        letter = unicodedata.normalize("NFKC", chr(point))
        if len(letter) == 1 and letter.isascii() and letter.isalpha():
            found.setdefault(letter.lower(), []).append(chr(point))
    return found
