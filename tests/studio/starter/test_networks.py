"""The three networks: sizes, shapes, and how they start."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from rakkan.errors import RakkanError
from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.networks import (
    LATENTS,
    Attention,
    Block,
    NetworkSizes,
    TextEncoder,
    UNet,
    sinusoid,
    sizes_of,
)
from rakkan.studio.starter.vocabulary import UNSPECIFIED

SMALL = NetworkSizes(
    quarter_width=16,
    eighth_width=16,
    encoder_width=16,
    decoder_width=16,
    unet_widths=(16, 16, 16),
    embedding_width=32,
    head_width=16,
)


def test_the_shipped_sizes_stay_within_sixty_megabytes_in_fp16() -> None:
    with torch.device("meta"):
        parts = {
            "autoencoder": Autoencoder(NetworkSizes()),
            "text": TextEncoder(NetworkSizes()),
            "unet": UNet(NetworkSizes()),
        }
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in parts.items()}
    assert counts["unet"] <= 22_000_000
    assert 2 * sum(counts.values()) <= 60_000_000


@pytest.mark.parametrize("latent", sorted(LATENTS))
@pytest.mark.parametrize("height", [256, 384])
def test_pictures_of_both_shapes_go_through_all_networks(latent: str, height: int) -> None:
    chosen = LATENTS[latent]
    sizes = replace(SMALL, latent_channels=chosen.latent_channels, latent_factor=chosen.latent_factor)
    autoencoder, text, unet = Autoencoder(sizes), TextEncoder(sizes), UNet(sizes)
    mean, spread = autoencoder.encode(torch.randn(2, 3, height, 256))
    cells = (height // sizes.latent_factor, 256 // sizes.latent_factor)
    assert mean.shape == spread.shape == (2, sizes.latent_channels, *cells)
    assert autoencoder.decode(mean).shape == (2, 3, height, 256)
    tokens, pooled = text(torch.from_numpy(UNSPECIFIED).expand(2, -1))
    assert tokens.shape == (2, len(UNSPECIFIED), 256) and pooled.shape == (2, 256)
    velocity = unet(mean, torch.rand(2), torch.zeros(2), tokens, pooled)
    assert velocity.shape == mean.shape
    assert (velocity == 0).all(), "the last convolution starts at zero"


def test_new_blocks_change_nothing() -> None:
    features = torch.randn(1, 16, 8, 8)
    assert torch.equal(Block(16)(features), features)
    assert torch.equal(Block(16, 4)(features, torch.randn(1, 4)), features)


def test_attention_is_the_weighted_mean_of_values() -> None:
    attention = Attention(1, 1)
    for layer in (attention.query, attention.key, attention.value, attention.out):
        torch.nn.init.ones_(layer.weight)
    out = attention(torch.tensor([[[1.0], [2.0]]]))
    # Token 1 scores its neighbours 1 and 2, so weighs them by softmax(1, 2).
    weight = math.exp(2) / (math.exp(1) + math.exp(2))
    assert out[0, 0, 0].item() == pytest.approx(1 * (1 - weight) + 2 * weight)


def test_sinusoid_starts_with_the_fastest_frequency() -> None:
    found = sinusoid(torch.tensor([0.0, 0.001]), 4)
    assert found[0].tolist() == [1, 1, 0, 0]
    assert found[1].tolist() == pytest.approx([math.cos(1), math.cos(0.01), math.sin(1), math.sin(0.01)])


def test_the_order_of_slots_does_not_matter_to_the_text_encoder() -> None:
    text = TextEncoder(SMALL).eval()
    ids = torch.from_numpy(UNSPECIFIED)[None]
    _, pooled = text(ids)
    _, turned = text(ids.flip(1))
    assert torch.allclose(pooled, turned, atol=1e-5)


def test_normalising_latents_is_undone_exactly() -> None:
    autoencoder = Autoencoder(SMALL)
    autoencoder.latent_mean.copy_(torch.randn(32))
    autoencoder.latent_std.copy_(torch.rand(32) + 0.5)
    raw = torch.randn(2, 32, 4, 4)
    assert torch.allclose(autoencoder.denormalise(autoencoder.normalise(raw)), raw, atol=1e-5)


def test_an_unknown_latent_space_is_refused() -> None:
    with pytest.raises(RakkanError, match="f16c32"):
        sizes_of("f4c4")
