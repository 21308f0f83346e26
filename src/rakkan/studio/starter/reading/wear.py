"""What befalls pictures before they are read: softening, compression, another size and place, other light.

A reader that has only seen a renderer's sharp lines would take a model's soft ones for something else.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from rakkan.studio.starter.reading.network import PARTS_SIDE, SIDE

#: Shares of renders that pass through the autoencoder, and of those that are compressed as JPEG.
SOFTENED, COMPRESSED = 0.35, 0.3


def worn(items: Tensor, soften: Callable[[Tensor], Tensor], random: np.random.Generator) -> Tensor:
    """Renders with their parts, uint8 [n, H, W, 4], some of them softened or compressed for good.

    ``soften`` takes and gives pictures uint8 [n, H, W, 3].
    """
    made = items.clone()
    kind = random.random(len(items))
    soft = np.flatnonzero(kind < SOFTENED)
    if len(soft):
        made[soft, ..., :3] = soften(items[soft][..., :3])
    for number in np.flatnonzero(random.random(len(items)) < COMPRESSED):
        pixels = made[number, ..., :3].numpy()
        made[number, ..., :3] = torch.from_numpy(compressed(pixels, int(random.integers(30, 92))))
    return made


def compressed(pixels: npt.NDArray[np.uint8], quality: int) -> npt.NDArray[np.uint8]:
    """The picture as it comes back from a JPEG of this quality, in memory."""
    from PIL import Image

    held = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(held, "JPEG", quality=quality)
    return np.array(Image.open(held))


def shown(items: Tensor, random: np.random.Generator, most: float = 1.0) -> tuple[Tensor, Tensor]:
    """A batch as the network is shown it: pictures float32 [B, 3, 256, 256] and parts int64 [B, 128, 128].

    ``items`` are renders with their parts, uint8 [B, H, W, 4]; each is fitted into the square, moved, turned,
    enlarged and changed in its light, by up to ``most`` of what is usual in training (0: only fitted).
    """
    count, height, width = items.shape[:3]
    where = _places(count, height, width, random, most)
    wide = items.permute(0, 3, 1, 2).float()
    grid = functional.affine_grid(where, [count, 1, SIDE, SIDE], align_corners=False)
    sampled = functional.grid_sample(
        wide[:, :3] / 255, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    coarse = functional.affine_grid(where, [count, 1, PARTS_SIDE, PARTS_SIDE], align_corners=False)
    parts = functional.grid_sample(
        wide[:, 3:], coarse, mode="nearest", padding_mode="border", align_corners=False
    )
    lit = _light(sampled, random, most) if most else sampled
    return lit.contiguous(memory_format=torch.channels_last), parts[:, 0].round().long()


def _places(count: int, height: int, width: int, random: np.random.Generator, most: float) -> Tensor:
    """Affine maps [B, 2, 3] from the square to the pictures."""
    longer = max(height, width)
    scale = np.exp(random.uniform(-0.22, 0.25, count) * most)
    angle = random.normal(0, 0.04, count) * most
    shift = random.uniform(-0.12, 0.12, (count, 2)) * most
    turn = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], 1).reshape(-1, 2, 2)
    turn *= scale[:, None, None] * np.array([longer / width, longer / height])[None, :, None]
    return torch.from_numpy(np.concatenate([turn, shift[..., None]], 2)).float()


def _light(pictures: Tensor, random: np.random.Generator, most: float) -> Tensor:
    """Blur, noise, brightness, contrast, saturation, hue and small hidden patches, each for some."""
    count = len(pictures)

    def some(share: float, low: float, high: float) -> Tensor:
        values = random.uniform(low, high, count) * (random.random(count) < share) * most
        return torch.from_numpy(values).float()[:, None, None, None]

    soft = functional.avg_pool2d(functional.pad(pictures, (1, 1, 1, 1), mode="replicate"), 3, 1)
    coarse = functional.interpolate(
        functional.avg_pool2d(pictures, 2), scale_factor=2.0, mode="bilinear", align_corners=False
    )
    lit = torch.lerp(pictures, soft, some(0.4, 0, 1))
    lit = torch.lerp(lit, coarse, some(0.25, 0, 1))
    grey = lit.mean(1, keepdim=True)
    lit = torch.lerp(lit, grey.expand_as(lit), some(0.6, -0.2, 0.2))
    middle = lit.mean((1, 2, 3), keepdim=True)
    lit = middle + (lit - middle) * (1 + some(0.6, -0.18, 0.15)) + some(0.6, -0.07, 0.07)
    lit = lit * (1 + torch.from_numpy(random.normal(0, 0.02 * most, (count, 3, 1, 1))).float())
    lit = lit + torch.randn_like(lit) * some(0.4, 0, 0.05)
    for number in np.flatnonzero(random.random(count) < 0.2 * most):
        side = int(random.integers(6, 30))
        top, left = random.integers(0, SIDE - side, 2)
        lit[number, :, top : top + side, left : left + side] = torch.from_numpy(
            random.random((3, 1, 1))
        ).float()
    return lit.clamp(0, 1)
