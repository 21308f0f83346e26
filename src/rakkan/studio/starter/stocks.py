"""The stocks of a training run: renders, their latents, and latents of pairs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.checkpoints import half
from rakkan.studio.starter.data import Stock, to_pictures
from rakkan.studio.starter.networks import NetworkSizes
from rakkan.studio.starter.renders import ids_of, renderer_version, scope_of
from rakkan.studio.starter.settings import Settings

_RENDER_BYTES = 221_184
#: Figures in an item of a stock of pairs.
PAIR = 2


def render_stocks(settings: Settings) -> dict[str, Stock]:
    """Stocks of uint8 renders [H, W, 3] by bucket, of this version of the renderer."""
    whole = settings.capacity or 16_384
    if settings.machine.pooled and not settings.capacity:
        free, _ = torch.cuda.mem_get_info()
        whole = min(450_000, int(0.6 * free / _RENDER_BYTES))
    folder = settings.folder / "stock"
    tag = f"renders-{settings.scope}-{renderer_version()}"
    _remove_stale(folder, "renders-", tag)
    return {
        bucket.name: Stock(
            (bucket.height, bucket.width, 3),
            torch.uint8,
            max(1, round(whole * bucket.share)),
            settings.machine.device,
            None if settings.machine.pooled else folder / f"{tag}-{bucket.name}.items",
        )
        for bucket in scope_of(settings.scope).buckets
    }


def latent_stocks(
    settings: Settings, autoencoder: Autoencoder, sizes: NetworkSizes, paired: bool = False
) -> dict[str, Stock]:
    """Stocks of normalised latents by bucket, good for one renderer and one autoencoder; of pairs, when
    ``paired``."""
    whole = (settings.capacity or settings.machine.latents) // (PAIR if paired else 1)
    figures = PAIR if paired else 1
    folder = settings.folder / "stock"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    for name, array in sorted(half(autoencoder.state_dict(), "autoencoder").items()):
        digest.update(name.encode() + array.tobytes())
    kind = "pairs" if paired else "latents"
    tag = f"{kind}-{settings.scope}-{renderer_version()}-{digest.hexdigest()[:12]}"
    _remove_stale(folder, f"{kind}-", tag)
    return {
        bucket.name: Stock(
            (
                *((PAIR,) if paired else ()),
                sizes.latent_channels,
                bucket.height // sizes.latent_factor,
                bucket.width // sizes.latent_factor,
            ),
            torch.float16,
            max(1, round(whole * bucket.share)),
            settings.machine.device,
            folder / f"{tag}-{bucket.name}.items",
            pooled=settings.machine.pooled,
            described=ids_of(figures),
        )
        for bucket in scope_of(settings.scope).buckets
    }


@torch.no_grad()
def encode_renders(autoencoder: Autoencoder, pictures: Tensor) -> Tensor:
    """Normalised latents [n, C, h, w] of renders uint8 [n, H, W, 3] on the autoencoder's device; of pairs
    [n, 2, H, W, 3] likewise."""
    if pictures.ndim == 5:
        latents = encode_renders(autoencoder, pictures.flatten(0, 1))
        return latents.reshape(len(pictures), -1, *latents.shape[1:])
    with torch.autocast(pictures.device.type, torch.bfloat16):
        means = [autoencoder.encode(to_pictures(part))[0] for part in torch.split(pictures, 64)]
    return autoencoder.normalise(torch.cat(means).float())


def encode_stocks(
    renders: Mapping[str, Stock],
    latents: Mapping[str, Stock],
    autoencoder: Autoencoder,
    chunk: int,
    going: Callable[[], bool],
) -> None:
    """Put the latents of all renders into the stocks of latents, ``chunk`` at a time, while ``going()``."""
    rounds = max(len(stock.occupied()) for stock in renders.values())
    for start in range(0, rounds, chunk):
        for name, stock in renders.items():
            # A bucket's share of each round, so that an early end leaves the buckets balanced.
            held = stock.occupied()
            part = slice(round(start * len(held) / rounds), round((start + chunk) * len(held) / rounds))
            slots = held[part][: latents[name].room]
            if len(slots) and going():
                pictures = stock.items[torch.from_numpy(slots).to(stock.device)]
                latents[name].put(encode_renders(autoencoder, pictures), stock.ids[slots])


def _remove_stale(folder: Path, prefix: str, tag: str) -> None:
    for file in folder.glob(f"{prefix}*"):
        if not file.name.startswith(tag):
            file.unlink()
