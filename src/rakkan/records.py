"""The frozen records every part shares: how a picture was made, and the picture itself.

A record's canonical JSON is the form it is hashed, signed and stored in: sorted keys, no spaces,
UTF-8, numbers as in RFC 8785. Two records are the same exactly when their canonical bytes are.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError

if TYPE_CHECKING:  # the command line reads this module's neighbours and must start without numpy
    from numpy.typing import NDArray

#: Largest magnitude an integer may have in canonical JSON (RFC 8785: exact in a binary64).
LARGEST_INTEGER = 2**53 - 1


#: In the settings of an edit's recipe: the SHA-256 of the picture it began with, without its seal.
START = "start"


@dataclass(frozen=True)
class Recipe:
    """Everything needed to make one picture again.

    ``width`` and ``height`` are pixels of the finished picture, after ``upscaler`` ("" for none).
    ``seed`` is 0 to 2⁵³-1, ``steps`` at least 1, ``guidance`` 1 for none. Digests are SHA-256 in
    lower-case hexadecimal. ``versions`` names what computed it (``rakkan``, ``openvino``, …), since
    equal pixels are promised for equal versions on one machine only. ``adapters`` maps the digest of every
    further model file to what it was used as (``lora pastel 0.8``, ``vae``), ``settings`` holds what else
    made the picture (``clip skip``, ``noise``), ``references`` maps the SHA-256 of every picture that guided
    it, without its seal, to what it was used as and how strongly (``reference 0.8``, ``controlnet lines 1``;
    several uses are joined by semicolons). The last three are left out of the JSON when they are empty, so
    that recipes from before them keep their digests.
    """

    prompt: str
    negative: str
    model: str
    model_digest: str
    sampler: str
    schedule: str
    steps: int
    guidance: float
    seed: int
    width: int
    height: int
    upscaler: str = ""
    upscaler_digest: str = ""
    engine: str = "openvino"
    precision: str = "f32"
    versions: Mapping[str, str] = field(default_factory=dict)
    adapters: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SheetRecipe:
    """A contact sheet: the recipes of its pictures in reading order, ``columns`` to a row.

    ``labels`` are what stands on it: ``title``, ``column 1``, ``row 1`` and so on; a sheet without any leaves
    them out of its JSON and has no room for them.
    """

    columns: int
    width: int
    height: int
    recipes: tuple[Recipe, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelledSheetRecipe(SheetRecipe):
    """A sheet with words on it, all of them in ``words``: ``head`` pixels of paper lie above its pictures,
    ``foot`` below them, and ``band`` above each row of them."""

    head: int = 0
    foot: int = 0
    band: int = 0
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class FiguresRecipe:
    """A sheet of the renderer's own figures: ``count`` drawn from ``seed``, ``columns`` to a row."""

    seed: int
    count: int
    columns: int
    width: int
    height: int
    renderer: str
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainingGridRecipe:
    """How far a training run has come: pictures by its ``stage`` after ``steps`` steps."""

    model: str
    stage: str
    steps: int
    seed: int
    width: int
    height: int
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class UpscaleRecipe:
    """A picture that was enlarged or denoised by a network, out of the one whose SHA-256, without its seal,
    is ``source``.

    ``scale`` is 1, 2 or 4 and ``denoise`` -1 (none) to 3, as waifu2x counts it. How the picture was cut into
    tiles does not stand here, since it makes no difference.
    """

    source: str
    model: str
    model_digest: str
    scale: int
    denoise: int
    width: int
    height: int
    engine: str = "openvino"
    precision: str = "f32"
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ThumbnailRecipe:
    """A small copy to list a picture by, out of the one whose SHA-256, without its seal, is ``source``:
    its pixels averaged (Lanczos) to ``width`` by ``height``, what was transparent laid on white."""

    source: str
    width: int
    height: int
    versions: Mapping[str, str] = field(default_factory=dict)


