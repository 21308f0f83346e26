"""From picture files to enlarged ones: let in, enlarged, released, one after another.

What lets in and out is handed in, so this knows of no gate. A result that is already there is known by what
the ledger says of the file, never by its name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan import __version__
from rakkan.errors import RakkanError
from rakkan.records import BandedPicture, Ingredient, Picture, UpscaleRecipe
from rakkan.studio.upscaling.networks import digest, passes
from rakkan.studio.upscaling.works import Work, taken
from rakkan.trust.checks import MOST_BANDED_PIXELS, MOST_PIXELS
from rakkan.trust.gate import LOCAL, Admission, Source

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Samples = NDArray[numpy.uint8 | numpy.uint16]

FORMATS = {"png": ".png", "webp": ".webp", "jpg": ".jpg"}
#: From so many pixels on a PNG leaves in bands of rows and is never held whole.
BANDED_FROM = 16 * 1024 * 1024
#: Steps of progress that each picture counts for.
STEPS = 1000

Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class UpscaleRequest:
    """What somebody asks for: ``scale`` 1, 2 or 4; ``denoise`` -1 (none) to 3; ``format`` of ``FORMATS``.

    A JPEG is laid on white where the picture is transparent; it and a WebP have 8 bits a sample.
    """

    scale: int = 2
    denoise: int = 0
    format: str = "png"


@dataclass(frozen=True)
class Doors:
    """The ways in and out: ``admit`` and both ``release``s are the gate's, ``read`` the vault's (by account
    and digest), and ``told`` says what this instance knows the recipe of a file of its own to be."""

    admit: Callable[[Source], Admission]
    read: Callable[[str, str], bytes]
    release: Callable[[Picture, Path], Path]
    release_banded: Callable[[BandedPicture, Path], Path]
    told: Callable[[Path], Mapping[str, Any] | None]


@dataclass(frozen=True)
class Outcome:
    """What became of a picture: where the result lies, its recipe (None for one that was there), seconds of
    wall time, and a remark; or, without a path, why there is none."""

    work: Path
    path: Path | None
    recipe: UpscaleRecipe | None
    seconds: float
    note: str = ""


def check(request: UpscaleRequest) -> None:
    """Raises RakkanError for a scale, a level or a format there is not, and when nothing would be done."""
    passes(request.scale, request.denoise)
    if request.format not in FORMATS:
        raise RakkanError(f"Pictures are not written as {request.format}", f"Use {', '.join(FORMATS)}")


def upscale_all(
    works: Sequence[Work],
    out: Path,
    request: UpscaleRequest,
    doors: Doors,
    progress: Progress = lambda done, total: None,
) -> Iterator[Outcome]:
    """Enlarge pictures into a folder, or one into the file ``out``; an outcome for each, as it comes.

    A picture that cannot be enlarged is an outcome too, and the others go on. One whose result lies there
    already, made from the same bytes with the same settings, is left as it is. ``progress`` counts ``STEPS``
    for each picture.
    """
    check(request)
    total = STEPS * len(works)
    for number, work in enumerate(works):
        place = out if out.suffix.lower() == FORMATS[request.format] and not out.is_dir() else out / work.name

        def step(done: int, of: int, before: int = number * STEPS) -> None:
            progress(before + done * STEPS // of, total)

        try:
            there = _result_there(work.path, place, request, doors)
            if there is not None:
                outcome = Outcome(work.path, there, None, 0.0, "is there already")
            else:
                outcome = upscale(work.path, place, request, doors, step)
        except RakkanError as error:
            outcome = Outcome(work.path, None, None, 0.0, str(error))
        progress((number + 1) * STEPS, total)
        yield outcome


def upscale(
    file: Path,
    place: Path,
    request: UpscaleRequest,
    doors: Doors,
    progress: Progress = lambda done, total: None,
    account: str = LOCAL,
) -> Outcome:
    """Enlarge one picture: let it in, compute, release it at ``place`` or beside it. Raises RakkanError."""
    from rakkan.formats.inspect import deep_pixels
    from rakkan.studio.upscaling import waifu2x

    started = time.perf_counter()
    check(request)
    admission = doors.admit(Source(file, account))
    found = admission.inspected
    if not found.media_type.startswith("image/"):
        raise RakkanError(f"{file.name} is no picture", "Give a PNG, JPEG or WebP file")
    _check_size(found.width, found.height, request)
    data = doors.read(account, admission.digest)
    pixels = deep_pixels(data)
    recipe, parents = _recipe(data, pixels, request), (Ingredient("parent", found.media_type, data),)
    if request.format == "png" and recipe.width * recipe.height >= BANDED_FROM:
        bands = waifu2x.bands(
            pixels,
            request.scale,
            request.denoise,
            precision=waifu2x.usual_precision(pixels),
            progress=progress,
        )
        depth = 8 * pixels.dtype.itemsize
        banded = BandedPicture(bands, pixels.shape[2], depth, recipe, "upscale", parents)
        path = doors.release_banded(banded, place)
    else:
        path = doors.release(_whole(pixels, recipe, parents, request, progress), place)
    note = ""
    if found.depth == 16 and (pixels.dtype.itemsize == 1 or request.format != "png"):
        note = "8 of its 16 bits were kept"
    return Outcome(file, path, recipe, time.perf_counter() - started, note)


def enlarged(
    data: bytes,
    media_type: str,
    request: UpscaleRequest,
    progress: Progress = lambda done, total: None,
) -> Picture:
    """The picture file ``data``, which was let in, enlarged and held whole; it is not released."""
    from rakkan.formats.inspect import deep_pixels

    check(request)
    pixels = deep_pixels(data)
    parents = (Ingredient("parent", media_type, data),)
    return _whole(pixels, _recipe(data, pixels, request), parents, request, progress)


def _whole(
    pixels: Samples,
    recipe: UpscaleRecipe,
    parents: tuple[Ingredient, ...],
    request: UpscaleRequest,
    progress: Progress,
) -> Picture:
    from rakkan.studio.upscaling import waifu2x

    precision = waifu2x.usual_precision(pixels)
    made = waifu2x.enlarge(pixels, request.scale, request.denoise, precision=precision, progress=progress)
    return Picture(_fitted(made, request.format), recipe, "upscale", parents)


def _recipe(data: bytes, pixels: Samples, request: UpscaleRequest) -> UpscaleRecipe:
    from rakkan.studio.upscaling import waifu2x
    from rakkan.trust.provenance import digest_of_file

    return UpscaleRecipe(
        source=digest_of_file(data),
        model=model_name(request),
        model_digest=waifu2x.digest(request.scale, request.denoise, pixels.shape[2] == 4),
        scale=request.scale,
        denoise=request.denoise,
        width=pixels.shape[1] * request.scale,
        height=pixels.shape[0] * request.scale,
        precision=waifu2x.usual_precision(pixels),
        versions={"rakkan": __version__, **waifu2x.versions()},
    )


def model_name(request: UpscaleRequest) -> str:
    """What the networks of a request are called together."""
    kind = "vgg_7" if request.scale == 1 else "upconv_7"
    noise = f" noise{request.denoise}" if request.denoise >= 0 else ""
    return f"waifu2x {kind} anime{noise}" + (f" {request.scale}x" if request.scale > 1 else "")


def _check_size(width: int, height: int, request: UpscaleRequest) -> None:
    """Found out before it is computed for hours."""
    made = width * height * request.scale**2
    most = MOST_BANDED_PIXELS if request.format == "png" else MOST_PIXELS
    if made > most:
        sides = f"{width * request.scale}x{height * request.scale}"
        hint = "Enlarge it less" + ("" if request.format == "png" else ", or write a PNG")
        raise RakkanError(f"{sides} pixels are more than {most // 1024 // 1024} Mi", hint)


def _result_there(file: Path, place: Path, request: UpscaleRequest, doors: Doors) -> Path | None:
    """The file at the place, or beside it, that is this picture enlarged as asked for."""
    from rakkan.studio.upscaling.waifu2x import through_alpha
    from rakkan.trust.arrivals import picture_bytes
    from rakkan.trust.provenance import digest_of_file

    there = list(taken(place))
    if not there:
        return None
    through = passes(request.scale, request.denoise)
    models = {digest(through), digest(through + through_alpha(request.scale))}
    wanted = {
        "source": digest_of_file(picture_bytes(file)),
        "scale": request.scale,
        "denoise": request.denoise,
    }
    for path in there:
        told = doors.told(path)
        if told and told.get("model_digest") in models and wanted.items() <= told.items():
            return path
    return None


def _fitted(pixels: Samples, kind: str) -> Samples:
    """What the format can hold: 8 bits but in a PNG, and no transparency in a JPEG."""
    from rakkan.studio.references import eight_bits, over_white

    if kind == "png":
        return pixels
    eight = eight_bits(pixels)
    return over_white(eight) if kind == "jpg" else eight
