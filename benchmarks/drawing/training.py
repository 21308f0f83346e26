"""Learns the two halves of the judgement from the pool and writes them as OpenVINO networks.

``python -m benchmarks.drawing.training --pool FOLDER`` does, each step kept in the pool's folder and not
repeated: features of every picture by the network of ``rakkan.features.content.drawn`` and the numbers of
``rakkan.features.drawing.statistics``; a logistic head on the features; a small network on the numbers; and
the weights that join the two, fitted on a fifth of the originals that neither has seen. Deterministic on one
machine. ``--publish`` copies the networks into the package and prints their digests.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import nn
from torch.nn import functional

SHIPPED = Path(__file__).resolve().parents[2] / "src" / "rakkan" / "features" / "drawing" / "weights"
#: No single logit counts for more, as in ``rakkan.features.drawing.judge``.
MOST = 8.0
#: A picture counts as a photograph when this much of it is one, and as nothing below.
LEAST_SHARE = 0.2


class Scaled(nn.Module):
    """Layers on numbers brought to mean 0 and deviation 1: [n, numbers] to a logit [n, 1]."""

    def __init__(self, values: torch.Tensor, layers: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mean", values.mean(0))
        self.register_buffer("deviation", values.std(0) + 0.05)
        self.layers = layers

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.layers((values - self.mean) / self.deviation)


def kept_back(origin: Any) -> Any:
    """Which pictures of the pool come from an original that the networks do not learn from."""
    return origin % 5 == 0


def computed(pool: Path, name: str, work: Callable[[Any], Any]) -> Any:
    """``work`` of every picture of the pool, [n, numbers]; what an earlier run wrote is kept."""
    file, pictures = pool / f"{name}.npy", numpy.load(pool / "pixels.npy", mmap_mode="r")
    known = list(numpy.load(file)) if file.exists() else []
    if len(known) < len(pictures):
        known += [numpy.ravel(work(numpy.asarray(picture))) for picture in pictures[len(known) :]]
        numpy.save(file, numpy.stack(known).astype(numpy.float32))
    return numpy.stack(known).astype(numpy.float32)


def features_of(pool: Path) -> Any:
    from rakkan.features.content import drawn
    from rakkan.features.networks import load

    run = load(drawn.NETWORK)
    return computed(pool, "features", lambda picture: run(drawn.prepare(picture))[1])


def statistics_of(pool: Path) -> Any:
    from rakkan.features.drawing.statistics import statistics

    return computed(pool, "statistics", statistics)


def learn_head(values: torch.Tensor, wanted: torch.Tensor) -> Scaled:
    """Logistic regression with weight decay, by full batches."""
    torch.manual_seed(0)
    line = nn.Linear(values.shape[1], 1)
    head = Scaled(values, line)
    _fit(line, lambda: _loss(head(values), wanted) + 3e-3 * line.weight.square().sum())
    return head.eval()


def learn_statistics(values: torch.Tensor, wanted: torch.Tensor, epochs: int = 60) -> Scaled:
    """Two hidden layers, by small batches with noise on the numbers."""
    torch.manual_seed(0)
    count = values.shape[1]
    layers = nn.Sequential(
        nn.Linear(count, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    net = Scaled(values, layers)
    noise = 0.05 * net.deviation
    optimiser = torch.optim.AdamW(layers.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        for batch in torch.randperm(len(values)).split(256):
            optimiser.zero_grad()
            some = values[batch]
            _loss(net(some + noise * torch.randn_like(some)), wanted[batch]).backward()
            optimiser.step()
        schedule.step()
    return net.eval()


def join(evidence: torch.Tensor, wanted: torch.Tensor) -> tuple[list[float], float]:
    """Weights and offset of the logistic regression that joins the evidence."""
    line = nn.Linear(evidence.shape[1], 1)
    nn.init.zeros_(line.weight)
    nn.init.zeros_(line.bias)
    _fit(line, lambda: _loss(line(evidence), wanted) + 1e-3 * line.weight.square().sum())
    return line.weight[0].tolist(), line.bias.tolist()[0]


def _loss(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(logits[:, 0], wanted)


def _fit(line: nn.Module, value: Callable[[], torch.Tensor]) -> None:
    optimiser = torch.optim.LBFGS(line.parameters(), max_iter=150, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        found = value()
        found.backward()
        return found

    optimiser.step(loss)


def write(module: nn.Module, numbers: int, file: Path) -> None:
    import openvino

    model = openvino.convert_model(module, example_input=torch.zeros(1, numbers), input=[[1, numbers]])
    openvino.save_model(model, file, compress_to_fp16=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--publish", action="store_true")
    arguments = parser.parse_args()
    pool: Path = arguments.pool
    torch.set_num_threads(2)
    share, back = numpy.load(pool / "cover.npy").mean((1, 2)), kept_back(numpy.load(pool / "origin.npy"))
    kinds = {"head": features_of(pool), "statistics": statistics_of(pool)}
    usable = (share >= LEAST_SHARE) | (share == 0)
    wanted = torch.from_numpy((share > 0).astype("f4"))
    learn, check = torch.from_numpy(usable & ~back), torch.from_numpy(usable & back)
    values = {name: torch.from_numpy(found) for name, found in kinds.items()}
    nets = {
        "head": learn_head(values["head"][learn], wanted[learn]),
        "statistics": learn_statistics(values["statistics"][learn], wanted[learn]),
    }
    with torch.no_grad():
        evidence = torch.cat([nets[name](values[name][check]).clamp(-MOST, MOST) for name in nets], 1)
    weights, offset = join(evidence, wanted[check])
    joined = evidence @ torch.tensor(weights) + offset
    drawing, whole = wanted[check].numpy() == 0, share[check.numpy()] == 1
    for name, column in (*zip(nets, evidence.T.numpy(), strict=True), ("joined", joined.numpy())):
        threshold = numpy.quantile(column[drawing], 0.97)
        caught = [float((column[some] > threshold).mean()) for some in (whole, ~drawing & ~whole)]
        print(f"{name:10} with 3 % of drawings refused, from {threshold:5.2f} on: photographs {caught}")
    print("weights", [round(weight, 4) for weight in weights], "offset", round(offset, 4))
    for name, net in nets.items():
        write(net, kinds[name].shape[1], pool / f"{name}.xml")
    if arguments.publish:
        SHIPPED.mkdir(parents=True, exist_ok=True)
        for name in ("head.xml", "head.bin", "statistics.xml", "statistics.bin", "manifest.json"):
            shutil.copyfile(pool / name, SHIPPED / name)
            print(name, hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
