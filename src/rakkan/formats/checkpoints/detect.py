"""Which architecture the tensors of a checkpoint make up, by their names and shapes.

What shapes cannot tell (what the network predicts, the size it was trained at) is read from marker tensors,
from what the file says of itself, or taken to be what is usual in its family; ``Found.notes`` says which.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout, shapes
from rakkan.formats.checkpoints.architecture import (
    SD1,
    SD2,
    SDXL,
    Architecture,
    TextShape,
    UNetShape,
    VaeShape,
)
from rakkan.formats.checkpoints.checks import check_mixture
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.tensors import Entry, Tensors

#: Tensors that say by being there that the network predicts v, and that its noise ends at nothing but noise.
V_MARKER, ZERO_SNR_MARKER = "v_pred", "ztsnr"
_TRUE = {"true", "1", "yes"}
_PREDICTIONS = {"epsilon": "epsilon", "eps": "epsilon", "v": "v", "v_prediction": "v", "v-prediction": "v"}
#: Where a file says what it predicts, best first: a folder's settings, ModelSpec 1.0.1.
_SAID = ("scheduler/prediction_type", "modelspec.prediction_type")
_RESOLUTIONS = {SD1: 512, SD2: 512, SDXL: 1024}


@dataclass(frozen=True)
class Found:
    """``notes`` say in a line each what was taken for granted."""

    architecture: Architecture
    notes: tuple[str, ...] = ()


def detect(tensors: Tensors) -> Architecture:
    """The architecture of a checkpoint. Raises RakkanError when it is none of those known here, or mixed."""
    return find(tensors).architecture


def find(tensors: Tensors) -> Found:
    """``detect``, with notes on what was taken for granted."""
    entries = tensors.entries
    single = any(name.startswith(layout.UNET) for name in entries)
    if not single and not any(name.startswith("unet/") for name in entries):
        raise RakkanError(
            f"This is no checkpoint: it holds {few(entries) or 'nothing'}",
            "Give one with a U-Net: model.diffusion_model.… in a single file, unet/ in a folder",
        )
    unet = shapes.read_unet(_under(entries, layout.UNET if single else "unet/"), single)
    if unet is None:
        raise RakkanError(
            f"The checkpoint's U-Net is none known here: {few(name for name in entries if 'unet' in name)}",
            "SD 1.x, SD 2.x and SDXL are drawn with",
        )
    if not single:
        unet = shapes.told_unet(unet, tensors.metadata)
    family = family_of(unet)
    text = _texts_of_single_file(entries, family) if single else _texts_of_folder(tensors, family)
    scaling = shapes.SCALING_SDXL if family == SDXL else shapes.SCALING_SD
    vae = shapes.read_vae(_under(entries, layout.VAE if single else "vae/"), single, scaling)
    check_mixture(family, unet, text, entries, single)
    prediction, zero, notes = prediction_of(tensors, family)
    resolution, assumed = _resolution(tensors.metadata, family, prediction)
    architecture = Architecture(
        family=family,
        layout="ldm" if single else "diffusers",
        prediction=prediction,
        zero_terminal_snr=zero,
        resolution=resolution,
        unet=unet,
        vae=_told_scaling(vae, tensors.metadata),
        text=text,
    )
    return Found(architecture, (*notes, *assumed))


def family_of(unet: UNetShape) -> str:
    """SDXL has a vector of sizes and pooled text, SD 2.x linear layers around attention, SD 1.x neither."""
    if unet.added:
        return SDXL
    return SD2 if unet.linear else SD1


def prediction_of(tensors: Tensors, family: str) -> tuple[str, bool, tuple[str, ...]]:
    """``epsilon`` or ``v``, whether the noise's schedule has zero terminal SNR, and what was assumed.

    Raises RakkanError for a prediction that is neither.
    """
    claims = tensors.metadata
    zero = (
        ZERO_SNR_MARKER in tensors.entries
        or _is_true(claims.get("scheduler/rescale_betas_zero_snr", ""))
        or _is_true(claims.get("ss_zero_terminal_snr", ""))
    )
    if V_MARKER in tensors.entries:
        return "v", zero, ()
    for key in _SAID:
        if said := claims.get(key, "").strip().lower():
            if said not in _PREDICTIONS:
                raise RakkanError(
                    f"The checkpoint predicts {said[:40]!r}, by its {key}", "epsilon and v are drawn with"
                )
            return _PREDICTIONS[said], zero, ()
    named = claims.get("modelspec.architecture", "").lower()
    if _is_true(claims.get("ss_v_parameterization", "")) or named.endswith("-768-v"):
        return "v", zero, ()
    if family == SD2 and not named.endswith("-512"):
        note = "nothing tells whether it predicts v or epsilon: v is usual for SD 2.x"
        return "v", zero, (note,)
    return "epsilon", zero, ()


def _texts_of_single_file(entries: Mapping[str, Entry], family: str) -> tuple[TextShape, ...]:
    if family == SDXL:
        first = shapes.read_clip(_under(entries, layout.TEXT_SDXL[0]))
        second = shapes.read_open_clip(_under(entries, layout.TEXT_SDXL[1]))
        if first is None and second is None:  # the refiner's only encoder
            second = shapes.read_open_clip(_under(entries, "conditioner.embedders.0.model."))
        return tuple(replace(one, last_layer=2) for one in (first, second) if one is not None)
    if family == SD2:
        found = shapes.read_open_clip(_under(entries, layout.TEXT_SD2))
        # The layer before the last is used, and never the projection.
        return (replace(found, last_layer=2, projection=0),) if found else ()
    old = layout.TEXT_SD1.removesuffix("text_model.")  # as the first anime models were saved
    first = shapes.read_clip(_under(entries, layout.TEXT_SD1)) or shapes.read_clip(_under(entries, old))
    return (first,) if first else ()


def _texts_of_folder(tensors: Tensors, family: str) -> tuple[TextShape, ...]:
    found = []
    for number, part in enumerate(("text_encoder", "text_encoder_2")):
        shape = shapes.read_clip(_under(tensors.entries, f"{part}/text_model."))
        shape = shape or shapes.read_clip(_under(tensors.entries, f"{part}/"))
        if shape is None:
            continue
        projection = tensors.entries.get(f"{part}/text_projection.weight")
        if number == 1 and projection is not None and len(projection.shape) == 2:
            shape = replace(shape, projection=projection.shape[0])
        # A folder's SD 2.x encoder has been cut before the layer that is not used.
        gelu = number == 1 or family == SD2
        shape = replace(
            shape, activation="gelu" if gelu else "quick_gelu", last_layer=2 if family == SDXL else 1
        )
        found.append(shapes.told_text(shape, tensors.metadata, part))
    return tuple(found)


def _told_scaling(vae: VaeShape | None, claims: Mapping[str, str]) -> VaeShape | None:
    try:
        told = float(claims.get("vae/scaling_factor", ""))
    except ValueError:
        return vae
    return replace(vae, scaling=told) if vae is not None and 0.001 < told < 1000 else vae


def _resolution(claims: Mapping[str, str], family: str, prediction: str) -> tuple[int, tuple[str, ...]]:
    said = re.fullmatch(r"(\d{2,5})(?:x(\d{2,5}))?", claims.get("modelspec.resolution", "").strip().lower())
    if said:
        return max(int(side) for side in said.groups() if side), ()
    usual = 768 if (family, prediction) == (SD2, "v") else _RESOLUTIONS[family]
    return usual, ()


def _under(entries: Mapping[str, Entry], prefix: str) -> dict[str, Entry]:
    return {name.removeprefix(prefix): one for name, one in entries.items() if name.startswith(prefix)}


def _is_true(text: str) -> bool:
    return text.strip().lower() in _TRUE
