"""``rakkan recipe``: what made a picture, and how far that can be relied on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from rakkan.recipes.telling import Told

#: Exit statuses: something is told, nothing is.
TOLD, NOTHING_TOLD = 0, 3


def recipe(
    file: Annotated[Path, typer.Argument(help="A picture: PNG, JPEG or WebP.", show_default=False)],
    a1111: Annotated[
        bool, typer.Option("--a1111", help="Print it as A1111's text and nothing else.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON and nothing else.")] = False,
) -> int:
    """Show what made a picture, by which tool, and what of that is proven. Exit status 3: it says nothing."""
    from rakkan.api import equipment
    from rakkan.recipes import words
    from rakkan.trust.arrivals import picture_bytes

    told = equipment.told(picture_bytes(file), file.name)
    if a1111 and as_json:
        raise RakkanError("--a1111 and --json are two ways to print it", "Give one of them")
    if as_json:
        print(_escaped(json.dumps(words.as_json(told), ensure_ascii=False, indent=1)))
    elif a1111:
        print(_escaped(words.as_a1111(told)))
    else:
        _print(file, told)
    return NOTHING_TOLD if told.worth == "nothing" else TOLD


def _print(file: Path, told: Told) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rakkan.recipes import words

    styles = {"proven": "bold green", "opened": "bold green", "partly": "bold green"}
    console = Console(highlight=False)
    head = Text(words.worth(told), styles.get(told.worth, "bold yellow"))
    console.print(Text.assemble((_line(str(file)), "bold"), "  ", head), soft_wrap=True)
    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    rows: list[tuple[str, Any]] = words.rows(told)
    for name, text in rows:
        style = "yellow" if name in ("problem", "not read") else ""
        table.add_row(name, Text("\n".join(_line(one) for one in text.split("\n")), style))
    console.print(table)


def _line(text: str) -> str:
    """Printable characters only: what a file says never moves the cursor or hides itself."""
    return "".join(sign if sign.isprintable() else "�" for sign in text)


def _escaped(text: str) -> str:
    return "".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text)
