"""Sample grids: pictures of how far training has come."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
import numpy.typing as npt
from torch import Tensor

from rakkan.studio.starter.renders import BUCKETS, SCOPES, Bucket, Scope, draw_attributes
from rakkan.studio.starter.vocabulary import condition_of, encode

COLUMNS = 6

#: uint8 [height, width, 3].
Pixels = npt.NDArray[np.uint8]


def grid_conditions(bucket: Bucket, count: int, scope: Scope = SCOPES["all"]) -> npt.NDArray[np.int32]:
    """The same conditions for every grid of a bucket: token ids int32 [count, slots]."""
    random = Random(f"grid {bucket.name}")
    return np.stack([encode(condition_of(draw_attributes(bucket, random, scope))) for _ in range(count)])


def grid_counts() -> dict[str, int]:
    """How many pictures of each bucket a grid of four rows holds: three square rows, one tall."""
    return {bucket.name: COLUMNS * (3 if bucket.name == "square" else 1) for bucket in BUCKETS}


def grid_of(rows: Sequence[Tensor]) -> Pixels:
    """Rows of pictures [n, 3, H, W] in -1..1, each row of one height and all of one width, as one picture:
    uint8 [height, width, 3]."""
    lines = []
    for row in rows:
        pixels = ((row.float().cpu().clamp(-1, 1) + 1) * 127.5).round().byte().numpy()
        lines.append(pixels.transpose(2, 0, 3, 1).reshape(row.shape[2], -1, 3))
    return np.concatenate(lines)
