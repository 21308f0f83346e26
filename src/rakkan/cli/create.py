"""``rakkan create``: a character from a description."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rakkan.studio.characters.cast import Cast
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
    from rakkan import config
    from rakkan.studio.references import asked_for

    settings = config.load()
    folder = settings.wildcards if wildcards is None else wildcards
    place = out if out is not None else settings.pictures
    told = settings.disclosure if disclosure is None else disclosure
    if told not in config.DISCLOSURES:
        raise RakkanError(f"A recipe cannot be disclosed {told!r}", f"Say {', '.join(config.DISCLOSURES)}")
    if prompt_file is not None:
        prompt = _prompt_in(prompt_file, prompt)
    cast = _cast(prompt, negative, character, style, model, told)
    prompt, negative = cast.prompt, cast.negative
    seed, steps = _or(seed, cast.seed), _or(steps, cast.steps)
    sampler, guidance = _or(sampler, cast.sampler or None), _or(guidance, cast.guidance)
    more: dict[str, Any] = {"sampler": sampler, "schedule": schedule, "clip_skip": clip_skip, "noise": noise}
    chosen = {name: value for name, value in more.items() if value is not None}
    usual: dict[str, Any] = {"steps": steps, "guidance": guidance, "seed": seed, "size": size}
    said = {name: value for name, value in usual.items() if value is not None}
    said |= {"prompt": prompt, "negative": negative, "count": count, "out": place, "telling": told == "full"}
    said["settings"] = cast.settings
    if model:
        said["prompt"] += "".join(f" <lora:{one}>" for one in (*cast.loras, *(lora or ())))
        asked = asked_for(
            reference, reference_strength, control or (), ip_adapter or (), image_encoder, reference_kind
        )
        _bring(model, vae, told, asked, image_encoder, cast, folder, **chosen, **said)
        return
    more = {"lora": lora, "vae": vae, "control": control, "ip_adapter": ip_adapter}
    more |= {"image_encoder": image_encoder}
    if given := sorted({*chosen, *(name for name, value in more.items() if value)}):
        option = given[0].replace("_", "-")
        raise RakkanError(f"--{option} is for models that you bring", "Name one with --model")
    _draw(told, folder, (reference, reference_kind, reference_strength), said, cast)


def _draw(
    told: str,
    wildcards: Path | None,
    reference: tuple[str, str | None, float | None],
    said: dict[str, Any],
    cast: Cast,
) -> None:
    """Draw with the starter model."""
    from rakkan import assemble
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bar
    from rakkan.studio.create import CreateRequest, create, create_each, plan
    from rakkan.studio.templates import requests_of

    def consider(*words: str) -> None:
        assemble.gate().consider(*words)

    steps, guidance = assemble.usual_sampling()
    request = CreateRequest(**{"steps": steps, "guidance": guidance, **said})
    plans = [plan(one, consider) for one in requests_of(request, wildcards, consider)]
    _warn(plans)
    guide = _guide(*reference)
    if guide is None and cast.references:
        guide = assemble.casting().guide(cast, say)
    engine, upscaler, release = assemble.engine(), assemble.upscaler(), assemble.release(told)
    with bar("drawing", request.count * request.steps) as progress:
        if len(plans) == 1:
            made = create(plans[0], engine, upscaler, release, progress, guide)
        else:
            made = create_each(plans, engine, upscaler, release, progress, guide)
    list_made(made)


def _cast(prompt: str, negative: str, character: str, style: str, model: str, told: str) -> Cast:
    """The prompt with the character and the style that are asked for."""
    from rakkan.studio.characters.cast import Cast

    if not character and not style:
        return Cast(prompt, negative)
    from rakkan import assemble
    from rakkan.cli.faults import say

    cast = assemble.casting().cast(prompt, negative, character, style, model, naming=told == "full")
    for note in cast.notes:
        say(note)
    return cast


def _or(said: Any, usual: Any) -> Any:
    return usual if said is None else said


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
    model: str,
    vae: str,
    told: str,
    pictures: tuple[Asked, ...],
    image_encoder: str,
    cast: Cast,
    folder: Path,
    **asked: Any,
) -> None:
    from rakkan import assemble
    from rakkan.bringing.showing import Wanted
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bar, bytes_bar
    from rakkan.studio.bring import BringPlan, BringRequest, Brought, create, create_each, plan
    from rakkan.studio.templates import requests_of

    request = BringRequest(**asked)

    def consider(*words: str) -> None:
        assemble.gate().consider(*words)

    plans = [plan(one, consider) for one in requests_of(request, folder, consider)]
    release = assemble.release(told)
    pictures, kept = assemble.casting().shown(cast, pictures) if cast.references else (pictures, {})

    def brought(planned: BringPlan) -> Brought:
        words = (planned.request.prompt, planned.request.negative)
        wanted = Wanted(pictures, image_encoder, planned.size, kept)
        with bytes_bar("reading") as shown:
            return assemble.bring(model, words, vae, shown, say, wanted)

    ready = brought(plans[0])
    with bar("drawing", request.count * request.steps) as progress:
        if len(plans) == 1:
            made = create(plans[0], ready, release, progress)
        else:
            made = create_each(
                plans, lambda one: ready if one is plans[0] else brought(one), release, progress
            )
    list_made(made)


def list_made(made: Sequence[Created]) -> None:
    """Print a line for each file: its path, its seed, the seconds it took."""
    from rakkan.records import Recipe

    for created in made:
        recipe = created.recipe
        what = f"seed {recipe.seed}" if isinstance(recipe, Recipe) else "all of them"
        typer.echo(f"{created.path}  {what}  {created.seconds:.1f} s")


def _warn(plans: Sequence[Plan]) -> None:
    """One line on standard error for each word that is not known and for each remark."""
    from rakkan.cli.faults import say

    unknown = dict.fromkeys(word for planned in plans for word in planned.unknown)
    lines = [
        f"'{word.text}' is not a known word" + (f"; the nearest is '{word.nearest}'" if word.nearest else "")
        for word in unknown
    ]
    lines.extend(dict.fromkeys(note for planned in plans for note in planned.notes))
    for line in lines[:_MOST_WARNINGS]:
        say(line)
    if len(lines) > _MOST_WARNINGS:
        say(f"and {len(lines) - _MOST_WARNINGS} more words or remarks like these")
