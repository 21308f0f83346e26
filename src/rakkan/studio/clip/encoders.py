"""What a family's text encoders read with, and which of their layers it was trained on."""

from __future__ import annotations

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL, Architecture
from rakkan.studio.clip.tokenizer import END, Tokenizer


def tokenizers(architecture: Architecture) -> tuple[Tokenizer, ...]:
    """The tokenizer of each text encoder: OpenCLIP's fill up short texts with another id than OpenAI's."""
    if architecture.family == SDXL:
        return Tokenizer(END), Tokenizer(0)
    return (Tokenizer(0 if architecture.family == SD2 else END),)


def layer(architecture: Architecture, index: int, clip_skip: int) -> int:
    """Which layer's states of a text encoder are used, counted from the end, from 1.

    ``clip_skip`` counts as A1111 does: 1 the last layer, 2 the one before; 0, and what is less than the
    model was trained with, is the model's own. Raises RakkanError when there is no such layer.
    """
    shape = architecture.text[index]
    trained = 1 if architecture.family == SD1 else 2
    found = shape.last_layer + max(0, clip_skip - trained)
    if found > shape.layers:
        raise RakkanError(
            f"Clip skip {clip_skip} leaves nothing of a text encoder of {shape.layers} layers",
            "Give 1 or 2, as the model's page says",
        )
    return found
