"""Makes the shipped reader from a training run, for developers only.

``python -m rakkan.studio.starter.reading.exporting RUN`` writes the network of a run of ``rakkan starter
reader`` into the package, with what its answers mean, and prints the digests that
`rakkan.features.figures.reading` pins.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from rakkan.corpus.figures.canvas import PARTS
from rakkan.studio.starter.pairs import shared_slots
from rakkan.studio.starter.reading.network import ANSWERS, SIDE, FigureNetwork, Heads
from rakkan.studio.starter.reading.running import FILE, load, softener
from rakkan.studio.starter.reading.training import answers_of
from rakkan.studio.starter.reading.wear import shown, worn
from rakkan.studio.starter.renders import BUCKETS, draw_attributes, render_with_parts
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of, encode

#: Renders that the probabilities are made true on; no run has seen them, for they have seeds of their own.
RENDERS = 600
_TEMPERATURES = np.exp(np.linspace(np.log(0.4), np.log(4.0), 41))


def export(heads: Heads, folder: Path, renders: int = RENDERS) -> dict[str, str]:
    """Write ``reader.xml``, ``reader.bin`` and ``reader.json`` into ``folder``; the digests by name."""
    import openvino

    network = FigureNetwork(heads.eval()).eval()
    example = torch.zeros(1, 3, SIDE, SIDE)
    model = openvino.convert_model(network, example_input=example, input=[(1, 3, SIDE, SIDE)])
    folder.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, folder / "reader.xml", compress_to_fp16=True)
    logits, answers = _practice(network, renders)
    told = json.dumps(meanings_of(logits, answers), indent=1) + "\n"
    (folder / "reader.json").write_text(told, encoding="utf-8")
    files = [folder / f"reader{ending}" for ending in (".xml", ".bin", ".json")]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def meanings_of(logits: Tensor, answers: npt.NDArray[np.int64]) -> dict[str, Any]:
    """What `reader.json` tells, from the network's logits [n, answers] of renders and the truth [n,
    slots]."""
    temperatures, right = {}, {}
    split = torch.split(logits, list(ANSWERS), dim=1)
    for number, (slot, scores) in enumerate(zip(SLOTS, split, strict=True)):
        true = torch.from_numpy(answers[:, number])
        losses = [float(functional.cross_entropy(scores / heat, true)) for heat in _TEMPERATURES]
        temperatures[slot] = round(float(_TEMPERATURES[int(np.argmin(losses))]), 4)
        seen = true < len(SLOT_VALUES[slot])
        right[slot] = float((scores[seen].argmax(1) == true[seen]).float().mean())
    own = {slot: right[slot] for slot in shared_slots("identity")}
    return {
        "slots": {slot: list(values) for slot, values in SLOT_VALUES.items()},
        "parts": list(PARTS),
        "temperatures": temperatures,
        "identity": {slot: round(share / sum(own.values()), 5) for slot, share in own.items()},
    }


@torch.inference_mode()
def _practice(network: FigureNetwork, renders: int) -> tuple[Tensor, npt.NDArray[np.int64]]:
    """The network's logits of fresh renders, worn as in training but half as much, and the truth."""
    chance, random, soften = Random("the reader's renders"), np.random.default_rng(9), softener()
    logits, answers = [], []
    for bucket in BUCKETS:
        count = max(1, round(renders * bucket.share))
        for start in range(0, count, 32):
            figures = [draw_attributes(bucket, chance) for _ in range(min(32, count - start))]
            drawn = np.stack(
                [
                    render_with_parts(one, chance.getrandbits(32), bucket.width, bucket.height)
                    for one in figures
                ]
            )
            pictures, _ = shown(worn(torch.from_numpy(drawn), soften, random), random, 0.5)
            logits.append(network(pictures)[0])
            answers.append(answers_of(np.stack([encode(condition_of(one)) for one in figures])))
    return torch.cat(logits), np.concatenate(answers)


def main() -> None:
    from rakkan.features.figures import reading

    heads, steps = load(Path(sys.argv[1]) / FILE)
    for name, digest in export(heads, reading.READER.path.parent).items():
        print(digest, name)
    print(f"after {steps} steps")


if __name__ == "__main__":
    main()
