"""Pictures that a drawing is shown besides its prompt: asked for, let in, fitted, and told to the engine.

Each step is a plain function on a frozen record. A picture comes in through the gate alone: what is used are
the pixels that the sandbox decodes from the very bytes that were let in.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.records import Ingredient
from rakkan.trust.gate import LOCAL, Admission, Source

if TYPE_CHECKING:  # whoever only asks needs no numpy
    import numpy
    from numpy.typing import NDArray
    from PIL.Image import Image

    Pixels = NDArray[numpy.uint8]

#: What a picture is used as: who it shows is attended to; it steers through a ControlNet; it prompts
#: through an IP-Adapter.
REFERENCE, CONTROL, IMAGE_PROMPT = "reference", "controlnet", "ip-adapter"
#: A reference that is not to say who somebody is, but how they are drawn.
STYLE = "style reference"
#: The largest strength of each; 0 is none.
MOST_STRENGTH = {REFERENCE: 1.0, STYLE: 1.0, CONTROL: 2.0, IMAGE_PROMPT: 2.0}
#: What a reference to a checkpoint is used as, by its kind.
KINDS = {"identity": REFERENCE, "style": STYLE}
MOST_CONTROLS = 8

#: Sides of a reference are multiples of this, in pixels, so that the denoiser can halve them.
CELL = 64
#: A reference this many times as long as wide is cropped to that; so is a picture that prompts.
LONGEST = 4
#: The shorter side of a picture that prompts, in pixels: image encoders look at a few hundred.
LARGEST_PROMPT = 1024
#: How far a control picture's proportions may be from the drawing's, as a share.
STRETCH = 0.01


@dataclass(frozen=True)
class Asked:
    """A picture that a person names. ``use`` is a constant of this module, ``strength`` 0 to that of
    ``MOST_STRENGTH``, ``model`` the ControlNet or IP-Adapter it goes through."""

    use: str
    file: Path
    strength: float = 1.0
    model: str = ""


@dataclass(frozen=True, eq=False)
class LetIn:
    """A picture that has passed the gate: the file as it came, the SHA-256 that recipes and the ledger know
    it by, and its pixels, uint8 [height, width, 3] in sRGB, what was transparent over white."""

    digest: str
    media_type: str
    data: bytes
    pixels: Pixels

    @property
    def ingredient(self) -> Ingredient:
        """As it stands in the seal of what was drawn."""
        return Ingredient("reference", self.media_type, self.data)


@dataclass(frozen=True, eq=False)
class Shown:
    """What an engine is told: pixels that fit it, uint8 [height, width, 3], and by what they are looked at.

    ``model`` and ``encoder`` name the tensors of a ControlNet or IP-Adapter and of its image encoder to
    whoever opens them. It holds nothing else, so that it can be sent to another process; two are equal when
    they show the same in the same way.
    """

    use: str
    pixels: Pixels
    strength: float
    model: str = ""
    encoder: str = ""

    def __eq__(self, other: object) -> bool:
        import numpy

        if not isinstance(other, Shown):
            return NotImplemented
        told = (self.use, self.strength, self.model, self.encoder)
        same = told == (other.use, other.strength, other.model, other.encoder)
        return same and numpy.array_equal(self.pixels, other.pixels)


def asked_for(
    reference: str,
    reference_strength: float | None,
    controls: Sequence[str],
    image_prompts: Sequence[str],
    image_encoder: str = "",
    kind: str | None = None,
) -> tuple[Asked, ...]:
    """What the options name: a FILE, which is a reference of a ``kind`` (None: of the usual one, identity),
    and as many ``MODEL=FILE[:STRENGTH]``.

    Raises RakkanError for what cannot be read, is out of range, or is too much.
    """
    found = [_through(CONTROL, one) for one in controls] + [
        _through(IMAGE_PROMPT, one) for one in image_prompts
    ]
    if reference:
        strength = 1.0 if reference_strength is None else _told(reference_strength)
        found.insert(0, Asked(_use_of(kind), Path(reference), strength))
    elif kind is not None:
        raise RakkanError("--reference-kind goes with a reference", "Name a picture with --reference")
    elif reference_strength is not None:
        raise RakkanError("--reference-strength goes with a reference", "Name a picture with --reference")
    if image_encoder and not image_prompts:
        raise RakkanError("--image-encoder goes with an IP-Adapter", "Name one with --ip-adapter")
    check_together(found)
    return tuple(found)


def _use_of(kind: str | None) -> str:
    use = KINDS.get("identity" if kind is None else kind)
    if use is None:
        known = ", ".join(KINDS)
        if kind == "palette":
            raise RakkanError(
                "A model that you bring takes no palette from a reference",
                f"Choose one of {known}, or draw with the starter model: leave out --model",
            )
        raise RakkanError(f"There is no reference kind {str(kind)[:40]!r}", f"Choose one of {known}")
    return use


_NAMES = {REFERENCE: "reference", STYLE: "reference", CONTROL: "ControlNet", IMAGE_PROMPT: "IP-Adapter"}


def check_together(pictures: Sequence[Asked | Shown]) -> None:
    """Raises RakkanError for a strength that is out of range, and for pictures that exclude each other."""
    for one in pictures:
        most = MOST_STRENGTH[one.use]
        if not 0 <= one.strength <= most:
            raise RakkanError(
                f"The {_NAMES[one.use]}'s strength {one.strength:g} is out of range", f"Give 0 to {most:g}"
            )
    counts = {use: sum(one.use == use for one in pictures) for use in MOST_STRENGTH}
    for use, most in ((REFERENCE, 1), (STYLE, 1), (IMAGE_PROMPT, 1), (CONTROL, MOST_CONTROLS)):
        if counts[use] > most:
            raise RakkanError(f"{counts[use]} {_NAMES[use]}s are too many at once", f"Give {most} at most")


def let_in(
    path: Path,
    admit: Callable[[Source], Admission],
    read: Callable[[str, str], bytes],
    account: str = LOCAL,
) -> LetIn:
    """Let a picture in through the gate and read it back: parsed apart, inspected, kept, stated.

    ``admit`` is the gate's, ``read`` the vault's. Raises RakkanError for what the gate refuses, and for what
    is no picture.
    """
    from rakkan.formats.inspect import inspect_picture
    from rakkan.trust.provenance import digest_of_file

    admission = admit(Source(path, account))
    if not admission.inspected.media_type.startswith("image/"):
        raise RakkanError(f"{path.name} is no picture", "Give a PNG, JPEG or WebP file")
    data = read(account, admission.digest)
    inspected, pixels = inspect_picture(data, path.name)
    return LetIn(digest_of_file(data), inspected.media_type, data, over_white(pixels))


def eight_bits(pixels: NDArray[numpy.uint8 | numpy.uint16]) -> Pixels:
    """The nearest levels of 8 bits, uint8 [height, width, channels]."""
    import numpy

    if pixels.dtype == numpy.uint16:
        return ((pixels.astype(numpy.uint32) + 128) // 257).astype(numpy.uint8)
    return pixels.astype(numpy.uint8, copy=False)


def over_white(pixels: Pixels) -> Pixels:
    """uint8 [height, width, 3] of a picture with alpha or without."""
    import numpy
    from PIL import Image

    if pixels.shape[2] == 3:
        return pixels
    transparent = Image.fromarray(pixels)
    flat = Image.new("RGB", transparent.size, "white")
    flat.paste(transparent, mask=transparent.getchannel("A"))
    return numpy.asarray(flat)


def fitted(use: str, pixels: Pixels, size: tuple[int, int], name: str) -> Pixels:
    """The pixels as the engine takes them for a drawing of ``size`` (width, height), by what they are for.

    Raises RakkanError, with the picture's ``name``, for a control picture of other proportions.
    """
    if use == CONTROL:
        return fitted_control(pixels, size, name)
    return fitted_prompt(pixels) if use == IMAGE_PROMPT else fitted_reference(pixels, size)


def fitted_reference(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """A reference as large as the drawing in area, keeping its proportions but for what is cropped from its
    edges to make both sides multiples of ``CELL``. One longer than ``LONGEST`` to one keeps its middle."""
    from PIL import Image

    image = _shortened(Image.fromarray(pixels))
    scale = math.sqrt(size[0] * size[1] / (image.width * image.height))
    sides = [max(CELL, round(side * scale / CELL) * CELL) for side in image.size]
    return _covering(image, (sides[0], sides[1]))


def fitted_control(pixels: Pixels, size: tuple[int, int], name: str) -> Pixels:
    """A control picture at the drawing's size. Raises RakkanError when its proportions are not the
    drawing's."""
    import numpy
    from PIL import Image

    height, width = pixels.shape[:2]
    if abs(width * size[1] / (height * size[0]) - 1) > STRETCH:
        fits = _size_like(width, height, size)
        hint = f"Draw --size {fits[0]}x{fits[1]}" if fits else "Crop it"
        raise RakkanError(
            f"{name} is {width}x{height}, which does not fit a drawing of {size[0]}x{size[1]}",
            f"{hint}, or give one of the drawing's proportions",
        )
    return numpy.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def fitted_prompt(pixels: Pixels) -> Pixels:
    """A picture that prompts: not more than an image encoder will look at, the proportions as they are."""
    import numpy
    from PIL import Image

    image = _shortened(Image.fromarray(pixels))
    scale = LARGEST_PROMPT / min(image.size)
    if scale < 1:
        sides = (round(image.width * scale), round(image.height * scale))
        image = image.resize(sides, Image.Resampling.LANCZOS)
    return numpy.asarray(image)


