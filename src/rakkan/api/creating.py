"""Drawing characters from descriptions, with the starter model or one that somebody brought: the one path
that the command line and Python take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan import assemble, config
from rakkan.api.behalf import SELF, Behalf
from rakkan.api.listening import SILENT, Listener
from rakkan.errors import RakkanError
from rakkan.studio.characters.cast import Cast
from rakkan.studio.references import asked_for

if TYPE_CHECKING:
    from rakkan.studio.create import Plan
    from rakkan.studio.references import Asked
    from rakkan.studio.requests import Created
    from rakkan.studio.starter.guiding import Guide

#: A prompt of nonsense gets this many remarks about its words, not one for each.
MOST_REMARKS = 8


@dataclass(frozen=True)
class ModelOptions:
    """What only models that people bring take. ``name`` is one's name or hash, or a file or folder; ``loras``
    are ``NAME`` or ``NAME:STRENGTH``, ``vae`` a name or a file, ``controls`` and ``image_prompts``
    ``MODEL=FILE[:STRENGTH]``; None and "" leave the model's own."""

    name: str = ""
    sampler: str | None = None
    schedule: str | None = None
    clip_skip: int | None = None
    noise: str | None = None
    loras: tuple[str, ...] = ()
    vae: str = ""
    controls: tuple[str, ...] = ()
    image_prompts: tuple[str, ...] = ()
    image_encoder: str = ""

    def chosen(self) -> dict[str, Any]:
        """How to sample, as far as it is said."""
        told = {name: getattr(self, name) for name in ("sampler", "schedule", "clip_skip", "noise")}
        return {name: value for name, value in told.items() if value is not None}

    def check_unused(self) -> None:
        """Raise RakkanError, naming the option, where there is one and no model."""
        options = {
            "lora": self.loras,
            "vae": self.vae,
            "control": self.controls,
            "ip-adapter": self.image_prompts,
            "image-encoder": self.image_encoder,
            **{name.replace("_", "-"): str(value) for name, value in self.chosen().items()},
        }
        if given := sorted(name for name, value in options.items() if value):
            raise RakkanError(f"--{given[0]} is for models that you bring", "Name one with --model")


@dataclass(frozen=True)
class ReferenceOptions:
    """A picture that guides: ``kind`` is identity, style or palette (None: identity), ``strength`` up to 2,
    or to 1 with a model that somebody brought (None: 1)."""

    file: str = ""
    kind: str | None = None
    strength: float | None = None


@dataclass(frozen=True)
class CreateOptions:
    """What a person asks for. None leaves what the model was made for, "" nothing.

    ``out`` is a folder, or for one picture a file; None the folder of the settings. ``disclosure`` is how
    much of its recipe a file tells: full, redacted or digest; None as the settings say. ``character`` and
    ``style`` are names, ``wildcards`` is a folder.
    """

    prompt: str
    negative: str = ""
    seed: int | None = None
    count: int = 1
    steps: int | None = None
    guidance: float | None = None
    size: str | None = None
    out: Path | None = None
    disclosure: str | None = None
    reference: ReferenceOptions = ReferenceOptions()
    character: str = ""
    style: str = ""
    wildcards: Path | None = None
    model: ModelOptions = field(default_factory=ModelOptions)


def place_and_disclosure(out: Path | None, disclosure: str | None) -> tuple[Path, str]:
    """Where to write and how much to tell, as asked for or as the settings say. Raises RakkanError."""
    settings = config.load()
    told = settings.disclosure if disclosure is None else disclosure
    if told not in config.DISCLOSURES:
        raise RakkanError(f"A recipe cannot be disclosed {told!r}", f"Say {', '.join(config.DISCLOSURES)}")
    return (settings.pictures if out is None else out), told


def consider(prompt: str, negative: str) -> None:
    """Ask the gate about words. Raises RakkanError for those that nothing may be drawn from."""
    assemble.gate().consider(prompt, negative)


