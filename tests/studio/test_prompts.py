"""What a prompt may be."""

from __future__ import annotations

import pytest

from rakkan.errors import RakkanError
from rakkan.studio.prompts import LONGEST_PROMPT, checked_negative, checked_prompt


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        (" \n\t ", "empty"),
        ("x" * (LONGEST_PROMPT + 1), str(LONGEST_PROMPT)),
        ("smile, " * 1429, "10003 characters"),
        ("smile\x00", "U+0000"),
        ("\x1b[31msmile", "U+001B"),
        ("smile\x85", "U+0085"),
        ("smile \udcff", "not valid text at character 7"),
    ],
)
def test_bad_prompts_get_one_line(text: str, words: str) -> None:
    with pytest.raises(RakkanError) as caught:
        checked_prompt(text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_good_prompts_pass_as_they_are() -> None:
    assert checked_prompt("  a girl,\n\tsmile \r\n") == "a girl,\n\tsmile"
    assert checked_prompt("x" * LONGEST_PROMPT)
    assert checked_prompt("銀髪, 👩\u200d🎨")


def test_a_negative_prompt_may_be_empty_but_not_broken() -> None:
    assert checked_negative("") == ""
    with pytest.raises(RakkanError, match="The negative prompt holds a control character"):
        checked_negative("a\x07")
