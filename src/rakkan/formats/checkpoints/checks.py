"""What is wrong with a checkpoint, found before anything is drawn: one message with the first few names."""

from __future__ import annotations

from collections.abc import Mapping

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL, Architecture, TextShape, UNetShape
from rakkan.formats.checkpoints.files import few
from rakkan.formats.checkpoints.tensors import Entry, Tensors

NAMES = {SD1: "SD 1.x", SD2: "SD 2.x", SDXL: "SDXL"}
#: What text encoders of each family begin with in a single file.
_TEXT_PREFIXES = {
    SD1: ("cond_stage_model.transformer.",),
    SD2: ("cond_stage_model.model.",),
    SDXL: ("conditioner.embedders.",),
}
#: diffusers' names of an autoencoder's attention before its version 0.17, by those since.
_OLD_ATTENTION = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
#: Numbers that say what six sizes SDXL was told, before the pooled text.
_SIZES = 6


def check(tensors: Tensors, architecture: Architecture, vae_given: bool = False) -> None:
    """Raises RakkanError unless the tensors are all that drawing needs, each of the right shape.

    ``vae_given``: another autoencoder stands in for that of the checkpoint, which may have none.
    """
    if architecture.unet is None:
        raise RakkanError("The checkpoint has no U-Net", "Give a whole one")
    if not architecture.text:
        raise RakkanError("The checkpoint has no text encoder", "Give a whole one, not the U-Net alone")
    if architecture.vae is None and not vae_given:
        wanted = layout.VAE if architecture.layout == "ldm" else "vae/"
        raise RakkanError(
            f"The checkpoint has no autoencoder ({wanted}…)", "Give one with it: --vae FILE.safetensors"
        )
    entries = tensors.entries
    shapes = {
        found_name(entries, name) or name: shape for name, shape in layout.expected(architecture).items()
    }
    check_shapes(entries, shapes, "The checkpoint", NAMES[architecture.family])


def check_shapes(
    entries: Mapping[str, Entry],
    wanted: Mapping[str, tuple[int, ...]],
    what: str,
    of: str = "the rest of it",
    hint: str = "",
) -> None:
    """Raises RakkanError unless each tensor that is ``wanted`` is there, with the sides it is to have.

    This is the one place where that is decided, of whole checkpoints and of all that goes with them: by the
    header, before a byte of a tensor is read. ``what`` begins the message, ``of`` is what it is to fit, and
    ``hint`` what to do where more is known than that it is broken.
    """
    missing = [name for name in wanted if name not in entries]
    if missing:
        raise RakkanError(
            f"{what} lacks {len(missing)} of {len(wanted)} tensors: {few(missing)}",
            hint or "It is incomplete, or not what it looks like: fetch it again",
        )
    wrong = [
        f"{name} is {sides(entries[name].shape)}, not {sides(shape)}"
        for name, shape in wanted.items()
        if bare(entries[name].shape) != bare(shape)
    ]
    if wrong:
        raise RakkanError(
            f"{what} does not fit {of} in {len(wrong)} tensors: {few(wrong)}",
            hint or "It is mixed up, or of an architecture not known here",
        )


def check_mixture(
    family: str,
    unet: UNetShape,
    text: tuple[TextShape, ...],
    entries: Mapping[str, Entry],
    single: bool,
) -> None:
    """Raises RakkanError when the text encoders are not those that the U-Net reads."""
    if single:
        alien = [
            name
            for other, prefixes in _TEXT_PREFIXES.items()
            if other != family
            for name in entries
            if name.startswith(prefixes)
        ]
        if alien:
            raise _mixed(f"the U-Net is of {NAMES[family]}, but not {few(alien)}")
    encoders = 2 if family == SDXL else 1
    if len(text) > encoders:
        raise _mixed(f"{len(text)} text encoders, where {NAMES[family]} has {encoders}")
    if len(text) < encoders and text:
        if single and family == SDXL and unet.context == text[-1].width:
            raise RakkanError("This is the refiner of SDXL, which does not draw alone", "Give the base model")
        raise RakkanError(f"The checkpoint lacks a text encoder of {NAMES[family]}", "Give a whole one")
    if not text:
        return
    width = sum(one.width for one in text)
    if width != unet.context:
        raise _mixed(
            f"the U-Net reads texts {unet.context} wide, but its text encoders make them {width} wide"
        )
    sizes = unet.added - text[-1].projection
    if family == SDXL and (sizes <= 0 or sizes % _SIZES or not text[-1].projection):
        raise _mixed(
            f"the U-Net reads a vector of {unet.added}, which {text[-1].projection} of pooled text do not fit"
        )


def found_name(entries: Mapping[str, Entry], name: str) -> str | None:
    """The name a tensor has in the files, whatever version of a program wrote it; None when it is missing."""
    if name in entries:
        return name
    if name.startswith("vae/") and ".attentions.0." in name:
        before, _, after = name.partition(".attentions.0.")
        what, _, ending = after.rpartition(".")
        old = f"{before}.attentions.0.{_OLD_ATTENTION.get(what, what)}.{ending}"
        return old if old in entries else None
    # transformers writes encoders without this since its version 5, and the first anime models had none.
    bare = name.replace("text_model.", "", 1)
    return bare if bare in entries else None


def bare(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The sides without those of one at the end: of a kernel of one that are a linear layer's."""
    while len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    return shape


def sides(shape: tuple[int, ...]) -> str:
    """A shape as people write it."""
    return "×".join(map(str, shape)) or "a number"


def _mixed(reason: str) -> RakkanError:
    return RakkanError(f"The checkpoint is a mixture: {reason}", "Give one whose parts belong together")
