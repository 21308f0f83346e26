"""Claims in A1111's text, which Forge, SD.Next and Civitai write too, and SwarmUI's JSON in its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rakkan.studio.clip.grammar import MOST_WEIGHT
from rakkan.studio.metadata import a1111
from rakkan.studio.metadata.claimed import (
    MOST_CLIP_SKIP,
    MOST_GUIDANCE,
    MOST_STEPS,
    Claimed,
    Gathered,
    json_of,
    number_of,
    part,
)

#: Text past this is not looked at.
_LONGEST = 400_000
_LORA = re.compile(r"<(?:lora|lyco):([^:<>]{1,200})(?::([^:<>]{0,20}))?[^<>]{0,100}>")
_CIVITAI = re.compile(r",? ?Civitai (?:resources|metadata): ?[\[{]")
_HASHES = re.compile(r",? ?\bHashes: ?(\{[^{}]*\})")


def claimed_a1111(texts: Mapping[str, str]) -> Claimed | None:
    """What a ``parameters`` text says; None where there is none."""
    text = texts.get(a1111.KEYWORD)
    if text is None:
        return None
    if '"sui_image_params"' in text and text.lstrip().startswith("{") and text.rstrip().endswith("}"):
        return _swarm(text)
    gathered = Gathered("A1111")
    if len(text) > _LONGEST:
        gathered.remark(
            f"its parameters have {len(text)} characters; only the beginning and the end are read"
        )
        text = f"{text[: _LONGEST // 2]}\n{text[-_LONGEST // 2 :]}"
    text, hashes = _without_civitai(text, gathered)
    parts = a1111.read(text)
    details = dict(parts.details)
    gathered.tool = _tool(details.get("Version", ""))
    if not details:
        gathered.remark("it tells no settings")
    gathered.text("prompt", parts.prompt)
    gathered.text("negative", parts.negative)
    gathered.integer("seed", details.get("Seed"))
    gathered.integer("steps", details.get("Steps"), 1, MOST_STEPS)
    gathered.sampling(details.get("Sampler"), details.get("Schedule type"))
    gathered.real("guidance", details.get("CFG scale"), 0, MOST_GUIDANCE)
    if "Size" in details:
        gathered.size(details.get("Size-1", "?"), details.get("Size-2", "?"))
    gathered.digest("model_hash", hashes.get("model"))
    gathered.digest("model_hash", details.get("Model hash"))
    gathered.name("model", details.get("Model"))
    gathered.digest("vae_hash", details.get("VAE hash"))
    gathered.name("vae", details.get("VAE"))
    gathered.integer("clip_skip", details.get("Clip skip"), 1, MOST_CLIP_SKIP)
    gathered.real("strength", details.get("Denoising strength"), 0, 1)
    _noise(gathered, details)
    _loras(gathered, parts.prompt, details.get("Lora hashes", ""), hashes)
    for unread in ("Hires upscale", "Variation seed", "ENSD", "Init image hash", "Face restoration"):
        if details.get(unread):
            gathered.remark(f"{unread} {details[unread]!r} is not made again")
    return gathered.done()


def _without_civitai(text: str, gathered: Gathered) -> tuple[str, dict[str, Any]]:
    """The text without what Civitai appends unquoted, and its hashes by ``model`` and ``lora:NAME``."""
    *lines, last = text.rstrip().rsplit("\n", 1)
    if found := _CIVITAI.search(last):
        last = last[: found.start()]
    hashes: Any = {}
    if found := _HASHES.search(last):
        hashes = json_of(found[1], gathered, "list of hashes")
        last = last[: found.start()] + last[found.end() :]
    return "\n".join([*lines, last]), hashes if isinstance(hashes, dict) else {}


def _tool(version: str) -> str:
    for start, name in (("Rakkan", "Rakkan"), ("f", "Forge"), ("neo", "Forge"), ("ComfyUI", "ComfyUI")):
        if re.match(rf"{start}(\d|\s|$|-)", version):
            return name
    return "A1111"


def _noise(gathered: Gathered, details: Mapping[str, str]) -> None:
    """Whose noise the seed means: where it is not said, A1111 took the GPU's."""
    told = details.get("RNG", "GPU" if details else "").lower()
    if told in ("cpu", "gpu", "rakkan"):
        gathered.values["noise"] = told
    elif told:
        gathered.remark(f"the noise of {told[:20]!r} is not known here")


def _loras(gathered: Gathered, prompt: str, listed: str, hashes: Mapping[str, Any]) -> None:
    """The LoRAs that the prompt calls, with the hashes that are told of them."""
    pairs = (pair.rpartition(":") for pair in listed.split(","))
    known = {name.strip(): digest.strip() for name, _, digest in pairs}
    for found in _LORA.finditer(prompt):
        weight = number_of(found[2]) if found[2] else 1.0
        valid = weight is not None and abs(weight) <= MOST_WEIGHT
        digest = hashes.get(f"lora:{found[1]}", known.get(found[1], ""))
        gathered.lora(found[1], weight if valid else "?", digest)


def _swarm(text: str) -> Claimed:
    gathered = Gathered("SwarmUI")
    told: Any = part(json_of(text, gathered, "parameters"), "sui_image_params")
    if not isinstance(told, dict):
        gathered.remark("its parameters hold no settings")
        return gathered.done()
    gathered.text("prompt", told.get("prompt"))
    gathered.text("negative", told.get("negativeprompt"))
    gathered.integer("seed", told.get("seed"))
    gathered.integer("steps", told.get("steps"), 1, MOST_STEPS)
    gathered.real("guidance", told.get("cfgscale"), 0, MOST_GUIDANCE)
    gathered.size(told.get("width"), told.get("height"))
    gathered.sampling(told.get("sampler") or told.get("comfyuisampler"), told.get("scheduler"))
    gathered.name("model", told.get("model"))
    gathered.name("vae", told.get("vae"))
    stop = number_of(told.get("clipstopatlayer"))
    if stop is not None:
        gathered.integer("clip_skip", -stop, 1, MOST_CLIP_SKIP)
    names, weights = told.get("loras"), told.get("loraweights")
    known = weights if isinstance(weights, list) else []
    if isinstance(names, list):
        for number, name in enumerate(names):
            gathered.lora(name, known[number] if number < len(known) else 1.0)
    gathered.values["noise"] = "cpu"
    return gathered.done()