AnyRecipe = Recipe | SheetRecipe | FiguresRecipe | TrainingGridRecipe | UpscaleRecipe | ThumbnailRecipe

_LEFT_OUT_EMPTY = ("adapters", "settings", "references", "labels")

_KINDS: dict[type[Any], str] = {
    Recipe: "rakkan recipe 1",
    SheetRecipe: "rakkan sheet 1",
    LabelledSheetRecipe: "rakkan labelled sheet 1",
    FiguresRecipe: "rakkan figures 1",
    TrainingGridRecipe: "rakkan training grid 1",
    UpscaleRecipe: "rakkan upscale 1",
    ThumbnailRecipe: "rakkan thumbnail 1",
}


@dataclass(frozen=True)
class Ingredient:
    """A picture file that another was made from or guided by: its bytes as they came, seal included.

    ``relationship`` is ``parent`` (the picture was made out of it) or ``reference`` (it only guided).
    """

    relationship: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Whole:
    """A picture too large to be held at once: its sides in pixels and the digest of its pixels (see
    ``trust.provenance.pixel_digest``)."""

    height: int
    width: int
    digest: str


@dataclass(frozen=True, eq=False)
class BandedPicture:
    """A picture whose pixels come in bands of rows from the top, each as ``Picture`` has them; the rest is as
    there. ``bands`` is run through once. ``channels`` is 3 or 4 and ``depth`` 8 or 16 bits a sample."""

    bands: Iterable[NDArray[Any]]
    channels: int
    depth: int
    recipe: AnyRecipe
    operation: str = "upscale"
    ingredients: tuple[Ingredient, ...] = ()


@dataclass(frozen=True, eq=False)
class Picture:
    """Pixels, how they were made, and out of what. ``operation`` is a row of the seal's table: ``create``,
    ``variation``, ``draft``, ``sheet``, ``edit``, ``upscale``, ``thumbnail``, ``copy`` or ``figure``.

    ``pixels`` is uint8 or uint16 [height, width, 3], or 4 with alpha (not premultiplied), sRGB, kept as a
    read-only view. ``whole`` is for the gate: what ``pixels`` then is a reduction of.
    """

    pixels: NDArray[Any]
    recipe: AnyRecipe
    operation: str = "create"
    ingredients: tuple[Ingredient, ...] = ()
    whole: Whole | None = None

    def __post_init__(self) -> None:
        view = self.pixels.view()
        view.setflags(write=False)
        object.__setattr__(self, "pixels", view)


def still(picture: Picture) -> Picture:
    """A copy that nobody else can change: plain records all through, pixels over bytes of their own.

    What was looked at is then what is written, whatever becomes of the array, the recipe or the files it was
    made from, and whatever their classes do when they are asked; that they are a reduction nobody may claim.
    Raises RakkanError for what is made of
    other things than a picture is, and as ``canonical_json`` does.
    """
    import numpy

    try:
        seen = numpy.asarray(picture.pixels)
        if seen.dtype.hasobject:
            raise TypeError("its pixels are objects")
        flat = numpy.frombuffer(seen.tobytes(), seen.dtype) if seen.size else seen.copy()
        ingredients = tuple(
            Ingredient(_text(one.relationship), _text(one.media_type), bytes(memoryview(one.data)))
            for one in picture.ingredients
        )
        recipe = recipe_from_json(canonical_json(picture.recipe))
        return Picture(flat.reshape(seen.shape), recipe, _text(picture.operation), ingredients)
    except (AttributeError, TypeError, ValueError) as error:
        raise RakkanError(f"This is not what a picture is made of: {error}", "Make it anew") from error


def still_banded(picture: BandedPicture) -> BandedPicture:
    """The same in plain records, but for the bands, which are copied as they come. Raises RakkanError."""
    import numpy

    blank = Picture(
        numpy.zeros((1, 1, 3), numpy.uint8), picture.recipe, picture.operation, picture.ingredients
    )
    facts = still(blank)
    channels, depth = int(picture.channels), int(picture.depth)
    return BandedPicture(picture.bands, channels, depth, facts.recipe, facts.operation, facts.ingredients)


