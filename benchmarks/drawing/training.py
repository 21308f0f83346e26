"""Learns the two halves of the judgement from the pool and writes them as OpenVINO networks.

``python -m benchmarks.drawing.training --pool FOLDER`` does, each step kept in the pool's folder and not
repeated: features of every picture by the network of ``rakkan.features.content.drawn``; a logistic head on
them; a small convolutional network for texture, which says of every 16 × 16 block whether it is
photographic; and the weights that join the two, fitted on a fifth of the originals that neither has seen.
Deterministic on one machine. ``--publish`` copies the networks into the package and prints their digests.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import time
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import nn
from torch.nn import functional

SHIPPED = Path(__file__).resolve().parents[2] / "src" / "rakkan" / "features" / "drawing" / "weights"
CROP, BLOCK = 128, 16


def separable(channels: int, out: int, stride: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False),
        nn.BatchNorm2d(channels),
        nn.Conv2d(channels, out, 1, bias=False),
        nn.BatchNorm2d(out),
        nn.ReLU(),
    )


class Texture(nn.Module):
    """RGB [n, rows, columns, 3], 0-1, to a logit for every 16 × 16 block, [n, rows / 16, columns / 16]."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 24, 3, 2, 1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            separable(24, 48, 2),
            separable(48, 64, 1),
            separable(64, 96, 2),
            separable(96, 128, 1),
            separable(128, 160, 2),
            separable(160, 160, 1),
            nn.Conv2d(160, 1, 1),
        )

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return self.layers((pictures.permute(0, 3, 1, 2) - 0.5) * 4)[:, 0]


