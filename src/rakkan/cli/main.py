"""The ``rakkan`` command with everything mounted on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from rakkan import __version__
from rakkan.cli import (
    account,
    again,
    character,
    create,
    describe,
    edit,
    figures,
    gallery,
    grid,
    identity,
    import_,
    ledger,
    model,
    protect,
    recipe,
    report,
    serve,
    starter,
    style,
    takedown,
    upscale,
    vault,
    verify,
)
from rakkan.cli.faults import INTERRUPTED

app = typer.Typer(
    name="rakkan",
    help="Draw anime-style characters from a description, on your own machine.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(create.create)
app.command()(edit.edit)
app.command()(edit.vary)
app.command()(describe.describe)
app.command()(upscale.upscale)
app.command()(again.again)
app.command()(grid.grid)
app.command()(gallery.gallery)
app.command()(recipe.recipe)
app.command()(verify.verify)
app.command("import")(import_.import_files)
app.command()(protect.protect)
app.command()(identity.identity)
app.command()(report.report)
app.command()(serve.serve)
app.command()(serve.work)
app.add_typer(model.app, name="model")
app.add_typer(character.app, name="character")
app.add_typer(style.app, name="style")
app.add_typer(vault.app, name="vault")
app.add_typer(ledger.app, name="ledger")
app.add_typer(account.app, name="account")
app.add_typer(takedown.app, name="takedown")
app.add_typer(figures.app, name="figures")
app.add_typer(starter.app, name="starter")


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"rakkan {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line (``sys.argv`` when None); faults are raised, not printed."""
    result = app(
        args=None if arguments is None else list(arguments), prog_name="rakkan", standalone_mode=False
    )
    if result == INTERRUPTED:  # typer's answer to Ctrl-C in a command, without a word
        raise KeyboardInterrupt
    return result if isinstance(result, int) else 0
