"""One contestant of the benchmark in a process of its own, so that its peak memory is its own too.

``rakkan`` is the shipped engine and upscaler; ``torch-bf16`` and ``torch-f32`` run the same networks,
sampler and upscaler in plain PyTorch (inference mode, channels last, whole batches at once). Prints one
JSON object: seconds of each repeat, and the peak of resident memory in bytes.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
#: Seeds -> finished pictures, uint8 [count, 512, 512, 3].
Painter = Callable[[list[int]], Pixels]

NATIVE = 256
CONDITION = {"hair_colour": "silver", "hairstyle": "twin tails", "eye_colour": "red", "outfit": "hoodie"}


def rakkan_painter(weights: Path, steps: int, threads: int) -> Painter:
    """The shipped way: one picture after another on OpenVINO."""
    from rakkan.studio.engines.openvino_engine import OpenVinoEngine
    from rakkan.studio.starter.vocabulary import encode
    from rakkan.studio.upscaling import enlarge

    engine = OpenVinoEngine(weights, threads=threads)
    tokens = encode(CONDITION)

    def paint(seeds: list[int]) -> Pixels:
        native = [
            engine.sample(tokens, width=NATIVE, height=NATIVE, seed=seed, steps=steps) for seed in seeds
        ]
        return np.stack([enlarge(picture) for picture in native])

    return paint


def torch_painter(weights: Path, steps: int, threads: int, half_precision: bool) -> Painter:
    """Plain PyTorch: the modules the starter model is trained with, in bf16 or f32."""
    import torch

    from rakkan.studio.engines.noise import gaussian
    from rakkan.studio.samplers import Latents, euler, silent
    from rakkan.studio.starter import networks
    from rakkan.studio.starter.autoencoder import Autoencoder
    from rakkan.studio.starter.checkpoints import load_checkpoint
    from rakkan.studio.starter.recipe import load_part
    from rakkan.studio.starter.schedule import noise_levels, position_of
    from rakkan.studio.starter.vocabulary import encode

    torch.set_num_threads(threads)
    kind = torch.bfloat16 if half_precision else torch.float32
    checkpoint = load_checkpoint(weights)
    sizes = networks.sizes_of(checkpoint.latent)
    autoencoder, text, unet = Autoencoder(sizes), networks.TextEncoder(sizes), networks.UNet(sizes)
    for name, module in (("autoencoder", autoencoder), ("text", text), ("unet", unet)):
        load_part(module, checkpoint, name)
        module.eval().to(kind).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if half_precision:
        single = networks.sinusoid
        networks.sinusoid = lambda position, width: single(position, width).to(kind)
    enlarge = torch_waifu2x(kind)
    ids = torch.from_numpy(encode(CONDITION).astype(np.int64))
    side = NATIVE // sizes.latent_factor

    @torch.inference_mode()
    def paint(seeds: list[int]) -> Pixels:
        tokens, pooled = text(ids.expand(len(seeds), -1))

        def velocity(latents: Latents, time: float, step: float) -> Latents:
            where = torch.full((len(seeds),), time)
            size = position_of(time) - position_of(time - step)
            sizes_told = torch.full((len(seeds),), size if checkpoint.distilled else 0.0)
            noisy = torch.from_numpy(latents).to(dtype=kind, memory_format=torch.channels_last)
            found: Latents = unet(noisy, where, sizes_told, tokens, pooled).float().numpy()
            return found

        noise = np.concatenate([gaussian(seed, (1, sizes.latent_channels, side, side)) for seed in seeds])
        latents = torch.from_numpy(euler(velocity, noise, noise_levels(steps), silent))
        planes = latents.to(dtype=kind, memory_format=torch.channels_last)
        decoded = autoencoder.decode(autoencoder.denormalise(planes)).float()
        levels = (decoded * 127.5 + 127.5).round().clamp(0, 255)
        return enlarge(levels)

    return paint


def torch_waifu2x(kind: Any) -> Callable[[Any], Pixels]:
    """The same upscaler, [B, 3, H, W] in levels 0-255 -> uint8 [B, 2H, 2W, 3], in plain PyTorch."""
    import torch
    from torch.nn import functional

    from rakkan.studio.engines.weights import read_manifest, read_weights
    from rakkan.studio.upscaling.networks import LAYERS, MARGIN, SLOPE, WEIGHTS, Network

    file = Network(2, 0).file
    arrays = read_weights(WEIGHTS, {"files": {file: read_manifest(WEIGHTS)["files"][file]}})
    tensors = {name: torch.from_numpy(item.astype(np.float32)).to(kind) for name, item in arrays.items()}

    def enlarge(levels: Any) -> Pixels:
        node = functional.pad((levels / 255).to(kind), [MARGIN] * 4, mode="replicate")
        node = node.to(memory_format=torch.channels_last)
        for index in range(1, LAYERS):
            node = functional.conv2d(node, tensors[f"conv{index}.weight"], tensors[f"conv{index}.bias"])
            node = functional.leaky_relu(node, SLOPE)
        weight, bias = tensors[f"conv{LAYERS}.weight"], tensors[f"conv{LAYERS}.bias"]
        node = functional.conv_transpose2d(node, weight, bias, stride=2, padding=3).float()
        pixels: Pixels = (node * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
        return pixels

    return enlarge


def make(name: str, weights: Path, steps: int, threads: int) -> Painter:
    """The painter of that name."""
    if name == "rakkan":
        return rakkan_painter(weights, steps, threads)
    return torch_painter(weights, steps, threads, half_precision=name == "torch-bf16")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=["rakkan", "torch-bf16", "torch-f32"])
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--picture", type=Path, help="where to leave the first picture, as .npy")
    parser.add_argument("--cold", action="store_true", help="draw one picture, encode it and stop")
    given = parser.parse_args()

    paint = make(given.name, given.weights, given.steps, given.threads)
    first = paint([given.seed])
    if given.cold:
        from rakkan.formats.png import encode as encode_png

        encode_png(first[0], {})
        return
    if given.picture:
        np.save(given.picture, first[0])

    def timed(seeds: list[int]) -> float:
        start = time.perf_counter()
        paint(seeds)
        return time.perf_counter() - start

    warm = [timed([given.seed + index]) for index in range(given.repeats)]
    batches = max(1, given.repeats // 3)
    batch = [timed(list(range(given.seed, given.seed + given.batch))) for _ in range(batches)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"warm_seconds": warm, "batch_seconds": batch, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
