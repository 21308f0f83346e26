"""Tags of prompts, of makers and of titles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.service.pictures import cursors, tags
from rakkan.service.pictures.wording import checked_line
from rakkan.service.schema import new_identifier


def test_a_prompt_is_found_by_what_it_settles_and_never_by_its_other_words() -> None:
    found = tags.of_prompt(
        "a woman with long silver hair and red eyes in a blue hoodie, for my friend Hanako"
    )
    assert {"silver hair", "red eyes", "hoodie", "blue outfit", "1girl"} <= set(found)
    assert not any("hanako" in tag for tag in found)
    assert tags.of_prompt("") == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Silver_Hair", ("silver hair",)),
        ("twintails, HOODIE", ("twin tails", "hoodie")),
        ("harbour at night", ("harbour at night",)),
        (" , ", ()),
        ("猫", ("猫",)),
    ],
)
def test_a_search_finds_what_its_words_mean(text: str, found: tuple[str, ...]) -> None:
    assert tags.wanted(text) == found


@given(st.text(max_size=60))
def test_any_text_is_a_tag_or_refused_and_a_tag_stays_one(text: str) -> None:
    try:
        made = tags.plain(text)
    except RakkanError:
        return
    assert tags.plain(made) == made and 0 < len(made) <= 40 and not made.startswith(tags.OF_TITLE)


@given(st.text(max_size=120))
def test_the_words_of_a_title_fit_their_column(text: str) -> None:
    for term in tags.of_title(text):
        assert term.startswith(tags.OF_TITLE) and len(term) <= 80


def test_too_much_is_refused() -> None:
    for ask in (
        lambda: tags.given(map(str, range(17))),
        lambda: tags.wanted(",".join(map(str, range(9)))),
        lambda: tags.plain("x" * 41),
    ):
        with pytest.raises(RakkanError):
            ask()
    assert checked_line(" a \n b ", "The title", 10) == "a b"


@given(st.integers(0, 2**53), st.binary(max_size=60))
def test_cursors_are_read_back_and_nothing_else_is(time: int, junk: bytes) -> None:
    key, place = bytes(32), (time, new_identifier(time / 1e6))
    cursor = cursors.write(key, "feed", place)
    assert cursors.read(key, "feed", cursor) == place
    assert cursors.read(key, "feed", "") is None
    for wrong in (junk.hex(), cursor + "A", cursor.swapcase(), cursor[2:]):
        if wrong and wrong != cursor:
            with pytest.raises(RakkanError):
                cursors.read(key, "feed", wrong)
    with pytest.raises(RakkanError):
        cursors.read(key, "mine", cursor)
