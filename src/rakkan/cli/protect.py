"""``rakkan protect``: an artist reserves their own works."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def protect(
    folder: Annotated[Path, typer.Argument(help="The folder with your pictures.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Where the sealed copies go (default: protected, in that folder).")
    ] = None,
    maker: Annotated[str, typer.Option(help="Your name, to stand in every seal.")] = "",
    allow: Annotated[
        list[str] | None,
        typer.Option(
            help="A use to allow: data_mining, ai_inference, ai_generative_training or ai_training."
        ),
    ] = None,
    path: Annotated[str, typer.Option(help="Where the pictures lie on your site, from its root.")] = "/",
    policy: Annotated[str, typer.Option(help="The address of a page on how to ask you.")] = "",
    contact: Annotated[str, typer.Option(help="A line by which people can reach you.")] = "",
) -> int:
    """Seal copies of your pictures with what you reserve, and write the files to publish with them.

    Stopped half-way, the same command goes on. Exit status 2 when a file could not be sealed.
    """
    from rakkan import assemble
    from rakkan.cli.faults import FAULT, printable, say
    from rakkan.cli.progress import bar
    from rakkan.trust import protection
    from rakkan.trust.preferences import Preferences

    uses = [use if "." in use else f"cawg.{use}" for use in allow or []]
    wishes = Preferences(dict.fromkeys(uses, "allowed"), path=path, policy_url=policy, contact=contact)
    place = out if out is not None else folder / "protected"
    found = protection.works(folder, place)
    gate, roots = assemble.gate(), assemble.trusted_roots()
    sealed = failed = 0
    with bar("sealing", len(found)) as progress:
        for number, one in enumerate(protection.protect(found, folder, place, wishes, maker, gate, roots), 1):
            progress(number, len(found))
            progress.hide()
            if one.copy is None:
                failed += 1
                say(one.note)
            else:
                sealed += 1
                typer.echo(f"{printable(str(one.copy))}  {one.note}")
    for written in protection.publish(place, wishes):
        typer.echo(printable(str(written)))
    typer.echo(
        f"{sealed} pictures sealed; "
        f"{printable(str(place / protection.PUBLISH / 'README.txt'))} says what to do with the rest"
    )
    return FAULT if failed else 0
