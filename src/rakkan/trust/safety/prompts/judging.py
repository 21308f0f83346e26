"""The judgement on a prompt: which rules it breaks, by which words, and what to do about it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace

from rakkan.trust.safety.prompts import tables as tables_of
from rakkan.trust.safety.prompts.meaning import Breach, breaches
from rakkan.trust.safety.prompts.people import named
from rakkan.trust.safety.prompts.tables import Composition, Rule, Tables
from rakkan.trust.safety.prompts.unfolding import Unfolded, unfold

#: The group that names of real people belong to, in a table that has it.
REAL_PERSON = "real person"
#: The rule for metadata that are longer than can be read.
UNREAD = "unread metadata"
_LONGEST_QUOTE = 40


@dataclass(frozen=True)
class Refusal:
    """A rule that a text breaks: its name, the person's own word that breaks it (shortened, printable),
    one line that says so, what to do, and the SHA-256 (hex) of the whole text judged."""

    rule: str
    term: str
    text: str
    hint: str
    about: str


@dataclass(frozen=True)
class RuleOfWords:
    """A rule as people are told of it, and whether a moderator may overturn it, for exactly one text."""

    name: str
    about: str
    overturnable: bool


def rules() -> tuple[RuleOfWords, ...]:
    """The rules for words, those of the content table that ships and the one for unread metadata."""
    found = [RuleOfWords(one.name, one.about, one.overturnable) for one in tables_of.content().rules]
    return (*found, RuleOfWords(UNREAD, "what cannot be read whole is not let in", False))


def overturnable(rule: str) -> bool:
    """Whether a moderator may overturn a refusal of this rule; never one that is not known."""
    return any(one.overturnable for one in rules() if one.name == rule)


def judge(prompt: str, negative: str = "", tables: Tables | None = None) -> tuple[Refusal, ...]:
    """The refusals of a prompt with its negative prompt, () when it may be drawn.

    Deterministic, without a model or a network, in time linear in the texts. ``tables`` is the content
    table that ships, unless given.
    """
    used = tables or tables_of.content()
    about = digest(prompt, negative)
    refusals: dict[str, Refusal] = {}
    for text, is_negative in ((prompt, False), (negative, True)):
        if not text:
            continue
        unfolded = unfold(text)
        broken = breaches(unfolded, used, is_negative)
        if not is_negative:
            broken += _of_people(unfolded, used)
        for breach in broken:
            refusals.setdefault(breach.rule.name, _refusal(unfolded, breach, about))
    return tuple(refusals.values())


#: Characters are adults or ageless figures: what a single drawing may show in passing, none of them is.
ADULTHOOD = Rule(
    "characters are adults",
    ("child-coded",),
    "a character is an adult or an ageless cartoon figure",
    "Take the word out, or give an age of eighteen or more",
    False,
)


#: Ages as cards of characters write them, in the words that the table knows.
_CARDS = ((re.compile(r"\by\s?[./]\s?o\b\.?", re.IGNORECASE), "yo"), (re.compile("[:：=]"), " "))
_YEARS = Composition("child", (tables_of.MINOR_NUMBER, "year"), 0, False)


def judge_character(text: str) -> tuple[Refusal, ...]:
    """The refusals of words that a character is to be kept with, of the rule for characters alone.

    What it says of years it says of the character: fewer than eighteen are an age.
    """
    content = tables_of.content()
    strict = replace(content, rules=(ADULTHOOD,), compositions=(*content.compositions, _YEARS))
    for pattern, plain in _CARDS:
        text = pattern.sub(plain, text)
    return judge(text, tables=strict)


def _of_people(text: Unfolded, used: Tables) -> list[Breach]:
    rule = next((rule for rule in used.rules if rule.groups == (REAL_PERSON,)), None)
    place = named(text) if rule else None
    return [Breach(rule, *place)] if rule and place else []


def digest(prompt: str, negative: str = "") -> str:
    """The SHA-256 (hex) that names a prompt with its negative prompt."""
    whole = f"{prompt}\nNegative prompt: {negative}" if negative else prompt
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _refusal(text: Unfolded, breach: Breach, about: str) -> Refusal:
    term = quote(text.source[breach.start : breach.end])
    return Refusal(breach.rule.name, term, f"{breach.rule.about} (“{term}”)", breach.rule.hint, about)


def quote(words: str) -> str:
    """Words as they can stand in a message: one line, printable, at most 40 characters."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split())
    return plain if len(plain) <= _LONGEST_QUOTE else plain[: _LONGEST_QUOTE - 1] + "…"
