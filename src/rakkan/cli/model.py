"""``rakkan model``: the models that you bring."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rakkan.models.card import Kept
    from rakkan.models.licences import Claim

app = typer.Typer(
    help="Add, get, list, export and remove models of Stable Diffusion's families.", no_args_is_help=True
)

_SHORT = 10

Account = Annotated[str, typer.Option(help="Whose models.")]
Name = Annotated[str, typer.Option(help="What to call it; else as the file or folder is called.")]
Licence = Annotated[str, typer.Option(help="The licence it has, as far as you know.")]
ModelName = Annotated[
    str, typer.Argument(help="A name, or 8 digits or more of any hash.", show_default=False, metavar="MODEL")
]


@app.command()
def add(
    path: Annotated[
        Path,
        typer.Argument(help="A .safetensors file, or a folder in diffusers' layout.", show_default=False),
    ],
    name: Name = "",
    licence: Licence = "",
    account: Account = "local",
) -> None:
    """Let a model in: checked, hashed, kept encrypted, stated in the ledger."""
    from rakkan import assemble
    from rakkan.cli.progress import bytes_bar
    from rakkan.models.licences import PERSON, claim

    with bytes_bar("reading") as shown:
        kept = assemble.models().add(path, name, claim(licence, PERSON), account, progress=shown)
    _say(kept)


@app.command()
def get(
    address: Annotated[
        str, typer.Argument(help="https://… or hf:owner/name[@revision][:file].", show_default=False)
    ],
    name: Name = "",
    licence: Licence = "",
    sha256: Annotated[str, typer.Option(help="The SHA-256 that the file must have.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Accept its licence without being asked.")] = False,
    account: Account = "local",
) -> None:
    """Fetch a safetensors model, see its licence, and add it. Broken off, it goes on the next time."""
    import os

    from rakkan import assemble, config
    from rakkan.cli.progress import bytes_bar
    from rakkan.models.getting import got
    from rakkan.models.hub import HUGGING_FACE
    from rakkan.models.licences import PERSON, best, claim

    said = claim(licence, PERSON)
    models = assemble.models()

    def agree(found: Claim, size: int) -> None:
        _agree(best(said, found), size, yes)

    hub = os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUGGING_FACE
    token = os.environ.get("HF_TOKEN", "")
    folder = config.load().home / "downloads"
    with bytes_bar("fetching") as shown:
        fetching = got(address, folder, agree, sha256, token, hub, shown)
        with fetching as found:
            kept = models.add(
                found.path, name or found.name, best(said, found.licence), account, found.source
            )
    _say(kept)


@app.command("list")
def list_models(account: Account = "local") -> None:
    """List the models: how their hash begins (AutoV2), size, kind, base, name."""
    from rakkan import assemble
    from rakkan.cli.faults import printable

    held = assemble.models().all(account)
    rows = [
        (
            one.card.digest[:_SHORT],
            _size(sum(file.size for file in one.files)),
            one.card.kind,
            one.card.base or one.card.family or "-",
            printable(one.card.name),
        )
        for one in held
    ]
    wide = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    for digest, size, kind, base, name in rows:
        typer.echo(f"{digest}  {size:>{wide[1]}}  {kind:{wide[2]}}  {base:{wide[3]}}  {name}")
    typer.echo(f"models: {len(held)}")


@app.command()
def show(model: ModelName, account: Account = "local") -> None:
    """Show a model's card: what it is, how it wants to be asked, its hashes, what is claimed of it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from rakkan import assemble
    from rakkan.cli.faults import printable

    kept = assemble.models().find(model, account)
    table = Table.grid(padding=(0, 2), pad_edge=True)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for what, text in _rows(kept):
        if text:
            table.add_row(what, Text(printable(text)))
    Console(highlight=False).print(table)


