"""``rakkan describe``: a picture in words and colours, to edit and to draw from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from rakkan.studio.starter.describing import Description, Seen


def describe(
    file: Annotated[Path, typer.Argument(help="A drawing of one figure.", show_default=False)],
    prompt: Annotated[
        bool, typer.Option("--prompt", help="Print the prompt and nothing else, to draw from at once.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="A .txt file to write and edit, for rakkan create --prompt-file."),
    ] = None,
) -> None:
    """Say what a drawing shows: tags the starter model understands, how sure they are, and its colours."""
    from rakkan import assemble
    from rakkan.studio.starter import describing

    if prompt and as_json:
        raise RakkanError("--prompt and --json both say what is printed", "Give one of them")
    if out is not None:
        _check(out)
    seen = describing.described(assemble.let_in(file).pixels, file.name)
    if out is not None:
        _write(out, describing.as_text(seen))
    if as_json:
        typer.echo(describing.as_json(seen))
    elif prompt:
        if not seen.prompt:
            raise RakkanError(
                f"Nothing in {file.name} is sure enough for a prompt", "See rakkan describe without --prompt"
            )
        typer.echo(seen.prompt)
    else:
        _print(seen)
        if out is not None:
            typer.echo(f"{out}")


def _check(out: Path) -> None:
    if out.suffix.lower() != ".txt":
        raise RakkanError(f"{out.name} does not end in .txt", f"Name it {out.stem}.txt")
    if out.exists():
        raise RakkanError(f"{out} is there already", "Name another file, or remove it")


def _write(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise RakkanError(f"{out} cannot be written ({error.strerror})", "Name another file") from error


def _print(seen: Description) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    # The prompt is one line to copy, however narrow the terminal is.
    console.print(Text(seen.prompt or "(nothing is sure)", "bold"), soft_wrap=True)
    for heading, values in (("sure", seen.sure), ("perhaps", seen.unsure)):
        if values:
            console.print(Text(f"\n{heading}", "dim"))
            _tags(console, values)
    if seen.palette:
        console.print(Text("\ncolours", "dim"))
        _colours(console, seen.palette)


def _tags(console: Console, values: Sequence[Seen]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for one in values:
        table.add_row(one.slot.replace("_", " "), Text(one.words), f"{one.probability:.0%}")
    console.print(table)


def _colours(console: Console, palette: Mapping[str, Sequence[str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    for part, colours in palette.items():
        shown = Text()
        for colour in colours:
            if console.is_terminal:
                shown.append("██ ", colour)
            shown.append(f"{colour}  ")
        table.add_row(part, shown)
    console.print(table)
