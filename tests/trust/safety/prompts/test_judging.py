"""What a refusal says, which rules there are, and what a moderator may overturn."""

from __future__ import annotations

import hashlib

import pytest

from rakkan.errors import RakkanError
from rakkan.trust.safety.prompts import judge, overturnable, rules, tables


def test_a_refusal_says_which_rule_which_word_and_what_to_do() -> None:
    (refusal,) = judge("1girl, N\u200bude, hat")
    assert refusal.rule == "sexual content"
    assert refusal.term == "Nude"
    assert refusal.text == "nothing sexual is drawn here (“Nude”)"
    assert refusal.hint
    assert refusal.about == hashlib.sha256("1girl, N\u200bude, hat".encode()).hexdigest()


def test_a_rule_is_named_once_and_one_word_only_is_quoted() -> None:
    refusals = judge("nude, naked, topless")
    assert [refusal.rule for refusal in refusals] == ["sexual content"]
    assert "naked" not in refusals[0].text


def test_the_quote_is_short_and_printable() -> None:
    (refusal,) = judge("n \n u \n d \n e")
    assert refusal.term == "n u d e"
    assert all(len(one.term) <= 40 and one.text.isprintable() for one in judge("n" * 3 + "u" * 90 + "de"))


def test_what_was_judged_is_named_with_its_negative_prompt() -> None:
    assert judge("nude")[0].about != judge("nude", "hat")[0].about
    assert judge("nude")[0].about == judge("nude")[0].about


def test_only_a_real_person_may_be_overturned() -> None:
    assert [rule.name for rule in rules() if rule.overturnable] == ["real person"]
    assert overturnable("real person")
    assert not overturnable("sexual content")
    assert not overturnable("no such rule")
    names = {one.name for one in rules()}
    assert {"child-coded with romance", "kept away from clothes", "unread metadata"} <= names


RULE = '[[rules]]\nname = "a"\ngroups = ["b"]\nabout = ""\nhint = ""\n'


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "",
        RULE,
        RULE + '[concepts.c]\ngroups = ["b"]\nimplies = ["d"]',
        RULE + '[concepts.c]\ngroups = ["b"]\nen = ["*"]',
    ],
)
def test_an_unsound_table_is_refused(text: str) -> None:
    with pytest.raises(RakkanError):
        tables.read(text)


@pytest.mark.parametrize(
    "prompt",
    [
        "1girl, school uniform, serafuku",
        "schoolgirl uniform, kiss",
        "1boy, girl, kiss",
        "a child reading a book",
        "baby blue dress, romantic evening",
        "naked eye",
        "no adult content",
        "barefoot, 裸足",
        "ヌードルを食べる",
        "Nacktschnecke",
        "Essex, Sussex, Middlesex, scunthorpe, classic, assassin, cockpit, Dickens",
        "analysis, sextant, grape, therapist",
        "the pen is mightier",
        "annals",
        "Nina, beso",
        "kind smile, kiss",
        "30 years old, kiss",
        "12 hats, kiss",
        "个性的, 個性的な髪型, 女性的",
        "dirty clothes, no hat, hat off, taking off the hat",
        "jenis kelamin",
        "harmony seeks agreement",
        "por no decir",
    ],
)
def test_ordinary_prompts_pass(prompt: str) -> None:
    assert judge(prompt) == ()


@pytest.mark.parametrize(
    "negative", ["nude, nsfw, child, kiss", "adult content", "no clothes", "torn clothes"]
)
def test_what_people_keep_away_from_passes(negative: str) -> None:
    assert judge("1girl", negative) == ()


@pytest.mark.parametrize(
    ("prompt", "negative", "rule"),
    [
        ("no clothes", "", "kept away from clothes"),
        ("1girl", "clothes", "kept away from clothes"),
        ("1girl", "(clothing:1.5)", "kept away from clothes"),
        ("clothes removed", "", "kept away from clothes"),
        ("服を着ていない", "", "kept away from clothes"),
        ("ohne Kleidung", "", "kept away from clothes"),
        ("sin ropa", "", "kept away from clothes"),
        ("tanpa pakaian", "", "kept away from clothes"),
        ("1girl", "adult", "kept away from adulthood"),
        ("1girl", "adult woman", "kept away from adulthood"),
        ("1girl", "大人", "kept away from adulthood"),
        ("1girl", "(nude:-1)", "sexual content"),
        ("not without nudity", "", "sexual content"),
        ("17 years old, kiss", "", "child-coded with romance"),
        ("kiss, age 9", "", "child-coded with romance"),
        ("十七歳、キス", "", "child-coded with romance"),
        ("12-jähriges, Kuss", "", "child-coded with romance"),
        ("12 tahun, cium", "", "child-coded with romance"),
        ("beso, 12 años", "", "child-coded with romance"),
        ("das Kind, Kuss", "", "child-coded with romance"),
        ("little girl, kiss", "", "child-coded with romance"),
    ],
)
def test_this_is_refused_by_this_rule(prompt: str, negative: str, rule: str) -> None:
    assert rule in {refusal.rule for refusal in judge(prompt, negative)}