@app.command()
def export(
    model: ModelName,
    out: Annotated[
        Path,
        typer.Option(help="A .safetensors file; of a model of several files a folder.", show_default=False),
    ],
    account: Account = "local",
) -> None:
    """Write a model out of the vault, with what its card knows in its header (ModelSpec 1.0.1)."""
    from rakkan import assemble
    from rakkan.cli.progress import bytes_bar

    with bytes_bar("writing") as shown:
        path = assemble.models().export(model, out, account, shown)
    typer.echo(str(path))


@app.command()
def remove(model: ModelName, account: Account = "local") -> None:
    """Destroy a model and its card. What the ledger says of it stays."""
    from rakkan import assemble
    from rakkan.cli.faults import printable

    kept = assemble.models().remove(model, account)
    typer.echo(f"{kept.card.digest[:_SHORT]}  {printable(kept.card.name)}  removed")


def _size(count: int) -> str:
    """Bytes as people say them."""
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if count >= 1000**power:
            return f"{count / 1000**power:.1f} {unit}"
    return f"{count} B"


def _agree(licence: Claim, size: int, yes: bool) -> None:
    import sys

    from rakkan.cli.faults import printable
    from rakkan.errors import RakkanError
    from rakkan.models.licences import LICENCES

    typer.echo(f"licence: {printable(licence.told)}")
    url = next((one.url for one in LICENCES if one.id == licence.licence), "")
    if url:
        typer.echo(f"  {url}")
    typer.echo(f"size: {size:,} bytes" if size else "size: not told")
    if yes:
        return
    if not sys.stdin.isatty():
        raise RakkanError("Nobody is here to accept its licence", "Read it, and give --yes")
    if not typer.confirm("Accept it and fetch the model?", err=True):
        raise RakkanError("Nothing was kept: its licence was not accepted")


def _say(kept: Kept) -> None:
    from rakkan.cli.faults import printable

    card = kept.card
    typer.echo(f"{card.digest}  {printable(card.name)}")
    what = [card.kind, card.base or card.family, card.prediction and f"predicts {card.prediction}"]
    if card.resolution:
        what.append(f"{card.resolution} pixels")
    what.append(f"licence {kept.licence.told}")
    typer.echo("  " + printable(", ".join(part for part in what if part)))
    for note in card.notes:
        typer.echo("  " + printable(note))


def _rows(kept: Kept) -> list[tuple[str, str]]:
    from datetime import UTC, datetime

    from rakkan.models.profiles import find

    card, profile = kept.card, find(kept.card.profile)
    first = kept.files[0]
    size = sum(one.size for one in kept.files)
    rows = [
        ("name", card.name),
        ("kind", card.kind),
        ("base", f"{card.base} ({card.family})" if card.family else card.base),
        ("layout", card.layout),
        ("predicts", card.prediction + (", zero terminal SNR" if card.zero_terminal_snr else "")),
        ("resolution", f"{card.resolution} pixels" if card.resolution else ""),
        ("rank", ", ".join(map(str, card.ranks))),
        ("numbers", f"{card.parameters:,} in {', '.join(card.dtypes)}; {size:,} bytes"),
        ("title", card.title),
        ("author", card.author),
        ("description", card.description),
        ("trigger", ", ".join(card.triggers)),
        ("licence", kept.licence.told),
        ("profile", card.profile if profile else ""),
    ]
    if profile:
        rows += [
            (
                "ask with",
                ", ".join([*profile.before, "…", *profile.after]) if profile.before or profile.after else "",
            ),
            ("ask without", ", ".join(profile.negative)),
            ("order of tags", ", ".join(profile.order)),
        ]
    if len(kept.files) == 1:
        names = ("autov1", "autov2", "autov3", "crc32", "sha256", "blake3")
        rows += [(name, str(getattr(first, name))) for name in names]
    else:
        rows.append(("digest", card.digest))
        rows += [(one.path.split("/")[0], f"{one.path}, sha256 {one.sha256}") for one in kept.files]
    rows += [("note", note) for note in card.notes]
    when = datetime.fromtimestamp(card.added, UTC).strftime("%Y-%m-%d %H:%M")
    return [*rows, ("from", card.source), ("added", f"{when} UTC")]
