"""The judgement on a prompt: which rules it breaks, by which words, and what to do about it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from rakkan.trust.safety.prompts import tables as tables_of
from rakkan.trust.safety.prompts.meaning import Breach, breaches
from rakkan.trust.safety.prompts.tables import Tables
from rakkan.trust.safety.prompts.unfolding import Unfolded, unfold

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
        for breach in breaches(unfolded, used, is_negative):
            refusals.setdefault(breach.rule.name, _refusal(unfolded, breach, about))
    return tuple(refusals.values())


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