def _shortened(image: Image) -> Image:
    most = LONGEST * min(image.size)
    width, height = min(image.width, most), min(image.height, most)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))


def _covering(image: Image, size: tuple[int, int]) -> Pixels:
    """The middle of the picture that has these proportions, at this size."""
    import numpy
    from PIL import Image as Images

    scale = min(image.width / size[0], image.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    left, top = max(0.0, (image.width - width) / 2), max(0.0, (image.height - height) / 2)
    box = (left, top, min(left + width, image.width), min(top + height, image.height))
    return numpy.asarray(image.resize(size, Images.Resampling.LANCZOS, box=box))


def _size_like(width: int, height: int, size: tuple[int, int]) -> tuple[int, int] | None:
    """A size for drawings of about the same area that the picture fits; None when there is none."""
    scale = math.sqrt(size[0] * size[1] / (width * height))
    sides = [max(CELL, round(side * scale / 8) * 8) for side in (width, height)]
    return (sides[0], sides[1]) if abs(width * sides[1] / (height * sides[0]) - 1) <= STRETCH else None


def _through(use: str, text: str) -> Asked:
    """``MODEL=FILE[:STRENGTH]``: what follows the last colon is the strength if it is a number, and the whole
    is no file."""
    model, found, file = text.partition("=")
    if not (found and model.strip() and file.strip()):
        option = "control" if use == CONTROL else "ip-adapter"
        raise RakkanError(
            f"{text[:80]!r} names no model and picture", f"Give --{option} MODEL=FILE[:STRENGTH]"
        )
    strength = 1.0
    before, colon, last = file.rpartition(":")
    if colon and before and not os.path.exists(file):
        try:
            strength = _told(float(last))
        except ValueError:
            pass
        else:
            file = before
    return Asked(use, Path(file.strip()), strength, model.strip())


def _told(strength: float) -> float:
    """The number that recipes tell, so that what is told draws the same again."""
    return float(f"{strength:g}")
