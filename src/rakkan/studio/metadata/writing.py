"""A recipe as A1111's text: its keys in A1111's order, in a form that no reader of the field mistakes.

Some readers split the details at every comma and colon, quoted or not. So names stand there without either,
as A1111 itself leaves them out of its hashes of LoRAs, and a list never holds a pair that such a reader would
take for another key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from rakkan.records import Picture, Recipe, UpscaleRecipe
from rakkan.studio.metadata.a1111 import KEYWORD, Parameters, write
from rakkan.trust.gate import Destination, Finding

#: Digits of a hash as A1111 writes them: AutoV2.
_DIGITS = 10
#: What recipes call a setting, and what A1111 calls it, before and after ``Clip skip``.
_BEFORE = {
    "variation seed": "Variation seed",
    "variation strength": "Variation seed strength",
    "strength": "Denoising strength",
    "denoising strength": "Denoising strength",
}
_AFTER = {"init image": "Init image hash", "mask blur": "Mask blur"}
#: Keys that a list must not have a name of.
_KEYS = {
    "Steps",
    "Sampler",
    "Schedule type",
    "CFG scale",
    "Seed",
    "Size",
    "Model hash",
    "Model",
    "ENSD",
    "Version",
}
_MODULES = {"reference": "reference_only", "controlnet": "none", "ip-adapter": "ip-adapter"}


def parameters(recipe: Recipe) -> str:
    """The ``parameters`` text of a recipe."""
    return write(Parameters(recipe.prompt, recipe.negative, _details(recipe)))


def parameters_text(picture: Picture, to: Destination) -> list[Finding]:
    """Marker: the ``parameters`` of a single picture go into the file, if its recipe is told in full."""
    if to.disclosure == "full" and isinstance(picture.recipe, UpscaleRecipe):
        return [Finding(True, "states its parameters", {KEYWORD: postprocessing(picture.recipe)})]
    if to.disclosure != "full" or not isinstance(picture.recipe, Recipe):
        return []
    return [Finding(True, "states its parameters", {KEYWORD: parameters(picture.recipe)})]


def postprocessing(recipe: UpscaleRecipe) -> str:
    """The ``parameters`` text of a picture that was enlarged, in the words of A1111's tab for that."""
    details = {
        "Size": f"{recipe.width}x{recipe.height}",
        "Postprocess upscale by": str(recipe.scale),
        "Postprocess upscaler": _plain(recipe.model),
        "Postprocess denoise": "off" if recipe.denoise < 0 else str(recipe.denoise),
        "Version": f"Rakkan {recipe.versions.get('rakkan', '')}".strip(),
    }
    return write(Parameters("", "", details))


def _details(recipe: Recipe) -> dict[str, str]:
    from rakkan.studio.diffusion.samplers import SAMPLERS
    from rakkan.studio.diffusion.schedules import SCHEDULES

    sampler, schedule = SAMPLERS.get(recipe.sampler), SCHEDULES.get(recipe.schedule)
    vae = next((digest for digest, use in recipe.adapters.items() if use == "vae"), "")
    details = {
        "Steps": str(recipe.steps),
        "Sampler": sampler.title if sampler else _plain(recipe.sampler.capitalize()),
        "Schedule type": schedule.title if schedule else _plain(recipe.schedule.capitalize()),
        "CFG scale": f"{recipe.guidance:.10g}",
        "Seed": str(recipe.seed),
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": recipe.model_digest[:_DIGITS],
        "Model": _plain(recipe.model),
        "VAE hash": vae[:_DIGITS],
        **_settings(recipe, _BEFORE),
        "Clip skip": recipe.settings.get("clip skip", ""),
        **_settings(recipe, _AFTER),
        "RNG": recipe.settings.get("noise", "cpu").upper(),
        **_controls(recipe),
        "Lora hashes": _hashes(recipe, "lora"),
        "TI hashes": _hashes(recipe, "embedding"),
        "Postprocess upscaler": _plain(recipe.upscaler),
        "Version": f"Rakkan {recipe.versions.get('rakkan', '')}".strip(),
    }
    return {key: text for key, text in details.items() if text}


def _settings(recipe: Recipe, names: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for own, theirs in names.items():
        told = _plain(recipe.settings.get(own, ""))
        # An edit of several rounds has a strength for each, which A1111's text has no place for.
        if told and (theirs != "Denoising strength" or re.fullmatch(r"[0-9.]+", told)):
            found.setdefault(theirs, told)
    return found


def _hashes(recipe: Recipe, kind: str) -> str:
    """``name: hash, …`` of the files that were used as ``kind``; a name that is a key itself is left out,
    for it would hide that key from some readers."""
    found = []
    for digest, use in recipe.adapters.items():
        what, _, rest = use.partition(" ")
        name = _plain(rest.rpartition(" ")[0] if kind == "lora" else rest)
        if what == kind and name and name not in _KEYS:
            found.append(f"{name}: {digest[:_DIGITS]}")
    return ", ".join(found)


def _controls(recipe: Recipe) -> dict[str, str]:
    """Pictures that guided, in the words of A1111's extension for ControlNet; recipes name each as
    ``reference STRENGTH``, ``controlnet NAME STRENGTH`` or ``ip-adapter NAME STRENGTH``. The model comes
    first: a reader that splits at commas loses the first pair, and would else take it for the checkpoint."""
    uses = [one for joined in recipe.references.values() for one in joined.split("; ")]
    uses = [one for one in uses if not one.startswith("variation ")]
    found = {}
    for number, use in enumerate(uses):
        what, _, rest = use.partition(" ")
        model, _, strength = rest.rpartition(" ")
        module = _plain(_MODULES.get(what, what))
        told = f"Model: {_plain(model) or 'None'}, Module: {module}, Weight: {strength}"
        found[f"ControlNet {number}"] = told
    return found


def _plain(name: str) -> str:
    """A name without commas, colons, quotes and line breaks."""
    return " ".join("".join(" " if sign in ',:"\n\r' else sign for sign in name).split())
