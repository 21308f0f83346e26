"""What a prompt may be, before anyone reads a meaning into it."""

from __future__ import annotations

import unicodedata

from rakkan.errors import RakkanError

#: Longest prompt, in characters; a description of every attribute takes about five hundred.
LONGEST_PROMPT = 5000


def checked_prompt(text: str) -> str:
    """The prompt without white space around it.

    Raises RakkanError when it is empty, longer than ``LONGEST_PROMPT`` characters, or holds control
    characters other than line breaks and tabs.
    """
    prompt = checked_negative(text, "prompt")
    if not prompt:
        raise RakkanError(
            "The prompt is empty",
            'Say what to draw, for example "1girl, silver twin tails, red eyes, red hoodie"',
        )
    return prompt


def checked_negative(text: str, name: str = "negative prompt") -> str:
    """The negative prompt without white space around it; it may be empty. Raises like the other."""
    if len(text) > LONGEST_PROMPT:
        raise RakkanError(
            f"The {name} has {len(text)} characters",
            f"Shorten it to {LONGEST_PROMPT}; a few words are enough",
        )
    for position, character in enumerate(text):
        kind = unicodedata.category(character)
        if kind == "Cs":
            raise RakkanError(f"The {name} is not valid text at character {position + 1}", "Type it in UTF-8")
        if kind == "Cc" and character not in "\n\r\t":
            raise RakkanError(
                f"The {name} holds a control character (U+{ord(character):04X}) at character {position + 1}",
                "Remove it",
            )
    return text.strip()
