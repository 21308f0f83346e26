"""Fresh renders for training, made by worker processes of their own.

Workers never import torch and never see the training: each owns a stripe of slots in a ring of
memory-mapped pictures and fills whichever of them are empty. When all are full it sleeps, so the
workers render exactly as fast as pictures are taken out, and on a small machine (at the lowest
priority) they use only the time that training leaves.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from rakkan.corpus.figures.attributes import Attributes, sample
from rakkan.errors import RakkanError
from rakkan.studio.starter.holdout import held_out
from rakkan.studio.starter.vocabulary import SLOTS, condition_of, encode

#: Draws one figure: attributes, seed, width, height -> uint8 [height, width, channels].
Render = Callable[[Attributes, int, int, int], npt.NDArray[np.uint8]]

_EMPTY, _FULL = 0, 1
_IDLE_SECONDS = 0.02
#: Figures drawn to tell versions apart: enough for every value of every group.
_VERSION_FIGURES = 120


@dataclass(frozen=True)
class Bucket:
    """Pictures of one size: a batch holds one bucket only. ``share`` is its part of all batches."""

    name: str
    width: int
    height: int
    framings: tuple[str, ...]
    share: float


BUCKETS = (
    Bucket("square", 256, 256, ("bust", "half body"), 0.75),
    Bucket("tall", 256, 384, ("full body",), 0.25),
)


@dataclass(frozen=True)
class Scope:
    """Which figures a run learns from: ``buckets`` with their shares, and choices narrower than all.

    ``choices`` maps fields of `Attributes` to the values they may take; others are free. ``further`` are
    values that a model which draws these well may also be shown, but is not examined on.
    """

    name: str
    buckets: tuple[Bucket, ...]
    choices: Mapping[str, tuple[str, ...]]
    further: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def sample(self, random: Random, **fixed: str | tuple[str, ...]) -> Attributes:
        """A random figure of this scope; ``fixed`` fields are given."""
        chosen = {name: random.choice(values) for name, values in self.choices.items()}
        return sample(random, **{**chosen, **fixed})


#: What a short run on two cores can learn to draw well, and everything.
SCOPES = {
    "busts": Scope(
        "busts",
        (Bucket("square", 256, 256, ("bust",), 1.0),),
        {
            "framing": ("bust",),
            "view": ("front", "front", "three-quarter left", "three-quarter right"),
            "style": ("cel", "cel", "soft"),
            "hair_tone": ("plain",),
            "outfit_pattern": ("plain",),
            "pose": ("arms at sides",),
            "background": ("plain background", "gradient background", "blue sky", "night sky", "sunset"),
        },
        {"view": ("profile left", "profile right")},
    ),
    "all": Scope("all", BUCKETS, {}),
}


def scope_of(name: str) -> Scope:
    """A scope by name; raises RakkanError for an unknown one."""
    if name not in SCOPES:
        raise RakkanError(f"there is no scope {name!r}", f"choose one of {', '.join(SCOPES)}")
    return SCOPES[name]


def render_figure(attributes: Attributes, seed: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """The renderer's picture of a figure, uint8 [height, width, 3]."""
    from rakkan.corpus.figures import draw, rasterise

    return rasterise(draw(attributes, seed), width, height)


