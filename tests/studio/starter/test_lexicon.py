"""Reading what people type: binding of colours, dialects of prompts, unknown words, conflicts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.corpus.figures.words import WORDS
from rakkan.studio.starter.lexicon import nearest_tag, read
from rakkan.studio.starter.normal import words
from rakkan.studio.starter.phrases import ADJECTIVE_SLOTS, known_tags
from rakkan.studio.starter.synonyms import ALSO_READ
from rakkan.studio.starter.vocabulary import SLOT_VALUES, decode, encode


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("silver twin tails", {"hair_colour": "silver", "hairstyle": "twin tails"}),
        ("red hoodie, red eyes", {"outfit": "hoodie", "outfit_colour": "red", "eye_colour": "red"}),
        ("a hoodie in red", {"outfit": "hoodie", "outfit_colour": "red"}),
        ("hair tipped with pink", {"hair_tone": "dipped tips", "hair_accent": "pink"}),
        (
            "blonde hair with pink streaks",
            {"hair_colour": "blonde", "hair_tone": "streaks", "hair_accent": "pink"},
        ),
        (
            "silver and pink hair",
            {"hair_colour": "silver", "hair_tone": "split colour", "hair_accent": "pink"},
        ),
        ("blue background", {"background_colour": "blue"}),
        ("red scarf", {"accessory neck": "scarf", "accessory_colour": "red"}),
        ("blue ribbon", {"accessory hair": "hair bow", "accessory_colour": "blue"}),
        (
            "black-haired woman with green eyes",
            {"presentation": "woman", "hair_colour": "black", "eye_colour": "green"},
        ),
        ("hair is silver and red eyes", {"hair_colour": "silver", "eye_colour": "red"}),
        (
            "a hoodie in red and blue eyes",
            {"outfit": "hoodie", "outfit_colour": "red", "eye_colour": "blue"},
        ),
        (
            "Her eyes are round and red. Her hair is long, wavy and silver.",
            {
                "eye_shape": "round eyes",
                "eye_colour": "red",
                "hairstyle": "long wavy hair",
                "hair_colour": "silver",
            },
        ),
        ("golden hair", {"hair_colour": "blonde"}),
        ("gray hair", {"hair_colour": "silver"}),
        ("ginger ponytail", {"hair_colour": "orange", "hairstyle": "high ponytail"}),
        ("jumper", {"outfit": "turtleneck"}),
        ("black coat", {"outfit": "trench coat", "outfit_colour": "black"}),
        ("light blue eyes, light blue hair", {"eye_colour": "aqua", "hair_colour": "light blue"}),
        ("tanned man in red", {"presentation": "man", "skin": "tan", "outfit_colour": "red"}),
        ("tan trench coat", {"outfit": "trench coat", "outfit_colour": "brown"}),
        ("twintails, long hair", {"hairstyle": "twin tails"}),
        ("upper body, portrait", {"framing": "half body"}),
        ("1girl, standing", {"presentation": "woman", "framing": "full body"}),
        ("smile, blush, open mouth", {"expression": "smile"}),
        ("blue sky", {"background": "blue sky"}),
        ("city at night", {"background": "night city"}),
        ("no glasses, without hat", {"accessory face": "none", "accessory head": "none"}),
        ("no earrings", {"accessory ears": "none"}),
        ("no bangs", {"fringe": "no fringe"}),
        (
            "bright red striped t-shirt",
            {"outfit": "t-shirt", "outfit_pattern": "striped", "outfit_colour": "red"},
        ),
        (":d", {"expression": "grin"}),
        ("two-tone hair", {"hair_tone": "split colour"}),
        ("pastel, silver hair", {"hair_colour": "silver", "style": "pastel"}),
        ("pastel pink hair", {"hair_colour": "pink"}),
        ("a knight drawn in ink", {"presentation": "man", "style": "ink"}),
    ],
)
def test_readings(text: str, condition: dict[str, str]) -> None:
    reading = read(text)
    assert reading.condition == condition
    assert reading.unknown == ()
    assert reading.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "1girl, silver twin tails, red eyes, red hoodie, smile",
        "masterpiece, best quality, solo, anime, 1girl, silver twin tails, red eyes, red hoodie, smile",
        "(1girl:1.2), ((silver twin tails)), [red eyes:0.8], {red_hoodie}, (smile)",
        "1GIRL, Silver_Twintails, RED EYES, red  hoodie, smile.",
        "１ｇｉｒｌ，silver twin-tails、red eyes，red hoodie。smile",
        "A smiling girl with silver twintails and red eyes, wearing a red hoodie.",
        "smile | red hoodie\nred eyes; silver twin tails BREAK 1girl",
        r"1girl, silver twin tails \(smile\), red eyes, red hoodie",
    ],
)
def test_dialects_say_the_same(text: str) -> None:
    reading = read(text)
    assert reading.condition == {
        "presentation": "woman",
        "hair_colour": "silver",
        "hairstyle": "twin tails",
        "eye_colour": "red",
        "outfit": "hoodie",
        "outfit_colour": "red",
        "expression": "smile",
    }
    assert (reading.unknown, reading.notes) == ((), ())


@pytest.mark.parametrize(
    ("word", "nearest"),
    [("twin tials", "twin tails"), ("hoodi", "hoodie"), ("smiel", "smile"), ("kimno", "kimono")],
)
def test_a_misspelt_word_is_named_with_the_nearest_tag(word: str, nearest: str) -> None:
    (unknown,) = read(f"1girl, {word}, red eyes").unknown
    assert (unknown.text, unknown.nearest) == (word, nearest)


def test_every_tag_that_may_be_named_as_the_nearest_is_known() -> None:
    readings = {tag: read(tag) for tag in known_tags()}
    assert not [tag for tag, reading in readings.items() if reading.unknown or not reading.condition]


def test_a_colour_before_an_unknown_noun_colours_nothing_else() -> None:
    assert read("silver twin tails, red hoodi").condition == {
        "hair_colour": "silver",
        "hairstyle": "twin tails",
    }
    assert read("red fluffy hoodie").condition == {"outfit": "hoodie", "outfit_colour": "red"}


@pytest.mark.parametrize(
    ("text", "slot", "value"),
    [
        ("bob cut, twin tails", "hairstyle", "twin tails"),
        ("red eyes, blue eyes", "eye_colour", "blue"),
        ("red scarf, blue ribbon", "accessory_colour", "blue"),
        ("scarf, choker", "accessory neck", "choker"),
    ],
)
def test_the_later_of_two_wins_and_a_note_says_so(text: str, slot: str, value: str) -> None:
    reading = read(text)
    assert reading.condition[slot] == value
    (note,) = reading.notes
    assert "the later is used" in note
    assert "\n" not in note


def test_what_cannot_be_had_is_said() -> None:
    assert read("teal scarf").condition["accessory_colour"] == "green"
    assert "green is near" in read("teal scarf").notes[0]
    assert "black" in read("black cat ears").notes[0]
    assert "foo" in read("1girl <lora:foo:0.8>").notes[0]
    assert "no hoodie" in read("no hoodie").notes[0]
    assert read("red").notes


def test_school_uniforms_and_children_are_no_words() -> None:
    for text in ("school uniform", "sailor uniform", "child", "toddler", "loli", "schoolgirl", "kid"):
        assert read(text).condition == {}
        assert read(text).unknown


def test_no_phrase_means_two_things() -> None:
    meanings: dict[tuple[str, ...], tuple[str, str]] = {}
    for source in (WORDS, ALSO_READ):
        for slot, values in source.items():
            for value, phrases in values.items() if slot not in ADJECTIVE_SLOTS else ():
                for phrase in phrases:
                    key = tuple(words(phrase))
                    assert meanings.setdefault(key, (slot, value)) == (slot, value), phrase


def test_every_reading_can_be_encoded() -> None:
    for source in (WORDS, ALSO_READ):
        for slot, values in source.items():
            assert set(values) <= set(SLOT_VALUES[slot])
    encode(read("1girl, no hat, silver hair, pink tips").condition)


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(text)
    encode(reading.condition)
    assert all("\n" not in line for line in (*reading.notes, *(word.text for word in reading.unknown)))


PIECES = ["red", "blue", "and", "in", "with", "hair", "eyes", "no", "hoodie", "x", "is"]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_any_order_of_words_can_be_read(tokens: list[str]) -> None:
    condition = read(" ".join(tokens)).condition
    assert decode(encode(condition)) == condition


def test_a_prompt_of_nonsense_is_read_in_no_time() -> None:
    text = ", ".join(f"qx{number}zk" for number in range(700))
    start = time.perf_counter()
    assert len(read(text).unknown) == 700
    assert time.perf_counter() - start < 5


def test_the_nearest_of_nothing_alike_is_nothing() -> None:
    assert nearest_tag("銀") == ""
