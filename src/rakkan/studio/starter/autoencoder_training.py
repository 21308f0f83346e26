"""Stage one: the autoencoder, on renders alone."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from rakkan.studio.starter.data import Batch, Stock, to_pictures
from rakkan.studio.starter.grids import COLUMNS, write_grid
from rakkan.studio.starter.loop import Averages, Stage, linear
from rakkan.studio.starter.networks import Autoencoder
from rakkan.studio.starter.renders import BUCKETS

GRADIENT_WEIGHT = 0.5
SPREAD_WEIGHT = 2e-4
#: How much more than a flat region the busiest regions (faces, hands, hair) count.
DETAIL_WEIGHT = 2.0


def autoencoder_stage(
    autoencoder: Autoencoder, stocks: dict[str, Stock], batch: int, rate: float, crop: int = 0
) -> Stage:
    """The stage that trains ``autoencoder`` on stocks of uint8 renders.

    With ``crop`` (pixels, a multiple of 64) each step sees a random square of that side of every picture:
    a quarter of the work a step, and early on the number of steps is what counts. 0 takes them whole.
    """
    averages = Averages({"autoencoder": autoencoder}, 0.999)

    def loss(given: Batch) -> Tensor:
        return autoencoder_loss(autoencoder, to_pictures(cropped(given.items, crop)))

    def grid(file: Path) -> None:
        model = averages.modules["autoencoder"]
        if isinstance(model, Autoencoder):
            write_grid(_comparison(model, stocks), file)

    return Stage("autoencoder", {"autoencoder": autoencoder}, averages, loss, grid, batch, rate, linear)


def cropped(items: Tensor, side: int) -> Tensor:
    """The same random square of pictures [B, H, W, 3]: [B, side, side, 3]; all of them if ``side`` is 0.

    Every other one lies at the top and in the middle, where every framing has the face.
    """
    if not side:
        return items
    spare_top, spare_left = (size - side for size in items.shape[1:3])
    top, left = (int(torch.randint(spare + 1, ())) for spare in (spare_top, spare_left))
    if torch.rand(()) < 0.5:
        top, left = top % (spare_top // 2 + 1), spare_left // 4 + left // 2
    return items[:, top : top + side, left : left + side]


def autoencoder_loss(autoencoder: Autoencoder, pictures: Tensor) -> Tensor:
    """L1 of pixels and half the L1 of their differences, weighted by detail, and a little KL divergence.

    ``pictures`` [B, 3, H, W] in -1..1. The KL term (Kingma and Welling 2013, appendix B) is a mean over
    latent values and so weak that it only keeps latents from drifting apart.
    """
    mean, spread = autoencoder.encode(pictures)
    made = autoencoder.decode(mean + torch.randn_like(mean) * (0.5 * spread).exp()).float()
    mean, spread = mean.float(), spread.float()
    weight = detail_weight(pictures)
    pixels = (weight * (made - pictures).abs()).mean()
    gap = made - pictures
    edges = sum(
        (weight[:, :, : difference.shape[2], : difference.shape[3]] * difference.abs()).mean()
        for difference in (gap[:, :, 1:] - gap[:, :, :-1], gap[:, :, :, 1:] - gap[:, :, :, :-1])
    )
    divergence = 0.5 * (mean.square() + spread.exp() - 1.0 - spread).mean()
    return pixels + GRADIENT_WEIGHT * edges + SPREAD_WEIGHT * divergence


@torch.no_grad()
def detail_weight(pictures: Tensor) -> Tensor:
    """Weight [B, 1, H, W] of each pixel, mean 1 per picture, higher where lines and small shapes are."""
    grey = pictures.mean(dim=1, keepdim=True)
    small = functional.avg_pool2d(grey, 2)
    edges = (small[:, :, 1:, :-1] - small[:, :, :-1, :-1]).abs()
    edges = edges + (small[:, :, :-1, 1:] - small[:, :, :-1, :-1]).abs()
    busy = functional.adaptive_avg_pool2d(edges, (pictures.shape[2] // 16, pictures.shape[3] // 16))
    busy = busy / (busy.amax(dim=(2, 3), keepdim=True) + 1e-6)
    weight = 1.0 + DETAIL_WEIGHT * busy
    weight = weight / weight.mean(dim=(2, 3), keepdim=True)
    return functional.interpolate(weight, size=pictures.shape[2:], mode="nearest")


@torch.no_grad()
def measure_latents(autoencoder: Autoencoder, stocks: dict[str, Stock], count: int = 512) -> None:
    """Set the autoencoder's latent mean and spread per channel from ``count`` renders of each bucket."""
    found = []
    for stock in stocks.values():
        slots = torch.from_numpy(stock.occupied()[:count]).to(stock.device)
        if not len(slots):
            continue
        for part in torch.split(slots, 32):
            with torch.autocast(stock.device.split(":")[0], torch.bfloat16):
                mean, _ = autoencoder.encode(to_pictures(stock.items[part]))
            found.append(mean.float().transpose(0, 1).flatten(1))
    if found:
        values = torch.cat(found, dim=1)
        autoencoder.latent_mean.copy_(values.mean(dim=1))
        autoencoder.latent_std.copy_(values.std(dim=1).clamp_min(1e-3))


@torch.no_grad()
def _comparison(model: Autoencoder, stocks: dict[str, Stock]) -> list[Tensor]:
    """Rows of renders, each followed by the row of what the autoencoder makes of them."""
    rows = []
    for bucket in (bucket for bucket in BUCKETS if bucket.name in stocks):
        stock = stocks[bucket.name]
        slots = stock.occupied()[:COLUMNS]
        if len(slots) == COLUMNS:
            pictures = to_pictures(stock.items[torch.from_numpy(slots).to(stock.device)])
            rows += [pictures, model.decode(model.encode(pictures)[0])]
    return rows
