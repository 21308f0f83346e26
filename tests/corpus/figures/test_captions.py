"""Captions say everything that is visible, and the lexicon reads back exactly what they say."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.corpus.figures.attributes import ACCESSORY_PLACES, GROUPS, Attributes, sample, visible
from rakkan.corpus.figures.captions import caption, partial_caption, sentences, slots, subset, tags, write
from rakkan.corpus.figures.sentences import listed, with_article
from rakkan.corpus.figures.words import ACCESSORY_SLOTS, BARE, WORDS
from rakkan.studio.starter import vocabulary
from rakkan.studio.starter.lexicon import SLOTS, Reading, read

SEEDS = st.integers(0, 2**64 - 1)


def expected(attributes: Attributes) -> dict[str, str]:
    """``visible`` as slots, worked out apart from ``captions.slots``."""
    seen = visible(attributes)
    worn = seen.pop("accessories")
    condition = {name: value for name, value in seen.items() if isinstance(value, str)}
    for place, names in ACCESSORY_PLACES.items():
        condition.update({f"accessory {place}": name for name in worn if name in names})
    return condition


@given(SEEDS)
def test_full_captions_of_both_kinds_read_back_exactly(seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        figure = sample(random)
        for text in (tags(slots(figure), random), sentences(slots(figure), random), caption(figure, random)):
            assert read(text) == Reading(read(text).condition), text
            assert read(text).condition == expected(figure), text


@given(SEEDS)
def test_partial_captions_of_both_kinds_read_back_exactly(seed: int) -> None:
    random = Random(seed)
    for _ in range(20):
        part = subset(slots(sample(random)), random)
        for text in (tags(part, random), sentences(part, random)):
            assert read(text).condition == part, text
            assert not read(text).unknown, text
            assert not read(text).notes, text


def test_every_word_of_every_value_reads_back() -> None:
    nouns = {
        "hair_colour": "{} hair",
        "hair_accent": "{} tips",
        "eye_colour": "{} eyes",
        "outfit_colour": "{} outfit",
        "outfit_pattern": "{} outfit",
        "accessory_colour": "{} accessories",
        "background_colour": "{} background",
    }
    for slot, values in WORDS.items():
        for value, phrases in values.items():
            for phrase in phrases:
                reading = read(nouns.get(slot, "{}").format(phrase))
                assert reading.condition == {slot: value}, phrase
                assert (reading.unknown, reading.notes) == ((), ()), phrase


def test_the_words_cover_the_attribute_space() -> None:
    for slot, values in GROUPS.items():
        if slot != "hair_accent":  # the accent's colours are the hair's
            assert tuple(WORDS[slot]) == values
    for slot, names in ACCESSORY_SLOTS.items():
        assert tuple(WORDS[slot]) == (*names, BARE)
    assert SLOTS == vocabulary.SLOTS
    assert BARE == vocabulary.BARE


def test_the_same_state_writes_the_same_words() -> None:
    figure = sample(Random(5))
    assert caption(figure, Random(9)) == caption(figure, Random(9))
    assert len({caption(figure, Random(seed)) for seed in range(200)}) > 190


def test_bare_places_can_be_said() -> None:
    condition = dict.fromkeys(ACCESSORY_SLOTS, BARE)
    for seed in range(40):
        for text in (tags(condition, Random(seed)), sentences(condition, Random(seed))):
            assert read(text).condition == condition, text


def test_an_empty_condition_says_nothing() -> None:
    assert write({}, Random(1)) == ""
    assert tags({}, Random(1)) == ""
    assert sentences({}, Random(1)) == ""


def test_subsets_reach_from_one_slot_to_all() -> None:
    condition = slots(sample(Random(2)))
    sizes = {len(subset(condition, Random(seed))) for seed in range(600)}
    assert min(sizes) == 1
    assert max(sizes) >= len(condition) - 1
    assert subset({}, Random(1)) == {}
    assert read(partial_caption(sample(Random(3)), Random(4))).condition


def test_sentences_look_like_sentences() -> None:
    random = Random(11)
    for _ in range(300):
        text = sentences(slots(sample(random)), random)
        assert text[0].isupper()
        assert text.endswith(".")
        assert not any(slip in text for slip in (" ,", ",,", ",.", "..", "  ", " a a", " an b", "{", "}"))


@pytest.mark.parametrize(
    ("phrase", "written"),
    [
        ("afro", "an afro"),
        ("bob cut", "a bob cut"),
        ("one-tone bun", "a one-tone bun"),
        ("long hair", "long hair"),
        ("twin tails", "twin tails"),
        ("dress", "a dress"),
        ("hair in a bun", "hair in a bun"),
        ("ponytail at the nape", "a ponytail at the nape"),
        ("red armour", "red armour"),
        ("no hat", "no hat"),
    ],
)
def test_articles(phrase: str, written: str) -> None:
    assert with_article(phrase) == written


def test_lists() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
