"""Normal form of prompt text: segments of plain lower-case tokens, whatever dialect it was typed in."""

from __future__ import annotations

import re
import unicodedata

#: Spellings that differ between Britain and America, and words people write in one piece or in two.
_SPELLINGS: dict[str, str] = {
    "gray": "grey", "grayish": "grey", "color": "colour", "colors": "colours", "colored": "coloured",
    "multicolored": "multicoloured", "armor": "armour", "bangs": "fringe", "fringes": "fringe",
    "jewelry": "jewellery", "center": "centre", "checkered": "chequered", "woolen": "woollen",
    "wooly": "woolly", "disheveled": "dishevelled", "coloring": "colouring", "watercolor": "watercolour",
    "twintails": "twin tails", "twintail": "twin tails", "twinbraids": "twin braids", "tshirt": "t shirt",
    "1women": "1woman", "1men": "1man",
    "cateared": "cat ears", "catgirl": "1girl cat ears", "nekomimi": "cat ears", "catboy": "1boy cat ears",
    "foxgirl": "1girl fox ears", "foxboy": "1boy fox ears", "bunnygirl": "1girl rabbit ears",
    "redhead": "red hair", "redheaded": "red hair", "vsign": "v sign",
}  # fmt: skip

_EMOTICONS: dict[str, str] = {
    ":d": "grin", ";d": "wink", ":)": "smile", ";)": "wink", ":(": "sad", ":o": "surprised",
    "^ ^": "closed eyes", "^^": "closed eyes", ">:(": "angry", ":<": "pout", "t t": "crying",
    "; ;": "crying", "=)": "smile",
}  # fmt: skip

_ADAPTER = re.compile(r"<\s*(lora|lyco|hypernet)\s*:([^<>:]*)[^<>]*>", re.IGNORECASE)
_WEIGHT = re.compile(r":\s*[-+]?\d+(?:\.\d+)?\s*(?=[)\]}])")
_POSSESSIVE = re.compile(r"(?<=\w)['\u2019]s\b")
_SEPARATOR = re.compile(r"[,.;!?\n\r|\u3001\u3002\u2014]+")
_TOKEN = re.compile(r"[^\W_]+")

#: Words that may stand anywhere without a meaning, even inside a phrase ("a flower in her hair").
_DETERMINERS = frozenset(
    ("a", "an", "the", "her", "his", "their", "its", "my", "your", "this", "that", "own", "some")
)


def adapters(text: str) -> list[str]:
    """The names of the adapters a prompt calls for (``<lora:name:0.8>``)."""
    return [match.group(2).strip() for match in _ADAPTER.finditer(text)]


def segments(text: str) -> list[list[str]]:
    """The text's clauses as lists of normal tokens; A1111 weights, brackets and adapters are stripped.

    Clauses end at commas, full stops and the like (Japanese ones too). Tokens are NFKC, case-folded,
    in British spelling, without underscores, hyphens, determiners and possessive endings.
    """
    text = unicodedata.normalize("NFKC", text)
    text = _WEIGHT.sub(" ", _ADAPTER.sub(",", text).replace("\\", "").replace("_", " "))
    pieces: list[str] = []
    for line in re.split(r"[,\n]", text):
        face = line.strip().casefold()
        pieces.append(_EMOTICONS.get(face, line))
    text = _POSSESSIVE.sub("", ",".join(pieces).casefold())
    text = text.replace("+", " and ").replace("&", " and ")
    clauses = (words(clause) for clause in _SEPARATOR.split(text))
    return [clause for clause in clauses if clause]


def words(clause: str) -> list[str]:
    """The normal tokens of one clause or phrase."""
    tokens: list[str] = []
    for token in _TOKEN.findall(_POSSESSIVE.sub("", clause.casefold())):
        if token not in _DETERMINERS:
            tokens.extend(_SPELLINGS.get(token, token).split())
    return tokens
