"""What a checkpoint is, as its tensors' names and shapes tell it.

Widths are read from the shapes, so a network of another width in the same layout is described just as well.
The ids of families are ModelSpec's (1.0.1).
"""

from __future__ import annotations

from dataclasses import dataclass

SD1 = "stable-diffusion-v1"
SD2 = "stable-diffusion-v2"
SDXL = "stable-diffusion-xl-v1-base"
#: The family of a denoiser, by the width of the text that it reads.
CONTEXTS = {768: SD1, 1024: SD2, 2048: SDXL}


@dataclass(frozen=True)
class UNetShape:
    """The denoiser. ``channels`` by level, ``layers`` residual blocks in each, ``depth`` transformer blocks
    in each attention of a level (0: none there), ``heads`` by level; ``context`` is the width of the text,
    ``added`` that of the vector of sizes and pooled text (0 without), ``linear`` whether the projections
    around attention are linear layers."""

    in_channels: int
    out_channels: int
    channels: tuple[int, ...]
    layers: int
    depth: tuple[int, ...]
    heads: tuple[int, ...]
    context: int
    linear: bool
    added: int = 0


@dataclass(frozen=True)
class VaeShape:
    """The autoencoder: ``channels`` by level, ``layers`` residual blocks in each, channels of the latents,
    and what latents are multiplied by. ``is_tiny``: it is a tiny decoder (TAESD), and encodes nothing."""

    channels: tuple[int, ...]
    layers: int
    latent_channels: int
    scaling: float
    is_tiny: bool = False


@dataclass(frozen=True)
class TextShape:
    """A CLIP text encoder. ``activation`` is ``quick_gelu`` or ``gelu``; ``projection`` is the width of its
    pooled output, 0 without; ``last_layer`` counts from the end which layer's states are used (1 the last),
    and ``is_open_clip`` whether a single file keeps it in OpenCLIP's names."""

    width: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    activation: str
    projection: int = 0
    last_layer: int = 1
    is_open_clip: bool = False


@dataclass(frozen=True)
class Architecture:
    """A checkpoint: ``layout`` is ``ldm`` (one file in the names of the first authors) or ``diffusers`` (a
    folder); ``prediction`` is ``epsilon`` or ``v``; ``resolution`` in pixels is what it was trained at. A
    part that the files do not hold is None."""

    family: str
    layout: str
    prediction: str
    zero_terminal_snr: bool
    resolution: int
    unet: UNetShape | None
    vae: VaeShape | None
    text: tuple[TextShape, ...]
