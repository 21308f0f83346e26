"""Makes the shipped layers of `rakkan.features.figures.tints`, for developers only.

``python -m rakkan.studio.starter.reading.tinting [RENDERS]`` shows the shipped reader fresh renders, worn as
in its own training, counts the colours of what it takes for the parts and learns what they amount to. How
much each slot tells of who somebody is follows from how often it is right then: `reader.json` is written
anew. It prints the digests that the modules pin. To be run after `exporting`; ten minutes on two cores.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import save as serialised
from torch import Tensor, nn
from torch.nn import functional

from rakkan.features.figures import reading, tints
from rakkan.studio.starter.pairs import shared_slots
from rakkan.studio.starter.reading.running import softener
from rakkan.studio.starter.reading.training import answers_of
from rakkan.studio.starter.reading.wear import shown, worn
from rakkan.studio.starter.renders import BUCKETS, SCOPES, draw_attributes, render_with_parts
from rakkan.studio.starter.vocabulary import SLOT_VALUES, SLOTS, condition_of, encode

RENDERS = 1800
_BATCH = 32
_HIDDEN, _STEPS, _RATE, _DOUBT = 32, 3000, 2e-3, 0.03

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Practice:
    """What is learnt from: by slot of `tints.PARTS` the numbers float32 [n, NUMBERS]; by slot the network's
    log-probabilities [n, answers], and the index of the right answer, int64 [n]."""

    numbers: dict[str, Floats]
    told: dict[str, Floats]
    right: dict[str, npt.NDArray[np.int64]]


def practice(renders: int, seed: int, report: Callable[[str], None]) -> Practice:
    """The shipped reader's answers to fresh renders, half of them busts as the starter model draws them."""
    chance, random = Random(f"tints {seed}"), np.random.default_rng(seed)
    torch.manual_seed(seed)  # the noise of `shown`
    soften, known = softener(), reading.meanings()
    numbers: dict[str, list[Floats]] = {slot: [] for slot in tints.PARTS}
    told: dict[str, list[Floats]] = {slot: [] for slot in SLOTS}
    right = []
    for start in range(0, renders, _BATCH):
        scope = SCOPES[chance.choice(("all", "busts"))]
        bucket = chance.choices(BUCKETS, [one.share for one in BUCKETS])[0]
        bucket = bucket if scope.name == "all" else scope.buckets[0]
        figures = [draw_attributes(bucket, chance, scope) for _ in range(min(_BATCH, renders - start))]
        drawn = [
            render_with_parts(one, chance.getrandbits(32), bucket.width, bucket.height) for one in figures
        ]
        items = worn(torch.from_numpy(np.stack(drawn)), soften, random)
        for picture in shown(items, random, 0.7)[0].contiguous().numpy():
            answers, maps = reading.asked(np.ascontiguousarray(picture)[None], known)
            for slot, counted in tints.counted(picture, maps).items():
                numbers[slot].append(counted)
            for slot, probabilities in answers.items():
                told[slot].append(np.log(probabilities + np.float32(1e-4)))
        right.append(answers_of(np.stack([encode(condition_of(one)) for one in figures])))
        if start // _BATCH % 10 == 0:
            report(f"{start + len(figures)} of {renders} renders")
    truth = np.concatenate(right)
    return Practice(
        {slot: np.stack(found) for slot, found in numbers.items()},
        {slot: np.stack(found) for slot, found in told.items()},
        {slot: truth[:, number] for number, slot in enumerate(SLOTS)},
    )


def learnt(given: Practice, slot: str, seed: int) -> nn.Sequential:
    """Two layers that tell a slot's answer from its colours and what the network held likely."""
    torch.manual_seed(seed)
    answers = len(SLOT_VALUES[slot]) + 1
    made = nn.Sequential(nn.Linear(tints.NUMBERS + answers, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, answers))
    inputs, right = inputs_of(given, slot), torch.from_numpy(given.right[slot])
    step = torch.optim.AdamW(made.parameters(), _RATE, weight_decay=0.02)
    rate = torch.optim.lr_scheduler.CosineAnnealingLR(step, _STEPS)
    for _ in range(_STEPS):
        rows = torch.randint(len(inputs), (256,))
        some = functional.dropout(inputs[rows], 0.1)
        loss = functional.cross_entropy(made(some), right[rows], label_smoothing=_DOUBT)
        step.zero_grad()
        loss.backward()
        step.step()
        rate.step()
    return made


def inputs_of(given: Practice, slot: str) -> Tensor:
    """What the layers are shown, float32 [n, NUMBERS + answers]."""
    return torch.from_numpy(np.concatenate([given.numbers[slot], given.told[slot]], axis=1))


def stored(layers: dict[str, nn.Sequential]) -> bytes:
    """The layers of every slot as a safetensors file of half precision."""
    held = {}
    for slot, made in layers.items():
        for at, number in ((0, 0), (2, 2)):
            layer = made[at]
            assert isinstance(layer, nn.Linear)
            held[f"{slot}.{number}"] = layer.weight.detach().T.contiguous().half().numpy()
            held[f"{slot}.{number + 1}"] = layer.bias.detach().half().numpy()
    return serialised(held)


@torch.no_grad()
def shares_right(given: Practice, layers: dict[str, nn.Sequential]) -> dict[str, tuple[float, float]]:
    """How often each slot that can be seen is right: by the network, and with what its colours say."""
    made = {}
    for slot, right in given.right.items():
        seen = right < len(SLOT_VALUES[slot])
        told = given.told[slot]
        found = layers[slot](inputs_of(given, slot)).numpy() if slot in layers else told
        made[slot] = tuple(
            float((one[seen][:, :-1].argmax(1) == right[seen]).mean()) if seen.any() else 0.0
            for one in (told, found)
        )
    return made  # type: ignore[return-value]


def main() -> None:
    renders = int(sys.argv[1]) if len(sys.argv) > 1 else RENDERS
    given = practice(renders, 1, print)
    layers = {slot: learnt(given, slot, 3) for slot in tints.PARTS}
    write(layers, shares_right(practice(max(1, renders // 10), 2, lambda line: None), layers))


def write(layers: dict[str, nn.Sequential], right: dict[str, tuple[float, float]]) -> None:
    """Write both files into the package and print their digests."""
    for slot in layers:
        print(f"{slot}: {right[slot][0]:.3f} right by the network, {right[slot][1]:.3f} with its colours")
    folder = Path(tints.__file__).parent / "weights"
    (folder / "tints.safetensors").write_bytes(stored(layers))
    told = json.loads((folder / "reader.json").read_text())
    own = {slot: right[slot][1] for slot in shared_slots("identity")}
    told["identity"] = {slot: round(share / sum(own.values()), 5) for slot, share in own.items()}
    (folder / "reader.json").write_text(json.dumps(told, indent=1) + "\n")
    for name in ("tints.safetensors", "reader.json"):
        print(hashlib.sha256((folder / name).read_bytes()).hexdigest(), name)


if __name__ == "__main__":
    main()
