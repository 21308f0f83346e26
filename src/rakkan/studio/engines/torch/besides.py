"""Pictures that a drawing is shown besides its prompt, put to the networks in the one order that works.

An IP-Adapter replaces all attention processors, so it comes first. The reference wraps those that are there,
and its own pass through the denoiser needs the adapter's embedding. ControlNets change no network; they see
neither of the two, as in diffusers' pipelines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.studio.engines.torch.controlnet import build_controlnet, controlled
from rakkan.studio.engines.torch.guidance import Besides
from rakkan.studio.engines.torch.ip_adapter import IpAdapter, build_image_encoder
from rakkan.studio.engines.torch.networks import Networks
from rakkan.studio.engines.torch.reference import Reference
from rakkan.studio.engines.torch.style import StyleReference
from rakkan.studio.references import CONTROL, IMAGE_PROMPT, REFERENCE, STYLE, Shown, check_together

#: Opens the tensors of a model by what ``Shown`` names it by.
Opened = Callable[[str], Tensors]


def attach(networks: Networks, opened: Opened, shown: Sequence[Shown]) -> list[Besides]:
    """What ``TorchEngine`` takes as ``besides`` for these pictures, in whatever order they are given.

    What has the strength 0 is left out. The networks are changed until ``detach``; when this raises they are
    as they were. Raises RakkanError for pictures that do not go together, and for a model that does not fit.
    """
    check_together(shown)
    made: list[Besides] = []
    controlnets: dict[str, Any] = {}
    try:
        for use in (IMAGE_PROMPT, REFERENCE, STYLE, CONTROL):
            for one in shown:
                if one.use == use and one.strength:
                    made.append(_attached(networks, opened, one, controlnets))
    except BaseException:
        detach(made)
        raise
    return made


def detach(besides: Sequence[Besides]) -> None:
    """Give the networks back as they were before ``attach``: what came last goes first."""
    for one in reversed(besides):
        if isinstance(one, IpAdapter | Reference | StyleReference):
            one.close()


def _attached(networks: Networks, opened: Opened, one: Shown, controlnets: dict[str, Any]) -> Besides:
    if one.use == REFERENCE:
        return Reference(networks, one.pixels, strength=one.strength)
    if one.use == STYLE:
        return StyleReference(networks, one.pixels, strength=one.strength)
    if one.use == CONTROL:
        if one.model not in controlnets:
            controlnets[one.model] = build_controlnet(networks, opened(one.model))
        return controlled(networks, controlnets[one.model], one.pixels, one.strength)
    encoder = build_image_encoder(networks, opened(one.encoder))
    return IpAdapter(networks, opened(one.model), encoder, one.pixels, strength=one.strength)
