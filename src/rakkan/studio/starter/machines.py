"""The kinds of machines that the starter model is trained on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """How a kind of machine trains.

    ``batches`` are pictures a step of each stage, ``chunk`` bounds the fresh pictures a step takes in,
    ``encoded`` is how many pictures are turned into latents at once, ``latents`` how many are kept.
    A machine whose stocks are ``pooled`` keeps them in the device's memory, where the renders of the
    autoencoder stage are lost with the process: it turns them into latents before that, and renders on all
    cores, for nothing else needs them. One that is not keeps them in files and renders in spare time.
    """

    device: str
    batches: tuple[int, int, int, int]
    chunk: int
    encoded: int
    latents: int
    pooled: bool


MACHINES = {
    "cpu": Machine("cpu", (16, 32, 24, 16), chunk=16, encoded=64, latents=49_152, pooled=False),
    "cuda": Machine("cuda", (64, 512, 384, 384), chunk=256, encoded=512, latents=430_000, pooled=True),
}