def seen(picture: Picture) -> Picture:
    """The picture as it is looked at: of 16 bits a sample the upper eight, as they are when it is read back.
    What is no picture is left as it is."""
    import numpy

    if picture.pixels.dtype != numpy.uint16:
        return picture
    return replace(picture, pixels=(picture.pixels >> 8).astype(numpy.uint8))


def _text(text: str) -> str:
    """Exactly a ``str`` of the same characters, whatever subclass it came as."""
    return str.__str__(text)


def canonical_json(recipe: AnyRecipe) -> str:
    """The one JSON text of a recipe: sorted keys, no spaces, whole floats as integers (RFC 8785).

    Raises RakkanError for what JSON cannot hold exactly: numbers that are not finite, integers past
    2⁵³-1, and text that is not valid Unicode.
    """
    text = json.dumps(
        _plain(recipe), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise RakkanError(
            "The recipe holds text that is not valid Unicode", "Remove the broken character"
        ) from error
    return text


def digest(recipe: AnyRecipe) -> str:
    """SHA-256 of the canonical JSON, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_json(recipe).encode("utf-8")).hexdigest()


def recipe_from_json(text: str) -> AnyRecipe:
    """Read a recipe back. Raises RakkanError when it is not one, or of a version not known here."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RakkanError(
            "This is not a recipe: it is not JSON", "Give a picture that Rakkan made"
        ) from error
    return _read(value)


def _plain(value: Any) -> Any:
    kind = _KINDS.get(type(value))
    if kind is not None:
        named = {part.name: _plain(getattr(value, part.name)) for part in fields(value)}
        told = {name: item for name, item in named.items() if item or name not in _LEFT_OUT_EMPTY}
        return {"kind": kind, **told}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise RakkanError(f"{value} is too large for a recipe", f"Use at most {LARGEST_INTEGER}")
    return value


def _number(value: float) -> int | float:
    if not math.isfinite(value):
        raise RakkanError(f"{value} cannot stand in a recipe", "Use a finite number")
    if value.is_integer() and abs(value) <= LARGEST_INTEGER:
        return int(value)
    # Python and RFC 8785 write the same digits only where neither uses an exponent.
    if not 1e-4 <= abs(value) < 1e16:
        raise RakkanError(f"{value} cannot stand in a recipe", "Use a number between 0.0001 and 10¹⁶, or 0")
    return value


def _read(value: Any) -> AnyRecipe:
    kind = value.get("kind") if isinstance(value, dict) else None
    record = next((record for record, name in _KINDS.items() if name == kind), None)
    if record is None:
        raise RakkanError(f"This is not a recipe known here: its kind is {kind!r}", "Update Rakkan")
    values = {key: item for key, item in value.items() if key != "kind"}
    if isinstance(values.get("recipes"), list):
        values["recipes"] = tuple(_read(item) for item in values["recipes"])
    if isinstance(values.get("words"), list):
        values["words"] = tuple(values["words"])
    if "guidance" in values and isinstance(values["guidance"], int):
        values["guidance"] = float(values["guidance"])
    wanted = {part.name: str(part.type) for part in fields(record)}
    for name in wanted.keys() & set(_LEFT_OUT_EMPTY):
        values.setdefault(name, {})
    wrong = [name for name in values if name not in wanted]
    wrong += [name for name, type_name in wanted.items() if not _fits(values.get(name), type_name)]
    if wrong:
        raise RakkanError(f"The recipe's field {wrong[0]!r} is missing, unknown or of the wrong type")
    made: AnyRecipe = record(**values)
    return made


def _fits(value: Any, type_name: str) -> bool:
    if type_name == "str":
        return isinstance(value, str)
    if type_name == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    if type_name == "float":
        return isinstance(value, float)
    if type_name.startswith("Mapping"):
        return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    if type_name == "tuple[str, ...]":
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    return isinstance(value, tuple)
