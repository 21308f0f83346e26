"""The first instrument: a network that reads every attribute slot off a picture (torch).

It is trained on fresh renders, never on what the starter model draws, and states its own error on
renders it has not seen. It reads features of a network by others (`backbone`); nothing in it comes from the
starter model.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from rakkan.studio.starter.evaluation import backbone
from rakkan.studio.starter.renders import BUCKETS, Bucket
from rakkan.studio.starter.vocabulary import SLOT_VALUES, UNSPECIFIED

#: A label for a slot that cannot be read off the picture (closed eyes have no colour).
HIDDEN = -1
BATCH = 64
#: Renders looked at in training; each is seen in many rounds.
RENDERS = 12_000
FEATURES = 512

#: Hands out up to so many pictures of a bucket that were not handed out before, with their token ids:
#: uint8 [n, H, W, 3] and int32 [n, slots]; `RenderQueue.take`.
Take = Callable[[str, int], tuple[NDArray[np.uint8], NDArray[np.int32]]]


def labels_of(ids: NDArray[np.int32]) -> NDArray[np.int64]:
    """Index of the value of each slot, or `HIDDEN`, of full token ids [..., slots]."""
    return np.asarray(ids - UNSPECIFIED - 1, np.int64)


class AttributeClassifier(nn.Module):
    """Feature maps -> one logit vector per slot; ``features`` gives [B, 512] before the heads.

    Maps are `backbone.maps`: [B, 40, H/8, W/8] and [B, 112, H/16, W/16]. What lies where stays known up to
    the last layer (a grid of 4 by 4 places), for a face is always above a collar.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(nn.BatchNorm2d(backbone.EIGHTH_CHANNELS), _convolution(40, 64, 2))
        self.coarse = nn.BatchNorm2d(backbone.SIXTEENTH_CHANNELS)
        self.joined = nn.Sequential(
            _convolution(64 + backbone.SIXTEENTH_CHANNELS, 128, 2), _convolution(128, 128, 1)
        )
        self.gather = nn.Linear(16 * 128, FEATURES)
        self.dropout = nn.Dropout(0.2)
        self.heads = nn.ModuleList(nn.Linear(FEATURES, len(values)) for values in SLOT_VALUES.values())

    def features(self, eighth: Tensor, sixteenth: Tensor) -> Tensor:
        joined = self.joined(torch.cat([self.fine(eighth), self.coarse(sixteenth)], dim=1))
        places = functional.adaptive_avg_pool2d(joined, (4, 4)).flatten(1)
        return functional.relu(self.gather(self.dropout(places)))

    def forward(self, eighth: Tensor, sixteenth: Tensor) -> list[Tensor]:
        features = self.features(eighth, sixteenth)
        return [head(features) for head in self.heads]


def _convolution(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


@dataclass(frozen=True)
class _Seen:
    """Renders of one size as feature maps, with their labels [n, slots]."""

    eighth: Tensor
    sixteenth: Tensor
    labels: Tensor


def train(
    take: Take,
    seconds: float,
    progress: Callable[[str], None],
    *,
    seed: int = 0,
    renders: int = RENDERS,
    buckets: Sequence[Bucket] = BUCKETS,
) -> AttributeClassifier:
    """Look at ``renders`` of ``buckets`` from ``take`` once, then learn from their features in ``seconds``.

    The rate falls linearly to the end of the time, which starts with the first step of learning.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    seen = _look(take, renders, buckets, progress)
    network = AttributeClassifier().train()
    peak = 2e-3
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=0.05)
    shares = np.array([len(part.labels) for part in seen]) / sum(len(part.labels) for part in seen)
    started, step, running = time.monotonic(), 0, 0.0
    while (spent := time.monotonic() - started) < seconds:
        for group in optimiser.param_groups:
            group["lr"] = peak * min(1.0, (step + 1) / 50) * max(0.01, 1 - spent / seconds)
        part = seen[random.choice(len(seen), p=shares)]
        rows = torch.from_numpy(random.integers(0, len(part.labels), BATCH))
        loss = _loss(network(part.eighth[rows].float(), part.sixteenth[rows].float()), part.labels[rows])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        running += (loss.item() - running) * max(0.01, 1 / step)
        if step % 200 == 0:
            progress(f"classifier: {spent:.0f} of {seconds:.0f} s, step {step}, loss {running:.3f}")
    return network.eval()


def _look(
    take: Take, renders: int, buckets: Sequence[Bucket], progress: Callable[[str], None]
) -> list[_Seen]:
    """Feature maps of fresh renders, every other one softened, by size."""
    found: dict[str, list[tuple[backbone.Maps, NDArray[np.int64]]]] = {bucket.name: [] for bucket in buckets}
    for bucket in buckets:
        wanted = max(1, round(renders * bucket.share))
        count = told = 0
        while count < wanted:
            pictures, ids = take(bucket.name, min(BATCH, wanted - count))
            if not len(pictures):
                time.sleep(0.05)
                continue
            pictures = np.array(pictures)
            pictures[::2] = softened(pictures[::2])
            found[bucket.name].append((backbone.maps(pictures), labels_of(ids)))
            count += len(pictures)
            if count - told >= 1000:
                told = count
                progress(f"classifier: looked at {count} of {wanted} {bucket.name} renders")
    return [
        _Seen(
            torch.from_numpy(np.concatenate([given[0] for given, _ in parts])),
            torch.from_numpy(np.concatenate([given[1] for given, _ in parts])),
            torch.from_numpy(np.concatenate([labels for _, labels in parts])),
        )
        for parts in found.values()
    ]


def softened(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures [n, H, W, 3] blurred with the kernel (1 2 1)/4 along both sides.

    A model's lines are softer than a renderer's; a reader that has only seen sharp ones would count that
    as something else being shown.
    """
    wide = np.pad(pictures.astype(np.uint16), ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    rows = wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]
    blurred = (rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:] + 8) // 16
    return np.asarray(blurred, np.uint8)


def _loss(logits: list[Tensor], labels: Tensor) -> Tensor:
    losses = []
    for slot, scores in enumerate(logits):
        if (labels[:, slot] != HIDDEN).any():
            losses.append(functional.cross_entropy(scores, labels[:, slot], ignore_index=HIDDEN))
    return torch.stack(losses).mean()


@torch.inference_mode()
def predict(
    network: AttributeClassifier, pixels: NDArray[np.uint8]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Value indices [B, slots] and features [B, 512] of pictures uint8 [B, H, W, 3] of one size."""
    found, features = [], []
    for start in range(0, len(pixels), 32):
        eighth, sixteenth = (
            torch.from_numpy(part).float() for part in backbone.maps(pixels[start : start + 32])
        )
        feature = network.features(eighth, sixteenth)
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
