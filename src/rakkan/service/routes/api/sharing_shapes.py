"""The shapes of shared characters, as the API tells of them and takes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from rakkan.service.routes.api.shapes import Moment, Told

_Line = Annotated[str, StringConstraints(max_length=200)]


class SharedCharacterCard(BaseModel):
    """A shared character in a list: nothing of what it is drawn from."""

    id: str = Field(description="What wishes and the gallery know it by")
    name: str
    artist: str = Field(description="Handle of whoever shares it")
    version: int
    terms: Literal["draw", "copy"]
    published: Moment
    pictures: int = Field(description="Published pictures that were drawn with it")


class Credit(BaseModel):
    """A version of somebody's that a character was copied from; `artist` is empty for who is gone."""

    name: str
    artist: str
    digest: str


class SharedVersion(BaseModel):
    """A version that is shown."""

    version: int
    because: str
    saved: Moment
    digest: str


class SharedCharacter(BaseModel):
    """A shared character in full: it counts towards the budget of distinct pairs."""

    id: str
    name: str
    artist: str
    version: int
    terms: Literal["draw", "copy"]
    description: str
    tags: str
    palette: list[str]
    seed: int | None
    licence: str
    digest: str
    versions: list[SharedVersion]
    copied_from: list[Credit]


class SharingWish(Told):
    """What others may do: draw with it alone, or copy it too."""

    terms: Literal["draw", "copy"] = "draw"


class CopyWish(Told):
    """What the copy is to be called; empty for the name it has."""

    name: _Line = ""
