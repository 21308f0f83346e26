"""``rakkan edit``: change one thing of a picture and keep the rest; ``rakkan vary``: more of the same."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rakkan.cli.create import (
    ClipSkip,
    Disclosure,
    Guidance,
    Loras,
    Model,
    Negative,
    Noise,
    SamplerName,
    ScheduleName,
    Seed,
    Vae,
    list_made,
)
from rakkan.cli.progress import listening

File = Annotated[Path, typer.Argument(help="The picture: PNG, JPEG or WebP.", show_default=False)]
Changes = Annotated[
    list[str] | None,
    typer.Argument(help='What to change: "hair: blue", "smile", "red eyes".', show_default=False),
]
WholePrompt = Annotated[str, typer.Option("--prompt", help="Draw over the picture by this description.")]
Strength = Annotated[
    float | None, typer.Option(help="How much is drawn anew, 0 to 1 (default: what the change needs).")
]
MaskOption = Annotated[
    str,
    typer.Option(
        help="Where to draw: a file (white, or cut out), x,y,width,height, or hair, eyes, mouth, face,"
        " outfit, background."
    ),
]
Invert = Annotated[bool, typer.Option("--invert", help="Draw everywhere but there.")]
Grow = Annotated[int | None, typer.Option(help="Pixels by which the mask reaches further.")]
Feather = Annotated[int | None, typer.Option(help="Pixels over which the change fades in, inside the mask.")]
Extend = Annotated[str, typer.Option(help="Draw on past the edges: left=128,top=10%.")]
Restore = Annotated[
    bool, typer.Option("--restore", help="Take out a sticker or bar: under --mask, or what is found.")
]
Count = Annotated[int, typer.Option(help="How many pictures, with seeds that follow each other.")]
VaryStrength = Annotated[float, typer.Option("--strength", help="How far from the picture, 0 to 1.")]
Steps = Annotated[int | None, typer.Option(help="Sampling steps (default: what the model was made for).")]
Out = Annotated[
    Path | None,
    typer.Option(help="A folder, or for one picture a file (default: the pictures folder)."),
]


def edit(
    file: File,
    changes: Changes = None,
    prompt: WholePrompt = "",
    negative: Negative = "",
    strength: Strength = None,
    mask: MaskOption = "",
    invert: Invert = False,
    grow: Grow = None,
    feather: Feather = None,
    extend: Extend = "",
    restore: Restore = False,
    seed: Seed = None,
    count: Count = 1,
    steps: Steps = None,
    guidance: Guidance = None,
    out: Out = None,
    disclosure: Disclosure = None,
    model: Model = "",
    sampler: SamplerName = None,
    schedule: ScheduleName = None,
    clip_skip: ClipSkip = None,
    lora: Loras = None,
    vae: Vae = "",
    noise: Noise = None,
) -> None:
    """Change one thing of a picture and keep the rest, or draw over it, past its edges, or under a mask."""
    from rakkan.api import editing
    from rakkan.api.creating import ModelOptions
    from rakkan.studio.editing.requests import EditRequest

    request = EditRequest(
        file=file,
        texts=tuple(changes or ()),
        prompt=prompt,
        negative=negative,
        mask=mask,
        grow=grow,
        feather=feather,
        invert=invert,
        extend=extend,
        restore=restore,
        strength=strength,
        steps=steps,
        guidance=guidance,
        seed=seed,
        count=count,
    )
    drawn_with = ModelOptions(model, sampler, schedule, clip_skip, noise, tuple(lora or ()), vae)
    with listening("drawing") as listener:
        made = editing.edit(editing.EditOptions(request, out, disclosure, drawn_with), listener)
    list_made(made)


def vary(
    file: File,
    strength: VaryStrength = 0.1,
    count: Count = 1,
    seed: Annotated[int | None, typer.Option(help="The seed of the first variation.")] = None,
    out: Out = None,
    disclosure: Disclosure = None,
    model: Model = "",
    vae: Vae = "",
) -> None:
    """Draw more pictures like one: its own noise turned a little, or, where that is not known, redrawn."""
    from rakkan.api import editing
    from rakkan.api.creating import ModelOptions

    options = editing.VaryOptions(file, strength, count, seed, out, disclosure, ModelOptions(model, vae=vae))
    with listening("drawing") as listener:
        made = editing.vary(options, listener)
    list_made(made)
