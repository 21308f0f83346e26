"""The noise a picture starts from, the same for a seed on every machine and in every version."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rakkan.errors import RakkanError
from rakkan.studio.ranges import MAXIMUM_SEED


def gaussian(seed: int, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal float32 numbers of ``shape`` from ``seed`` (0 to 2**64 - 1).

    Philox-4x64 (Salmon et al. 2011), key (seed, 0), counter from 0, gives 64-bit words; each pair of
    their upper 53 bits becomes two numbers by Box and Muller's transform (1958), all cosines first.
    numpy promises the words but not its own normal distribution across versions, hence the transform
    here. Raises RakkanError for a seed out of range.
    """
    if not 0 <= seed <= MAXIMUM_SEED:
        raise RakkanError(f"The seed {seed} is out of range", f"Give a whole number from 0 to {MAXIMUM_SEED}")
    count = int(np.prod(shape))
    pairs = (count + 1) // 2
    words = np.random.Philox(key=np.array([seed, 0], dtype=np.uint64)).random_raw(2 * pairs)
    # Halfway between multiples of 2^-53: never 0, whose logarithm is not finite.
    uniform = ((words >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
    radius = np.sqrt(-2.0 * np.log(uniform[:pairs]))
    angle = 2.0 * np.pi * uniform[pairs:]
    values = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    return values[:count].astype(np.float32).reshape(shape)
