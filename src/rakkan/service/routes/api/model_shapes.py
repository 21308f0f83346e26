"""What the API answers with and reads about models that are brought."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, Field, StringConstraints

from rakkan.service.routes.api.shapes import EXAMPLE, Moment, Told

_IDENTIFIER = "^[0-9a-hjkmnp-tv-z]{26}$"

UploadName = Annotated[str, Path(pattern=_IDENTIFIER, description="An upload", examples=[EXAMPLE])]
Digest = Annotated[
    str, Path(pattern="^[0-9a-f]{64}$", description="A model's digest, whole", examples=["ab" * 32])
]


class ModelWish(Told):
    """A safetensors file that is to be sent in parts. `mark` is any text by which its sender knows it again:
    told of in the same words, an upload that broke off goes on."""

    file: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$")] = (
        Field(examples=["dawn.safetensors"])
    )
    size: Annotated[int, Field(gt=0, lt=2**53, description="Bytes")]
    name: Annotated[str, StringConstraints(max_length=120)] = Field("", description="Else as the file")
    licence: Annotated[str, StringConstraints(max_length=200)] = Field(
        "", description="The licence that it has, as far as you know"
    )
    shared: bool = Field(False, description="Whether everybody here may draw with it")
    mark: Annotated[str, StringConstraints(max_length=64)] = ""


class ModelUpload(BaseModel):
    """A file on its way: the next part begins at `received` and has `part` bytes, or what is left."""

    id: str
    file: str
    size: int
    received: int
    part: int
    state: Literal["open", "queued", "done"]
    expires: Moment


class ModelShare(Told):
    """Who may draw with a model of one's own."""

    shared: bool