def create(options: CreateOptions, listener: Listener = SILENT, behalf: Behalf = SELF) -> list[Created]:
    """Draw the pictures that are asked for, each released as soon as it is finished; several are followed by
    a contact sheet, the last of the list. Raises RakkanError; pictures released before it stay."""
    place, told = place_and_disclosure(options.out, options.disclosure)
    cast = _cast(options, told, listener, behalf)
    model, settings = options.model, config.load()
    model = replace(model, sampler=_either(model.sampler, cast.sampler or None))
    wildcards = settings.wildcards if options.wildcards is None else options.wildcards
    numbers: dict[str, Any] = {
        "steps": _either(options.steps, cast.steps),
        "guidance": _either(options.guidance, cast.guidance),
        "seed": _either(options.seed, cast.seed),
        "size": options.size,
    }
    said = {name: value for name, value in numbers.items() if value is not None}
    said |= {"prompt": cast.prompt, "negative": cast.negative, "count": options.count}
    said |= {"out": place, "telling": told == "full", "settings": cast.settings}
    if model.name:
        said["prompt"] += "".join(f" <lora:{one}>" for one in (*cast.loras, *model.loras))
        return _with_model(model, options.reference, cast, wildcards, told, said, listener, behalf)
    model.check_unused()
    return _with_starter(options.reference, cast, wildcards, told, said, listener, behalf)


def draft(options: CreateOptions, listener: Listener = SILENT, behalf: Behalf = SELF) -> Created:
    """The first picture that is asked for, as small as the starter model draws it, into the file ``out``.
    Raises RakkanError; a model that somebody brought makes no drafts."""
    from rakkan.records import Picture
    from rakkan.studio import create as creating
    from rakkan.studio.requests import Created
    from rakkan.studio.templates import requests_of

    started = time.perf_counter()
    if options.model.name:
        raise RakkanError(f"{options.model.name} makes no drafts", "Draw the picture itself")
    place, told = place_and_disclosure(options.out, options.disclosure)
    cast, settings = _cast(options, told, listener, behalf), config.load()
    steps, guidance = assemble.usual_sampling()
    request = creating.CreateRequest(
        cast.prompt,
        cast.negative,
        _either(options.seed, cast.seed),
        1,
        _either(_either(options.steps, cast.steps), steps),
        _either(_either(options.guidance, cast.guidance), guidance),
        options.size,
        place,
        told == "full",
        cast.settings,
    )
    planned = creating.plan(requests_of(request, settings.wildcards, consider)[0], consider)
    guide = guide_of(options.reference, listener, behalf)
    if guide is None and cast.references:
        guide = assemble.casting().guide(cast, listener.say, behalf.account)
    listener.drawing(0, planned.request.steps)
    pixels, recipe = creating.draft(planned, assemble.engine(), guide, listener.drawing)
    ingredients = (guide.picture.ingredient,) if guide else ()
    path = assemble.release(told, behalf.account)(Picture(pixels, recipe, "draft", ingredients), place)
    return Created(path, recipe, time.perf_counter() - started)


def _cast(options: CreateOptions, told: str, listener: Listener, behalf: Behalf) -> Cast:
    """The prompt with the character and the style that are asked for."""
    if not options.character and not options.style:
        return Cast(options.prompt, options.negative)
    cast = assemble.casting().cast(
        options.prompt,
        options.negative,
        options.character,
        options.style,
        options.model.name,
        naming=told == "full",
        account=behalf.account,
        loan=behalf.lend(options.character) if options.character else None,
    )
    for note in cast.notes:
        listener.say(note)
    return cast


def _either(said: Any, usual: Any) -> Any:
    return usual if said is None else said


