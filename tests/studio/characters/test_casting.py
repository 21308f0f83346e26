"""A character in a prompt: its tags stand, and the prompt wins where both speak of the same."""

from __future__ import annotations

from random import Random

import pytest

from rakkan.studio.characters.cast import Cast
from rakkan.studio.characters.casting import cast, clauses, composed, looks, ordered
from rakkan.studio.characters.keeping import Kept
from rakkan.studio.characters.records import Character, Style, digest
from rakkan.studio.starter import spoken
from rakkan.studio.starter.lexicon import read
from rakkan.studio.starter.vocabulary import SLOT_VALUES

TAGS = "1girl, silver twin tails, red eyes, red striped hoodie, glasses, smile, freckles"


def character(**said: object) -> Kept[Character]:
    one = Character("Mika", 1, "", "", 0, tags=TAGS, seed="7", **said)  # type: ignore[arg-type]
    return Kept(one, digest(one))


def style(**said: object) -> Kept[Style]:
    one = Style("Misty", 1, "", "", 0, **said)  # type: ignore[arg-type]
    return Kept(one, digest(one))


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", TAGS),
        ("waving, night city", f"{TAGS}, waving, night city"),
        # another garment takes its colour and pattern along
        (
            "in a kimono",
            "1girl, silver twin tails, red eyes, glasses, smile, freckles, in a kimono",
        ),
        # of a tag that says two things, the other stays
        ("blue hair", TAGS.replace("silver twin tails", "twin tails") + ", blue hair"),
        ("no glasses, wink", TAGS.replace("glasses, smile, ", "") + ", no glasses, wink"),
        ("blue hoodie", TAGS.replace("red striped hoodie, ", "") + ", blue hoodie"),
    ],
)
def test_the_prompt_wins_where_both_speak(prompt: str, expected: str) -> None:
    assert composed(TAGS, prompt) == expected


@pytest.mark.parametrize("seed", range(30))
def test_what_is_read_is_the_tags_with_the_prompt_laid_over(seed: int) -> None:
    random = Random(seed)

    def some() -> dict[str, str]:
        return {slot: random.choice(values) for slot, values in SLOT_VALUES.items() if random.random() < 0.4}

    standing, own = some(), some()
    found = read(composed(spoken.tags(standing), spoken.tags(own))).condition
    assert found.items() >= own.items()
    left = {slot: value for slot, value in standing.items() if slot not in own and slot not in _LED}
    assert found.items() >= left.items()
    assert set(found) <= set(standing) | set(own)


_LED = {"outfit_colour", "outfit_pattern", "background_colour", "hair_accent"}


def test_the_seed_of_a_character_decides_what_its_tags_leave_open_whatever_is_drawn() -> None:
    first = cast("waving", character=character()).prompt
    second = cast("night city, smile", character=character()).prompt
    open_slots = ("fringe", "skin", "eye_shape", "hairstyle")
    assert all(slot in read(first).condition for slot in open_slots)
    assert [read(first).condition[slot] for slot in open_slots] == [
        read(second).condition[slot] for slot in open_slots
    ]
    assert looks(character().version).startswith(TAGS)


def test_recipes_are_told_the_version_and_its_name_only_where_it_may_be() -> None:
    kept = character()
    assert cast("wink", character=kept).settings == {"character": f"Mika 1 {kept.digest}"}
    assert cast("wink", character=kept, naming=False).settings == {"character": kept.digest}


def test_a_checkpoint_gets_tags_in_its_order_with_adapters_and_pictures() -> None:
    kept = character(adapters={"ef" * 32: "lora pastel 0.8"}, references=("ab" * 32,))
    found = cast("masterpiece, waving", character=kept, order=("quality", "count", "general"))
    assert found.prompt.startswith("masterpiece, 1girl, silver twin tails")
    assert found.loras == ("pastel:0.8",)
    assert found.references == (("ab" * 32, "identity"),)
    assert found.seed == 7 and found.notes == ()


def test_the_starter_says_what_it_cannot_do() -> None:
    kept = character(adapters={"ef" * 32: "lora pastel 0.8"})
    found = cast("waving", character=kept)
    assert found.loras == () and "LoRAs" in found.notes[0]


def test_a_style_goes_beside_the_prompt_and_keeps_away() -> None:
    kept = style(tags="ink drawing, forest", negative="hat", guidance="2", steps="8")
    found = cast("1girl, beach", "scarf", style=kept)
    assert found.prompt == "1girl, beach, ink drawing"
    assert (found.negative, found.guidance, found.steps) == ("scarf, hat", 2.0, 8)
    assert found.settings == {"style": f"Misty 1 {kept.digest}"}
    both = cast("beach", character=character(), style=kept)
    assert set(both.settings) == {"character", "style"} and "ink drawing" in both.prompt


def test_without_either_nothing_changes() -> None:
    assert cast("a hat", "scarf") == Cast("a hat", "scarf")


def test_grammar_is_left_as_it_is() -> None:
    for prompt in ("1girl BREAK hat", "[cat:dog:0.5], 1girl", "hat AND scarf, 1girl"):
        assert ordered(prompt, ("count", "general")) == prompt
    assert ordered("hat, 1girl, rating_safe", ("rating", "count", "general")) == "rating_safe, 1girl, hat"


def test_brackets_hold_a_clause_together() -> None:
    assert clauses("(a, b:1.2), c,, <lora:x, y:1>, d\ne") == ["(a, b:1.2)", "c", "<lora:x, y:1>", "d", "e"]
    assert clauses("(a, b") == ["(a", "b"]