def render_with_parts(attributes: Attributes, seed: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """The picture of a figure with what each pixel belongs to, uint8 [height, width, 4]: the fourth channel
    holds indices into `canvas.PARTS`."""
    from rakkan.corpus.figures import rasterise
    from rakkan.corpus.figures.drawing import compose, part_map

    scene = compose(attributes, seed)
    pixels = rasterise(scene.canvas.svg(scene.frame), width, height)
    return np.dstack([pixels, part_map(scene.canvas, scene, width, height)])


@cache
def renderer_version() -> str:
    """A digest of what the renderer draws: pictures of two versions are not the same training set.

    It is taken from drawings, not from source, so that a change that changes no drawing keeps it.
    """
    from rakkan.corpus.figures import draw

    digest = hashlib.sha256()
    for seed in range(_VERSION_FIGURES):
        digest.update(draw(sample(Random(f"version {seed}")), seed).encode())
    return digest.hexdigest()[:12]


@dataclass(frozen=True)
class Item:
    """The figures of one item of a ring, rendered together, and the role that ties them (0 where alone)."""

    figures: tuple[Attributes, ...]
    role: int = 0


#: Chooses the figures of an item for a bucket of a scope.
DrawItem = Callable[[Bucket, Random, Scope], Item]


def draw_item(bucket: Bucket, random: Random, scope: Scope) -> Item:
    """One figure by itself."""
    return Item((draw_attributes(bucket, random, scope),))


def draw_attributes(bucket: Bucket, random: Random, scope: Scope = SCOPES["all"], **fixed: str) -> Attributes:
    """A random figure for a bucket that holds no combination kept out of training."""
    while True:
        attributes = scope.sample(random, framing=random.choice(bucket.framings), **fixed)
        if not held_out(attributes):
            return attributes


class RenderQueue:
    """Worker processes and the rings of pictures they fill; use it as a context manager.

    ``workers`` processes at priority ``niceness`` draw figures of ``scope``, ``figures`` to an item, as
    ``draw`` chooses them and ``render`` draws them, in so many ``channels``; ``seed`` starts their random
    numbers; ``slots`` is the number of items a ring holds.
    """

    def __init__(
        self,
        workers: int,
        seed: int,
        niceness: int = 19,
        slots: int = 256,
        render: Render = render_figure,
        scope: Scope = SCOPES["all"],
        draw: DrawItem = draw_item,
        figures: int = 1,
        channels: int = 3,
    ) -> None:
        shared = Path("/dev/shm")
        self._folder = Path(
            tempfile.mkdtemp(prefix="rakkan-renders-", dir=shared if shared.is_dir() else None)
        )
        self._rings = {
            bucket.name: _Ring.create(self._folder, bucket, slots, figures, channels)
            for bucket in scope.buckets
        }
        context = multiprocessing.get_context("spawn")
        self._workers = [
            context.Process(
                target=_work,
                args=(
                    _Task(str(self._folder), slots, figures, channels, workers, seed, niceness, os.getpid()),
                    index,
                    render,
                    draw,
                    scope,
                ),
                daemon=True,
            )
            for index in range(workers)
        ]

    def __enter__(self) -> RenderQueue:
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, bucket: str, limit: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
        """Up to ``limit`` finished items: pictures uint8 [n, H, W, 3] and token ids int32 [n, slots];
        where an item has several figures, [n, figures, H, W, 3] and [n, figures * slots + 1], the role last.

        Each item is handed out once; n is 0 when none is ready. Raises RakkanError when the
        workers have died, for then none ever will be.
        """
        ring = self._rings[bucket]
        full = np.flatnonzero(ring.flags == _FULL)[:limit]
        if not len(full) and self._workers and not any(worker.is_alive() for worker in self._workers):
            raise RakkanError(
                "the processes that render training pictures have died", "see their output above"
            )
        pictures, ids = ring.pictures[full], ring.ids[full]
        ring.flags[full] = _EMPTY
        return np.asarray(pictures), np.asarray(ids)


@dataclass(frozen=True)
class _Ring:
    """Memory-mapped pictures of one bucket, shared between processes; a flag is written after its slot."""

    pictures: npt.NDArray[np.uint8]
    ids: npt.NDArray[np.int32]
    flags: npt.NDArray[np.uint8]

    @classmethod
    def create(
        cls, folder: Path, bucket: Bucket, slots: int, figures: int, channels: int, mode: Any = "w+"
    ) -> _Ring:
        several = (figures,) if figures > 1 else ()
        shape = (slots, *several, bucket.height, bucket.width, channels)
        stem = str(folder / bucket.name)
        return cls(
            np.memmap(f"{stem}.pictures", np.uint8, mode, shape=shape),
            np.memmap(f"{stem}.ids", np.int32, mode, shape=(slots, ids_of(figures))),
            np.memmap(f"{stem}.flags", np.uint8, mode, shape=(slots,)),
        )


def ids_of(figures: int) -> int:
    """How many numbers describe an item of so many figures."""
    return len(SLOTS) if figures == 1 else figures * len(SLOTS) + 1


@dataclass(frozen=True)
class _Task:
    """What all workers of a queue are told."""

    folder: str
    slots: int
    figures: int
    channels: int
    workers: int
    seed: int
    niceness: int
    parent: int


def _work(task: _Task, index: int, render: Render, draw: DrawItem, scope: Scope) -> None:
    """A worker's life: fill the empty slots of its stripe until the parent is gone."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(task.niceness)
    random = Random(f"{task.seed}/{index}")
    folder = Path(task.folder)
    rings = {
        bucket: _Ring.create(folder, bucket, task.slots, task.figures, task.channels, "r+")
        for bucket in scope.buckets
    }
    while os.getppid() == task.parent:
        open_slots = {
            bucket: stripe[ring.flags[stripe] == _EMPTY]
            for bucket, ring in rings.items()
            for stripe in (np.arange(index, task.slots, task.workers),)
        }
        wanting = [bucket for bucket, empty in open_slots.items() if len(empty)]
        if not wanting:
            time.sleep(_IDLE_SECONDS)
            continue
        bucket = random.choices(wanting, [bucket.share for bucket in wanting])[0]
        slot, ring = open_slots[bucket][0], rings[bucket]
        item = draw(bucket, random, scope)
        made = [render(one, random.getrandbits(32), bucket.width, bucket.height) for one in item.figures]
        told = [encode(condition_of(one)) for one in item.figures]
        if task.figures == 1:
            ring.pictures[slot], ring.ids[slot] = made[0], told[0]
        else:
            ring.pictures[slot], ring.ids[slot] = np.stack(made), np.concatenate([*told, [item.role]])
        ring.flags[slot] = _FULL
