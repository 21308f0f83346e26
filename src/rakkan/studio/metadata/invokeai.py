"""Claims of InvokeAI: ``invokeai_metadata`` of versions 3 and later, ``sd-metadata`` and ``Dream`` before."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rakkan.studio.metadata.claimed import (
    MOST_CLIP_SKIP,
    MOST_GUIDANCE,
    MOST_STEPS,
    Claimed,
    Gathered,
    json_of,
    part,
)

_DREAM = re.compile(r'^\s*"((?:[^"\\]|\\.)*)"(.*)$', re.DOTALL)
_OPTION = re.compile(r"(?:^|\s)-([A-Za-z])\s*([\w.+-]{1,60})")
#: A negative prompt in the older versions' brackets, at the end.
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def claimed_invokeai(texts: Mapping[str, str]) -> Claimed | None:
    """What InvokeAI's texts say; None where there are none."""
    gathered = Gathered("InvokeAI")
    if "invokeai_metadata" in texts:
        _later(json_of(texts["invokeai_metadata"], gathered, "invokeai_metadata"), gathered)
    elif "sd-metadata" in texts:
        _earlier(json_of(texts["sd-metadata"], gathered, "sd-metadata"), gathered)
    elif "Dream" in texts:
        _dream(texts["Dream"], gathered)
    else:
        return None
    gathered.values.setdefault("noise", "cpu")
    return gathered.done()


def _later(told: Any, gathered: Gathered) -> None:
    if not isinstance(told, dict):
        gathered.remark("its metadata are no list of settings")
        return
    gathered.text("prompt", told.get("positive_prompt"))
    gathered.text("negative", told.get("negative_prompt"))
    gathered.integer("seed", told.get("seed"))
    gathered.integer("steps", told.get("steps"), 1, MOST_STEPS)
    gathered.real("guidance", told.get("cfg_scale"), 0, MOST_GUIDANCE)
    gathered.size(told.get("width"), told.get("height"))
    gathered.sampling(told.get("scheduler"))
    # Clip skip counts from 0 there.
    skip = told.get("clip_skip")
    if isinstance(skip, int) and skip > 0:
        gathered.integer("clip_skip", skip + 1, 1, MOST_CLIP_SKIP)
    model = told.get("model")
    gathered.name("model", part(model, "name") or part(model, "model_name"))
    digest = part(model, "hash") or told.get("model_hash")
    if isinstance(digest, str):  # "blake3:…"
        gathered.digest("model_hash", digest.rpartition(":")[2])
    vae = told.get("vae")
    gathered.name("vae", part(vae, "name") or part(vae, "model_name"))
    loras = told.get("loras")
    for one in loras if isinstance(loras, list) else ():
        which = part(one, "model") or part(one, "lora")
        gathered.lora(part(which, "name") or part(which, "model_name"), part(one, "weight"))
    gathered.real("strength", told.get("strength"), 0, 1)
    if told.get("rand_device") in ("cpu", "cuda"):
        gathered.values["noise"] = "cpu" if told["rand_device"] == "cpu" else "gpu"


def _earlier(told: Any, gathered: Gathered) -> None:
    image = part(told, "image")
    if not isinstance(image, dict):
        gathered.remark("its metadata are no list of settings")
        return
    prompt = image.get("prompt")
    if isinstance(prompt, list):
        parts = [part(one, "prompt") for one in prompt]
        prompt = ", ".join(one for one in parts if isinstance(one, str))
    _prompts(prompt, gathered)
    gathered.integer("seed", image.get("seed"))
    gathered.integer("steps", image.get("steps"), 1, MOST_STEPS)
    gathered.real("guidance", image.get("cfg_scale"), 0, MOST_GUIDANCE)
    gathered.size(image.get("width"), image.get("height"))
    gathered.sampling(image.get("sampler"))
    gathered.name("model", part(told, "model_weights"))
    gathered.digest("model_hash", part(told, "model_hash"))


def _dream(text: str, gathered: Gathered) -> None:
    found = _DREAM.match(text[:40_000])
    if not found:
        gathered.remark("its Dream text is of no form that is known here")
        return
    _prompts(re.sub(r"\\(.)", r"\1", found[1]), gathered)
    told = dict(reversed(_OPTION.findall(found[2])))
    gathered.integer("steps", told.get("s"), 1, MOST_STEPS)
    gathered.integer("seed", told.get("S"))
    gathered.size(told.get("W"), told.get("H"))
    gathered.real("guidance", told.get("C"), 0, MOST_GUIDANCE)
    gathered.sampling(told.get("A"))


def _prompts(prompt: Any, gathered: Gathered) -> None:
    """A prompt whose parts in square brackets are what it is to keep away from."""
    if not isinstance(prompt, str):
        gathered.text("prompt", prompt)
        return
    text = prompt[:40_000]
    gathered.text("prompt", _BRACKETS.sub("", text).strip())
    gathered.text("negative", ", ".join(_BRACKETS.findall(text)))
