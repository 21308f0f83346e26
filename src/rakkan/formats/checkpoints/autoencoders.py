"""An autoencoder in a file of its own, which stands in for that of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout, shapes
from rakkan.formats.checkpoints.architecture import SDXL, Architecture, VaeShape
from rakkan.formats.checkpoints.checks import bare, found_name, sides
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.tensors import Entry, Tensors

#: What may stand before the names: nothing, that of a whole checkpoint, that of a folder.
_PREFIXES = ("", layout.VAE, "vae/")


def read_vae(entries: Mapping[str, Entry], scaling: float) -> tuple[VaeShape, str, bool] | None:
    """Its sizes, what stands before its names, and whether they are those of single files; None when
    it is none. Raises RakkanError when names are missing."""
    for prefix in _PREFIXES:
        own = {name.removeprefix(prefix): one for name, one in entries.items() if name.startswith(prefix)}
        for single in (True, False):
            if found := shapes.read_vae(own, single, scaling):
                return found, prefix, single
    return None


def check_vae(tensors: Tensors, base: Architecture, name: str = "The VAE") -> None:
    """Raises RakkanError unless the file holds a whole autoencoder for the latents of ``base``.

    Those of SD 1.x, SD 2.x and SDXL have the same shapes: of which family it is, they do not tell.
    """
    entries = tensors.entries
    scaling = shapes.SCALING_SDXL if base.family == SDXL else shapes.SCALING_SD
    found = read_vae(entries, scaling)
    if found is None:
        raise RakkanError(f"{name} is no autoencoder: it holds {few(entries) or 'nothing'}", "Give one")
    shape, prefix, single = found
    channels = base.unet.out_channels if base.unet else shape.latent_channels
    if shape.latent_channels != channels:
        raise RakkanError(
            f"{name} is for latents of {shape.latent_channels} channels, not of {channels}",
            "Give one for models of this family",
        )
    renamed = {
        f"vae/{key.removeprefix(prefix)}": one for key, one in entries.items() if key.startswith(prefix)
    }
    wrong = []
    for one in layout.vae(shape):
        wanted = one.single if single else one.folder
        held = found_name(renamed, f"vae/{wanted}")
        if held is None:
            wrong.append(f"{prefix}{wanted} is missing")
            continue
        given = renamed[held].shape
        if bare(given) != bare(one.shape):
            wrong.append(f"{prefix}{wanted} is {sides(given)}, not {sides(one.shape)}")
    if wrong:
        raise RakkanError(
            f"{len(wrong)} tensors of {name} are not as they should be: {few(wrong)}", "Fetch it again"
        )
