"""The first instrument: a network that reads every attribute slot off a picture (torch).

It is trained on fresh renders, never on what the starter model draws, and states its own error on
renders it has not seen. It shares no layer with the starter model.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from rakkan.studio.starter.data import Supply, to_pictures
from rakkan.studio.starter.vocabulary import SLOT_VALUES, UNSPECIFIED

#: A label for a slot that cannot be read off the picture (closed eyes have no colour).
HIDDEN = -1
BATCH = 48


def labels_of(ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """Index of the value of each slot, or `HIDDEN`, of full token ids [..., slots]."""
    return np.asarray(ids - UNSPECIFIED - 1, np.int64)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_first = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm_second = nn.BatchNorm2d(width)

    def forward(self, features: Tensor) -> Tensor:
        hidden = functional.relu(self.norm_first(self.first(features)))
        return functional.relu(features + self.norm_second(self.second(hidden)))


class AttributeClassifier(nn.Module):
    """Pictures [B, 3, H, W] in -1..1 -> one logit vector per slot; ``features`` [B, 512] before the heads.

    A residual network at 1/4 to 1/32 of the picture; features are averages and maxima over the whole
    picture and over its top, middle and bottom thirds, so that small things in one place still count.
    """

    def __init__(self, widths: tuple[int, int, int, int] = (32, 64, 128, 256)) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(4), nn.Conv2d(48, widths[0], 3, padding=1, bias=False)]
        layers += [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for before, after in itertools.pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(after)]
            layers += [nn.ReLU(), _Block(after)]
        self.trunk = nn.Sequential(*layers)
        self.gather = nn.Linear(5 * widths[-1], 512)
        self.heads = nn.ModuleList(nn.Linear(512, len(values)) for values in SLOT_VALUES.values())

    def features(self, pictures: Tensor) -> Tensor:
        maps = self.trunk(pictures)
        thirds = functional.adaptive_avg_pool2d(maps, (3, 1)).flatten(1)
        pooled = torch.cat([maps.mean((2, 3)), maps.amax((2, 3)), thirds], dim=1)
        return functional.relu(self.gather(pooled))

    def forward(self, pictures: Tensor) -> list[Tensor]:
        features = self.features(pictures)
        return [head(features) for head in self.heads]


def train(
    supply: Supply,
    seconds: float,
    progress: Callable[[str], None],
    *,
    seed: int = 0,
    network: AttributeClassifier | None = None,
) -> AttributeClassifier:
    """Train on renders from ``supply`` until the time is up, at a linearly falling rate."""
    torch.manual_seed(seed)
    peak = 2e-3 if network is None else 1e-3  # gentler when it goes on from earlier training
    network = network or AttributeClassifier()
    network.to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=0.02)
    started, step, running = time.monotonic(), 0, 0.0
    while (spent := time.monotonic() - started) < seconds:
        for group in optimiser.param_groups:
            group["lr"] = peak * min(1.0, (step + 1) / 50) * max(0.02, 1 - spent / seconds)
        batch = supply.batch(BATCH)
        if batch is None:
            break
        pictures = _soften(to_pictures(batch.items))
        labels = torch.from_numpy(labels_of(batch.ids))
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(pictures.contiguous(memory_format=torch.channels_last))
            loss = _loss([scores.float() for scores in logits], labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        running += (loss.item() - running) * max(0.02, 1 / step)
        if step % 50 == 0:
            progress(f"classifier: {spent:.0f} of {seconds:.0f} s, step {step}, loss {running:.3f}")
    return network.eval()


def _loss(logits: list[Tensor], labels: Tensor) -> Tensor:
    losses = []
    for slot, scores in enumerate(logits):
        if (labels[:, slot] != HIDDEN).any():
            losses.append(functional.cross_entropy(scores, labels[:, slot], ignore_index=HIDDEN))
    return torch.stack(losses).mean()


def _soften(pictures: Tensor) -> Tensor:
    """Blur half of the pictures a little, as an autoencoder does, and add faint noise."""
    half = len(pictures) // 2
    small = functional.interpolate(pictures[:half], scale_factor=0.7, mode="bilinear", antialias=True)
    soft = functional.interpolate(small, size=pictures.shape[2:], mode="bilinear")
    return torch.cat([soft, pictures[half:]]) + 0.02 * torch.randn_like(pictures)


@torch.inference_mode()
def predict(
    network: AttributeClassifier, pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Value indices [B, slots] and features [B, 512] of pictures uint8 [B, H, W, 3] of one size."""
    found, features = [], []
    for start in range(0, len(pixels), 32):
        feature = network.features(to_pictures(torch.from_numpy(pixels[start : start + 32])))
        features.append(feature.numpy())
        found.append(np.stack([head(feature).argmax(1).numpy() for head in network.heads], axis=1))
    return np.concatenate(found), np.concatenate(features)


def save(network: AttributeClassifier, path: Path, facts: dict[str, str]) -> None:
    """Write the weights, with facts about their training, as safetensors."""
    save_file(
        {name: value.contiguous() for name, value in network.state_dict().items()}, path, metadata=facts
    )


def load(path: Path) -> AttributeClassifier:
    """The network saved by `save`, ready to predict."""
    network = AttributeClassifier()
    network.load_state_dict(load_file(path))
    return network.eval()


def facts_of(path: Path) -> dict[str, str]:
    """The facts that `save` wrote."""
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    return dict(header.get("__metadata__", {}))
