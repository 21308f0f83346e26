"""Claims of SwarmUI: JSON under A1111's keyword, with what was asked for in ``sui_image_params``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rakkan.studio.metadata.a1111 import KEYWORD
from rakkan.studio.metadata.claimed import MOST_GUIDANCE, MOST_STEPS, Claimed, Gathered, json_of, part

_PARAMETERS = "sui_image_params"


def claimed_swarmui(texts: Mapping[str, str]) -> Claimed | None:
    """What SwarmUI's text says; None where there is none."""
    text = texts.get(KEYWORD, "")
    if _PARAMETERS not in text or not text.lstrip().startswith("{"):
        return None
    gathered = Gathered("SwarmUI")
    told = json_of(text, gathered, "text")
    said = part(told, _PARAMETERS)
    if not isinstance(said, Mapping):
        return None
    gathered.text("prompt", said.get("prompt"))
    gathered.text("negative", said.get("negativeprompt"))
    gathered.integer("seed", said.get("seed"))
    gathered.integer("steps", said.get("steps"), 1, MOST_STEPS)
    gathered.real("guidance", said.get("cfgscale"), 0, MOST_GUIDANCE)
    gathered.sampling(said.get("sampler"), said.get("scheduler"))
    gathered.size(said.get("width"), said.get("height"))
    gathered.name("model", said.get("model"))
    gathered.name("vae", said.get("vae"))
    gathered.real("strength", said.get("initimagecreativity"), 0, 1)
    hashes = _hashes(told)
    gathered.digest("model_hash", hashes.get(("model", str(said.get("model", "")))))
    names, weights = _listed(said.get("loras")), _listed(said.get("loraweights"))
    for number, name in enumerate(names):
        weight = weights[number] if number < len(weights) else 1.0
        gathered.lora(name, weight, hashes.get(("loras", str(name)), ""))
    return gathered.done()


def _hashes(told: Any) -> dict[tuple[str, str], str]:
    """The hashes that ``sui_models`` tells, by the parameter and by the name with or without its ending."""
    found: dict[tuple[str, str], str] = {}
    listed = part(told, "sui_models")
    for one in listed[:100] if isinstance(listed, list) else ():
        name, use, digest = part(one, "name"), part(one, "param"), part(one, "hash")
        if isinstance(name, str) and isinstance(use, str) and isinstance(digest, str):
            for called in (name, name.removesuffix(".safetensors")):
                found[use, called] = digest.removeprefix("0x")
    return found


def _listed(value: Any) -> list[Any]:
    """A list, also where it is written as a text with commas."""
    if isinstance(value, str):
        return [one.strip() for one in value.split(",") if one.strip()]
    return value if isinstance(value, list) else []
