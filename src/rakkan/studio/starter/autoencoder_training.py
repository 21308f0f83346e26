"""Stage one: the autoencoder, on renders alone."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.data import Batch, Stock, to_pictures
from rakkan.studio.starter.grids import COLUMNS, Pixels, grid_of
from rakkan.studio.starter.loop import Averages, Stage, linear
from rakkan.studio.starter.renders import BUCKETS

GRADIENT_WEIGHT = 0.5
SPREAD_WEIGHT = 2e-4
#: Latents are decoded with noise of up to this many of their channel's standard deviations: what the flow
#: will make of them is never exact, and a decoder that has not seen errors turns them into texture.
NOISE_UP_TO = 0.3
#: How far, in standard deviations, latents are moved to see what that does to the picture.
_NUDGE = 0.3
#: Principal components with less than this variance (in units of a channel's own) are not brought to one.
SMALLEST_VARIANCE = 0.05
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

    def grid() -> Pixels:
        model = averages.modules["autoencoder"]
        assert isinstance(model, Autoencoder)
        return grid_of(_comparison(model, stocks))

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
    latent values and so weak that it only keeps latents from drifting apart; what makes neighbouring
    latents alike is the noise, of another strength for every picture.
    """
    mean, spread = autoencoder.encode(pictures)
    mean, spread = mean.float(), spread.float()
    strength = NOISE_UP_TO * torch.rand(len(mean), 1, 1, 1, device=mean.device)
    noise = strength * mean.std(dim=(0, 2, 3), keepdim=True) + (0.5 * spread).exp()
    made = autoencoder.decode(mean + torch.randn_like(mean) * noise).float()
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
    if latents := _raw_latents(autoencoder, stocks, count):
        _measure(autoencoder, latents)


def _measure(autoencoder: Autoencoder, latents: list[Tensor]) -> None:
    cells = _cells(latents)
    autoencoder.latent_mean.copy_(cells.mean(dim=1))
    autoencoder.latent_std.copy_(cells.std(dim=1).clamp_min(1e-3))


def _cells(latents: list[Tensor]) -> Tensor:
    """All cells [channels, n] of latents [B, channels, h, w] of any size."""
    return torch.cat([part.transpose(0, 1).flatten(1) for part in latents], dim=1)


@torch.no_grad()
def balance_latents(autoencoder: Autoencoder, stocks: dict[str, Stock], count: int = 512) -> None:
    """Change the basis of the latent channels so that each direction varies as it matters to the eye.

    Rectified flow adds the same noise to every direction. Left as they are, a few directions vary so much
    that all others, and the fine detail in them, are drowned until its very last steps; all alike (white),
    the flow spends itself on directions that hardly show. Between the two, a direction gets the fourth
    root of its effect on the pixels for its standard deviation, where white is the power 0 and distances
    as in pixels the square root. The change of basis is symmetric, so that each channel stays as close to
    what it was as can be, and is folded into the encoder's last and the decoder's first layers: pictures
    decode as before. Afterwards ``latent_std`` is 1 and the mean variance of the channels is 1.
    """
    latents = _raw_latents(autoencoder, stocks, count)
    if not latents:
        return
    _measure(autoencoder, latents)
    cells = _cells([autoencoder.normalise(part) for part in latents])
    variances, directions = torch.linalg.eigh(torch.cov(cells.double()))
    whiten = directions * variances.clamp_min(SMALLEST_VARIANCE).rsqrt() @ directions.T
    latents = _change_basis(autoencoder, whiten / autoencoder.latent_std.double(), latents)
    effects, directions = torch.linalg.eigh(pixel_effects(autoencoder, autoencoder.normalise(latents[0][:8])))
    spread = effects.clamp_min(1e-9) ** 0.25
    scale = directions * (spread / spread.square().mean().sqrt()) @ directions.T
    _change_basis(autoencoder, scale / autoencoder.latent_std.double(), latents)
    autoencoder.latent_std.fill_(1.0)


@torch.no_grad()
def pixel_effects(autoencoder: Autoencoder, latents: Tensor) -> Tensor:
    """How changes of latent channels add up in pixels: float64 [channels, channels], symmetric.

    Each channel of the normalised ``latents`` [B, channels, h, w] is moved by ``_NUDGE``, up or down at
    random, in every fourth cell along each side, so that no two cells meet in the picture. Entry (i, j)
    is the product of what channels i and j then do to a pixel, averaged over such a cell's area.
    """
    signs = torch.zeros_like(latents[:, 0])
    signs[:, 1::4, 1::4] = torch.randn_like(latents[:, 0, 1::4, 1::4]).sign()
    base = autoencoder.decode(autoencoder.denormalise(latents))
    changes = []
    for channel in range(latents.shape[1]):
        nudged = latents.clone()
        nudged[:, channel] += _NUDGE * signs
        changes.append((autoencoder.decode(autoencoder.denormalise(nudged)) - base).flatten().double())
    found = torch.stack(changes)
    return found @ found.T / (_NUDGE**2 * signs.abs().sum().double() * autoencoder.factor**2)


@torch.no_grad()
def _change_basis(autoencoder: Autoencoder, change: Tensor, latents: list[Tensor]) -> list[Tensor]:
    """Let the encoder give ``change`` [channels, channels] times its latents, and the decoder undo it.

    Raw ``latents`` are returned as the encoder gives them then, and measured.
    """
    channels, back = len(change), torch.linalg.inv(change)
    for layer in (autoencoder.encoder.out, autoencoder.encoder.short):
        means = layer.weight[:channels].double()
        layer.weight[:channels] = torch.einsum("ij,jchw->ichw", change, means).float()
        if layer.bias is not None:
            layer.bias[:channels] = (change @ layer.bias[:channels].double()).float()
    for layer in (autoencoder.decoder.stem, autoencoder.decoder.short):
        layer.weight.copy_(torch.einsum("ochw,cj->ojhw", layer.weight.double(), back))
    changed = [torch.einsum("ij,bjhw->bihw", change.float(), part) for part in latents]
    _measure(autoencoder, changed)
    return changed


@torch.no_grad()
def _raw_latents(autoencoder: Autoencoder, stocks: dict[str, Stock], count: int) -> list[Tensor]:
    """Means of the latents [n, channels, h, w] of ``count`` renders of each bucket, in parts."""
    found = []
    for stock in stocks.values():
        slots = torch.from_numpy(stock.occupied()[:count]).to(stock.device)
        for part in torch.split(slots, 32) if len(slots) else ():
            with torch.autocast(stock.device.split(":")[0], torch.bfloat16):
                found.append(autoencoder.encode(to_pictures(stock.items[part]))[0].float())
    return found


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
