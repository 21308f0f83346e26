"""The starter model's autoencoder (torch)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from rakkan.studio.starter.networks import GROUP_COUNT, Block, NetworkSizes


class Autoencoder(nn.Module):
    """Pictures [B, 3, H, W] in -1..1 <-> latents [B, channels, H/factor, W/factor]; H and W multiples of 64.

    ``latent_mean`` and ``latent_std`` [channels] are measured after training; ``normalise`` uses them to
    bring latents to zero mean and unit spread, which is what the U-Net sees.
    """

    latent_mean: Tensor
    latent_std: Tensor

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.factor = sizes.latent_factor
        self.encoder = Encoder(sizes)
        self.decoder = Decoder(sizes)
        self.register_buffer("latent_mean", torch.zeros(sizes.latent_channels))
        self.register_buffer("latent_std", torch.ones(sizes.latent_channels))

    def encode(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of the raw latents, both [B, channels, h, w]."""
        mean, spread = self.encoder(pictures).chunk(2, dim=1)
        return mean, spread.clamp(-12.0, 4.0)

    def decode(self, raw: Tensor) -> Tensor:
        """Pictures [B, 3, H, W], about -1..1 (not clipped), of raw latents."""
        return self.decoder(raw)  # type: ignore[no-any-return]

    def normalise(self, raw: Tensor) -> Tensor:
        """Raw latents -> what the U-Net sees."""
        return (raw - self.latent_mean[None, :, None, None]) / self.latent_std[None, :, None, None]

    def denormalise(self, latents: Tensor) -> Tensor:
        """What the U-Net makes -> raw latents."""
        return latents * self.latent_std[None, :, None, None] + self.latent_mean[None, :, None, None]


class Encoder(nn.Module):
    """Pictures -> means and log-variances, [B, 2 * channels, h, w].

    ``short`` goes past every norm: norms take the mean out of what passes them, and flat colours with
    it, which the rest of the network would need thousands of steps to bring back.
    """

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.stem = nn.Conv2d(48, sizes.quarter_width, 3, padding=1)
        self.eighth = nn.Conv2d(4 * sizes.quarter_width, sizes.eighth_width, 1)
        self.eighth_block = Block(sizes.eighth_width)
        deep = sizes.eighth_width * (4 if sizes.latent_factor == 16 else 1)
        self.fold = sizes.latent_factor // 8
        self.deepen = nn.Conv2d(deep, sizes.encoder_width, 1)
        self.blocks = nn.ModuleList(Block(sizes.encoder_width) for _ in range(sizes.encoder_depth))
        self.norm = nn.GroupNorm(GROUP_COUNT, sizes.encoder_width)
        self.out = nn.Conv2d(sizes.encoder_width, 2 * sizes.latent_channels, 3, padding=1)
        self.factor = sizes.latent_factor
        self.short = nn.Conv2d(3 * self.factor**2, 2 * sizes.latent_channels, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        features = functional.silu(self.stem(functional.pixel_unshuffle(pictures, 4)))
        features = self.eighth_block(self.eighth(functional.pixel_unshuffle(features, 2)))
        if self.fold > 1:
            features = functional.pixel_unshuffle(features, self.fold)
        features = self.deepen(features)
        for block in self.blocks:
            features = block(features)
        features = self.out(functional.silu(self.norm(features)))
        return features + self.short(functional.pixel_unshuffle(pictures, self.factor))  # type: ignore[no-any-return]


class Decoder(nn.Module):
    """Raw latents -> pictures [B, 3, H, W]; ``short`` as in the encoder."""

    def __init__(self, sizes: NetworkSizes) -> None:
        super().__init__()
        self.fold = sizes.latent_factor // 8
        self.stem = nn.Conv2d(sizes.latent_channels, sizes.decoder_width, 3, padding=1)
        self.blocks = nn.ModuleList(Block(sizes.decoder_width) for _ in range(sizes.decoder_depth))
        self.eighth = nn.Conv2d(sizes.decoder_width, sizes.eighth_width * self.fold**2, 1)
        self.eighth_block = Block(sizes.eighth_width)
        self.quarter = nn.Conv2d(sizes.eighth_width, 4 * sizes.quarter_width, 1)
        self.quarter_block = Block(sizes.quarter_width)
        self.norm = nn.GroupNorm(GROUP_COUNT, sizes.quarter_width)
        self.out = nn.Conv2d(sizes.quarter_width, 48, 3, padding=1)
        self.factor = sizes.latent_factor
        self.short = nn.Conv2d(sizes.latent_channels, 3 * self.factor**2, 1)

    def forward(self, raw: Tensor) -> Tensor:
        features = self.stem(raw)
        for block in self.blocks:
            features = block(features)
        features = self.eighth(features)
        if self.fold > 1:
            features = functional.pixel_shuffle(features, self.fold)
        features = self.eighth_block(features)
        features = self.quarter_block(functional.pixel_shuffle(self.quarter(features), 2))
        fine = functional.pixel_shuffle(self.out(functional.silu(self.norm(features))), 4)
        return fine + functional.pixel_shuffle(self.short(raw), self.factor)