def _with_starter(
    reference: ReferenceOptions,
    cast: Cast,
    wildcards: Path | None,
    told: str,
    said: dict[str, Any],
    listener: Listener,
    behalf: Behalf,
) -> list[Created]:
    from rakkan.studio.create import CreateRequest, create, create_each, plan
    from rakkan.studio.templates import requests_of

    steps, guidance = assemble.usual_sampling()
    request = CreateRequest(**{"steps": steps, "guidance": guidance, **said})
    plans = [plan(one, consider) for one in requests_of(request, wildcards, consider)]
    remark(plans, listener)
    guide = guide_of(reference, listener, behalf)
    if guide is None and cast.references:
        guide = assemble.casting().guide(cast, listener.say, behalf.account)
    engine, upscaler, release = assemble.engine(), assemble.upscaler(), assemble.release(told, behalf.account)
    if len(plans) == 1:
        return create(plans[0], engine, upscaler, release, listener.drawing, guide)
    return create_each(plans, engine, upscaler, release, listener.drawing, guide)


def guide_of(reference: ReferenceOptions, listener: Listener, behalf: Behalf = SELF) -> Guide | None:
    """The reference for the starter model, let in, read and framed; None without one. Raises RakkanError."""
    from rakkan.studio.starter import guiding

    if not reference.file:
        for value, option in ((reference.kind, "kind"), (reference.strength, "strength")):
            if value is not None:
                raise RakkanError(
                    f"--reference-{option} goes with a reference", "Name a picture with --reference"
                )
        return None
    strength = 1.0 if reference.strength is None else float(f"{reference.strength:g}")
    kind = reference.kind or "identity"
    guiding.check_kind(kind, strength)
    looks, path = assemble.knows_references(), Path(reference.file)
    guide = guiding.guide(behalf.let_in(path), path.name, kind, strength, looks)
    if not looks:
        listener.say(
            f"these weights have not learnt from pictures: of {path.name} only what it shows in words is used"
        )
    return guide


def _with_model(
    model: ModelOptions,
    reference: ReferenceOptions,
    cast: Cast,
    wildcards: Path | None,
    told: str,
    said: dict[str, Any],
    listener: Listener,
    behalf: Behalf,
) -> list[Created]:
    from rakkan.bringing.showing import Wanted
    from rakkan.studio.bring import BringPlan, BringRequest, Brought, create, create_each, plan
    from rakkan.studio.templates import requests_of

    pictures: tuple[Asked, ...] = asked_for(
        reference.file,
        reference.strength,
        model.controls,
        model.image_prompts,
        model.image_encoder,
        reference.kind,
    )
    request = BringRequest(**model.chosen(), **said)
    plans = [plan(one, consider) for one in requests_of(request, wildcards, consider)]
    release = assemble.release(told, behalf.account)
    casting = assemble.casting()
    pictures, kept = casting.shown(cast, pictures, behalf.account) if cast.references else (pictures, {})

    def brought(planned: BringPlan) -> Brought:
        words = (planned.request.prompt, planned.request.negative)
        wanted = Wanted(pictures, model.image_encoder, planned.size, kept)
        return assemble.bring(
            model.name,
            words,
            model.vae,
            listener.reading,
            listener.say,
            wanted,
            behalf.let_in,
            behalf.account,
        )

    ready = brought(plans[0])
    if len(plans) == 1:
        return create(plans[0], ready, release, listener.drawing)
    return create_each(
        plans, lambda one: ready if one is plans[0] else brought(one), release, listener.drawing
    )


def remark(plans: Sequence[Plan], listener: Listener) -> None:
    """A line for each word that is not known and for each remark."""
    unknown = dict.fromkeys(word for planned in plans for word in planned.unknown)
    lines = [
        f"'{word.text}' is not a known word" + (f"; the nearest is '{word.nearest}'" if word.nearest else "")
        for word in unknown
    ]
    lines.extend(dict.fromkeys(note for planned in plans for note in planned.notes))
    for line in lines[:MOST_REMARKS]:
        listener.say(line)
    if len(lines) > MOST_REMARKS:
        listener.say(f"and {len(lines) - MOST_REMARKS} more words or remarks like these")
