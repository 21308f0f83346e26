"""Files of prompts as other tools keep them: styles in a table, wildcards, and prompts a line each."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rakkan.errors import RakkanError

#: Rows of a table of styles, lines of a file of prompts.
MOST_STYLES = 300
MOST_PROMPTS = 500
_LORA = re.compile(r"<lora:([^:<>]{1,120})(?::(-?[\d.]{1,8}))?[^<>]{0,40}>")
_PLACE = re.compile(r"\s*,?\s*\{prompt\}\s*,?\s*")
#: What no style here can be called with.
_UNUSABLE = re.compile(r"[/\\@:<>]+")
_PROMPT = ("prompt", "text")
_NEGATIVE = ("negative_prompt", "negative")


@dataclass(frozen=True)
class NamedStyle:
    """A style by another tool's table: its ``name``, what it adds to a prompt and to what is kept away from,
    and the LoRAs that it calls, ``NAME:STRENGTH``."""

    name: str
    tags: str
    negative: str
    loras: tuple[str, ...]


def styles_of(data: bytes) -> Iterator[NamedStyle]:
    """The styles of a ``styles.csv`` of Stable Diffusion web UI: the columns name, prompt (text before
    version 1.1) and negative_prompt. Rows that only part the list are passed over, and where a style puts
    the prompt in its midst, what stands around it is joined.

    Raises RakkanError for what is no such table.
    """
    text = text_of(data)
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = [(one or "").strip().lower() for one in table.fieldnames or ()]
        if "name" not in columns or not set(_PROMPT) & set(columns):
            raise RakkanError(
                "It is no table of styles", "Its first line names the columns name, prompt, negative_prompt"
            )
        table.fieldnames = columns
        for number, row in enumerate(table):
            if number >= MOST_STYLES:
                raise RakkanError(f"It has more than {MOST_STYLES} styles; those after were left", "Split it")
            said = _first(row, _PROMPT)
            negative = _first(row, _NEGATIVE)
            name = " ".join(_UNUSABLE.sub(" ", row.get("name") or "").split())
            if name and (said or negative):
                yield _style(name, said, negative)
    except csv.Error as error:
        raise RakkanError(f"Its table cannot be read: {error}", "Save it again as CSV") from error


def lines_of(data: bytes) -> Iterator[tuple[int, str]]:
    """The lines of a text that say something, with their numbers from 1; ``#`` begins a remark."""
    for number, line in enumerate(text_of(data).splitlines(), 1):
        plain = line.strip()
        if plain and not plain.startswith("#"):
            yield number, plain


def text_of(data: bytes) -> str:
    """A text as its bytes say it. Raises RakkanError for what is none."""
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise RakkanError("It is no text in UTF-8", "Save it as UTF-8") from error
    if "\0" in text:
        raise RakkanError("It is no text", "Send a text file")
    return text


def _style(name: str, said: str, negative: str) -> NamedStyle:
    loras = tuple(f"{found[1].strip()}:{found[2] or '1'}" for found in _LORA.finditer(said))
    return NamedStyle(name[:60].strip(), _plain(said), _plain(negative), loras)


def _plain(said: str) -> str:
    joined = _PLACE.sub(", ", _LORA.sub("", said))
    return ", ".join(one for one in (part.strip() for part in joined.split(",")) if one)


def _first(row: dict[str, str], names: tuple[str, ...]) -> str:
    return next((text.strip() for name in names if (text := row.get(name))), "")
