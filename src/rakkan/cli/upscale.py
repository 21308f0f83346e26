"""``rakkan upscale``: pictures enlarged and denoised as waifu2x does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rakkan.studio.upscaling.upscale import Outcome


def upscale(
    files: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders of them, or patterns such as 'art/*.png'.", show_default=False
        ),
    ],
    scale: Annotated[int, typer.Option(help="How many times as wide and high: 1, 2 or 4.")] = 2,
    denoise: Annotated[
        int, typer.Option(help="How much noise to remove: 0 (little) to 3 (much), or -1 for none.")
    ] = 0,
    out: Annotated[
        Path, typer.Option(help="A folder, in which names are kept, or for one picture a file.")
    ] = Path("enlarged"),
    recursive: Annotated[bool, typer.Option("--recursive", help="Folders with those below them.")] = False,
    file_format: Annotated[
        str | None,
        typer.Option("--format", help="png, webp or jpg (default: by --out, else png).", show_default=False),
    ] = None,
    disclosure: Annotated[
        str | None,
        typer.Option(help="How much of its recipe the file tells: full, redacted or digest (default: full)."),
    ] = None,
) -> int:
    """Enlarge drawings and remove their noise, transparency and 16 bits included.

    Stopped half-way, the same command goes on. Exit status 2 when a picture could not be enlarged.
    """
    from rakkan.api import equipment
    from rakkan.api.creating import place_and_disclosure
    from rakkan.cli.faults import FAULT, say
    from rakkan.cli.progress import share_bar
    from rakkan.studio.requests import check_place
    from rakkan.studio.upscaling.upscale import FORMATS, UpscaleRequest, check, upscale_all
    from rakkan.studio.upscaling.works import works

    _, told = place_and_disclosure(out, disclosure)
    ending = out.suffix.lower().replace(".jpeg", ".jpg")
    by_name = next((name for name, suffix in FORMATS.items() if suffix == ending), "png")
    request = UpscaleRequest(scale, denoise, by_name if file_format is None else file_format)
    check(request)
    found = works(files, out, FORMATS[request.format], recursive)
    check_place(out, len(found))
    doors = equipment.doors(told)
    failed = 0
    with share_bar("enlarging") as progress:
        for outcome in upscale_all(found, out, request, doors, progress):
            progress.hide()
            if outcome.path is None:
                failed += 1
                say(outcome.note if outcome.work.name in outcome.note else f"{outcome.work}: {outcome.note}")
            else:
                typer.echo(_line(outcome))
    return FAULT if failed else 0


def _line(outcome: Outcome) -> str:
    from rakkan.cli.faults import printable

    parts = [printable(str(outcome.path))]
    if outcome.recipe is not None:
        parts += [f"{outcome.recipe.width}x{outcome.recipe.height}", f"{outcome.seconds:.1f} s"]
    return "  ".join(parts + ([outcome.note] if outcome.note else []))
