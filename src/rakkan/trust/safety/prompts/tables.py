"""The tables that say what is refused, read and checked: concepts with their terms, what they imply, and
rules over groups of them. ``docs/prompt-filter.md`` describes the format.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from rakkan.errors import RakkanError
from rakkan.trust.safety.prompts.inflection import LANGUAGES, folded, forms

#: Concepts of ``grammar.toml``, which every table shares.
NOT_BEFORE, NOT_AFTER, FILLER, JOINER, PERSON = "#not before", "#not after", "#filler", "#joiner", "#person"
#: A concept of numbers below eighteen, in digits or words; tables speak of it by this name.
MINOR_NUMBER = "number below eighteen"
#: What makes whatever stands inside it harmless.
HARMLESS = "#harmless"


@dataclass(frozen=True)
class Term:
    """One term of a table: its concept, its language, as the table writes it, and where it may stand.

    ``open_start`` and ``open_end``: it may begin or end inside a longer word. ``marks``: it is only
    itself with its accents. ``phrase``: it is several words.
    """

    concept: str
    language: str
    written: str
    open_start: bool = False
    open_end: bool = False
    marks: str = ""
    phrase: bool = False


class Node:
    """A node of a trie over folded forms: what follows each letter, and the terms that end here."""

    __slots__ = ("children", "depth", "terms")

    def __init__(self, depth: int = 0) -> None:
        self.children: dict[str, Node] = {}
        self.depth = depth
        self.terms: tuple[Term, ...] = ()

    def add(self, form: str, term: Term) -> None:
        """Enter a form of a term."""
        node = self
        for letter in form:
            following = node.children.get(letter)
            if following is None:
                following = node.children[letter] = Node(node.depth + 1)
            node = following
        if term not in node.terms:
            node.terms = (*node.terms, term)


@dataclass(frozen=True)
class Concept:
    """A meaning: the groups it belongs to, what it implies, and what its absence means ("" for nothing)."""

    name: str
    groups: frozenset[str]
    implies: frozenset[str]
    without: str
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Composition:
    """Concepts that together, at most ``within`` words apart in one clause, mean another; in the order
    given unless ``any_order``."""

    gives: str
    parts: tuple[str, ...]
    within: int
    any_order: bool


@dataclass(frozen=True)
class Rule:
    """What is refused: prompts in which every one of the groups is spoken of."""

    name: str
    groups: tuple[str, ...]
    about: str
    hint: str
    overturnable: bool


@dataclass(frozen=True)
class Tables:
    """A content table with the shared grammar, ready to be matched."""

    rules: tuple[Rule, ...]
    concepts: Mapping[str, Concept]
    compositions: tuple[Composition, ...]
    closure: Mapping[str, frozenset[str]]
    words: Node = field(repr=False)
    inner: Node = field(repr=False)

    def groups_of(self, concept: str) -> frozenset[str]:
        """The groups a concept belongs to, by itself and by all it implies."""
        return self.closure.get(concept, frozenset())


@cache
def content() -> Tables:
    """The content table that ships."""
    return read((files(__package__) / "content.toml").read_text(encoding="utf-8"))


def read(text: str) -> Tables:
    """Read a content table (TOML). Raises RakkanError for one that is not sound."""
    try:
        raw = tomllib.loads(text)
        grammar = tomllib.loads((files(__package__) / "grammar.toml").read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise RakkanError(f"The content table is no TOML: {error}", "Mend the table") from error
    concepts = {name: _concept(name, entry) for name, entry in raw.get("concepts", {}).items()}
    compositions = tuple(_composition(entry) for entry in raw.get("compositions", []))
    rules = tuple(_rule(entry) for entry in raw.get("rules", []))
    _check(concepts, compositions, rules)
    words, inner = Node(), Node()
    shared = [(name, grammar[key]) for name, key in _SHARED.items()]
    everything: list[Term] = [term for concept in concepts.values() for term in concept.terms]
    everything += [term for name, entry in shared for term in _terms(name, entry)]
    everything += _terms(HARMLESS, raw.get("harmless", {}))
    for term in everything:
        for form in _forms(term):
            words.add(form, term)
            if term.open_start:
                inner.add(form, term)
    return Tables(rules, concepts, compositions, _closure(concepts), words, inner)


_SHARED = {
    NOT_BEFORE: "not_before",
    NOT_AFTER: "not_after",
    FILLER: "fillers",
    JOINER: "joiners",
    PERSON: "people",
    MINOR_NUMBER: "minor_numbers",
}


def _forms(term: Term) -> Iterable[str]:
    word = term.written.strip("*!~")
    if term.language != "ja" and (term.concept.startswith("#") or term.marks):
        return folded(word)
    return forms(word, term.language, verb="~" in term.written)


def _concept(name: str, entry: Any) -> Concept:
    return Concept(
        name,
        frozenset(entry.get("groups", ())),
        frozenset(entry.get("implies", ())),
        entry.get("without", ""),
        tuple(_terms(name, entry)),
    )


def _terms(concept: str, entry: Mapping[str, Any]) -> list[Term]:
    found = []
    for language in LANGUAGES:
        for entered in entry.get(language, ()):
            written, _, reading = str(entered).partition("/")
            bare = written.strip("*!~")
            if not bare or not any(forms(bare, language)):
                raise RakkanError(f"The concept {concept!r} has an empty term", "Mend the content table")
            starts, ends = written.startswith("*"), written.endswith("*")
            marks = bare.casefold() if written.endswith("!") else ""
            found.append(Term(concept, language, written, starts, ends, marks, " " in bare))
            if reading:
                found.append(Term(concept, language, reading))
    return found


def _composition(entry: Any) -> Composition:
    within, any_order = int(entry.get("within", 0)), bool(entry.get("any_order"))
    return Composition(entry["gives"], tuple(entry["parts"]), within, any_order)


def _rule(entry: Any) -> Rule:
    return Rule(
        entry["name"], tuple(entry["groups"]), entry["about"], entry["hint"], bool(entry.get("overturnable"))
    )


def _check(
    concepts: Mapping[str, Concept], compositions: tuple[Composition, ...], rules: tuple[Rule, ...]
) -> None:
    known = {*concepts, MINOR_NUMBER}
    named = {one for concept in concepts.values() for one in concept.implies}
    named |= {concept.without for concept in concepts.values() if concept.without}
    named |= {one for composition in compositions for one in (composition.gives, *composition.parts)}
    unknown = sorted(named - known)
    if unknown:
        raise RakkanError(f"The content table names an unknown concept: {unknown[0]!r}", "Mend the table")
    groups = {group for concept in concepts.values() for group in concept.groups}
    empty = sorted({group for rule in rules for group in rule.groups} - groups)
    if empty or not rules:
        raise RakkanError(f"No concept is in the group {(empty or ['of any rule'])[0]!r}", "Mend the table")


def _closure(concepts: Mapping[str, Concept]) -> dict[str, frozenset[str]]:
    closed: dict[str, frozenset[str]] = {}
    for name in concepts:
        reached, waiting = {name}, [name]
        while waiting:
            for following in concepts[waiting.pop()].implies - reached:
                reached.add(following)
                waiting.append(following)
        closed[name] = frozenset(group for one in reached for group in concepts[one].groups)
    return closed
