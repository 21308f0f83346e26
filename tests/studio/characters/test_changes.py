"""What a person says of a character: tags changed, colours read, versions compared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rakkan.errors import RakkanError
from rakkan.studio.characters.changes import (
    Difference,
    changed_tags,
    checked_seed,
    checked_tags,
    differences,
    palette_of,
)
from rakkan.studio.characters.records import Character

MIKA = Character("Mika", 1, "", "", 0, tags="1girl, silver hair, glasses", seed="7", palette=("#b8c0cc",))


def test_tags_are_added_removed_and_replaced() -> None:
    assert changed_tags("a, b, c", None, ["d, e"], ["B"]) == "a, c, d, e"
    assert changed_tags("a, b", "x , y,,x", ["a"], []) == "x, y, a"
    with pytest.raises(RakkanError) as caught:
        changed_tags("glasses, hat", None, [], ["glases"])
    assert caught.value.hint == "Did you mean 'glasses'?"


def test_too_many_tags_and_control_characters_are_refused() -> None:
    with pytest.raises(RakkanError, match="2001 characters"):
        checked_tags("x" * 2001)
    with pytest.raises(RakkanError, match="control character"):
        checked_tags("a\x07b")


def test_colours_are_read_as_people_write_them() -> None:
    assert palette_of("#B8C0CC, c23;#fff  #fff") == ("#b8c0cc", "#cc2233", "#ffffff")
    for wrong in ("red", "#12", "", "#1234567"):
        with pytest.raises(RakkanError, match="no colour"):
            palette_of(wrong)
    with pytest.raises(RakkanError, match="13 colours"):
        palette_of(" ".join(f"#0000{n:02x}" for n in range(13)))


def test_a_seed_out_of_range_is_refused() -> None:
    assert checked_seed(0) == "0"
    for seed in (-1, 2**53):
        with pytest.raises(RakkanError, match="out of range"):
            checked_seed(seed)


def test_a_difference_names_what_went_and_what_came() -> None:
    after = replace(MIKA, number=2, parent="a" * 64, tags="1girl, silver hair, cat ears", licence="CC0-1.0")
    assert differences(MIKA, after) == [
        Difference("tags", MIKA.tags, after.tags, ("glasses",), ("cat ears",)),
        Difference("licence", "", "CC0-1.0"),
    ]
    assert differences(MIKA, replace(MIKA, number=9, because="x", time=3)) == []
