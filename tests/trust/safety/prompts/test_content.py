"""The content table that ships: each word alone, and each beside every age word. No sentence is made."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from rakkan.trust.safety.prompts import judge, tables

CONTENT = tables.content()
#: Without names of real people, which takes half of the time.
JOINED = replace(
    CONTENT, rules=tuple(rule for rule in CONTENT.rules if rule.name == "child-coded with romance")
)


def words(group: str) -> list[str]:
    """The table's own words of the concepts that lie in a group."""
    return sorted(
        {
            unicodedata.normalize("NFC", term.written.strip("*!~"))
            for concept in CONTENT.concepts.values()
            for term in concept.terms
            if group in CONTENT.groups_of(concept.name)
        }
    )


@pytest.mark.parametrize("word", words("sexual"))
def test_each_word_of_the_sexual_group_is_refused_alone(word: str) -> None:
    assert "sexual content" in {refusal.rule for refusal in judge(word)}


def test_no_age_word_is_refused_alone() -> None:
    refused = [word for word in words("child-coded") if judge(word)]
    assert refused == []


def test_no_romantic_word_is_refused_alone_unless_it_is_sexual() -> None:
    sexual = set(words("sexual"))
    refused = [word for word in words("romantic") if word not in sexual and judge(word)]
    assert refused == []


@pytest.mark.parametrize("age", [*words("child-coded"), *(f"{age}yo" for age in range(18)), "17歳"])
def test_each_age_word_is_refused_beside_every_romantic_or_sexual_word(age: str) -> None:
    passed = [word for word in words("romantic") if not judge(f"{age}, {word}", tables=JOINED)]
    assert passed == []
