"""What a prompt may be, before anyone reads a meaning into it."""

from __future__ import annotations

import unicodedata
from pathlib import Path

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


def prompt_of_file(file: Path) -> str:
    """The prompt that a text holds: its lines, in one, but those that begin with ``#``.

    Raises RakkanError when it cannot be read, is no text, or is longer than any prompt with its remarks.
    """
    most = 8 * LONGEST_PROMPT
    try:
        with file.open(encoding="utf-8-sig") as opened:
            text = opened.read(most + 1)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise RakkanError(f"{file.name} cannot be read: {what}", "Name a text file with a prompt") from error
    if len(text) > most:
        raise RakkanError(f"{file.name} is longer than {most} characters", "Give a text with one prompt")
    lines = (line.strip() for line in text.splitlines())
    return ", ".join(line.rstrip(",") for line in lines if line and not line.startswith("#"))
