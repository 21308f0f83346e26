"""``rakkan report``: the transparency report of a quarter, counted from the ledger."""

from __future__ import annotations

from typing import Annotated

import typer


def report(
    quarter: Annotated[
        str | None, typer.Option(help="Such as 2026Q4 (default: the one we are in).", show_default=False)
    ] = None,
    machine: Annotated[bool, typer.Option("--json", help="Print JSON instead of a page.")] = False,
) -> None:
    """Print the transparency report: what was refused, reported, decided and made, and nobody's name."""
    import time

    from rakkan import assemble
    from rakkan.trust import transparency, transparency_page

    now = time.time()
    asked = transparency.quarter_of(now) if quarter is None else transparency.parse_quarter(quarter, now)
    counted = transparency.report(assemble.ledger(), asked, now)
    show = transparency_page.as_json if machine else transparency_page.as_markdown
    typer.echo(show(counted), nl=False)
