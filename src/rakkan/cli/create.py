"""``rakkan create``: a character from a description."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rakkan.cli.progress import listening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rakkan.studio.requests import Created

_MODEL_PANEL = "With a model that you bring"

Prompt = Annotated[str, typer.Argument(help="What to draw: tags or a sentence.", show_default=False)]
Negative = Annotated[str, typer.Option(help="What to keep away from (with a guidance above 1).")]
Seed = Annotated[int | None, typer.Option(help="The same seed draws the same picture (default: random).")]
Count = Annotated[int, typer.Option(help="How many pictures, with seeds that follow each other.")]
Steps = Annotated[int | None, typer.Option(help="Sampling steps (default: what the model was made for).")]
Guidance = Annotated[
    float | None,
    typer.Option(help="How hard to follow the prompt; 1 is off (default: what the model was made for)."),
]
Size = Annotated[
    str | None,
    typer.Option(
        help="512x512, or 512x768 for full bodies (default: by the framing); any with a model you bring."
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="A folder, or for one picture a .png, .jpg or .webp file (default: the pictures folder)."
    ),
]
Disclosure = Annotated[
    str | None,
    typer.Option(help="How much of its recipe the file tells: full, redacted or digest (default: full)."),
]
Model = Annotated[
    str,
    typer.Option(
        help="A checkpoint: its name or hash, or a .safetensors file or folder.", rich_help_panel=_MODEL_PANEL
    ),
]
SamplerName = Annotated[
    str | None,
    typer.Option(
        "--sampler", help="As in A1111: 'DPM++ 2M Karras', 'Euler a', …", rich_help_panel=_MODEL_PANEL
    ),
]
ScheduleName = Annotated[
    str | None,
    typer.Option("--schedule", help="karras, exponential, sgm_uniform, …", rich_help_panel=_MODEL_PANEL),
]
ClipSkip = Annotated[
    int | None,
    typer.Option(help="As A1111 counts it; 2 for many anime models.", rich_help_panel=_MODEL_PANEL),
]
Loras = Annotated[
    list[str] | None,
    typer.Option(
        "--lora", help="NAME or NAME:STRENGTH, as <lora:…> in the prompt.", rich_help_panel=_MODEL_PANEL
    ),
]
Vae = Annotated[
    str, typer.Option(help="A VAE to decode with: its name, or a file.", rich_help_panel=_MODEL_PANEL)
]
Noise = Annotated[
    str | None,
    typer.Option(help="Whose noise a seed means: cpu, gpu or rakkan.", rich_help_panel=_MODEL_PANEL),
]


Wildcards = Annotated[
    Path | None,
    typer.Option(help="The folder whose NAME.txt __NAME__ draws a line of (default: the setting)."),
]
Reference = Annotated[
    str,
    typer.Option(help="A drawing that the picture is to have something in common with."),
]
ReferenceKind = Annotated[
    str | None,
    typer.Option(
        help="What: identity (who it is), style (how it is drawn) or palette (its colours)"
        " (default: identity)."
    ),
]
ReferenceStrength = Annotated[
    float | None,
    typer.Option(help="How much of it, up to 2; with a model that you bring 0 to 1 (default: 1)."),
]
PromptFile = Annotated[
    Path | None,
    typer.Option(help="A text with the prompt, as rakkan describe --out writes it.", show_default=False),
]
Controls = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        help="MODEL=FILE or MODEL=FILE:STRENGTH: a ControlNet and its picture.",
        rich_help_panel=_MODEL_PANEL,
    ),
]
ImagePrompts = Annotated[
    list[str] | None,
    typer.Option(
        "--ip-adapter",
        help="MODEL=FILE or MODEL=FILE:STRENGTH: an IP-Adapter and a picture as a prompt.",
        rich_help_panel=_MODEL_PANEL,
    ),
]
CharacterName = Annotated[
    str, typer.Option("--character", help="A character of yours: NAME, or NAME@VERSION.")
]
StyleName = Annotated[str, typer.Option("--style", help="A style of yours, or one of rakkan style list.")]
ImageEncoder = Annotated[
    str,
    typer.Option(
        help="What the IP-Adapter looks through (default: the one that fits).", rich_help_panel=_MODEL_PANEL
    ),
]


def create(
    prompt: Prompt = "",
    negative: Negative = "",
    seed: Seed = None,
    count: Count = 1,
    steps: Steps = None,
    guidance: Guidance = None,
    size: Size = None,
    out: Out = None,
    disclosure: Disclosure = None,
    model: Model = "",
    sampler: SamplerName = None,
    schedule: ScheduleName = None,
    clip_skip: ClipSkip = None,
    lora: Loras = None,
    vae: Vae = "",
    noise: Noise = None,
    prompt_file: PromptFile = None,
    reference: Reference = "",
    reference_kind: ReferenceKind = None,
    reference_strength: ReferenceStrength = None,
    control: Controls = None,
    ip_adapter: ImagePrompts = None,
    image_encoder: ImageEncoder = "",
    wildcards: Wildcards = None,
    character: CharacterName = "",
    style: StyleName = "",
) -> None:
    """Draw an anime-style character and write it as a sealed picture."""
    from rakkan.api import creating

    options = creating.CreateOptions(
        prompt if prompt_file is None else _prompt_in(prompt_file, prompt),
        negative,
        seed,
        count,
        steps,
        guidance,
        size,
        out,
        disclosure,
        creating.ReferenceOptions(reference, reference_kind, reference_strength),
        character,
        style,
        wildcards,
        creating.ModelOptions(
            model,
            sampler,
            schedule,
            clip_skip,
            noise,
            tuple(lora or ()),
            vae,
            tuple(control or ()),
            tuple(ip_adapter or ()),
            image_encoder,
        ),
    )
    with listening("drawing") as listener:
        made = creating.create(options, listener)
    list_made(made)


def _prompt_in(file: Path, prompt: str) -> str:
    """The prompt of a text to which another may be added."""
    from rakkan.studio.prompts import prompt_of_file

    return ", ".join(part for part in (prompt_of_file(file), prompt.strip()) if part)


def list_made(made: Sequence[Created]) -> None:
    """Print a line for each file: its path, its seed, the seconds it took."""
    from rakkan.records import Recipe

    for created in made:
        recipe = created.recipe
        what = f"seed {recipe.seed}" if isinstance(recipe, Recipe) else "all of them"
        typer.echo(f"{created.path}  {what}  {created.seconds:.1f} s")
