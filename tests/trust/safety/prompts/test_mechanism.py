"""The mechanism on a benign stand-in (``teapots.toml``): disguises, denials, harmless look-alikes."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

import pytest
from benchmarks.prompt_hostile import KINDS
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import prompt_evasions
from rakkan.trust.safety.prompts import judge, tables

TABLE = tables.read((Path(__file__).parent / "teapots.toml").read_text(encoding="utf-8"))


def rules(prompt: str, negative: str = "") -> set[str]:
    return {refusal.rule for refusal in judge(prompt, negative, TABLE)}


@pytest.mark.parametrize("evasion", prompt_evasions.EVASIONS, ids=lambda evasion: evasion.__name__)
@pytest.mark.parametrize("language", prompt_evasions.WORDS)
def test_disguised_teapots_are_found(evasion: prompt_evasions.Evasion, language: str) -> None:
    if not prompt_evasions.applies(evasion, language):
        return
    random = Random(f"{evasion.__name__} {language}")
    words = prompt_evasions.WORDS[language]
    prompts = [
        prompt_evasions.in_a_prompt(evasion(random.choice(words), language, random), "1girl, red hat", random)
        for _ in range(12)
    ]
    missed = [prompt for prompt in prompts if "teapots" not in rules(prompt)]
    # What replaces letters by look-alikes may take one that nothing here knows; a compound cut apart and
    # a mask may hide where a word begins.
    name = evasion.__name__
    may_miss = name in ("lookalikes", "one_lookalike", "masked") or name.startswith("cut")
    assert len(missed) <= (2 if may_miss else 0), missed


@pytest.mark.parametrize("language", prompt_evasions.WORDS)
def test_denied_teapots_are_harmless(language: str) -> None:
    for shape in prompt_evasions.DENIED[language]:
        for word in prompt_evasions.WORDS[language]:
            assert rules(f"1girl, {shape.format(word)}, red hat") == set(), shape.format(word)


@pytest.mark.parametrize(
    "prompt",
    [
        "teapot",
        "(no:1.2) teapot, but one teapot",
        "no hat teapot",
        "no teapot, teapot",
        "not without a teapot",
        "no no teapot",
        "without hats and with a teapot",
        "(no teapot:-1)",
        "((teapot:0):-1)",
        "(teapot:0.01)",
        "no hat\nteapot",
        "no hat. teapot",
        "no hat BREAK teapot",
        "ティーポットなしではない",
        "帽子なし、ティーポット",
        "teapot.",
        "TeapotLora",
        "<lora:bigTeapotV2:1>",
        "theteapots",
        "Blueteapotmuseum",
        "te4pot, hat",
        "t e a p o t",
        "t\u200be\u200ba\u200bp\u200bo\u200bt",
        "ＴＥＡＰＯＴ",
        "tea\u0301po\u0327t",
        "&#116;eapot",
        "%74eapot",
        "\\u0074eapot",
        "теапот",
        "𝓽𝓮𝓪𝓹𝓸𝓽",
        "ᴛᴇᴀᴘᴏᴛ",
        "\U000e0074\U000e0065\U000e0061\U000e0070\U000e006f\U000e0074",
        "てぃーぽっと",
        "ﾃｨｰﾎﾟｯﾄ",
        "yakan",
        "kyuusu",
        "kyusu",
        "teko-teko",
        "berteko",
        "Teekännchen, Teekannen",
        "boiled",
    ],
)
def test_this_is_a_teapot(prompt: str) -> None:
    assert "teapots" in rules(prompt)


@pytest.mark.parametrize(
    "prompt",
    [
        "no teapot",
        "without any teapots or kettles",
        "ohne Teekannen",
        "sin ninguna tetera",
        "tanpa teko",
        "ティーポットなし",
        "ティーポットのない部屋",
        "(teapot:-1)",
        "(teapot:0)",
        "teapot::-1 hat",
        "kettledrum",
        "kettledrums",
        "ケトルベル",
        "Teekannenmuseum",
        "stea potter",
        "steak, pottery",
        "the art of tea pottery",
        "a saucer",
        "ceremony",
        "tetra",
        "petera tetere",
        "7347",
        "t",
        "",
    ],
)
def test_this_is_no_teapot(prompt: str) -> None:
    assert rules(prompt) == set()


def test_a_saucer_is_refused_only_beside_a_ceremony_or_what_implies_it() -> None:
    assert rules("saucer") == rules("ceremony") == set()
    assert rules("saucer, ceremony") == {"saucers at a ceremony"}
    assert rules("ceremony. Untertassen") == {"saucers at a ceremony"}
    assert rules("saucer, kettle") == {"saucers at a ceremony", "teapots"}
    assert rules("no saucer, ceremony") == set()


def test_what_implies_what_implies_a_teapot_is_one() -> None:
    assert "teapots" in TABLE.groups_of("kettle")
    assert rules("ketel") == {"teapots"}


@pytest.mark.parametrize(
    "prompt",
    [
        "without a lid",
        "no lids",
        "removing the lid",
        "lid removed",
        "ohne Deckel",
        "sin tapa",
        "tanpa tutup",
        "蓋なし",
        "蓋を外す",
        "(lid:-1)",
    ],
)
def test_keeping_away_from_the_lid_is_refused(prompt: str) -> None:
    assert rules(prompt) == {"kept away from lids"}


@pytest.mark.parametrize("prompt", ["lid", "not without a lid", "removing the hat", "a lid, removing a hat"])
def test_a_lid_that_stays_is_harmless(prompt: str) -> None:
    assert rules(prompt) == set()


def test_the_negative_prompt_turns_things_round() -> None:
    assert rules("hat", "teapot, kettle, saucer, ceremony") == set()
    assert rules("hat", "(teapot:-1)") == {"teapots"}
    assert rules("hat", "teapot::-1") == {"teapots"}
    assert rules("hat", "lid") == {"kept away from lids"}
    assert rules("hat", "bad hands, (lids:1.4)") == {"kept away from lids"}
    assert rules("hat", "dirty lid") == set()
    assert rules("hat", "no lid") == set()


@pytest.mark.parametrize("age", ["12 year", "twelve year", "zwölf year", "17 year", "十二 year", "0 year"])
def test_ages_below_eighteen_are_read(age: str) -> None:
    assert rules(f"{age}, ceremony") == {"saucers at a ceremony"}


@pytest.mark.parametrize(
    "age",
    [
        "18 year",
        "112 year",
        "1.5 year",
        "eighteen year",
        "12 hats, year",
        "二十 year",
        "百十 year",
        "12, year",
    ],
)
def test_other_numbers_are_no_such_age(age: str) -> None:
    assert rules(f"{age}, ceremony") == set()


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_texts_take_time_in_proportion_to_their_length(kind: str) -> None:
    judge("warm", "up")

    def seconds(size: int) -> float:
        text = KINDS[kind](size)
        best = 1e9
        for _ in range(3):
            start = time.process_time()
            judge(text, text[: size // 4])
            best = min(best, time.process_time() - start)
        return best

    short, long = seconds(1250), seconds(5000)
    assert long < 3
    assert long < 9 * short + 0.02, f"{short:.4f} s for 1250 characters, {long:.4f} s for 5000"


@given(st.text(max_size=200), st.text(max_size=60))
def test_any_text_is_judged_and_judged_alike(prompt: str, negative: str) -> None:
    assert judge(prompt, negative) == judge(prompt, negative)


@given(st.text(alphabet="teapo-_. ,*4@3!()[]{}:\u200b\u0301ティーポット", max_size=60))
def test_a_word_added_to_any_text_is_still_found(text: str) -> None:
    assert "teapots" in rules(f"{text}\nteapot")
