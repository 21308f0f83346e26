"""The starter model's text encoder and U-Net, and what all its networks are built of (torch).

Only operations that are simple to build in another engine are used: Conv2d, GroupNorm (eps 1e-5),
SiLU, Linear, LayerNorm (eps 1e-5), scaled dot-product attention, GELU (erf), pixel (un)shuffle. Names
of modules are the names of the weights in the checkpoint, so renaming one breaks old checkpoints.

Widths are chosen for two CPU cores: the thin levels are the fine ones, where every channel costs
the most time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from rakkan.errors import RakkanError
from rakkan.studio.starter.roles import ROLES
from rakkan.studio.starter.vocabulary import TOKEN_COUNT

GROUP_COUNT = 16
TEXT_WIDTH = 256

#: Takes what a self-attention sees [B, N, width] and gives what it is to see besides, None for nothing.
Remembered = Callable[[Tensor], Tensor | None]


@dataclass(frozen=True)
class NetworkSizes:
    """Widths and depths of all three networks; recorded with the weights.

    ``latent_factor`` is pixels per latent cell (16 or 8), ``patch`` how many latent cells the U-Net
    folds into one of its own along each side, so that it always works at 1/16 of the picture.
    """

    latent_channels: int = 32
    latent_factor: int = 16
    quarter_width: int = 48
    eighth_width: int = 96
    encoder_width: int = 192
    decoder_width: int = 256
    encoder_depth: int = 1
    decoder_depth: int = 2
    text_layers: int = 2
    text_heads: int = 4
    unet_widths: tuple[int, int, int] = (128, 256, 320)
    unet_depth: int = 2
    embedding_width: int = 512
    head_width: int = 64

    @property
    def patch(self) -> int:
        return 16 // self.latent_factor


LATENTS: dict[str, NetworkSizes] = {
    "f16c32": NetworkSizes(),
    "f8c16": NetworkSizes(latent_channels=16, latent_factor=8),
}


def sizes_of(latent: str) -> NetworkSizes:
    """The sizes for a latent space by name; raises RakkanError for an unknown one."""
    if latent not in LATENTS:
        raise RakkanError(f"there is no latent space {latent!r}", f"choose one of {', '.join(LATENTS)}")
    return LATENTS[latent]


class Block(nn.Module):
    """Residual block: norm, SiLU, conv, twice; the second norm is modulated by an embedding if given.

    [B, width, H, W] -> same. The last convolution starts at zero, so a new block is the identity.
    """

    def __init__(self, width: int, embedding_width: int = 0) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUP_COUNT, width)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.norm2 = nn.GroupNorm(GROUP_COUNT, width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.modulate = zero_linear(embedding_width, 2 * width) if embedding_width else None
        zero(self.conv2)

    def forward(self, features: Tensor, embedding: Tensor | None = None) -> Tensor:
        hidden = self.conv1(functional.silu(self.norm1(features)))
        hidden = self.norm2(hidden)
        if self.modulate is not None and embedding is not None:
            scale, shift = self.modulate(embedding)[:, :, None, None].chunk(2, dim=1)
            hidden = hidden * (1 + scale) + shift
        return features + self.conv2(functional.silu(hidden))  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Multi-head attention of [B, N, width] to itself, or to ``context`` [B, M, context_width].

    With a ``reference`` [B, M, width] a token attends to those tokens as well as to its own. The output
    projection starts at zero.
    """

    def __init__(self, width: int, heads: int, context_width: int | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(context_width or width, width, bias=False)
        self.value = nn.Linear(context_width or width, width, bias=False)
        self.out = zero_linear(width, width)

    def forward(
        self, tokens: Tensor, context: Tensor | None = None, reference: Tensor | None = None
    ) -> Tensor:
        source = tokens if context is None else context
        if reference is not None:
            source = torch.cat([source, reference], dim=1)
        query, key, value = (
            self._split(layer) for layer in (self.query(tokens), self.key(source), self.value(source))
        )
        # Written out: with so few tokens torch's fused kernel makes a training step on a CPU a tenth slower.
        weights = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(query.shape[-1]), dim=-1)
        mixed = weights.to(value.dtype) @ value
        return self.out(mixed.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]

    def _split(self, tokens: Tensor) -> Tensor:
        batch, count, width = tokens.shape
        return tokens.reshape(batch, count, self.heads, width // self.heads).transpose(1, 2)


class FeedForward(nn.Module):
    """Linear to four times the width, GELU, Linear back; the last one starts at zero."""

    def __init__(self, width: int, factor: int = 4) -> None:
        super().__init__()
        self.widen = nn.Linear(width, factor * width)
        self.out = zero_linear(factor * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.out(functional.gelu(self.widen(tokens)))  # type: ignore[no-any-return]


class Mixer(nn.Module):
    """Pre-norm transformer layer over the cells of a feature map, reading the text tokens.

    ``whole`` adds self-attention and a feed-forward part; without it there is only the text. A whole one
    shares ``remembered``: what it attends to is added to a list that is open, or the next of a reference's
    tokens is taken from one that is being read.
    """

    def __init__(self, width: int, head_width: int, whole: bool) -> None:
        super().__init__()
        heads = width // head_width
        self.norm_text = nn.LayerNorm(width)
        self.attend_text = Attention(width, heads, TEXT_WIDTH)
        self.norm_self = nn.LayerNorm(width) if whole else None
        self.attend_self = Attention(width, heads) if whole else None
        self.norm_forward = nn.LayerNorm(width) if whole else None
        self.forward_part = FeedForward(width) if whole else None

    def forward(self, features: Tensor, text: Tensor, remembered: Remembered | None = None) -> Tensor:
        shape = features.shape
        tokens = features.flatten(2).transpose(1, 2)
        if self.attend_self is not None and self.norm_self is not None:
            normed = self.norm_self(tokens)
            reference = remembered(normed) if remembered else None
            tokens = tokens + self.attend_self(normed, reference=reference)
        tokens = tokens + self.attend_text(self.norm_text(tokens), text)
        if self.forward_part is not None and self.norm_forward is not None:
            tokens = tokens + self.forward_part(self.norm_forward(tokens))
        return tokens.transpose(1, 2).reshape(shape)  # type: ignore[no-any-return]


class TextEncoder(nn.Module):
    """Token ids [B, slots] -> tokens [B, slots, 256] and one pooled vector [B, 256].

    Slots need no position: each has token ids of its own. The pooled vector is a projection of the
    mean of the tokens plus the sum of the raw embeddings, which lets it carry every slot from the
    first step of training.
    """

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.table = nn.Embedding(TOKEN_COUNT, TEXT_WIDTH)
        nn.init.normal_(self.table.weight, std=0.2)
        self.layers = nn.ModuleList(TextLayer(sizes.text_heads) for _ in range(sizes.text_layers))
        self.norm = nn.LayerNorm(TEXT_WIDTH)
        self.pool = nn.Linear(TEXT_WIDTH, TEXT_WIDTH)

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        raw = self.table(ids)
        tokens = raw
        for layer in self.layers:
            tokens = layer(tokens)
        tokens = self.norm(tokens)
        return tokens, self.pool(tokens.mean(dim=1)) + raw.sum(dim=1)


class TextLayer(nn.Module):
    """Pre-norm transformer layer over the slots, [B, slots, 256] -> same."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.norm_self = nn.LayerNorm(TEXT_WIDTH)
        self.attend_self = Attention(TEXT_WIDTH, heads)
        self.norm_forward = nn.LayerNorm(TEXT_WIDTH)
        self.forward_part = FeedForward(TEXT_WIDTH)

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attend_self(self.norm_self(tokens))
        return tokens + self.forward_part(self.norm_forward(tokens))  # type: ignore[no-any-return]


def sinusoid(position: Tensor, width: int) -> Tensor:
    """Sinusoidal embedding of ``position`` [B] in 0..1 -> [B, width]: cosines, then sines.

    Positions are scaled by 1000; frequency i of half is 10000^(-i/half) (Vaswani et al. 2017, 3.5).
    """
    half = width // 2
    steps = torch.arange(half, dtype=torch.float32, device=position.device)
    angles = 1000.0 * position.float()[:, None] * torch.exp(-math.log(10000.0) / half * steps)[None]
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class Level(nn.Module):
    """``depth`` blocks of one width, each but the first of the finest level followed by a mixer."""

    def __init__(self, width: int, depth: int, sizes: NetworkSizes, whole: bool) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block(width, sizes.embedding_width) for _ in range(depth))
        mixers = range(depth if whole else 1)
        self.mixers = nn.ModuleList(Mixer(width, sizes.head_width, whole) for _ in mixers)
        self.first_mixer = depth - len(self.mixers)

    def forward(
        self, features: Tensor, embedding: Tensor, text: Tensor, remembered: Remembered | None = None
    ) -> Tensor:
        for index, block in enumerate(self.blocks):
            features = block(features, embedding)
            if index >= self.first_mixer:
                features = self.mixers[index - self.first_mixer](features, text, remembered)
        return features


class UNet(nn.Module):
    """Velocity of a noisy latent, perhaps of a figure that is also in another picture.

    ``latents`` [B, channels, H, W], ``time`` [B] (0 clean, 1 noise), ``step`` [B] (the size of the
    step to be taken, 0 for the instantaneous velocity), ``text`` [B, slots, 256], ``pooled`` [B, 256]
    -> velocity, shaped like ``latents``. H and W at 1/16 of the picture are multiples of 4, at most 24.
    Rectified flow: Liu et al. 2022; the step as an input: Frans et al. 2024, section 3.

    A *reference* passes through the same network once, clean, and every self-attention of a drawing also
    looks at the tokens that the same layer then saw, as in Reference-only attention; ``roles`` tell the
    network that it looks at a reference, and what it is to be remembered for.
    """

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        fine, middle, coarse = sizes.unet_widths
        depth, wide = sizes.unet_depth, sizes.embedding_width
        channels = sizes.latent_channels * sizes.patch**2
        self.patch = sizes.patch
        self.time_in = nn.Linear(256, wide)
        self.step_in = nn.Linear(256, wide, bias=False)
        self.pooled_in = nn.Linear(TEXT_WIDTH, wide)
        self.embed = nn.Linear(wide, wide)
        self.conv_in = nn.Conv2d(channels, fine, 3, padding=1)
        self.rows = nn.Parameter(0.02 * torch.randn(1, fine, 24, 1))
        self.columns = nn.Parameter(0.02 * torch.randn(1, fine, 1, 24))
        self.down_fine = Level(fine, depth, sizes, whole=False)
        self.shrink_fine = nn.Conv2d(fine, middle, 3, stride=2, padding=1)
        self.down_middle = Level(middle, depth, sizes, whole=True)
        self.shrink_middle = nn.Conv2d(middle, coarse, 3, stride=2, padding=1)
        self.bottom = Level(coarse, depth, sizes, whole=True)
        self.grow_middle = nn.Conv2d(coarse, 4 * middle, 1)
        self.merge_middle = nn.Conv2d(2 * middle, middle, 1)
        self.up_middle = Level(middle, depth, sizes, whole=True)
        self.grow_fine = nn.Conv2d(middle, 4 * fine, 1)
        self.merge_fine = nn.Conv2d(2 * fine, fine, 1)
        self.up_fine = Level(fine, depth, sizes, whole=False)
        self.norm_out = nn.GroupNorm(GROUP_COUNT, fine)
        self.conv_out = nn.Conv2d(fine, channels, 3, padding=1)
        self.roles = nn.Parameter(0.02 * torch.randn(len(ROLES), wide))
        zero(self.step_in)
        zero(self.conv_out)

    def forward(
        self,
        latents: Tensor,
        time: Tensor,
        step: Tensor,
        text: Tensor,
        pooled: Tensor,
        reference: Sequence[Tensor] = (),
    ) -> Tensor:
        tokens = iter(reference)
        following = (lambda _: next(tokens)) if reference else None
        embedding = self.time_in(sinusoid(time, 256)) + self.step_in(sinusoid(step, 256))
        embedding = self.embed(functional.silu(embedding + self.pooled_in(pooled)))
        return self._velocity(latents, embedding, text, following)

    def remember(self, latents: Tensor, role: Tensor, text: Tensor, pooled: Tensor) -> list[Tensor]:
        """What the self-attentions see of references, in the order of the network: [B, cells, width] each.

        ``latents`` [B, channels, H, W] are clean, ``role`` [B] are places in ``ROLES``, ``text`` and
        ``pooled`` those of the condition that says nothing.
        """
        seen: list[Tensor] = []
        nothing = torch.zeros(len(latents), device=latents.device)
        embedding = self.time_in(sinusoid(nothing, 256)) + self.step_in(sinusoid(nothing, 256))
        embedding = self.embed(functional.silu(embedding + self.pooled_in(pooled) + self.roles[role]))
        self._velocity(latents, embedding, text, seen.append)
        return seen

    def _velocity(
        self, latents: Tensor, embedding: Tensor, text: Tensor, remembered: Remembered | None
    ) -> Tensor:
        embedding = functional.silu(embedding)
        folded = functional.pixel_unshuffle(latents, self.patch) if self.patch > 1 else latents
        height, width = folded.shape[2:]
        features = self.conv_in(folded) + self.rows[:, :, :height] + self.columns[:, :, :, :width]
        fine = self.down_fine(features, embedding, text)
        middle = self.down_middle(self.shrink_fine(fine), embedding, text, remembered)
        features = self.bottom(self.shrink_middle(middle), embedding, text, remembered)
        features = functional.pixel_shuffle(self.grow_middle(features), 2)
        features = self.merge_middle(torch.cat([features, middle], dim=1))
        features = self.up_middle(features, embedding, text, remembered)
        features = functional.pixel_shuffle(self.grow_fine(features), 2)
        features = self.merge_fine(torch.cat([features, fine], dim=1))
        features = self.up_fine(features, embedding, text)
        velocity = self.conv_out(functional.silu(self.norm_out(features)))
        return functional.pixel_shuffle(velocity, self.patch) if self.patch > 1 else velocity


def zero(layer: nn.Conv2d | nn.Linear) -> None:
    """Let a layer say nothing until it has learnt something."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


def zero_linear(inputs: int, outputs: int) -> nn.Linear:
    """A linear layer that starts at zero."""
    layer = nn.Linear(inputs, outputs)
    zero(layer)
    return layer
