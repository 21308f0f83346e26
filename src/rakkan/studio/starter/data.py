"""What training sees: stocks of renders or latents, each item used a limited number of times.

Rendering costs more than a training step may, so items are kept and used again, but never more than
``MAXIMUM_USES`` times; spent items are overwritten by fresh ones. The same stock serves a CPU (items in
a file mapped into memory, so that the next run starts warm) and a GPU (a pool in its own memory).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rakkan.studio.starter.renders import BUCKETS, RenderQueue
from rakkan.studio.starter.vocabulary import SLOTS, UNSPECIFIED

MAXIMUM_USES = 20
_EMPTY = 255
_NUMPY = {torch.uint8: np.uint8, torch.float16: np.float16}


class Stock:
    """``capacity`` items of one shape with ``described`` token ids each, and how often each was used.

    With ``file``, the items live in ``file`` and its neighbours and survive the process; when ``pooled``,
    they live in the device's memory, are read from ``file`` if it exists, and are written by ``flush``.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: torch.dtype,
        capacity: int,
        device: str,
        file: Path | None = None,
        *,
        pooled: bool = False,
        described: int = len(SLOTS),
    ) -> None:
        self.capacity = capacity
        self.device = device
        self._file = file if pooled else None
        whole = (capacity, *shape)
        if file is not None and not pooled:
            self.items = torch.from_numpy(_mapped(file, _NUMPY[dtype], whole, 0))
            self.ids = _mapped(file.with_suffix(".ids"), np.int32, (capacity, described), 0)
            self.uses = _mapped(file.with_suffix(".uses"), np.uint8, (capacity,), _EMPTY)
            return
        self.items = torch.empty(whole, dtype=dtype, device=device)
        self.ids = np.zeros((capacity, described), np.int32)
        self.uses = np.full(capacity, _EMPTY, np.uint8)
        if file is not None and file.exists():
            self._read(file)

    @property
    def usable(self) -> int:
        """How many items may still be used."""
        return int((self.uses < MAXIMUM_USES).sum())

    @property
    def room(self) -> int:
        """How many items may be overwritten: empty or spent."""
        return self.capacity - self.usable

    def put(self, items: Tensor, ids: npt.NDArray[np.int32]) -> None:
        """Store fresh items [n, *shape] with ids [n, slots] over empty and spent ones; n at most ``room``."""
        slots = np.flatnonzero(self.uses >= MAXIMUM_USES)
        # Empty places first: while there are any, every item ever made stays in use.
        slots = slots[np.argsort(self.uses[slots] != _EMPTY, kind="stable")][: len(items)]
        self.items[torch.from_numpy(slots).to(self.device)] = items.to(self.items.dtype)
        self.ids[slots] = ids
        self.uses[slots] = 0

    def take(self, count: int, random: np.random.Generator) -> tuple[Tensor, npt.NDArray[np.int32]]:
        """``count`` different usable items and their ids, at random; ``count`` at most ``usable``."""
        slots = random.choice(np.flatnonzero(self.uses < MAXIMUM_USES), count, replace=False)
        items, ids = self.items[torch.from_numpy(slots).to(self.device)], self.ids[slots]
        self.uses[slots] += 1
        return items, ids

    def occupied(self) -> npt.NDArray[np.int64]:
        """Indices of all items that hold something, spent or not."""
        return np.flatnonzero(self.uses != _EMPTY)

    def flush(self) -> None:
        """Write a pool to its file; a mapped stock is there already."""
        if self._file is None:
            return
        kept = self.occupied()
        dtype = _NUMPY[self.items.dtype]
        shape = (self.capacity, *self.items.shape[1:])
        mapped = np.memmap(self._file, dtype, "w+", shape=shape)
        for start in range(0, len(kept), 4096):
            slots = kept[start : start + 4096]
            mapped[slots] = self.items[torch.from_numpy(slots).to(self.device)].cpu().numpy()
        mapped.flush()
        self.ids.tofile(self._file.with_suffix(".ids"))
        self.uses.tofile(self._file.with_suffix(".uses"))

    def _read(self, file: Path) -> None:
        shape = (self.capacity, *self.items.shape[1:])
        dtype = _NUMPY[self.items.dtype]
        if file.stat().st_size != np.prod(shape) * np.dtype(dtype).itemsize:
            return
        mapped = np.memmap(file, dtype, "r", shape=shape)
        for start in range(0, self.capacity, 4096):
            part = np.array(mapped[start : start + 4096])
            self.items[start : start + 4096] = torch.from_numpy(part).to(self.device)
        self.ids = np.fromfile(file.with_suffix(".ids"), np.int32).reshape(self.ids.shape)
        self.uses = np.fromfile(file.with_suffix(".uses"), np.uint8)


