"""What the denoiser hears of a prompt, encoded without torch: each token's states, weighed as A1111 does it.

A token's states are multiplied by its weight, and then all of the chunk by one number that gives them back
the mean they had (emphasis mode "Original"). Chunks are encoded one by one and joined.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rakkan.formats.checkpoints.architecture import SDXL, Architecture
from rakkan.studio.clip.chunks import Chunk, chunks
from rakkan.studio.clip.encoders import layer as layer_of
from rakkan.studio.clip.encoders import tokenizers
from rakkan.studio.clip.inversions import Inversions

Floats = npt.NDArray[np.float32]
#: (which encoder, ids, own, is_own as ``convert_text`` has them) -> states, normed, pooled.
Encoders = Callable[[int, npt.NDArray[np.int64], Floats, Floats], Sequence[Floats]]


@dataclass(frozen=True)
class Heard:
    """A prompt as the denoiser takes it: ``text`` [1, 77 n, context], and for SDXL the ``pooled`` text of the
    first chunk, [1, width]."""

    text: Floats
    pooled: Floats | None


def hear(
    architecture: Architecture,
    encoders: Encoders,
    prompt: str,
    *,
    clip_skip: int = 0,
    inversions: Inversions | None = None,
    least: int = 1,
) -> Heard:
    """Encode a prompt without adapters and changes over time, in ``least`` chunks or more.

    ``clip_skip`` counts as A1111 does: 1 the last layer, 2 the one before; 0, and what is less than the
    model was trained with, is the model's own. Raises RakkanError when there are no such layers.
    """
    inversions = inversions or {}
    counts = {name: len(vectors[0]) for name, vectors in inversions.items()}
    widths, pooled = [], None
    for index, tokenizer in enumerate(tokenizers(architecture)):
        layer = layer_of(architecture, index, clip_skip)
        pieces = list(chunks(prompt, tokenizer, counts))
        pieces += chunks("", tokenizer) * (least - len(pieces))
        states = []
        for number, chunk in enumerate(pieces):
            plain, normed, summary = encoders(index, *_given(architecture, index, chunk, inversions))
            chosen = (plain if architecture.family == SDXL else normed)[-layer]
            states.append(_weighed(chosen, chunk.weights))
            if number == 0 and architecture.text[index].projection:
                pooled = summary
        widths.append(np.concatenate(states)[None])
    return Heard(np.concatenate(widths, axis=-1), pooled)


def count_chunks(architecture: Architecture, prompt: str, inversions: Inversions | None = None) -> int:
    """How many chunks a prompt needs."""
    counts = {name: len(vectors[0]) for name, vectors in (inversions or {}).items()}
    return max(len(chunks(prompt, tokenizer, counts)) for tokenizer in tokenizers(architecture))


def _given(
    architecture: Architecture, index: int, chunk: Chunk, inversions: Inversions
) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    own = np.zeros((1, len(chunk.ids), architecture.text[index].width), np.float32)
    is_own = np.zeros((1, len(chunk.ids), 1), np.float32)
    for place, name, number in chunk.vectors:
        own[0, place] = inversions[name][index][number]
        is_own[0, place] = 1
    return np.array([chunk.ids], np.int64), own, is_own


def _weighed(states: Floats, weights: Sequence[float]) -> Floats:
    if all(weight == 1 for weight in weights):
        return states.copy()
    weighed = states * np.array(weights, np.float32)[:, None]
    after = float(weighed.mean())
    # Where the mean vanishes there is nothing to give back.
    return weighed * np.float32(float(states.mean()) / after) if after else weighed
