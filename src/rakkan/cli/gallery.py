"""``rakkan gallery``: an endless page of characters that nobody asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rakkan.cli.create import Disclosure, Guidance, Steps
from rakkan.errors import RakkanError


def gallery(
    creativity: Annotated[
        str,
        typer.Option(help="0 draws what is common, 1 anything; 0.1-0.9 from one to the other."),
    ] = "0.4",
    out: Annotated[
        Path, typer.Option(help="The folder of the page; one that is there is gone on with.")
    ] = Path("gallery"),
    count: Annotated[
        int | None, typer.Option(help="Stop when the gallery has so many (default: at Ctrl-C).")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="The seed of the first; the others follow (default: random).")
    ] = None,
    steps: Steps = None,
    guidance: Guidance = None,
    disclosure: Disclosure = None,
) -> None:
    """Keep drawing characters without a prompt, and show them on a page, OUT/index.html."""
    from rakkan import assemble
    from rakkan.api.creating import place_and_disclosure
    from rakkan.cli.faults import say
    from rakkan.studio.gallery.drawing import GalleryRequest
    from rakkan.studio.gallery.drawing import gallery as draw

    _, told = place_and_disclosure(out, disclosure)
    usual_steps, usual_guidance = assemble.usual_sampling()
    request = GalleryRequest(
        out,
        _creativity(creativity),
        count,
        seed,
        usual_steps if steps is None else steps,
        usual_guidance if guidance is None else guidance,
        told == "full",
    )
    release, consider = assemble.release(told), assemble.gate().consider
    number = 0
    for one in draw(request, assemble.engine, assemble.upscaler(), consider, release, say):
        number += 1
        seed_of = f"seed {one.shown.seed}" if one.shown.seed is not None else "drawn"
        typer.echo(f"{one.path}  {seed_of}  creativity {one.shown.creativity:g}  {one.seconds:.1f} s")
    typer.echo(f"{out / 'index.html'}  {number} more")


def _creativity(text: str) -> tuple[float, float]:
    low, dash, high = text.partition("-")
    try:
        return float(low), float(high if dash else low)
    except ValueError as error:
        raise RakkanError(
            f"The creativity {text[:40]!r} is no number", "Give 0 to 1, or a range: 0.2-0.8"
        ) from error
