"""``rakkan edit``: change one thing of a picture and keep the rest; ``rakkan vary``: more of the same."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from rakkan.errors import RakkanError

if TYPE_CHECKING:
    from rakkan.studio.editing.editing import Edit
    from rakkan.studio.editing.opening import Opened
    from rakkan.studio.editing.requests import EditPlan, EditRequest
    from rakkan.studio.editing.starter import StarterArtist
    from rakkan.studio.editing.varying import Source

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
    from rakkan import assemble, config
    from rakkan.studio.editing.requests import EditRequest, plan

    place, told = where(out, disclosure)
    more: dict[str, Any] = {"sampler": sampler, "schedule": schedule, "clip_skip": clip_skip, "noise": noise}
    chosen = {name: value for name, value in more.items() if value is not None}
    if not model:
        only_with_model({**chosen, "lora": lora, "vae": vae})
    request = EditRequest(
        file=file,
        texts=tuple(changes or ()),
        prompt=prompt + "".join(f" <lora:{one}>" for one in lora or ()) if prompt else "",
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
        out=place,
        telling=told == "full",
    )
    planned = plan(request, lambda *words: assemble.gate().consider(*words), any_words=bool(model))
    config.load()
    if model:
        loras = "" if prompt else "".join(f" <lora:{one}>" for one in lora or ())
        _with_model(planned, model, vae, told, loras, chosen)
    else:
        _with_starter(planned, told)


def where(out: Path | None, disclosure: str | None) -> tuple[Path, str]:
    """The place to write to, and how much of recipes is told."""
    from rakkan import config

    settings = config.load()
    told = settings.disclosure if disclosure is None else disclosure
    if told not in config.DISCLOSURES:
        raise RakkanError(f"A recipe cannot be disclosed {told!r}", f"Say {', '.join(config.DISCLOSURES)}")
    return (out if out is not None else settings.pictures), told


def only_with_model(given: dict[str, Any]) -> None:
    """Raise RakkanError for an option that the starter model does not have."""
    if named := sorted(name for name, value in given.items() if value):
        raise RakkanError(
            f"--{named[0].replace('_', '-')} is for models that you bring", "Name one with --model"
        )


def _with_starter(planned: EditPlan, told: str) -> None:
    from rakkan import assemble
    from rakkan.cli.progress import bar
    from rakkan.studio.editing.editing import count_rounds, perform

    release = assemble.release(told)
    edit = _opened(planned)
    artist = _starter(planned.request)
    total = planned.request.count * artist.steps * max(1, count_rounds(edit, artist.polishes))
    with bar("drawing", total) as progress:
        made = perform(edit, artist, release, assemble.gate().consider, progress)
    list_made(made)


def _starter(request: EditRequest) -> StarterArtist:
    """The starter model, shown the picture itself where its weights know references."""
    from rakkan import assemble
    from rakkan.studio.editing.starter import artist_for

    usual, knows = assemble.usual_sampling(), assemble.knows_references()
    return artist_for(request, assemble.engine(), assemble.upscaler(), usual, knows)


def _with_model(
    planned: EditPlan, model: str, vae: str, told: str, loras: str, chosen: dict[str, Any]
) -> None:
    from rakkan import assemble
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bar, bytes_bar
    from rakkan.studio import bring
    from rakkan.studio.editing.checkpoints import CheckpointArtist, prompt_for
    from rakkan.studio.editing.editing import count_rounds, perform

    release = assemble.release(told)
    edit, request = _opened(planned), planned.request
    prompt = prompt_for(edit.opened, lambda: edit.figure, planned) + loras
    usual = {"steps": request.steps, "guidance": request.guidance}
    numbers = {name: value for name, value in usual.items() if value is not None} | chosen
    drawing = bring.plan(
        bring.BringRequest(prompt, request.negative, planned.seed, request.count, out=request.out, **numbers),
        lambda *words: assemble.gate().consider(*words),
    )
    with bytes_bar("reading") as shown:
        brought = assemble.bring(model, (prompt, request.negative), vae, shown, say)
    artist = CheckpointArtist(drawing, brought)
    total = request.count * artist.steps * max(1, count_rounds(edit, artist.polishes))
    with bar("drawing", total) as progress:
        made = perform(edit, artist, release, assemble.gate().consider, progress)
    list_made(made)


def _opened(planned: EditPlan) -> Edit:
    from rakkan import assemble
    from rakkan.features.figures.reading import read
    from rakkan.studio.editing.editing import prepare
    from rakkan.studio.editing.opening import opened

    return prepare(planned, opened(planned.request.file, assemble.let_in), read, assemble.let_in)


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
    from rakkan import assemble
    from rakkan.cli.progress import bar
    from rakkan.features.figures.reading import read
    from rakkan.studio.editing import varying
    from rakkan.studio.editing.opening import opened
    from rakkan.studio.editing.requests import EditRequest

    place, told = where(out, disclosure)
    if not model:
        only_with_model({"vae": vae})
    request = varying.VaryRequest(file, strength, seed, count, place, told == "full")
    planned = varying.plan(request)
    release = assemble.release(told)
    picture = opened(file, assemble.let_in)
    consider = assemble.gate().consider
    artist = _starter(EditRequest(file))
    source = _source_of(model, vae, picture) if model else varying.starter_source(picture, artist)
    with bar("drawing", count * (source.recipe.steps if source else artist.steps)) as progress:
        if source is not None:
            made = varying.turned(planned, picture, source, release, consider, progress)
        else:
            made = varying.redrawn_a_little(planned, picture, artist, read, release, consider, progress)
    list_made(made)


def _source_of(model: str, vae: str, picture: Opened) -> Source:
    from rakkan import assemble
    from rakkan.cli.faults import say
    from rakkan.cli.progress import bytes_bar
    from rakkan.studio.editing.varying import checkpoint_source

    recipe = picture.recipe
    prompts = (recipe.prompt, recipe.negative) if recipe is not None else ("", "")
    with bytes_bar("reading") as shown:
        brought = assemble.bring(model, prompts, vae, shown, say)
    source = checkpoint_source(picture, brought)
    if source is None:
        raise RakkanError(
            f"{picture.name} does not say that {model} made it, as it is",
            'Draw over it: rakkan edit FILE --model MODEL --prompt "…" --strength 0.3',
        )
    return source
