"""What single characters and words are read as: characters, kana in Latin letters, inflections."""

from __future__ import annotations

import pytest

from rakkan.trust.safety.prompts import characters
from rakkan.trust.safety.prompts.inflection import forms
from rakkan.trust.safety.prompts.romaji import spellings


@pytest.mark.parametrize(
    ("character", "reading"),
    [
        ("а", "a"),
        ("р", "p"),
        ("р", "r"),
        ("3", "e"),
        ("@", "a"),
        ("é", "e"),
        ("ø", "o"),
        ("ß", "ss"),
        ("ᴛ", "t"),
        ("🅰", "a"),
        ("🇹", "t"),
        ("ɐ", "a"),
        ("١", "i"),
        ("I", "l"),
        ("ш", "sh"),
    ],
)
def test_a_character_is_read_as_what_it_stands_for(character: str, reading: str) -> None:
    assert reading in characters.sign(character).readings


def test_kinds_of_characters() -> None:
    signs = {"a": "L", "7": "D", "$": "S", "裸": "J", "ア": "J", " ": " ", ".": " ", "🙂": " ", "ع": "X"}
    assert {one: characters.sign(one).kind for one in signs} == signs


@pytest.mark.parametrize(
    ("kana", "latin"),
    [
        ("すし", {"sushi", "susi"}),
        ("ティーポット", {"tipotto", "thipotto", "tiipotto"}),
        ("きゅうす", {"kyusu", "kyuusu"}),
        ("まっちゃ", {"matcha", "maccha", "mattya"}),
        ("しんぶん", {"shinbun", "shimbun", "sinbun"}),
        ("おおさか", {"oosaka"}),
        ("じゅうどう", {"judo", "juudou", "zyuudou"}),
    ],
)
def test_kana_are_written_in_latin_letters_in_every_usual_way(kana: str, latin: set[str]) -> None:
    assert latin <= set(spellings(kana))


def test_what_is_no_kana_has_no_spelling() -> None:
    assert spellings("茶") == spellings("a") == ()


@pytest.mark.parametrize(
    ("word", "language", "inflected"),
    [
        ("teapot", "en", {"teapot", "teapots"}),
        ("ceremony", "en", {"ceremonies"}),
        ("Teekanne", "de", {"teekanne", "teekannen", "teekannchen"}),
        ("Kännchen", "de", {"kannchen", "kaennchen"}),
        ("Straße", "de", {"strasse", "strassen"}),
        ("tetera", "es", {"teteras", "tetero", "teterita"}),
        ("lápiz", "es", {"lapiz", "lapices"}),
        ("teko", "id", {"tekoteko", "tekonya", "berteko", "meneko", "pertekoan"}),
        ("tutup", "id", {"menutup", "ditutup", "tertutup", "penutup", "menutupi", "tutuptutup"}),
    ],
)
def test_words_are_inflected(word: str, language: str, inflected: set[str]) -> None:
    assert inflected <= forms(word, language)


@pytest.mark.parametrize(
    ("word", "language", "inflected"),
    [
        ("boil", "en", {"boiling", "boiled", "boils"}),
        ("remove", "en", {"removing", "removed"}),
        ("tap", "en", {"tapping", "tapped"}),
        ("kochen", "de", {"koche", "kocht", "gekocht", "kochende"}),
        ("quitar", "es", {"quitando", "quitado", "quitarse"}),
    ],
)
def test_verbs_are_inflected(word: str, language: str, inflected: set[str]) -> None:
    assert inflected <= forms(word, language, verb=True)
