"""What a text speaks of, and the rules it breaks by that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rakkan.trust.safety.prompts.matching import matches
from rakkan.trust.safety.prompts.negation import Occurrence, occurrences
from rakkan.trust.safety.prompts.tables import MINOR_NUMBER, Composition, Rule, Tables
from rakkan.trust.safety.prompts.unfolding import Unfolded

_DIGITS = re.compile(r"(?<![\d.,:])\d{1,2}(?!\d|[.,]\d)")
_KANJI_DIGITS = "〇一二三四五六七八九"
_KANJI_NUMBER = re.compile("[〇一二三四五六七八九十百千万]+")
_ADULT = 18
#: A composition looks at no more than this many neighbours of each part.
_NEIGHBOURS = 8


@dataclass(frozen=True)
class Breach:
    """A rule that a text breaks, and the place of the first word that does."""

    rule: Rule
    start: int
    end: int


def breaches(text: Unfolded, tables: Tables, negative: bool = False) -> list[Breach]:
    """The rules that a text breaks, each once; ``negative`` for words that say what to keep away from."""
    asked = wanted(text, tables, negative)
    found = []
    for rule in tables.rules:
        places = [_first(asked, group, tables) for group in rule.groups]
        if places[0] is not None and all(places):
            found.append(Breach(rule, places[0].start, places[0].end))
    return found


def wanted(text: Unfolded, tables: Tables, negative: bool = False) -> list[Occurrence]:
    """The concepts a text asks for, in order of place.

    What is denied is not asked for, unless its absence has a meaning. Words to keep away from ask for
    nothing, but for absences with a meaning, and for what a weight of zero or less turns round.
    """
    found = occurrences(text, matches(text, tables))
    found = sorted([*found, *_numbers(text)], key=lambda one: one.start)
    found += [one for row in tables.compositions for one in _composed(row, found, text)]
    asked: list[Occurrence] = []
    for one in found:
        concept = tables.concepts.get(one.concept)
        without = concept.without if concept else ""
        if negative:
            if without and one.alone and not one.denied:
                asked.append(replace(one, concept=without))
            elif one.weighted and not without:
                asked.append(one)
        elif not one.denied:
            asked.append(one)
        elif without:
            asked.append(replace(one, concept=without))
    return sorted(asked, key=lambda one: one.start)


def _first(asked: list[Occurrence], group: str, tables: Tables) -> Occurrence | None:
    return next((one for one in asked if group in tables.groups_of(one.concept)), None)


def _numbers(text: Unfolded) -> Iterator[Occurrence]:
    """Numbers below eighteen in digits."""
    for found in _DIGITS.finditer(text.source):
        if found[0].isdecimal() and int(found[0]) < _ADULT:
            yield Occurrence(MINOR_NUMBER, found.start(), found.end())
    for found in _KANJI_NUMBER.finditer(text.source):
        if _kanji_value(found[0]) < _ADULT:
            yield Occurrence(MINOR_NUMBER, found.start(), found.end())


def _kanji_value(number: str) -> int:
    if len(number) > 3 or set(number) & set("百千万"):
        return 100
    tens, ten, ones = number.partition("十")
    if not ten:
        return int("".join(str(_KANJI_DIGITS.index(sign)) for sign in number))
    if not {*tens, *ones} <= set(_KANJI_DIGITS) or len(tens) > 1 or len(ones) > 1:
        return 100
    return (_KANJI_DIGITS.index(tens) if tens else 1) * 10 + (_KANJI_DIGITS.index(ones) if ones else 0)


def _composed(row: Composition, found: list[Occurrence], text: Unfolded) -> Iterator[Occurrence]:
    """What the parts of a composition give where they stand together."""
    places: list[list[Occurrence]] = [[one for one in found if one.concept == part] for part in row.parts]
    if not all(places):
        return
    orders = [places, places[::-1]] if row.any_order else [places]
    for order in orders:
        chains: list[tuple[Occurrence, ...]] = [(one,) for one in order[0]]
        for following in order[1:]:
            chains = list(_longer(chains, following, row.within, text))
        for chain in chains:
            yield Occurrence(
                row.gives, chain[0].start, chain[-1].end, any(one.denied for one in chain), chain[0].weighted
            )


def _longer(
    chains: list[tuple[Occurrence, ...]], following: list[Occurrence], within: int, text: Unfolded
) -> Iterator[tuple[Occurrence, ...]]:
    index = 0
    for chain in chains:
        end = chain[-1].end
        while index < len(following) and following[index].start < end:
            index += 1
        for one in following[index : index + _NEIGHBOURS]:
            if text.clauses[one.start] != text.clauses[chain[-1].start]:
                break
            if text.words[one.start] - text.words[end] <= within:
                yield (*chain, one)
                break
