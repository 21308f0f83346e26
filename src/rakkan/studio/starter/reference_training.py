"""Stage three: the flow model learns to take from a reference what the prompt leaves open.

Every item is a pair of renders that share what their role says: the same character in another pose, the same
drawing style, the same colours. The caption of the one to draw mostly keeps silent about that, so that it can
only be learnt from the other picture; the rest of the caption must win over what the other picture shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from rakkan.studio.starter.autoencoder import Autoencoder
from rakkan.studio.starter.data import Batch, vary_captions
from rakkan.studio.starter.flow_training import flow_loss
from rakkan.studio.starter.grids import COLUMNS, Pixels, grid_of
from rakkan.studio.starter.loop import Averages, Stage, cosine
from rakkan.studio.starter.networks import TextEncoder, UNet
from rakkan.studio.starter.pairs import draw_pair, told_by_reference
from rakkan.studio.starter.renders import SCOPES, Scope, render_figure
from rakkan.studio.starter.roles import ROLES
from rakkan.studio.starter.sampling import draw_latents
from rakkan.studio.starter.vocabulary import SLOTS, UNSPECIFIED, condition_of, encode

#: Share of batches without any reference: the model must not forget how to draw alone.
ALONE = 0.25
#: Shares of captions that keep silent about all that the reference answers, and about a part of it.
SILENT, PARTLY = 0.7, 0.2
#: Rows of six in a sample grid: references, and what is drawn with them.
_ROWS = 2


@dataclass(frozen=True)
class Pairs:
    """A batch taken apart: ``latents`` to draw [B, C, h, w] with their token ids [B, slots], the
    ``references`` [B, C, h, w], and the ``roles`` [B]."""

    latents: Tensor
    ids: npt.NDArray[np.int32]
    references: Tensor
    roles: npt.NDArray[np.int32]

    def after(self, count: int) -> Pairs:
        """All but the first ``count``."""
        return Pairs(self.latents[count:], self.ids[count:], self.references[count:], self.roles[count:])


def pairs_of(given: Batch) -> Pairs:
    """The pairs of a batch of such items [B, 2, C, h, w]."""
    latents = given.items.float()
    return Pairs(latents[:, 0], given.ids[:, : len(SLOTS)], latents[:, 1], given.ids[:, -1])


def reference_stage(
    text: TextEncoder,
    unet: UNet,
    autoencoder: Autoencoder,
    batch: int,
    rate: float,
    seed: int,
    scope: Scope = SCOPES["all"],
) -> Stage:
    """The stage that trains ``text`` and ``unet`` on stocks of pairs of normalised latents."""
    random = np.random.default_rng(seed)
    modules = {"text": text, "unet": unet}
    averages = Averages(modules, 0.999)

    def loss(given: Batch) -> Tensor:
        pairs = pairs_of(given)
        device = pairs.latents.device
        if random.random() < ALONE:
            ids = torch.from_numpy(vary_captions(pairs.ids, random)).to(device)
            return flow_loss(unet, text, pairs.latents, ids)
        ids = torch.from_numpy(silence(pairs.ids, pairs.roles, random)).to(device)
        return flow_loss(unet, text, pairs.latents, ids, remembered(unet, text, pairs))

    def grid() -> Pixels:
        return reference_samples(averages, autoencoder, 16, 2.0, few_steps=False, scope=scope)

    return Stage("reference", modules, averages, loss, grid, batch, rate, cosine)


def remembered(unet: UNet, text: TextEncoder, pairs: Pairs) -> list[Tensor]:
    """What the U-Net remembers of the references of a batch."""
    device = pairs.references.device
    nothing = text(torch.from_numpy(UNSPECIFIED).to(device).expand(len(pairs.references), -1))
    return unet.remember(pairs.references, torch.from_numpy(pairs.roles).long().to(device), *nothing)


def silence(
    ids: npt.NDArray[np.int32], roles: npt.NDArray[np.int32], random: np.random.Generator
) -> npt.NDArray[np.int32]:
    """Token ids [B, slots] as a user with a reference might give them: mostly without what it answers.

    A share ``SILENT`` says none of that, ``PARTLY`` a random part, the rest all; a tenth says nothing at all.
    """
    answered = np.stack([told_by_reference(ROLES[role]) for role in roles])
    kind = random.random((len(ids), 1))
    part = random.random(ids.shape) < random.uniform(0.1, 0.9, (len(ids), 1))
    hidden = np.where(kind < SILENT, answered, np.where(kind < SILENT + PARTLY, answered & part, False))
    hidden |= random.random((len(ids), 1)) < 0.1
    return np.where(hidden, UNSPECIFIED, ids)


@torch.no_grad()
def reference_samples(
    averages: Averages,
    autoencoder: Autoencoder,
    steps: int,
    guidance: float,
    *,
    few_steps: bool,
    scope: Scope,
) -> Pixels:
    """Two rows of six references, and under each row the same characters drawn by prompts that leave open
    who they are: the same every time."""
    text, unet = averages.modules["text"], averages.modules["unet"]
    assert isinstance(text, TextEncoder) and isinstance(unet, UNet)
    from random import Random

    random, bucket = Random("reference grid"), scope.buckets[0]
    drawn = [draw_pair(bucket, random, scope, "identity") for _ in range(_ROWS * COLUMNS)]
    pictures = np.stack(
        [render_figure(other, random.getrandbits(32), bucket.width, bucket.height) for _, other, _ in drawn]
    )
    ids = np.stack([encode(condition_of(target)) for target, _, _ in drawn])
    roles = np.zeros(len(drawn), np.int32)
    asked = np.where(np.stack([told_by_reference("identity")] * len(ids)), UNSPECIFIED, ids)
    device = autoencoder.latent_mean.device
    shown = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.autocast(device.type, torch.bfloat16):
        references = autoencoder.normalise(autoencoder.encode(shown)[0].float())
        noise = torch.randn(references.shape, generator=torch.Generator().manual_seed(7)).to(device)
        latents = draw_latents(
            unet,
            text,
            torch.from_numpy(asked).to(device),
            torch.from_numpy(UNSPECIFIED).to(device).expand(len(ids), -1),
            noise,
            steps,
            guidance,
            few_steps,
            remembered(unet, text, Pairs(references, ids, references, roles)),
        )
        made = autoencoder.decode(autoencoder.denormalise(latents))
    return grid_of(_alternating(torch.split(shown, COLUMNS), torch.split(made, COLUMNS)))


def _alternating(first: Sequence[Tensor], second: Sequence[Tensor]) -> list[Tensor]:
    return [row for pair in zip(first, second, strict=True) for row in pair]
