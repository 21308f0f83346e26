"""``rakkan create``: a character from a description."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from rakkan.studio.create import Plan

#: A prompt of nonsense gets this many lines about its words, not one for each.
_MOST_WARNINGS = 8


def create(
    prompt: Annotated[str, typer.Argument(help="What to draw: tags or a sentence.", show_default=False)],
    negative: Annotated[str, typer.Option(help="What to keep away from (with a guidance above 1).")] = "",
    seed: Annotated[
        int | None, typer.Option(help="The same seed draws the same picture (default: random).")
    ] = None,
    count: Annotated[int, typer.Option(help="How many pictures, with seeds that follow each other.")] = 1,
    steps: Annotated[
        int | None, typer.Option(help="Sampling steps (default: what the model was made for).")
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option(help="How hard to follow the prompt; 1 is off (default: what the model was made for)."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="512x512, or 512x768 for full bodies (default: by the framing).")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="A folder, or for one picture a .png, .jpg or .webp file (default: the pictures folder)."
        ),
    ] = None,
    disclosure: Annotated[
        str | None,
        typer.Option(help="How much of its recipe the file tells: full, redacted or digest (default: full)."),
    ] = None,
) -> None:
    """Draw an anime-style character and write it as a sealed picture."""
    from rakkan import assemble, config
    from rakkan.cli.progress import bar
    from rakkan.records import Recipe
    from rakkan.studio.create import CreateRequest, plan
    from rakkan.studio.create import create as draw

    settings = config.load()
    place = out if out is not None else settings.pictures
    told = settings.disclosure if disclosure is None else disclosure
    if told not in config.DISCLOSURES:
        raise RakkanError(f"A recipe cannot be disclosed {told!r}", f"Say {', '.join(config.DISCLOSURES)}")
    usual_steps, usual_guidance = assemble.usual_sampling()
    steps = usual_steps if steps is None else steps
    guidance = usual_guidance if guidance is None else guidance
    request = CreateRequest(prompt, negative, seed, count, steps, guidance, size, place, told == "full")
    planned = plan(request, lambda *words: assemble.gate().consider(*words))
    _warn(planned)
    engine, upscaler = assemble.engine(), assemble.upscaler()
    with bar("drawing", count * steps) as progress:
        made = draw(planned, engine, upscaler, assemble.release(told), progress)
    for created in made:
        recipe = created.recipe
        what = f"seed {recipe.seed}" if isinstance(recipe, Recipe) else "all of them"
        typer.echo(f"{created.path}  {what}  {created.seconds:.1f} s")


def _warn(planned: Plan) -> None:
    """One line on standard error for each word that is not known and for each remark."""
    from rakkan.cli.faults import say

    lines = [
        f"'{word.text}' is not a known word" + (f"; the nearest is '{word.nearest}'" if word.nearest else "")
        for word in planned.unknown
    ]
    lines.extend(planned.notes)
    for line in lines[:_MOST_WARNINGS]:
        say(line)
    if len(lines) > _MOST_WARNINGS:
        say(f"and {len(lines) - _MOST_WARNINGS} more words or remarks like these")