class Head(nn.Module):
    """Features [n, 1280] to a logit [n, 1]."""

    def __init__(self, mean: torch.Tensor, deviation: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("deviation", deviation)
        self.line = nn.Linear(mean.shape[0], 1)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return self.line((features - self.mean) / self.deviation)


def kept_back(origin: Any) -> Any:
    """Which pictures of the pool come from an original that the networks do not learn from."""
    return origin % 5 == 0


def features_of(pool: Path) -> Any:
    from rakkan.features.content import drawn
    from rakkan.features.networks import load

    file, values = pool / "features.npy", numpy.load(pool / "pixels.npy", mmap_mode="r")
    known = numpy.load(file) if file.exists() else numpy.empty((0, drawn.FEATURES), numpy.float32)
    if len(known) < len(values):
        run = load(drawn.NETWORK, 2)
        rest = values[len(known) :]
        rows = [numpy.ravel(run(drawn.prepare(numpy.asarray(picture)))[1]) for picture in rest]
        known = numpy.concatenate([known, numpy.stack(rows).astype(numpy.float32)])
        numpy.save(file, known)
    return known


def learn_head(features: Any, cover: Any, learn: Any) -> Head:
    """Logistic regression with weight decay, by full batches; a picture counts as its photographic share
    makes it: from a fifth on as a photograph, below as nothing, drawings as drawings."""
    torch.manual_seed(0)
    share = cover.mean((1, 2))
    usable = learn & ((share >= 0.2) | (share == 0))
    values, wanted = torch.from_numpy(features[usable]), torch.from_numpy((share[usable] > 0).astype("f4"))
    head = Head(values.mean(0), values.std(0) + 0.05)
    optimiser = torch.optim.LBFGS(head.line.parameters(), max_iter=150, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = head(values)[:, 0]
        penalty = 3e-3 * head.line.weight.square().sum()
        value = functional.binary_cross_entropy_with_logits(logits, wanted) + penalty
        value.backward()
        return value

    optimiser.step(loss)
    return head.eval()


def learn_texture(pool: Path, cover: Any, learn: Any, steps: int, batch: int) -> Texture:
    """Train on crops of 128 × 128; resumes from its last checkpoint, every 200 steps."""
    torch.manual_seed(0)
    net = Texture()
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps + 1)
    checkpoint, first = pool / "texture.pt", 0
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        first = kept["step"]
        net.load_state_dict(kept["net"])
        optimiser.load_state_dict(kept["optimiser"])
        schedule.load_state_dict(kept["schedule"])
    values, numbers = numpy.load(pool / "pixels.npy", mmap_mode="r"), numpy.flatnonzero(learn)
    start = time.time()
    for step in range(first, steps):
        source = numpy.random.default_rng([7, step])
        chosen = source.choice(numbers, batch)
        corner = source.integers(0, (224 - CROP) // BLOCK + 1, (batch, 2))
        pictures = numpy.stack(
            [
                values[n, BLOCK * y :, BLOCK * x :][:CROP, :CROP]
                for n, (y, x) in zip(chosen, corner, strict=True)
            ]
        )
        side = CROP // BLOCK
        wanted = numpy.stack(
            [cover[n, y:, x:][:side, :side] for n, (y, x) in zip(chosen, corner, strict=True)]
        )
        logits = net(torch.from_numpy(pictures).float() / 255)
        loss = functional.binary_cross_entropy_with_logits(logits, torch.from_numpy(wanted))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 200 == 199:
            print(f"step {step + 1}: loss {loss.item():.4f}, {time.time() - start:.0f} s", flush=True)
            state = {"step": step + 1, "net": net.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save({**state, "schedule": schedule.state_dict()}, checkpoint)
    return net.eval()


def evidence_of(net: Texture, head: Head, pool: Path, features: Any, chosen: Any) -> Any:
    """[n, 3]: the head's logit, the mean logit of all blocks, and the mean of the tenth most photographic."""
    values, rows = numpy.load(pool / "pixels.npy", mmap_mode="r"), []
    with torch.no_grad():
        for part in numpy.array_split(chosen, max(1, len(chosen) // 64)):
            logits = net(torch.from_numpy(values[part]).float() / 255).flatten(1).clamp(-8, 8)
            top = logits.topk(logits.shape[1] // 10).values.mean(1)
            rows.append(torch.stack([logits.mean(1), top], 1))
        first = head(torch.from_numpy(features[chosen])).clamp(-8, 8)
    return torch.cat([first, torch.cat(rows)], 1).numpy()


def join(evidence: Any, photographic: Any) -> tuple[list[float], float]:
    """Weights and offset of the logistic regression that joins the evidence."""
    line = nn.Linear(evidence.shape[1], 1)
    nn.init.zeros_(line.weight)
    nn.init.zeros_(line.bias)
    values, wanted = torch.from_numpy(evidence), torch.from_numpy(photographic.astype("f4"))
    optimiser = torch.optim.LBFGS(line.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        value = functional.binary_cross_entropy_with_logits(line(values)[:, 0], wanted)
        value = value + 1e-3 * line.weight.square().sum()
        value.backward()
        return value

    optimiser.step(loss)
    return [float(weight) for weight in line.weight[0]], float(line.bias[0])


def write(module: nn.Module, example: torch.Tensor, file: Path) -> None:
    import openvino

    model = openvino.convert_model(module, example_input=example, input=[list(example.shape)])
    openvino.save_model(model, file, compress_to_fp16=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--publish", action="store_true")
    arguments = parser.parse_args()
    pool: Path = arguments.pool
    torch.set_num_threads(2)
    cover, origin = numpy.load(pool / "cover.npy"), numpy.load(pool / "origin.npy")
    back = kept_back(origin)
    features = features_of(pool)
    head = learn_head(features, cover, ~back)
    net = learn_texture(pool, cover, ~back, arguments.steps, arguments.batch)
    chosen = numpy.flatnonzero(back)
    evidence = evidence_of(net, head, pool, features, chosen)
    photographic = cover[chosen].mean((1, 2)) > 0
    weights, offset = join(evidence, photographic)
    joined = evidence @ numpy.array(weights) + offset
    for name, column in (*zip(("head", "mean", "top"), evidence.T, strict=True), ("joined", joined)):
        order = numpy.sort(column[~photographic])
        threshold = order[int(0.98 * len(order))]
        caught = float((column[photographic] > threshold).mean())
        print(f"{name:7} at 2 % of drawings refused ({threshold:6.2f}): {caught:.4f} of photographs refused")
    print("weights", [round(weight, 4) for weight in weights], "offset", round(offset, 4))
    write(net, torch.zeros(1, 224, 224, 3), pool / "texture.xml")
    write(head, torch.zeros(1, features.shape[1]), pool / "head.xml")
    if arguments.publish:
        SHIPPED.mkdir(parents=True, exist_ok=True)
        for name in ("texture.xml", "texture.bin", "head.xml", "head.bin", "manifest.json"):
            shutil.copyfile(pool / name, SHIPPED / name)
            print(name, hashlib.sha256((SHIPPED / name).read_bytes()).hexdigest())
        joined_by = {"weights": weights, "offset": offset}
        (pool / "joined.json").write_text(json.dumps(joined_by))


if __name__ == "__main__":
    main()
