"""What can be asked of the studio over HTTP: checked as it comes in, and kept with its job.

Texts are bounded here, numbers only as far as the record can hold them: what a model takes, the studio's own
checks say, in their own words.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rakkan.records import LARGEST_INTEGER

_Text = Annotated[str, StringConstraints(max_length=4000)]
_Name = Annotated[str, StringConstraints(max_length=200)]
_Picture = Annotated[str, StringConstraints(pattern=r"^([0-9a-z]{26}|[0-9a-f]{64})$")]
_Seed = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Disclosure = Literal["full", "redacted", "digest"]


class Wish(BaseModel):
    """What all wishes have in common: nothing unknown is passed over, and none changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(Wish):
    """A picture that guides: the identifier of one here, or the digest that an upload was answered with."""

    picture: _Picture
    kind: Literal["identity", "style", "palette"] = "identity"
    strength: Annotated[float, Field(ge=0, le=2)] = 1.0


class Create(Wish):
    """A picture, or several, from words. What is left out is as the model was made for."""

    prompt: _Text
    negative: _Text = ""
    seed: _Seed | None = None
    count: Annotated[int, Field(ge=1, le=8)] = 1
    steps: Annotated[int, Field(ge=1, le=150)] | None = None
    guidance: Annotated[float, Field(ge=1, le=30)] | None = None
    size: Annotated[str, StringConstraints(pattern=r"^\d{2,4}x\d{2,4}$")] | None = None
    reference: Reference | None = None
    character: _Name = ""
    style: _Name = ""
    model: _Name = ""
    sampler: _Name = ""
    parent: Annotated[str, StringConstraints(pattern=r"^([0-9a-z]{26})?$")] = ""
    disclosure: Disclosure = "full"


class Canary(Create):
    """A picture that the instance draws for itself; its identifier is to be of the time of ``near``."""

    near: Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{26}$")]


class Rectangle(Wish):
    """A part of a picture, in its pixels from the left and from the top."""

    left: Annotated[int, Field(ge=0, le=65535)]
    top: Annotated[int, Field(ge=0, le=65535)]
    width: Annotated[int, Field(ge=1, le=65535)]
    height: Annotated[int, Field(ge=1, le=65535)]


class Edit(Wish):
    """A change of a picture that is here: by ``changes`` in words, or by a ``prompt`` under a mask.

    The mask is an upload, a ``rectangle``, or the name of a ``region`` (``hair``).
    """

    picture: _Picture
    changes: Annotated[tuple[_Text, ...], Field(max_length=8)] = ()
    prompt: _Text = ""
    negative: _Text = ""
    mask: _Picture | None = None
    rectangle: Rectangle | None = None
    region: Annotated[str, StringConstraints(pattern=r"^[a-z +]{0,80}$")] = ""
    invert: bool = False
    extend: _Name = ""
    restore: bool = False
    strength: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: _Seed | None = None
    steps: Annotated[int, Field(ge=1, le=150)] | None = None
    guidance: Annotated[float, Field(ge=1, le=30)] | None = None
    count: Annotated[int, Field(ge=1, le=8)] = 1
    model: _Name = ""
    disclosure: Disclosure = "full"


class Vary(Wish):
    """More pictures like one that is here."""

    picture: _Picture
    strength: Annotated[float, Field(gt=0, le=1)] = 0.1
    count: Annotated[int, Field(ge=1, le=8)] = 4
    seed: _Seed | None = None
    model: _Name = ""
    disclosure: Disclosure = "full"


class Upscale(Wish):
    """A picture that is here, enlarged (``scale`` 1, 2 or 4) and freed from noise (``denoise`` -1 to 3)."""

    picture: _Picture
    scale: Literal[1, 2, 4] = 2
    denoise: Annotated[int, Field(ge=-1, le=3)] = 0
    disclosure: Disclosure = "full"


class Release(Wish):
    """A picture of one's own as another file: in a ``format``, telling so much of its recipe."""

    picture: Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{26}$")]
    format: Literal["png", "webp", "jpeg"]
    disclosure: Disclosure = "full"


class Sheet(Wish):
    """A character's sheet: from several sides, in several moods and outfits."""

    character: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    expressions: Annotated[tuple[_Name, ...], Field(max_length=5)] = ()
    outfits: Annotated[tuple[_Name, ...], Field(max_length=5)] = ()
    disclosure: Disclosure = "full"


class Upload(Wish):
    """A file that somebody brings: what it is called, and where it waits in the vault."""

    name: _Name
    waiting: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Import(Wish):
    """Pictures that somebody brings from another tool; ``remarks`` say what was refused before."""

    files: Annotated[tuple[Upload, ...], Field(max_length=1000)]
    remarks: Annotated[tuple[_Text, ...], Field(max_length=200)] = ()


class Model(Wish):
    """A model that somebody sent in parts, whole by now; ``called`` is what its file is called."""

    upload: Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{26}$")]
    called: _Name


#: Kinds of jobs with what they are asked by; a draft is a Create of which only the first picture is drawn.
WISHES: dict[str, type[Wish]] = {
    "create": Create,
    "draft": Create,
    "edit": Edit,
    "vary": Vary,
    "upscale": Upscale,
    "sheet": Sheet,
    "release": Release,
    "import": Import,
    "model": Model,
    "canary": Canary,
}
