"""``rakkan character``: characters that stay who they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rakkan.studio.characters.keeping import Kept
    from rakkan.studio.characters.records import Character

app = typer.Typer(
    help="Characters that stay who they are: made, shown, revised, drawn, handed on.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="What it is called.", show_default=False, metavar="NAME")]
NameOrVersion = Annotated[
    str, typer.Argument(help="What it is called, or NAME@VERSION.", show_default=False, metavar="NAME")
]
References = Annotated[
    list[Path] | None, typer.Option("--reference", help="A drawing of it; give it again for more.")
]
Palette = Annotated[str | None, typer.Option(help="Its colours: '#b8c0cc #c02030'.")]
Seed = Annotated[int | None, typer.Option(help="What decides all that its tags leave open.")]
Loras = Annotated[
    list[str] | None, typer.Option("--lora", help="NAME or NAME:STRENGTH of a LoRA, for checkpoints.")
]
Licence = Annotated[str | None, typer.Option(help="The licence others may use it under.")]
Description = Annotated[str | None, typer.Option(help="Who it is, in a few sentences.")]
Because = Annotated[str, typer.Option(help="Why, for its history.")]
Account = Annotated[str, typer.Option(help="Whose characters.")]


@app.command()
def new(
    name: Name,
    tags: Annotated[str, typer.Argument(help="What every drawing of it shows.", show_default=False)] = "",
    description: Description = None,
    reference: References = None,
    palette: Palette = None,
    seed: Seed = None,
    lora: Loras = None,
    licence: Licence = None,
    picture: Annotated[
        Path | None, typer.Option("--from", help="Read tags, colours and seed off a picture.")
    ] = None,
    because: Because = "",
    account: Account = "local",
) -> None:
    """Make a character: the words, pictures and seed that each drawing of it begins with."""
    from rakkan import assemble
    from rakkan.studio.characters.making import CharacterRequest

    request = CharacterRequest(
        name,
        tags,
        description or "",
        tuple(reference or ()),
        palette or "",
        seed,
        tuple(lora or ()),
        licence or "",
        picture,
        because,
    )
    kept = assemble.casting().make(request, account)
    _warn(kept.version.tags)
    _say(kept)


@app.command("list")
def list_characters(account: Account = "local") -> None:
    """List the characters: version, name, tags."""
    from rakkan import assemble
    from rakkan.cli.faults import printable

    held = assemble.casting().characters.all(account)
    wide = max((len(one.version.name) for one in held), default=0)
    for one in held:
        tags = printable(one.version.tags if len(one.version.tags) <= 80 else one.version.tags[:79] + "…")
        name = f"{printable(one.version.name):{wide}}"
        typer.echo(f"{one.digest[:8]}  v{one.version.number:<3} {name}  {tags}")
    typer.echo(f"characters: {len(held)}")


@app.command()
def show(name: NameOrVersion, account: Account = "local") -> None:
    """Show a character's card: what it is, its colours, pictures and history."""
    from rich.console import Console

    from rakkan import assemble
    from rakkan.cli.cards import character_card

    casting = assemble.casting()
    kept = casting.characters.find(name, account)
    history = list(
        casting.characters.history(casting.characters.find(_called(name), account).version.name, account)
    )
    Console(highlight=False).print(character_card(kept, history))


