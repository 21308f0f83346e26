"""The A1111 ``parameters`` text, which every tool of the field reads, and how it is read here.

    text    = prompt ["\\nNegative prompt: " negative] "\\n" details
    details = pair *(", " pair)
    pair    = key ": " value | key            ; bare when key == value
    value   = raw, or a JSON string if it holds a comma, a colon or a line break

The format cannot hold every prompt: readers strip each line and take one that begins with
"Negative prompt:" for the negative. Such a line is joined to the one before it, which means the same to
a model; the exact prompt stands in the recipe, Rakkan's own text in the same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rakkan.records import Picture, Recipe, UpscaleRecipe
from rakkan.trust.gate import Destination, Finding

#: The PNG keyword of the text.
KEYWORD = "parameters"

_LABEL = "Negative prompt:"
_PAIR = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_SIZE = re.compile(r"^(\d+)x(\d+)$")
#: A last line with fewer pairs than this is prompt text, not details.
_FEWEST_PAIRS = 3


@dataclass(frozen=True)
class Parameters:
    """A ``parameters`` text taken apart; ``details`` keeps its keys in the order they were written."""

    prompt: str
    negative: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


def parameters(recipe: Recipe) -> str:
    """The ``parameters`` text of a recipe."""
    from rakkan.studio.diffusion.samplers import SAMPLERS
    from rakkan.studio.diffusion.schedules import SCHEDULES

    sampler, schedule = SAMPLERS.get(recipe.sampler), SCHEDULES.get(recipe.schedule)
    vae = next((digest for digest, use in recipe.adapters.items() if use == "vae"), "")
    details = {
        "Steps": str(recipe.steps),
        "Sampler": sampler.title if sampler else recipe.sampler.capitalize(),
        "Schedule type": schedule.title if schedule else recipe.schedule.capitalize(),
        "CFG scale": f"{recipe.guidance:g}",
        "Seed": str(recipe.seed),
        "Size": f"{recipe.width}x{recipe.height}",
        "Model hash": recipe.model_digest[:10],
        "Model": recipe.model,
        "VAE hash": vae[:10],
        "Variation seed": recipe.settings.get("variation seed", ""),
        "Variation seed strength": recipe.settings.get("variation strength", ""),
        "Denoising strength": _strength(recipe),
        "Clip skip": recipe.settings.get("clip skip", ""),
        "RNG": recipe.settings.get("noise", "cpu").upper(),
        **_controls(recipe),
        "Postprocess upscaler": recipe.upscaler,
        "Version": f"Rakkan {recipe.versions.get('rakkan', '')}".strip(),
    }
    return write(
        Parameters(recipe.prompt, recipe.negative, {key: text for key, text in details.items() if text})
    )


def _strength(recipe: Recipe) -> str:
    """The strength of a drawing that began from a picture, where it had one alone."""
    told = recipe.settings.get("strength", "")
    return told if re.fullmatch(r"[0-9.]+", told) and float(told) > 0 else ""


def postprocessing(recipe: UpscaleRecipe) -> str:
    """The ``parameters`` text of a picture that was enlarged, in the words of A1111's tab for that."""
    details = {
        "Size": f"{recipe.width}x{recipe.height}",
        "Postprocess upscale by": str(recipe.scale),
        "Postprocess upscaler": recipe.model,
        "Postprocess denoise": "off" if recipe.denoise < 0 else str(recipe.denoise),
        "Version": f"Rakkan {recipe.versions.get('rakkan', '')}".strip(),
    }
    return write(Parameters("", "", details))


def _controls(recipe: Recipe) -> dict[str, str]:
    """Pictures that guided, in the words of A1111's extension for ControlNet; recipes name each as
    ``reference STRENGTH``, ``controlnet NAME STRENGTH`` or ``ip-adapter NAME STRENGTH``."""
    modules = {"reference": "reference_only", "controlnet": "none", "ip-adapter": "ip-adapter"}
    uses = [one for joined in recipe.references.values() for one in joined.split("; ")]
    uses = [one for one in uses if not one.startswith("variation ")]
    found = {}
    for number, use in enumerate(uses):
        what, _, rest = use.partition(" ")
        model, _, strength = rest.rpartition(" ")
        told = f"Module: {modules.get(what, what)}, Model: {model or 'None'}, Weight: {strength}"
        found[f"ControlNet {number}"] = told
    return found


def parameters_text(picture: Picture, to: Destination) -> list[Finding]:
    """Marker: the ``parameters`` of a single picture go into the file, if its recipe is told in full."""
    if to.disclosure == "full" and isinstance(picture.recipe, UpscaleRecipe):
        return [Finding(True, "states its parameters", {KEYWORD: postprocessing(picture.recipe)})]
    if to.disclosure != "full" or not isinstance(picture.recipe, Recipe):
        return []
    return [Finding(True, "states its parameters", {KEYWORD: parameters(picture.recipe)})]


def write(parts: Parameters) -> str:
    """The text of a prompt, a negative prompt and details."""
    lines = [_defused(parts.prompt)]
    if parts.negative:
        lines.append(f"{_LABEL} {_defused(parts.negative)}")
    if parts.details:
        lines.append(
            ", ".join(
                key if key == value else f"{key}: {_quoted(value)}" for key, value in parts.details.items()
            )
        )
    return "\n".join(lines).strip()


def read(text: str) -> Parameters:
    """Take a ``parameters`` text apart, as every reader of the format does. Never fails.

    A size such as ``512x768`` also gives its ``-1`` and ``-2`` parts (width, height). What cannot be
    understood is kept as it stands, so one bad value does not lose the rest.
    """
    *lines, last = text.strip().split("\n")
    pairs = _PAIR.findall(last)
    if len(pairs) < _FEWEST_PAIRS:
        lines.append(last)
        pairs = []
    prompt: list[str] = []
    negative: list[str] = []
    current = prompt
    for raw in lines:
        line = raw.strip()
        if line.startswith(_LABEL):
            current = negative
            line = line.removeprefix(_LABEL).strip()
        current.append(line)
    details: dict[str, str] = {}
    for key, quoted in pairs:
        value = _unquoted(quoted)
        details[key] = value
        if size := _SIZE.match(value):
            details[f"{key}-1"], details[f"{key}-2"] = size.groups()
    return Parameters("\n".join(prompt).strip(), "\n".join(negative).strip(), details)


def _defused(text: str) -> str:
    """The text with each line stripped, and no line that a reader would take for the negative prompt."""
    lines: list[str] = []
    for raw in text.strip().split("\n"):
        line = raw.strip()
        if line.startswith(_LABEL):
            while lines and not lines[-1]:
                lines.pop()
            line = f"{lines.pop()} {line}" if lines else f", {line}"
        lines.append(line)
    return "\n".join(lines)


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if re.search(r"[,:\n]", value) else value


def _unquoted(value: str) -> str:
    if value.startswith('"') and value.endswith('"'):
        try:
            plain = json.loads(value)
        except ValueError:
            return value
        return plain if isinstance(plain, str) else value
    return value.strip()
