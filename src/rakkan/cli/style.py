"""``rakkan style``: ways of drawing to pick from, with samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Ways of drawing to pick from: listed, sampled, saved.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="What it is called.", show_default=False, metavar="NAME")]
Account = Annotated[str, typer.Option(help="Whose styles.")]


@app.command("list")
def list_styles(account: Account = "local") -> None:
    """List the styles: the starter model's, your LoRAs, and those that you saved."""
    from rakkan import assemble
    from rakkan.cli.faults import printable
    from rakkan.studio.characters.styles import told

    casting = assemble.casting()
    rows = [
        ("LoRA" if one.adapters else "starter", one.name, told(one)) for one in casting.other_styles(account)
    ]
    rows += [("saved", one.version.name, told(one.version)) for one in casting.styles.all(account)]
    wide = max(len(name) for _, name, _ in rows)
    for kind, name, text in rows:
        typer.echo(f"{kind:<8} {printable(name):{wide}}  {printable(text)}")


@app.command()
def sheet(
    prompt: Annotated[str, typer.Argument(help="What to draw in each style.", show_default=False)] = "",
    style: Annotated[list[str] | None, typer.Option(help="Only these; give it again for more.")] = None,
    character: Annotated[str, typer.Option(help="A character of yours to show in them.")] = "",
    model: Annotated[str, typer.Option(help="A checkpoint to draw with: its name or hash.")] = "",
    out: Annotated[
        Path | None,
        typer.Option(help="A .png, .jpg or .webp file, or a folder (default: the pictures folder)."),
    ] = None,
    disclosure: Annotated[str | None, typer.Option(help="How much of its recipes the file tells.")] = None,
    account: Account = "local",
) -> None:
    """Draw the same figure in each style on one sheet."""
    from rakkan import assemble
    from rakkan.api import equipment
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bar
    from rakkan.cli.sheets import place_of

    place = place_of(out, "styles")
    casting = assemble.casting()
    drawing = equipment.drawing(model, say)
    release = assemble.release(disclosure)
    with bar("drawing", len(style or ()) or 4) as progress:
        path = casting.style_samples(
            style or (), prompt, character, drawing, place, release, model, progress, account
        )
    typer.echo(str(path))


@app.command()
def save(
    name: Name,
    tags: Annotated[
        str | None, typer.Argument(help="What is asked for beside each prompt.", show_default=False)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option("--from", help="A picture to take it from: its settings, and its look.")
    ] = None,
    negative: Annotated[str | None, typer.Option(help="What to keep away from.")] = None,
    sampler: Annotated[str | None, typer.Option(help="As in A1111, for checkpoints.")] = None,
    steps: Annotated[int | None, typer.Option(help="Sampling steps.")] = None,
    guidance: Annotated[float | None, typer.Option(help="How hard to follow the prompt.")] = None,
    lora: Annotated[
        list[str] | None, typer.Option("--lora", help="NAME or NAME:STRENGTH, for checkpoints.")
    ] = None,
    reference: Annotated[
        list[Path] | None, typer.Option("--reference", help="A drawing in this style.")
    ] = None,
    because: Annotated[str, typer.Option(help="Why, for its history.")] = "",
    account: Account = "local",
) -> None:
    """Save a style, or another version of one."""
    from rakkan import assemble
    from rakkan.cli.faults import printable
    from rakkan.studio.characters.styles import StyleRequest

    request = StyleRequest(
        name,
        tags,
        negative,
        sampler,
        steps,
        guidance,
        tuple(lora or ()),
        tuple(reference or ()),
        picture,
        because,
    )
    kept = assemble.casting().save_style(request, account)
    typer.echo(f"{printable(kept.version.name)}  version {kept.version.number}  {kept.digest}")


@app.command()
def show(name: Name, account: Account = "local") -> None:
    """Show what a style says, and its history if it was saved."""
    from rich.console import Console

    from rakkan import assemble
    from rakkan.cli.cards import style_card

    casting = assemble.casting()
    kept = casting.style(name, account)
    history = list(casting.styles.history(kept.version.name, account)) if kept.digest else []
    Console(highlight=False).print(style_card(kept, history))


@app.command()
def remove(name: Name, account: Account = "local") -> None:
    """Destroy all versions of a saved style. What the ledger says of it stays."""
    from rakkan import assemble
    from rakkan.cli.faults import printable

    count = assemble.casting().styles.remove(name, account)
    typer.echo(f"{printable(name)}: {count} {'version' if count == 1 else 'versions'} removed")
