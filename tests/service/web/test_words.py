"""The catalogue: the same keys in every language, everything translated, and what is filled in kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.service.web import sample_pages

from rakkan.service.web import rendering
from rakkan.service.web.chips import chip_groups
from rakkan.service.web.words import LOCALES, Words, catalogue, preferred

OTHERS = [locale for locale in LOCALES if locale != "en"]
#: Texts that are the same in two languages because the word is.
SAME = {
    *("site.moderation", "create.placeholder", "create.model", "create.seed", "create.guidance"),
    *("picture.remix", "picture.remixes.one", "picture.remixes.other", "picture.format", "slot.pose"),
    *("group.pose", "account.label", "reason.spam", "role.admin", "gallery.tags", "about.digest"),
    *("import.folder", "about.models", "word.afro", "word.mohawk", "word.undercut", "word.hoodie"),
    *("word.kimono", "word.poncho", "word.halo", "word.headphones", "word.choker", "word.cel", "word.pastel"),
    *("fact.model", "fact.sampler", "fact.seed", "fact.guidance", "job.model", "time.day", "role.moderator"),
    *(f"month.{number}" for number in (1, 2, 3, 4, 6, 7, 9, 11)),
}  # fmt: skip


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", text))


@pytest.mark.parametrize("locale", OTHERS)
def test_a_language_has_the_same_keys_with_the_same_placeholders(locale: str) -> None:
    english, other = catalogue("en"), catalogue(locale)
    assert other.keys() == english.keys()
    assert {key for key in english if placeholders(english[key]) != placeholders(other[key])} == set()
    assert [key for key, text in other.items() if not text.strip()] == []


@pytest.mark.parametrize("locale", OTHERS)
def test_nothing_is_left_untranslated(locale: str) -> None:
    english, other = catalogue("en"), catalogue(locale)
    assert {key for key in english if english[key] == other[key]} - SAME == set()


def test_japanese_is_written_in_japanese() -> None:
    latin = {key for key, text in catalogue("ja").items() if not re.search(r"[ぁ-んァ-ヶ一-龠]", text)}
    assert latin == {"create.placeholder", "time.moment"}


def test_every_text_that_templates_ask_for_is_there() -> None:
    words = catalogue("en")
    templates = rendering.STATIC.parent / "templates"
    asked = [
        (path.name, key + (".one" if count else ""))
        for path in templates.rglob("*.html")
        for count, key in re.findall(r"\bt(\.count)?\(['\"]([a-z_.]+[a-z0-9_])['\"][,)]", path.read_text())
    ]
    assert len(asked) > 200
    assert [one for one in asked if one[1] not in words] == []


def test_every_text_is_asked_for() -> None:
    folder = rendering.STATIC.parent
    files = [*folder.glob("templates/**/*.html"), *folder.glob("static/js/*.js")]
    files += folder.parent.glob("routes/*.py")
    text = "\n".join(path.read_text() for path in files)
    prefixes = (
        "word.",
        "slot.",
        "group.",
        "meter.",
        "state.",
        "job.",
        "origin.",
        "models.",
        "import.kept_",
        "reason.",
        "region.",
        "role.",
        "told.",
        "fact.",
        "month.",
        "act.",
        "alarm.",
        "ban.",
        "error.",
        "ground.",
        "policy.",
        "time.",
    )
    unused = []
    for key in catalogue("en"):
        bare = key.removesuffix(".one").removesuffix(".other")
        stem, _, last = bare.rpartition(".")
        dynamic = f"'{stem}.' ~" in text or bare.startswith(("claim.step", *prefixes))
        if bare not in text and not dynamic and not (stem == "js" and f"say.{last}" in text):
            unused.append(key)
    assert unused == []


def test_every_chip_has_its_name_and_its_pictogram() -> None:
    sprite = Path(rendering.STATIC / "pictograms.svg").read_text()
    words = catalogue("en")
    chips = [chip for group in chip_groups() for row in group.rows for chip in row.chips]
    assert len(chips) > 190
    assert [chip.value for chip in chips if f"word.{chip.value}" not in words] == []
    assert [chip.symbol for chip in chips if chip.symbol and f'id="{chip.symbol}"' not in sprite] == []
    assert [chip for chip in chips if bool(chip.symbol) == bool(chip.colour)] == []


def test_texts_are_filled_in_and_counted() -> None:
    words = Words("en")
    assert words("js.drawing", done=2, total=8) == "Drawing, step 2 of 8"
    assert words.count("picture.comments", 1) == "1 comment"
    assert words.count("picture.comments", 1200) == "1,200 comments"
    assert Words("ja").chip("twin tails") == "ツインテール"
    assert Words("id").chip("no such word") == "no such word"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        ("ja,en;q=0.8", "ja"),
        ("fr, id-ID;q=0.5, en;q=0.4", "id"),
        ("en;q=0.1,ja;q=0.9", "ja"),
        ("fr", "en"),
        ("", "en"),
        ("ja;q=nonsense", "en"),
        ("ja;q=0", "en"),
    ],
)
def test_the_browser_says_which_language_is_wanted(header: str, locale: str) -> None:
    assert preferred(header) == locale


def test_sample_pages_cover_every_template() -> None:
    templates = {path.name for path in (rendering.STATIC.parent / "templates").glob("*.html")}
    shown = {name for name, _ in sample_pages.PAGES.values()} | {"create.html"}
    assert templates - shown == {"base.html", "macros.html"}


@pytest.mark.parametrize(
    ("locale", "number", "moment", "day"),
    [
        ("en", "1,234.5", "2 Mar 2026, 23:05 UTC", "2 Mar 2026"),
        ("ja", "1,234.5", "2026年3月2日 23:05（UTC）", "2026年3月2日"),
        ("id", "1.234,5", "2 Mar 2026 pukul 23:05 UTC", "2 Mar 2026"),
    ],
)
def test_numbers_and_moments_are_written_as_the_language_does(
    locale: str, number: str, moment: str, day: str
) -> None:
    words = Words(locale)
    assert words.number(1234.5) == number
    assert words.moment("2026-03-03T01:05:09+02:00") == moment
    assert words.day("2026-03-02") == words.moment("2026-03-02") == day
    assert words.moment("first drawn") == "first drawn"
