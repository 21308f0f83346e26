"""What a file tells, in words for a terminal, as A1111's text and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.recipes.telling import CLAIMED, NOTHING, OPENED, PARTLY, PROVEN, Told
from rakkan.records import FiguresRecipe, Recipe, SheetRecipe, ThumbnailRecipe, UpscaleRecipe, canonical_json

if TYPE_CHECKING:
    from rakkan.studio.metadata import Claimed

_WORTH = {
    PROVEN: "proven by its seal",
    OPENED: "proven by its seal, opened from this instance's vault",
    PARTLY: "sealed; its recipe is kept back",
    CLAIMED: "claimed by its text alone",
    NOTHING: "nothing says how it was made",
}


def worth(told: Told) -> str:
    """How far it can be relied on, in a few words."""
    return _WORTH[told.worth]


def rows(told: Told) -> list[tuple[str, str]]:
    """Pairs of a word and a text; prompts keep their lines."""
    found = [("problem", problem) for problem in told.verification.problems]
    found += [("tool", told.tool)] if told.tool else []
    recipe = told.recipe
    if isinstance(recipe, Recipe):
        return found + _of_recipe(recipe)
    if isinstance(recipe, SheetRecipe):
        found.append(("what", f"a sheet of {len(recipe.recipes)} pictures, {recipe.columns} to a row"))
        shown = [f"seed {one.seed}: {_short(one.prompt)}" for one in recipe.recipes[:64]]
        return [*found, ("pictures", "\n".join(shown))]
    if isinstance(recipe, FiguresRecipe):
        return [*found, ("what", f"{recipe.count} figures of the renderer from seed {recipe.seed}")]
    if isinstance(recipe, ThumbnailRecipe):
        return [*found, ("what", f"the thumbnail of the picture {recipe.source[:12]}")]
    if isinstance(recipe, UpscaleRecipe):
        return [*found, ("what", f"the picture {recipe.source[:12]} enlarged by {recipe.model}")]
    if recipe is not None:
        return [*found, ("what", f"how far the training of {recipe.model} had come")]
    if told.claimed is not None:
        return found + _of_claim(told.claimed)
    return found + [(name, str(value)) for name, value in sorted(told.fields.items()) if name != "kind"]


def as_json(told: Told) -> dict[str, Any]:
    """All of it as plain values: ``recipe`` is the canonical record, ``claimed`` another tool's words."""
    found: dict[str, Any] = {"worth": told.worth, "tool": told.tool}
    if told.recipe is not None:
        found["recipe"] = json.loads(canonical_json(told.recipe))
    elif told.fields:
        found["recipe"] = dict(told.fields)
    if told.claimed is not None:
        found["claimed"] = asdict(told.claimed)
    if told.verification.problems:
        found["problems"] = list(told.verification.problems)
    return found


def as_a1111(told: Told) -> str:
    """A1111's text. Raises RakkanError for what is no recipe of one picture, or tells no prompt."""
    from rakkan.studio.metadata import Parameters, parameters, write

    if isinstance(told.recipe, Recipe):
        return parameters(told.recipe)
    if told.claimed is None or not told.claimed.prompt:
        raise RakkanError("This file tells no prompt of one picture", "See rakkan recipe without --a1111")
    said = told.claimed
    details = {key: text for key, text in _details(said).items() if text}
    return write(Parameters(said.prompt, said.negative, details))


def _details(said: Claimed) -> dict[str, str]:
    from rakkan.studio.diffusion.samplers import SAMPLERS
    from rakkan.studio.diffusion.schedules import SCHEDULES

    size = f"{said.width}x{said.height}" if said.width and said.height else ""
    hashes = [f"{one.name}: {one.digest}" for one in said.loras if one.digest]
    return {
        "Steps": _text(said.steps),
        "Sampler": SAMPLERS[said.sampler].title if said.sampler else "",
        "Schedule type": SCHEDULES[said.schedule].title if said.schedule else "",
        "CFG scale": _text(said.guidance),
        "Seed": _text(said.seed),
        "Size": size,
        "Model hash": said.model_hash,
        "Model": said.model,
        "VAE hash": said.vae_hash,
        "VAE": said.vae,
        "Denoising strength": _text(said.strength),
        "Clip skip": _text(said.clip_skip),
        "RNG": said.noise.upper(),
        "Lora hashes": ", ".join(hashes),
    }


def _of_recipe(recipe: Recipe) -> list[tuple[str, str]]:
    model = f"{recipe.model}, {recipe.model_digest[:16]}…"
    sampling = f"{recipe.steps} steps, {recipe.sampler}, {recipe.schedule}, guidance {recipe.guidance:g}"
    found = [
        ("prompt", recipe.prompt),
        ("negative", recipe.negative),
        ("model", model),
        ("seed", str(recipe.seed)),
        ("sampling", sampling),
        ("size", f"{recipe.width}x{recipe.height}"),
        ("with", "\n".join(f"{use}, {digest[:10]}…" for digest, use in recipe.adapters.items())),
        ("guided by", "\n".join(f"{use}, {digest[:10]}…" for digest, use in recipe.references.items())),
        ("enlarged", recipe.upscaler),
        ("settings", ", ".join(f"{name} {text}" for name, text in recipe.settings.items())),
        ("drawn by", f"{recipe.engine} in {recipe.precision}"),
        ("versions", ", ".join(f"{name} {text}" for name, text in recipe.versions.items())),
    ]  # fmt: skip
    return [(name, text) for name, text in found if text]


def _of_claim(said: Claimed) -> list[tuple[str, str]]:
    steps = f"{said.steps} steps" if said.steps else ""
    guidance = f"guidance {said.guidance:g}" if said.guidance is not None else ""
    sampling = ", ".join(filter(None, (steps, said.sampler, said.schedule, guidance)))
    loras = [
        f"lora {one.name} {one.weight:g}" + (f", {one.digest}" if one.digest else "") for one in said.loras
    ]
    vae = ", ".join(filter(None, (said.vae, said.vae_hash)))
    found = [
        ("prompt", said.prompt),
        ("negative", said.negative),
        ("model", ", ".join(filter(None, (said.model, said.model_hash)))),
        ("seed", _text(said.seed)),
        ("sampling", sampling),
        ("size", f"{said.width}x{said.height}" if said.width and said.height else ""),
        ("with", "\n".join([*loras, *([f"vae {vae}"] if vae else [])])),
        ("clip skip", _text(said.clip_skip)),
        ("noise", said.noise),
        ("strength", _text(said.strength)),
        ("not read", "\n".join(said.remarks)),
    ]  # fmt: skip
    return [(name, text) for name, text in found if text]


def _text(value: float | int | None) -> str:
    return "" if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"
