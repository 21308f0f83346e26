"""An autoencoder in a file of its own, which stands in for that of a checkpoint: whole, or a tiny decoder."""

from __future__ import annotations

from collections.abc import Mapping

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout, shapes
from rakkan.formats.checkpoints.architecture import SDXL, Architecture, VaeShape
from rakkan.formats.checkpoints.checks import check_shapes, found_name
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.tensors import Entry, Tensors

#: What may stand before the names: nothing, that of a whole checkpoint, that of a folder.
_PREFIXES = ("", layout.VAE, "vae/")
#: Width and kernel of a tiny decoder's first convolution.
_TINY = (layout.TINY_WIDTH, 3, 3)


def read_vae(entries: Mapping[str, Entry], scaling: float) -> tuple[VaeShape, str, bool] | None:
    """Its sizes, what stands before its names, and whether they are those of single files; None when
    it is none. Raises RakkanError when names are missing."""
    for prefix in _PREFIXES:
        own = {name.removeprefix(prefix): one for name, one in entries.items() if name.startswith(prefix)}
        for single in (True, False):
            if found := shapes.read_vae(own, single, scaling):
                return found, prefix, single
    return None


def check_vae(tensors: Tensors, base: Architecture, name: str = "The VAE") -> VaeShape:
    """The sizes of an autoencoder for the latents of ``base``. Raises RakkanError unless the file holds a
    whole one.

    Those of SD 1.x, SD 2.x and SDXL have the same shapes: of which family it is, they do not tell.
    """
    entries = tensors.entries
    scaling = shapes.SCALING_SDXL if base.family == SDXL else shapes.SCALING_SD
    found = read_vae(entries, scaling)
    if found is None:
        raise RakkanError(f"{name} is no autoencoder: it holds {few(entries) or 'nothing'}", "Give one")
    shape, prefix, single = found
    _check_latents(shape.latent_channels, base, name)
    # Older names of attention are known by the part they lie in.
    renamed = {f"vae/{key.removeprefix(prefix)}": key for key in entries if key.startswith(prefix)}
    held = {key: entries[whole] for key, whole in renamed.items()}
    wanted = {}
    for one in layout.vae(shape):
        plain = one.single if single else one.folder
        wanted[renamed.get(found_name(held, f"vae/{plain}") or "", prefix + plain)] = one.shape
    check_shapes(entries, wanted, name)
    return shape


def read_tiny(entries: Mapping[str, Entry]) -> tuple[int, str, bool] | None:
    """The channels of the latents that a tiny decoder (TAESD) reads, what stands before its names, and
    whether they are its authors' (else diffusers'); None when it is none."""
    for prefix, single in (("", True), ("decoder.", True), ("decoder.layers.", False)):
        first = entries.get(f"{prefix}{1 if single else 0}.weight")
        if first is not None and len(first.shape) == 4 and first.shape[:1] + first.shape[2:] == _TINY:
            return first.shape[1], prefix, single
    return None


def check_tiny(tensors: Tensors, base: Architecture, name: str = "The tiny decoder") -> VaeShape:
    """The sizes of a tiny decoder for the latents of ``base``, which it takes as they are. Raises RakkanError
    unless the file holds a whole one.

    That for SDXL has the same shapes as that for SD 1.x and 2.x: for which it is, they do not tell.
    """
    found = read_tiny(tensors.entries)
    if found is None:
        raise RakkanError(
            f"{name} is no tiny decoder: it holds {few(tensors.entries) or 'nothing'}", "Give one"
        )
    channels, prefix, single = found
    _check_latents(channels, base, name)
    wanted = {
        prefix + (one.single if single else one.folder): one.shape for one in layout.tiny_decoder(channels)
    }
    check_shapes(tensors.entries, wanted, name)
    levels = len(layout.TINY_BLOCKS)
    return VaeShape((layout.TINY_WIDTH,) * levels, layout.TINY_BLOCKS[0], channels, 1.0, is_tiny=True)


def _check_latents(channels: int, base: Architecture, name: str) -> None:
    wanted = base.unet.out_channels if base.unet else channels
    if channels != wanted:
        raise RakkanError(
            f"{name} is for latents of {channels} channels, not of {wanted}",
            "Give one for models of this family",
        )
