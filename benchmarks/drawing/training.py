"""Learns the two halves of the judgement from the pool and writes them as OpenVINO networks.

``python -m benchmarks.drawing.training --pool FOLDER`` does, what takes long kept in the pool's folder: what
the network of ``rakkan.features.content.drawn`` answers to every picture, and the means and deviations of
what its first layers respond with; a logistic head on its features; a small network on the responses.

Every choice is made on sources that were left out: the pool is learned from as often as it has sources of
photographs, each time without one of them and some of the sources of drawings, and what is said of those
left out is collected (``left_out``). By that the two logits are brought to scale and joined. Deterministic on
one machine. ``--publish`` copies the networks into the package and prints their digests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
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
CLASSES, FEATURES = 5, 1280
DECAY, EPOCHS = 3e-3, 15
#: What the odds of the classes weigh in the content. The pool alone would give them less; on whole pictures
#: of the development half with their parts, left out of the learning, more served better.
ODDS = 0.25

Learn = Callable[[torch.Tensor, torch.Tensor], nn.Module]


class Scaled(nn.Module):
    """Layers on numbers brought to mean 0 and deviation 1: [n, numbers] to a logit [n, 1]."""

    def __init__(self, values: torch.Tensor, layers: nn.Module) -> None:
        super().__init__()
        self.register_buffer("mean", values.mean(0))
        self.register_buffer("deviation", values.std(0) + 0.05)
        self.layers = layers

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.layers((values - self.mean) / self.deviation)


def evidence_of(pool: Path) -> Any:
    """Classes, features and responses of every picture of the pool, [n, 5 + 1280 + 464]; kept there."""
    from rakkan.features.content import drawn
    from rakkan.features.networks import load

    file = pool / "evidence.npy"
    if not file.exists():
        run = load(drawn.NETWORK)
        rows: list[Any] = []
        for picture in numpy.load(pool / "pixels.npy", mmap_mode="r"):
            answers = run(drawn.prepare(numpy.asarray(picture)))
            rows.append(numpy.concatenate([numpy.ravel(answer) for answer in answers]))
        numpy.save(file, numpy.stack(rows).astype(numpy.float32))
    return numpy.load(file)


def odds(classes: torch.Tensor) -> torch.Tensor:
    """The logit of the classes that are not drawn, [n, 1], as ``rakkan.features.drawing.judge`` takes it."""
    drawn_share = (classes[:, 0] + classes[:, 1]).clamp(1e-4, 1 - 1e-4)
    return torch.log((1 - drawn_share) / drawn_share)[:, None]


def learn_head(values: torch.Tensor, wanted: torch.Tensor) -> nn.Module:
    """Logistic regression with weight decay, by full batches."""
    torch.manual_seed(0)
    line = nn.Linear(values.shape[1], 1)
    head = Scaled(values, line)
    _fit(line, lambda: _loss(head(values), wanted) + DECAY * line.weight.square().sum())
    return head.eval()


def learn_statistics(values: torch.Tensor, wanted: torch.Tensor) -> nn.Module:
    """Two hidden layers, by small batches with noise on the numbers."""
    torch.manual_seed(0)
    count = values.shape[1]
    layers = nn.Sequential(
        nn.Linear(count, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 1)
    )
    net = Scaled(values, layers)
    noise = 0.05 * net.deviation
    optimiser = torch.optim.AdamW(layers.parameters(), lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(values)).split(256):
            optimiser.zero_grad()
            some = values[batch]
            _loss(net(some + noise * torch.randn_like(some)), wanted[batch]).backward()
            optimiser.step()
        schedule.step()
    return net.eval()


def folds(sources: Any, photographic: Any) -> list[list[str]]:
    """The sources left out each time: one of photographs, and drawings dealt in turn to all."""
    first = sorted(set(sources[photographic]))
    dealt: list[list[str]] = [[name] for name in first]
    for number, name in enumerate(sorted(set(sources) - set(first))):
        dealt[number % len(dealt)].append(name)
    return dealt


def left_out(
    values: torch.Tensor, wanted: torch.Tensor, sources: Any, apart: list[list[str]], learn: Learn
) -> tuple[torch.Tensor, list[nn.Module]]:
    """What is said of every picture by a network that saw nothing of its source, [n, 1], and the networks."""
    said, nets = torch.zeros(len(values), 1), []
    for names in apart:
        out = torch.from_numpy(numpy.isin(sources, names))
        nets.append(learn(values[~out], wanted[~out]))
        with torch.no_grad():
            said[out] = nets[-1](values[out])
    return said, nets


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


class WithOdds(nn.Module):
    """The head on features and, as the last number, the odds of the classes, brought to scale."""

    def __init__(self, head: nn.Module, weights: list[float], offset: float) -> None:
        super().__init__()
        self.head, self.weights, self.offset = head, weights, offset

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        own = self.weights[0] * self.head(values[:, :-1])
        return own + self.weights[1] * values[:, -1:] + self.offset


class ToScale(nn.Module):
    """A network with its logit brought to scale."""

    def __init__(self, net: nn.Module, weight: float, offset: float) -> None:
        super().__init__()
        self.net, self.weight, self.offset = net, weight, offset

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.weight * self.net(values) + self.offset


def converted(module: nn.Module, numbers: int) -> Any:
    import openvino

    return openvino.convert_model(module, example_input=torch.zeros(1, numbers), input=[[1, numbers]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--publish", action="store_true")
    arguments = parser.parse_args()
    pool: Path = arguments.pool
    torch.set_num_threads(2)
    share = numpy.load(pool / "cover.npy").mean((1, 2))
    usable = (share >= LEAST_SHARE) | (share == 0)
    names = json.loads((pool / "sources.json").read_text())
    sources = numpy.array([names[place] for place in numpy.load(pool / "origin.npy")[usable]])
    wanted = torch.from_numpy((share[usable] > 0).astype("f4"))
    values = torch.from_numpy(evidence_of(pool)[usable])
    classes, features, responses = values.split([CLASSES, FEATURES, values.shape[1] - CLASSES - FEATURES], 1)
    apart = folds(sources, wanted.numpy() > 0)
    head, heads = left_out(features, wanted, sources, apart, learn_head)
    net, nets = left_out(responses, wanted, sources, apart, learn_statistics)
    (scale, _), shift = join(torch.cat([head, odds(classes)], 1), wanted)
    of_content = ([scale, ODDS], shift)
    of_net = join(net, wanted)
    content = of_content[0][0] * head + of_content[0][1] * odds(classes) + of_content[1]
    counted = of_net[0][0] * net + of_net[1]
    evidence = torch.cat([content, counted], 1).clamp(-MOST, MOST)
    weights, offset = join(evidence, wanted)
    joined = evidence @ torch.tensor(weights) + offset
    told(evidence, joined, wanted, share[usable])
    print("content", of_content, "statistics", of_net)
    print("weights", [round(weight, 4) for weight in weights], "offset", round(offset, 4))
    torch.save((apart, heads, nets, of_content, of_net, weights, offset), pool / "left_out.pt")
    shipped_head = WithOdds(learn_head(features, wanted), *of_content)
    shipped_net = ToScale(learn_statistics(responses, wanted), of_net[0][0], of_net[1])
    models = {"head": converted(shipped_head, FEATURES + 1)}
    write({**models, "statistics": converted(shipped_net, responses.shape[1])}, pool)
    if arguments.publish:
        publish(pool)


def told(evidence: torch.Tensor, joined: torch.Tensor, wanted: torch.Tensor, share: Any) -> None:
    """Print how many photographs, whole and in part, are caught where three drawings in a hundred are."""
    drawing, whole = wanted.numpy() == 0, share == 1
    for name, column in (("content", evidence[:, 0]), ("statistics", evidence[:, 1]), ("joined", joined)):
        values = column.numpy()
        threshold = numpy.quantile(values[drawing], 0.97)
        caught = [round(float((values[some] > threshold).mean()), 3) for some in (whole, ~drawing & ~whole)]
        print(f"{name:10} with 3 % of drawings refused, from {threshold:5.2f} on: photographs {caught}")


def write(models: dict[str, Any], pool: Path) -> None:
    import openvino

    for name, model in models.items():
        openvino.save_model(model, pool / f"{name}.xml", compress_to_fp16=False)


def publish(pool: Path) -> None:
    SHIPPED.mkdir(parents=True, exist_ok=True)
    for name in ("head.xml", "head.bin", "statistics.xml", "statistics.bin", "manifest.json"):
        shutil.copyfile(pool / name, SHIPPED / name)
        print(name, hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
