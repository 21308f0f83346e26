"""torch's normal numbers on CUDA devices, without one: Philox 4x32-10 and Box and Muller's transform."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

#: Multipliers and key increments of Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
INCREMENTS = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10

#: CUDA's single-precision 2^-32 and 2 pi 2^-32, by which words become (0, 1] and angles.
UNIT = float(np.float32(2.0**-32))
TURN = float(np.float32(2.0 * np.pi)) * 2.0**-32


def philox_normal(seed: int, draw: int, count: int) -> npt.NDArray[np.float32]:
    """What the draw of that number from 0 gives for ``torch.randn`` on a CUDA device with that seed: float32.

    Each number has its own counter (draw, 0, index, 0) and takes the first two words of its block, of which
    the transform's sine is kept. That holds where the device has a thread for each number, which is 1,024 to
    2,048 for each of its multiprocessors; with more numbers torch lets threads draw several, and devices
    disagree. Angles and roots are computed in double precision as A1111's "NV" mode does: a device differs in
    the last bits.
    """
    counters = np.zeros((count, 4), np.uint32)
    counters[:, 0] = draw
    counters[:, 2] = np.arange(count)
    words = philox(counters, (seed & 0xFFFFFFFF, seed >> 32))
    uniform = words[:, 0].astype(np.float64) * UNIT + UNIT / 2
    angle = words[:, 1].astype(np.float64) * TURN + TURN / 2
    return (np.sqrt(-2.0 * np.log(uniform)) * np.sin(angle)).astype(np.float32)


def philox(counters: Words, key: tuple[int, int]) -> Words:
    """Ten rounds of Philox 4x32 on uint32 [count, 4] with one key (Salmon et al. 2011)."""
    first, second, third, fourth = (counters[:, index].astype(np.uint64) for index in range(4))
    low_half, shift = np.uint64(0xFFFFFFFF), np.uint64(32)
    for turn in range(ROUNDS):
        keys = [
            np.uint64((part + turn * step) & 0xFFFFFFFF) for part, step in zip(key, INCREMENTS, strict=True)
        ]
        one, two = first * np.uint64(MULTIPLIERS[0]), third * np.uint64(MULTIPLIERS[1])
        first, third = (two >> shift) ^ second ^ keys[0], (one >> shift) ^ fourth ^ keys[1]
        second, fourth = two & low_half, one & low_half
    return np.stack([first, second, third, fourth], axis=1).astype(np.uint32)
