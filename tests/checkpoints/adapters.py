"""LoRAs and textual inversions with random numbers, in the names of kohya's trainer, diffusers and peft."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from math import prod
from pathlib import Path
from typing import Any

from tests.checkpoints.weights import Stored, constant, numbers, write

from rakkan.formats.checkpoints.architecture import SDXL, Architecture
from rakkan.formats.checkpoints.layout import tiny_decoder
from rakkan.studio.engines.torch import layouts, networks

RANK = 4
_ATTENTION = re.compile(r"\.attn[12]\.to_(q|k|v|out\.0)$")
_FORWARD = re.compile(r"\.(ff\.net\.(0\.proj|2)|proj_in|proj_out)$")
_CONVOLUTION = re.compile(r"\.resnets\.\d+\.(conv1|conv2|conv_shortcut|time_emb_proj)$|samplers\.0\.conv$")
_TEXT = re.compile(r"\.(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])$")

#: How each kind names (module, whether of the denoiser, number of the text encoder, "down" or "up").
Naming = Callable[[str, int, str], str]


def make_lora(
    made: Architecture,
    path: Path,
    *,
    names: str = "kohya",
    seed: int = 7,
    alpha: float | None = 2.0,
    convolutions: bool = False,
    text: bool = True,
) -> Path:
    """Write a LoRA for that architecture. ``names`` is ``kohya``, ``kohya-ldm`` (after the first authors'
    modules, as for SDXL), ``peft`` or ``diffusers``; the last two keep no alpha."""
    stored: dict[str, Stored] = {}
    for part, module, weight in _targets(made, convolutions, text):
        key = _key(made, names, part, module)
        down_end, up_end = {
            "peft": (".lora_A.weight", ".lora_B.weight"),
            "diffusers": (".lora.down.weight", ".lora.up.weight"),
        }.get(names, (".lora_down.weight", ".lora_up.weight"))
        outer, inner = weight[0], weight[1:]
        up = (outer, RANK, *(1 for _ in inner[1:]))
        stored[key + down_end] = _random(seed, key + "down", (RANK, *inner))
        stored[key + up_end] = _random(seed, key + "up", up)
        if names.startswith("kohya") and alpha is not None:
            stored[f"{key}.alpha"] = constant(alpha)
    write(path, stored.items())
    return path


def make_inversion(
    path: Path, widths: tuple[int, ...], *, count: int = 2, token: str = "", seed: int = 3
) -> Path:
    """Write a textual inversion: ``emb_params``, or under ``token``, or of two encoders."""
    names = ("clip_l", "clip_g") if len(widths) == 2 else (token or "emb_params",)
    named = zip(names, widths, strict=True)
    write(path, ((name, _random(seed, name, (count, width), 0.2)) for name, width in named))
    return path


def make_tiny(path: Path, *, seed: int = 9) -> Path:
    """Write a tiny decoder in its authors' names."""
    write(path, ((one.single, _random(seed, one.single, one.shape)) for one in tiny_decoder(4)))
    return path


def _random(seed: int, name: str, shape: tuple[int, ...], size: float = 0.0) -> Stored:
    def make() -> Any:
        plain = numbers(seed, name, (prod(shape), 1)).reshape(shape)
        return plain * (size or 1 / prod(shape[1:]) ** 0.5)

    return Stored(shape, make)


def _targets(
    made: Architecture, convolutions: bool, text: bool
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    assert made.unet is not None
    for name, one in networks.unet_of(made, made.unet).state_dict().items():
        module = name.removesuffix(".weight")
        wanted = _ATTENTION.search(module) or _FORWARD.search(module)
        if name.endswith(".weight") and (wanted or (convolutions and _CONVOLUTION.search(module))):
            yield "unet", module, tuple(one.shape)
    for number, shape in enumerate(made.text if text else (), 1):
        for name, one in networks.text_encoder_of(shape).state_dict().items():
            module = name.removesuffix(".weight")
            if name.endswith(".weight") and _TEXT.search(module):
                yield f"te{number}", layouts.wrapped(module.removeprefix("text_model.")), tuple(one.shape)


def _key(made: Architecture, names: str, part: str, module: str) -> str:
    assert made.unet is not None
    if names in ("peft", "diffusers"):
        folder = {"unet": "unet", "te1": "text_encoder", "te2": "text_encoder_2"}[part]
        return f"{folder}.{module}"
    if part == "unet" and names == "kohya-ldm":
        module = layouts.unet_name(f"{module}.weight", made.unet).removesuffix(".weight")
    prefix = part if part == "unet" or made.family == SDXL else "te"
    return f"lora_{prefix}_" + module.replace(".", "_")