@dataclass(frozen=True)
class Batch:
    """Items of one bucket [B, …] on the training device and their full token ids int32 [B, slots], or of
    pairs int32 [B, 2 * slots + 1]."""

    items: Tensor
    ids: npt.NDArray[np.int32]


class Supply:
    """Batches from a stock per bucket, refilled from the render queue.

    ``prepare`` turns pictures uint8 [n, H, W, 3] on the device into items of the stock (encoding them,
    say). ``minimum`` is the number of usable items below which a batch waits for the workers; ``chunk``
    bounds what a step spends on fresh pictures.
    """

    def __init__(
        self,
        queue: RenderQueue,
        stocks: Mapping[str, Stock],
        prepare: Callable[[Tensor], Tensor] | None = None,
        minimum: int = 256,
        seed: int = 0,
        chunk: int = 16,
    ) -> None:
        self._queue = queue
        self._stocks = stocks
        self._prepare = prepare
        self._minimum = minimum
        self._chunk = chunk
        self._random = np.random.default_rng(seed)

    def refill(self) -> int:
        """Move up to ``chunk`` fresh pictures per bucket from the queue to the stock; how many there were."""
        moved = 0
        for name, stock in self._stocks.items():
            wanted = min(self._chunk, stock.room)
            if not wanted:
                continue
            pictures, ids = self._queue.take(name, wanted)
            if len(pictures):
                items = torch.from_numpy(pictures).to(stock.device)
                stock.put(self._prepare(items) if self._prepare else items, ids)
                moved += len(pictures)
        return moved

    def batch(self, count: int, waiting: Callable[[], bool] = lambda: True) -> Batch | None:
        """A batch of a bucket chosen by share; fewer items for the larger bucket, so that steps cost alike.

        Waits while too few items are usable, as long as ``waiting()``; None when that ends first.
        """
        buckets = [bucket for bucket in BUCKETS if bucket.name in self._stocks]
        shares = np.array([bucket.share for bucket in buckets])
        bucket = buckets[int(self._random.choice(len(buckets), p=shares / shares.sum()))]
        stock = self._stocks[bucket.name]
        count = max(1, round(count * 256 / bucket.height))
        floor = max(count, min(stock.capacity // 2, int(self._minimum * bucket.share)))
        self.refill()
        while stock.usable < floor:
            if not waiting():
                return None
            if not self.refill():
                time.sleep(0.02)
        items, ids = stock.take(count, self._random)
        return Batch(items, ids)

    def usable(self) -> int:
        """Usable items over all buckets."""
        return sum(stock.usable for stock in self._stocks.values())


def vary_captions(
    ids: npt.NDArray[np.int32], random: np.random.Generator, dropped: float = 0.1, subsets: float = 0.1
) -> npt.NDArray[np.int32]:
    """Token ids [B, slots] as a user might have given them: in full, in part, or not at all.

    A share ``dropped`` says nothing and a share ``subsets`` names each slot with a probability of its
    own per sample (0.1 to 0.9). The rest is told in full, as prompts are once they have been completed.
    """
    kind = random.random(len(ids))[:, None]
    kept = random.random(ids.shape) < random.uniform(0.1, 0.9, (len(ids), 1))
    told = np.where(kind < dropped, False, np.where(kind < dropped + subsets, kept, True))
    return np.where(told, ids, UNSPECIFIED)


def to_pictures(pictures: Tensor) -> Tensor:
    """uint8 [B, H, W, 3] -> float32 [B, 3, H, W] in -1..1, channels last in memory."""
    return pictures.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def _mapped(file: Path, dtype: Any, shape: tuple[int, ...], blank: int) -> npt.NDArray[Any]:
    """The array in ``file``; a file of another size is replaced by a blank one."""
    if file.exists() and file.stat().st_size == np.prod(shape) * np.dtype(dtype).itemsize:
        return np.memmap(file, dtype, "r+", shape=shape)
    file.parent.mkdir(parents=True, exist_ok=True)
    array: npt.NDArray[Any] = np.memmap(file, dtype, "w+", shape=shape)
    if blank:
        array[:] = blank
    return array
