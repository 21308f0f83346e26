"""How the network that reads figures learns: exact attributes and exact parts of fresh renders."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from rakkan.corpus.figures.canvas import PARTS
from rakkan.errors import RakkanError
from rakkan.studio.starter.data import Batch
from rakkan.studio.starter.grids import Pixels
from rakkan.studio.starter.loop import Averages, Stage, cosine
from rakkan.studio.starter.reading.network import ANSWERS, MAPS, PARTS_SIDE, Heads, maps_of
from rakkan.studio.starter.vocabulary import SLOT_VALUES, UNSPECIFIED

NAME = "reader"
#: Small parts count for more than their few pixels.
_PART_WEIGHTS = {"eyes": 4.0, "mouth": 4.0, "accessories": 2.0, "face": 1.5}
#: Share of the truth that is spread over all answers, so that none is ever quite sure (Szegedy et al. 2016).
_DOUBT = 0.03
#: Pictures of a batch whose parts are learnt from: that is three quarters of the work, and the easier half.
_WITH_PARTS = 12
#: Numbers of an item: its maps, and its parts.
_SIZES = [channels * side * side for channels, side in MAPS]
ITEM = (sum(_SIZES) + PARTS_SIDE**2,)


def items_of(pictures: Tensor, parts: Tensor) -> Tensor:
    """Items for a stock, float16 [n, *ITEM]: the maps of pictures float32 [n, 3, 256, 256], and their
    parts."""
    return torch.cat([*(one.flatten(1) for one in maps_of(pictures)), parts.flatten(1).half()], dim=1)


def taken_apart(items: Tensor) -> tuple[tuple[Tensor, ...], Tensor]:
    """The maps, float32, and the parts, int64 [n, 128, 128], of items."""
    *flat, parts = torch.split(items, [*_SIZES, PARTS_SIDE**2], dim=1)
    maps = tuple(
        one.float().reshape(-1, channels, side, side)
        for one, (channels, side) in zip(flat, MAPS, strict=True)
    )
    return maps, parts.round().long().reshape(-1, PARTS_SIDE, PARTS_SIDE)


def answers_of(ids: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """The index of the right answer in each slot, of full token ids [B, slots]: that it cannot be seen is the
    last."""
    values = np.asarray(ids - UNSPECIFIED - 1, np.int64)
    unseen = np.array([len(values) for values in SLOT_VALUES.values()])
    return np.where(values < 0, unseen, values)


def slots_loss(logits: Tensor, answers: Tensor) -> Tensor:
    """Cross entropy of the slots, their mean."""
    slots = [
        functional.cross_entropy(scores, answers[:, slot], label_smoothing=_DOUBT)
        for slot, scores in enumerate(torch.split(logits.float(), list(ANSWERS), dim=1))
    ]
    return torch.stack(slots).mean()


def parts_loss(logits: Tensor, parts: Tensor) -> Tensor:
    """Cross entropy of the parts over all places, the logits [B, parts, n, n] being as fine as the truth, or
    some times coarser."""
    weights = torch.tensor([_PART_WEIGHTS.get(part, 1.0) for part in PARTS])
    cell = parts.shape[1] // logits.shape[2]
    if cell == 1:
        return functional.cross_entropy(logits.float(), parts, weights)
    shares = functional.one_hot(parts, len(PARTS)).permute(0, 3, 1, 2).float()
    return functional.cross_entropy(logits.float(), functional.avg_pool2d(shares, cell), weights)


def reading_stage(heads: Heads, batch: int, rate: float, seed: int) -> Stage:
    """The stage that trains ``heads`` on stocks of `items_of`."""
    averages = Averages({NAME: heads}, 0.998)
    averaged = averages.modules[NAME]

    def loss(given: Batch) -> Tensor:
        maps, parts = taken_apart(given.items)
        found = heads(maps)
        fine = heads.parts(found.first(_WITH_PARTS))
        with torch.no_grad():  # the averages are of what is learnt; what is measured is taken as it is
            for kept, measured in zip(averaged.buffers(), heads.buffers(), strict=True):
                kept.copy_(measured)
        right = slots_loss(found.slots, torch.from_numpy(answers_of(given.ids)))
        return right + parts_loss(found.coarse, parts) + parts_loss(fine, parts[:_WITH_PARTS])

    def grid() -> Pixels:
        raise RakkanError("the reader draws nothing", "leave the grids out")

    return Stage(NAME, {NAME: heads}, averages, loss, grid, batch, rate, cosine)
