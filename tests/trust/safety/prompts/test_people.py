"""Named real people: the list, the patterns, and what is neither."""

from __future__ import annotations

import struct
from random import Random

import pytest

from rakkan.trust.safety.prompts import judge
from rakkan.trust.safety.prompts.names import (
    LONG_DEAD,
    ORDINARY,
    Names,
    decode,
    encode,
    folded_words,
    given_key,
    listed,
    name_key,
)


def is_person(prompt: str) -> bool:
    return "real person" in {refusal.rule for refusal in judge(prompt)}


@pytest.mark.parametrize(
    "prompt",
    [
        "Abraham Lincoln",
        "abraham lincoln, blue hat",
        "abraham_lincoln",
        "Lincoln, Abraham",
        "<lora:abrahamlincoln_v2:1>",
        "<lora:AbrahamLincoln:1>",
        "a b r a h a m l i n c o l n",
        "4braham L1ncoln",
        "Abraham Lincoln's hat",
        "portrait of Vincent van Gogh",
        "photo of Jennifer Nobodyson",
        "looks like jennifer nobodyson",
        "actor John Nobodyson",
        "singer Xyla Nobodyson on stage",
        "Foto von Jennifer Niemand",
        "foto de Alejandro Nadie",
        "女優の山田花子",
        "a celebrity",
        "a real person",
        "by @some_handle",
        "有名人",
    ],
)
def test_a_real_person_is_recognised(prompt: str) -> None:
    assert is_person(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "in the style of Vincent van Gogh",
        "Vincent van Gogh style",
        "Alice in Wonderland",
        "Sherlock Holmes",
        "King Arthur",
        "Hatsune Miku",
        "photo of a rose garden",
        "photo of a girl wearing a hat",
        "actress in a red dress",
        "singer on stage",
        "1girl, john, smile",
        "mail someone@example",
        "the president",
        "black hawk",
        "women of the nation",
        "アイドル歌手",
    ],
)
def test_this_is_no_real_person(prompt: str) -> None:
    assert not is_person(prompt)


def test_the_negative_prompt_may_name_anyone() -> None:
    assert judge("1girl", "Abraham Lincoln") == ()


def test_names_are_folded_and_their_order_does_not_count() -> None:
    assert folded_words("Søren O'Brien-Núñez 3rd") == ["soren", "obrien", "nunez", "rd"]
    assert name_key(["ann", "lee"]) == name_key(["lee", "ann"]) != name_key(["annlee"])


def test_a_list_is_read_as_it_was_written() -> None:
    names, given = {name_key(["ann", "lee"]): ORDINARY, name_key(["bo", "ek"]): LONG_DEAD}, {given_key("ann")}
    data = encode(names, given)
    assert decode(data) == Names(names, frozenset(given))
    for damaged in (data[:-1], data + b"x", b"x" + data[1:], b""):
        with pytest.raises((ValueError, struct.error)):
            decode(damaged)


def test_the_list_that_ships_holds_thousands_and_no_random_names() -> None:
    assert len(listed().names) > 10_000
    random = Random(1)
    letters = "abcdefghijklmnopqrstuvwxyz"
    made = [["".join(random.choices(letters, k=6)) for _ in range(2)] for _ in range(20_000)]
    assert not any(name_key(words) in listed().names for words in made)
