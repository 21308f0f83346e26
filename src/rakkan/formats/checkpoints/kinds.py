"""What a safetensors file is: a checkpoint, or something that goes with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rakkan.formats.checkpoints import adapters, autoencoders, detect, image_encoders, layout
from rakkan.formats.checkpoints.adapters import Lora
from rakkan.formats.checkpoints.architecture import CONTEXTS, Architecture
from rakkan.formats.checkpoints.tensors import Entry, Tensors

CHECKPOINT, LORA, EMBEDDING, VAE = "checkpoint", "LoRA", "textual inversion", "VAE"
CONTROLNET, IP_ADAPTER, IMAGE_ENCODER = "ControlNet", "IP-Adapter", "image encoder"
TINY, UNKNOWN = "tiny decoder", "unknown"


@dataclass(frozen=True)
class Nature:
    """``kind`` is a constant of this module; ``family`` the base it is of or made for, "" when its shapes do
    not tell. ``architecture`` is a checkpoint's, ``lora`` a LoRA's; ``notes`` what was taken for granted."""

    kind: str
    family: str = ""
    architecture: Architecture | None = None
    lora: Lora | None = None
    notes: tuple[str, ...] = ()


def nature(tensors: Tensors) -> Nature:
    """What the tensors are. Raises RakkanError for a checkpoint that is none known here, or is mixed."""
    entries = tensors.entries
    if any(name.startswith((layout.UNET, "unet/")) for name in entries):
        found = detect.find(tensors)
        return Nature(CHECKPOINT, found.architecture.family, found.architecture, notes=found.notes)
    if _starts(entries, "control_model.", "controlnet_cond_embedding.", "controlnet_down_blocks."):
        return Nature(CONTROLNET, _read_family(entries))
    if _starts(entries, "image_proj.") and _starts(entries, "ip_adapter."):
        return Nature(IP_ADAPTER, _read_family(entries))
    if image_encoders.is_image_encoder(entries):
        return Nature(IMAGE_ENCODER)
    if lora := adapters.read_lora(entries):
        kind = LORA if lora.layers else lora.kind
        return Nature(kind, lora.family, lora=lora)
    if _starts(entries, "encoder.down.", "encoder.down_blocks.", layout.VAE):
        return Nature(VAE)
    if widths := adapters.read_embedding(entries):
        return Nature(EMBEDDING, adapters.embedding_family(widths))
    if autoencoders.read_tiny(entries):
        return Nature(TINY, notes=("its shapes do not tell whether it is for SDXL or for SD 1.x and 2.x",))
    return Nature(UNKNOWN)


def _starts(entries: Mapping[str, Entry], *prefixes: str) -> bool:
    return any(name.startswith(prefixes) for name in entries)


def _read_family(entries: Mapping[str, Entry]) -> str:
    """By the width of the text that attention reads."""
    for name, one in entries.items():
        reads = name.endswith(("attn2.to_k.weight", "to_k_ip.weight")) and len(one.shape) == 2
        if reads and one.shape[1] in CONTEXTS:
            return CONTEXTS[one.shape[1]]
    return ""
