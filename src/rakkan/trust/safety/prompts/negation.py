"""Which of the terms found are denied by their own clause or weight, and so stand for their absence.

A term is denied when exactly one negation bears on it: a negating word in its clause that stands directly
before it (in Japanese: after it), or a weight of zero or less. Two of them bear each other out; one that
stands elsewhere in the clause denies nothing. A clause ends at a comma, a full stop or a line's end.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate, pairwise

from rakkan.trust.safety.prompts.characters import LETTER
from rakkan.trust.safety.prompts.matching import Match
from rakkan.trust.safety.prompts.tables import FILLER, JOINER, NOT_AFTER, NOT_BEFORE, PERSON
from rakkan.trust.safety.prompts.unfolding import Unfolded

#: Most words and terms between a negation and what it denies.
_FARTHEST = 5
#: A clause longer than this speaks of more than one thing.
_LONGEST_ALONE = 80
_WEIGHT = re.compile(r":\s*([+-]?\d{0,6}\.?\d{0,6})\s*$")
_SEGMENT = re.compile(r"::\s*([+-]?\d{0,6}\.?\d{0,6})")


@dataclass(frozen=True)
class Occurrence:
    """A concept spoken of at ``source[start:end]``: wanted, or ``denied`` by its clause or by its weight;
    ``weighted`` when by its weight. ``alone`` when its clause speaks of nothing else."""

    concept: str
    start: int
    end: int
    denied: bool = False
    weighted: bool = False
    alone: bool = False


def occurrences(text: Unfolded, found: list[Match]) -> list[Occurrence]:
    """The concepts of the terms found, in order, with whether each is denied."""
    terms = [match for match in found if not match.concept.startswith("#")]
    negatives = _weights(text)
    fillers = {(match.start, match.end) for match in found if match.concept == FILLER}
    before = _by_clause(text, [match for match in found if match.concept == NOT_BEFORE], fillers)
    after = _by_clause(text, [match for match in found if match.concept == NOT_AFTER], set())
    passable = _Passable(text, found)
    result = []
    for term in terms:
        clause = text.clauses[term.start]
        negations = [one for one in before.get(clause, ()) if one.end <= term.start or one.start >= term.end]
        negations += [one for one in after.get(clause, ()) if one.end <= term.start or one.start >= term.end]
        weight = negatives[term.start]
        if not negations:
            denied = weight % 2 == 1
        else:
            governs = len(negations) == 1 and _governs(negations[0], term, passable)
            denied = governs and weight == 0
        alone = passable.whole_clause(term)
        result.append(Occurrence(term.concept, term.start, term.end, denied, weight % 2 == 1, alone))
    return result


def _governs(negation: Match, term: Match, passable: _Passable) -> bool:
    if negation.concept == NOT_AFTER:
        return negation.start >= term.end and passable.between(term.end, negation.start)
    start = term.start
    while start and passable.text.kinds[start - 1] == LETTER == passable.text.kinds[start]:
        start -= 1  # it stands inside a longer word
    return negation.end <= start and passable.between(negation.end, start)


class _Passable:
    """Whether only fillers, joiners and other terms stand between two places."""

    def __init__(self, text: Unfolded, found: list[Match]) -> None:
        self.text = text
        self.ends: dict[int, list[int]] = {}
        for match in found:
            if match.concept in (FILLER, JOINER) or not match.concept.startswith("#"):
                self.ends.setdefault(match.start, []).append(match.end)
        self.people = {match.start: match.end for match in found if match.concept == PERSON}
        self.edges = [0, *(index for index, end in enumerate(_flags(text.breaks)) if end), len(text)]

    def whole_clause(self, term: Match) -> bool:
        """Whether the clause of a term holds nothing but terms, fillers, people and weights."""
        clause = bisect_right(self.edges, term.start)
        start, end = self.edges[clause - 1], self.edges[min(clause, len(self.edges) - 1)]
        if end - start > _LONGEST_ALONE:
            return False
        position = start
        while position < end:
            past = max([*self.ends.get(position, ()), self.people.get(position, 0)])
            if past:
                position = past
            elif self.text.kinds[position] in "LJX":
                return False
            else:
                position += 1
        return True

    def between(self, start: int, end: int) -> bool:
        """Whether nothing else stands in ``source[start:end]``, and not much of it."""
        position, steps = start, 0
        while position < end:
            past = max((one for one in self.ends.get(position, ()) if one <= end), default=0)
            if past:
                position = past
                steps += 1
                if steps > _FARTHEST:
                    return False
            elif self.text.kinds[position] in "LDJX":
                return False
            else:
                position += 1
        return position == end


def _flags(counts: tuple[int, ...]) -> list[bool]:
    return [later > earlier for earlier, later in pairwise(counts)]


def _outermost(found: Iterable[Match]) -> list[Match]:
    """Without those that overlap an earlier one: ない inside ありません counts once."""
    kept: list[Match] = []
    for match in found:
        if not kept or match.start >= kept[-1].end:
            kept.append(match)
    return kept


def _by_clause(text: Unfolded, found: list[Match], fillers: set[tuple[int, int]]) -> dict[int, list[Match]]:
    """The negations of each clause, without those that only stress another (``sin ninguna``)."""
    clauses: dict[int, list[Match]] = {}
    for match in _outermost(found):
        if (match.start, match.end) in fillers and text.clauses[match.start] in clauses:
            continue
        # Three say what two do, and a clause of nothing but negations must not take long.
        held = clauses.setdefault(text.clauses[match.start], [])
        if len(held) < 3:
            held.append(match)
    return clauses


def _weights(text: Unfolded) -> list[int]:
    """How many groups with a weight of zero or less each position stands in."""
    source = text.source
    changes = [0] * (len(source) + 1)
    opened: list[int] = []
    for index, sign in enumerate(source):
        if sign in "([":
            opened.append(index)
        elif sign in ")]" and opened:
            start = opened.pop()
            found = _WEIGHT.search(source, max(start, index - 20), index)
            if found and _not_positive(found[1]):
                changes[start] += 1
                changes[index] -= 1
    start = 0
    for part in _SEGMENT.finditer(source):
        if _not_positive(part[1]):
            changes[start] += 1
            changes[part.start()] -= 1
        start = part.end()
    return list(accumulate(changes))


def _not_positive(number: str) -> bool:
    try:
        return float(number) <= 0
    except ValueError:
        return False
