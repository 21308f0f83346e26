"""What the denoiser hears of a prompt: the text encoders' states for each token, weighed as A1111 weighs
them.

A token's states are multiplied by its weight, and then all states of the chunk by one number that gives them
back the mean they had: A1111's emphasis mode "Original". Chunks are encoded one by one and joined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from rakkan.formats.checkpoints.architecture import SDXL
from rakkan.studio.clip.chunks import Chunk, chunks
from rakkan.studio.clip.encoders import layer as layer_of
from rakkan.studio.clip.inversions import Inversion, Inversions
from rakkan.studio.engines.torch.networks import Networks


@dataclass(frozen=True)
class Conditioning:
    """A prompt as the denoiser takes it: ``text`` [1, 77 n, width of the context], and for SDXL the
    ``pooled`` text [1, width] of the first chunk."""

    text: torch.Tensor
    pooled: torch.Tensor | None = None


def encode(
    networks: Networks,
    prompt: str,
    *,
    clip_skip: int = 0,
    inversions: Mapping[str, Inversion] = {},
) -> Conditioning:
    """Encode a prompt without adapters and changes over time. ``clip_skip`` counts as A1111 does: 1 the last
    layer, 2 the one before; 0, and what is less than the model was trained with, is the model's own. Raises
    RakkanError when there are no such layers."""
    counts = {name: len(one[0]) for name, one in inversions.items()}
    texts, pooled = [], None
    for index, encoder in enumerate(networks.text_encoders):
        pieces = chunks(prompt, networks.tokenizers[index], counts)
        layer = layer_of(networks.architecture, index, clip_skip)
        states = []
        for number, chunk in enumerate(pieces):
            state, summary = _encode_chunk(networks, index, encoder, chunk, layer, inversions)
            states.append(_weighed(state, chunk))
            if number == 0 and networks.architecture.text[index].projection:
                pooled = summary
        texts.append(torch.cat(states, dim=1))
    return Conditioning(torch.cat(texts, dim=-1), pooled)


def _encode_chunk(
    networks: Networks,
    index: int,
    encoder: Any,
    chunk: Chunk,
    layer: int,
    inversions: Inversions,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    ids = torch.tensor([chunk.ids], device=networks.device)
    inner = getattr(encoder, "text_model", encoder)
    with torch.no_grad(), _learned(inner, index, chunk, inversions):
        out = encoder(ids, output_hidden_states=True)
        state = out.hidden_states[-layer]
        if networks.architecture.family != SDXL:
            state = inner.final_layer_norm(state)
    return state, getattr(out, "text_embeds", None)


def _learned(inner: Any, index: int, chunk: Chunk, inversions: Inversions) -> AbstractContextManager[None]:
    """While this lasts, learned vectors stand in for the chunk's tokens."""
    if not chunk.vectors:
        return nullcontext()

    def replaced(_module: Any, _inputs: Any, embedded: torch.Tensor) -> torch.Tensor:
        embedded = embedded.clone()
        for place, name, number in chunk.vectors:
            embedded[0, place] = torch.from_numpy(inversions[name][index][number]).to(embedded)
        return embedded

    return _hooked(inner.embeddings.token_embedding, replaced)


@contextmanager
def _hooked(module: torch.nn.Module, hook: Any) -> Iterator[None]:
    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def _weighed(state: torch.Tensor, chunk: Chunk) -> torch.Tensor:
    if all(weight == 1 for weight in chunk.weights):
        return state
    weights = torch.tensor(chunk.weights, device=state.device, dtype=state.dtype)[None, :, None]
    weighed = state * weights
    before, after = state.float().mean(), weighed.float().mean()
    # where the mean vanishes there is nothing to give back
    return weighed * (before / after).to(state.dtype) if after != 0 else weighed