@app.command()
def revise(
    name: Name,
    tags: Annotated[str | None, typer.Option(help="Other tags in place of all it has.")] = None,
    add: Annotated[list[str] | None, typer.Option(help="Tags to add.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="Tags to take away.")] = None,
    description: Description = None,
    reference: References = None,
    drop: Annotated[
        list[str] | None, typer.Option(help="A reference to take away, by how its digest begins, or all.")
    ] = None,
    palette: Palette = None,
    seed: Seed = None,
    lora: Loras = None,
    licence: Licence = None,
    because: Because = "",
    account: Account = "local",
) -> None:
    """Keep another version of a character; those before it stay in its history."""
    from rakkan import assemble
    from rakkan.studio.characters.making import Revision

    revision = Revision(
        tags,
        tuple(add or ()),
        tuple(remove or ()),
        description,
        tuple(reference or ()),
        tuple(drop or ()),
        palette,
        seed,
        None if lora is None else tuple(lora),
        licence,
        None,
        because,
    )
    kept = assemble.casting().revise(name, revision, account)
    if tags is not None or add:
        _warn(kept.version.tags)
    _say(kept)


@app.command()
def diff(
    name: Name,
    before: Annotated[str, typer.Argument(help="A version's number.", show_default=False, metavar="A")],
    after: Annotated[
        str, typer.Argument(help="Another's (default: the newest).", show_default=False, metavar="B")
    ] = "",
    account: Account = "local",
) -> None:
    """Show what differs between two versions of a character."""
    from rich.console import Console

    from rakkan import assemble
    from rakkan.cli.cards import differences_card

    shelf = assemble.casting().characters
    old = shelf.find(f"{name}@{before}", account)
    new = shelf.find(f"{name}@{after}" if after else name, account)
    Console(highlight=False).print(differences_card(old, new))


@app.command()
def sheet(
    name: NameOrVersion,
    out: Annotated[
        Path | None,
        typer.Option(help="A .png, .jpg or .webp file, or a folder (default: the pictures folder)."),
    ] = None,
    expressions: Annotated[str, typer.Option(help="Up to five, joined by commas.")] = "",
    outfits: Annotated[str, typer.Option(help="Up to five, joined by commas.")] = "",
    model: Annotated[str, typer.Option(help="A checkpoint to draw with: its name or hash.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Tell the scores as JSON.")] = False,
    disclosure: Annotated[str | None, typer.Option(help="How much of its recipes the file tells.")] = None,
    account: Account = "local",
) -> None:
    """Draw a character's sheet: angles, expressions and outfits, each with how much it looks like itself."""
    import json

    from rakkan import assemble
    from rakkan.api import equipment
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bar
    from rakkan.cli.sheets import place_of
    from rakkan.studio.characters.sheet import shows

    casting = assemble.casting()
    called = casting.characters.find(name, account).version.name
    place = place_of(out, f"{called} sheet")
    drawing = equipment.drawing(model, say)
    release = assemble.release(disclosure)
    with bar("drawing", 15) as progress:
        made = casting.sheet(
            name, drawing, place, release, _listed(expressions), _listed(outfits), model, progress, account
        )
    if as_json:
        cells = [
            {
                "row": cell.row,
                "label": cell.label,
                "cosine": score.cosine,
                "percent": score.percent,
                "seen": shows(cell, score),
            }
            for cell, score in made.cells
        ]
        typer.echo(json.dumps({"path": str(made.path), "cells": cells}, ensure_ascii=False, indent=1))
        return
    for row in dict.fromkeys(cell.row for cell, _ in made.cells):
        told = [
            f"{cell.label} {int(score.percent)} %" + ("" if shows(cell, score) else " (not seen)")
            for cell, score in made.cells
            if cell.row == row
        ]
        typer.echo(f"{row:<12}{', '.join(told)}")
    typer.echo(str(made.path))


@app.command()
def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="A .rakkan file.", show_default=False)],
    account: Account = "local",
) -> None:
    """Write a character with its history and pictures as one signed file, for others."""
    from rakkan import assemble

    typer.echo(str(assemble.casting().export(name, out, account)))


@app.command("import")
def import_character(
    path: Annotated[Path, typer.Argument(help="A .rakkan file.", show_default=False, metavar="FILE")],
    check: Annotated[
        bool, typer.Option("--check", help="Only say who signed it and whether it holds.")
    ] = False,
    account: Account = "local",
) -> None:
    """Let a character in from such a file: its signature checked, its words and pictures looked at."""
    from rakkan import assemble
    from rakkan.cli.faults import printable
    from rakkan.trust.seal.authority import in_groups

    casting = assemble.casting()
    if check:
        found = casting.check(path)
        newest = found.versions[-1]
        held = f"{len(found.pictures)} {'picture' if len(found.pictures) == 1 else 'pictures'}"
        typer.echo(f"{printable(newest.name)}  version {newest.number} with {held}, whole")
    else:
        kept, found = casting.take(path, account)
        _say(kept)
    worth = "trusted here by its" if found.signer.trusted else "not known here; its"
    root = in_groups(found.signer.root[:16])
    typer.echo(f"signed by {printable(found.signer.name)}, {worth} root {root}…")


@app.command()
def rename(
    name: Name,
    to: Annotated[str, typer.Argument(help="What it is to be called.", show_default=False, metavar="NEW")],
    because: Because = "",
    account: Account = "local",
) -> None:
    """Call a character otherwise: another version, with its history."""
    from rakkan import assemble
    from rakkan.studio.characters.making import Revision

    _say(assemble.casting().revise(name, Revision(name=to, because=because), account))


@app.command()
def remove(name: Name, account: Account = "local") -> None:
    """Destroy all versions of a character. Its pictures stay in the vault, and statements in the ledger."""
    from rakkan import assemble
    from rakkan.cli.faults import printable

    count = assemble.casting().characters.remove(name, account)
    typer.echo(f"{printable(name)}: {count} {'version' if count == 1 else 'versions'} removed")


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _called(name: str) -> str:
    return name.rpartition("@")[0] or name


def _say(kept: Kept[Character]) -> None:
    from rakkan.cli.faults import printable

    one = kept.version
    typer.echo(f"{printable(one.name)}  version {one.number}  {kept.digest}")


def _warn(tags: str) -> None:
    """One line for the tags that the starter model will not draw."""
    from rakkan.cli.faults import say
    from rakkan.studio.starter.lexicon import read

    unknown = read(tags).unknown
    if unknown:
        words = ", ".join(f"'{one.text}'" for one in unknown[:8])
        say(f"the starter model does not know {words}; a checkpoint may")
