"""Architectures at their real widths and at small ones that keep the layout: eight heads in each attention
of the first family, heads 64 wide in the others and in the text encoders."""

from __future__ import annotations

from dataclasses import replace

from rakkan.formats.checkpoints.architecture import (
    SD1,
    SD2,
    SDXL,
    Architecture,
    TextShape,
    UNetShape,
    VaeShape,
)

_UNETS = {
    (SD1, "full"): UNetShape(4, 4, (320, 640, 1280, 1280), 2, (1, 1, 1, 0), (8, 8, 8, 8), 768, False),
    (SD2, "full"): UNetShape(4, 4, (320, 640, 1280, 1280), 2, (1, 1, 1, 0), (5, 10, 20, 20), 1024, True),
    (SDXL, "full"): UNetShape(4, 4, (320, 640, 1280), 2, (0, 2, 10), (5, 10, 20), 2048, True, 2816),
    (SD1, "small"): UNetShape(4, 4, (32, 64, 128, 128), 2, (1, 1, 1, 0), (8, 8, 8, 8), 64, False),
    (SD2, "small"): UNetShape(4, 4, (64, 64, 128, 128), 2, (1, 1, 1, 0), (1, 1, 2, 2), 64, True),
    (SDXL, "small"): UNetShape(4, 4, (64, 64, 128), 2, (0, 1, 2), (1, 1, 2), 192, True, 1664),
}
_SCALING = {SD1: 0.18215, SD2: 0.18215, SDXL: 0.13025}
_OPENAI = TextShape(768, 12, 12, 3072, 49408, 77, "quick_gelu")
_BIG_H = TextShape(1024, 24, 16, 4096, 49408, 77, "gelu", last_layer=2, is_open_clip=True)
_BIG_G = TextShape(1280, 32, 20, 5120, 49408, 77, "gelu", 1280, 2, True)
_SMALL = TextShape(64, 4, 1, 256, 49408, 77, "quick_gelu")
_TEXTS = {
    (SD1, "full"): (_OPENAI,),
    (SD2, "full"): (_BIG_H,),
    (SDXL, "full"): (replace(_OPENAI, last_layer=2), _BIG_G),
    (SD1, "small"): (_SMALL,),
    (SD2, "small"): (replace(_SMALL, activation="gelu", last_layer=2, is_open_clip=True),),
    (SDXL, "small"): (
        replace(_SMALL, last_layer=2),
        TextShape(128, 4, 2, 512, 49408, 77, "gelu", 128, 2, True),
    ),
}


def architecture(
    family: str,
    *,
    width: str = "small",
    layout: str = "ldm",
    prediction: str = "epsilon",
    zero_terminal_snr: bool = False,
) -> Architecture:
    """The architecture of a family; ``width`` is ``small`` or ``full``."""
    text = _TEXTS[family, width]
    if family == SD2 and layout == "diffusers":  # folders leave out the last layer, which is not used
        text = (replace(text[0], layers=text[0].layers - 1, last_layer=1, is_open_clip=False),)
    if layout == "diffusers":
        text = tuple(replace(one, is_open_clip=False) for one in text)
    resolution = {SD1: 512, SD2: 768 if prediction == "v" else 512, SDXL: 1024}[family]
    channels = (128, 256, 512, 512) if width == "full" else (32, 32, 64, 64)
    vae = VaeShape(channels, 2, 4, _SCALING[family])
    unet = _UNETS[family, width]
    return Architecture(family, layout, prediction, zero_terminal_snr, resolution, unet, vae, text)
