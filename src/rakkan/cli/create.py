"""``rakkan create``: a character from a description."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rakkan.studio.create import Plan
    from rakkan.studio.references import Asked
    from rakkan.studio.requests import Created
    from rakkan.studio.starter.guiding import Guide

#: A prompt of nonsense gets this many lines about its words, not one for each.
_MOST_WARNINGS = 8


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
) -> None:
    """Draw an anime-style character and write it as a sealed picture."""
    from rakkan import config
    from rakkan.studio.references import asked_for

    settings = config.load()
    place = out if out is not None else settings.pictures
    told = settings.disclosure if disclosure is None else disclosure
    if told not in config.DISCLOSURES:
        raise RakkanError(f"A recipe cannot be disclosed {told!r}", f"Say {', '.join(config.DISCLOSURES)}")
    if prompt_file is not None:
        prompt = _prompt_in(prompt_file, prompt)
    more: dict[str, Any] = {"sampler": sampler, "schedule": schedule, "clip_skip": clip_skip, "noise": noise}
    chosen = {name: value for name, value in more.items() if value is not None}
    usual = {"steps": steps, "guidance": guidance, "seed": seed, "size": size}
    said = {name: value for name, value in usual.items() if value is not None}
    said |= {"prompt": prompt, "negative": negative, "count": count, "out": place, "telling": told == "full"}
    if model:
        said["prompt"] += "".join(f" <lora:{one}>" for one in lora or ())
        asked = asked_for(
            reference, reference_strength, control or (), ip_adapter or (), image_encoder, reference_kind
        )
        _bring(model, vae, told, asked, image_encoder, **chosen, **said)
        return
    more = {"lora": lora, "vae": vae, "control": control, "ip_adapter": ip_adapter}
    more |= {"image_encoder": image_encoder}
    if given := sorted({*chosen, *(name for name, value in more.items() if value)}):
        option = given[0].replace("_", "-")
        raise RakkanError(f"--{option} is for models that you bring", "Name one with --model")
    _draw(told, reference, reference_kind, reference_strength, said)


def _draw(told: str, reference: str, kind: str | None, strength: float | None, said: dict[str, Any]) -> None:
    """Draw with the starter model."""
    from rakkan import assemble
    from rakkan.cli.progress import bar
    from rakkan.studio.create import CreateRequest, create, plan

    steps, guidance = assemble.usual_sampling()
    request = CreateRequest(**{"steps": steps, "guidance": guidance, **said})
    planned = plan(request, lambda *words: assemble.gate().consider(*words))
    _warn(planned)
    guide = _guide(reference, kind, strength)
    engine, upscaler = assemble.engine(), assemble.upscaler()
    with bar("drawing", request.count * request.steps) as progress:
        made = create(planned, engine, upscaler, assemble.release(told), progress, guide)
    _list(made)


def _guide(file: str, kind: str | None, strength: float | None) -> Guide | None:
    """The reference, let in, read and framed; None without one."""
    from rakkan import assemble
    from rakkan.cli.faults import say
    from rakkan.studio.starter import guiding

    if not file:
        for value, option in ((kind, "kind"), (strength, "strength")):
            if value is not None:
                raise RakkanError(
                    f"--reference-{option} goes with a reference", "Name a picture with --reference"
                )
        return None
    asked = (kind or "identity", 1.0 if strength is None else float(f"{strength:g}"))
    guiding.check_kind(*asked)
    looks = assemble.knows_references()
    path = Path(file)
    guide = guiding.guide(assemble.let_in(path), path.name, *asked, looks)
    if not looks:
        say(
            f"these weights have not learnt from pictures: of {path.name} only what it shows in words is used"
        )
    return guide


def _prompt_in(file: Path, prompt: str) -> str:
    """The prompt of a text to which another may be added."""
    from rakkan.studio.prompts import prompt_of_file

    return ", ".join(part for part in (prompt_of_file(file), prompt.strip()) if part)


def _bring(
    model: str, vae: str, told: str, pictures: tuple[Asked, ...], image_encoder: str, **asked: Any
) -> None:
    from rakkan import assemble
    from rakkan.bringing.showing import Wanted
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bar, bytes_bar
    from rakkan.studio.bring import BringRequest, create, plan

    request = BringRequest(**asked)
    planned = plan(request, lambda *words: assemble.gate().consider(*words))
    release = assemble.release(told)
    with bytes_bar("reading") as shown:
        brought = assemble.bring(
            model,
            (request.prompt, request.negative),
            vae,
            shown,
            say,
            Wanted(pictures, image_encoder, planned.size),
        )
    with bar("drawing", request.count * request.steps) as progress:
        made = create(planned, brought, release, progress)
    _list(made)


def _list(made: Sequence[Created]) -> None:
    from rakkan.records import Recipe

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
