"""What the API answers with, and what it reads besides wishes: each field with what it means."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from rakkan.service.accounts.keys import MOST_DAYS
from rakkan.service.jobs.records import Priority
from rakkan.service.jobs.records import State as JobState
from rakkan.service.pictures.records import MOST_ROWS
from rakkan.service.pictures.records import State as PictureState

_IDENTIFIER = "^[0-9a-hjkmnp-tv-z]{26}$"
EXAMPLE = "06f4qj3r5b8d2k7m9n1p3q5s7v"

#: A name in an address.
PictureName = Annotated[
    str, Path(pattern=_IDENTIFIER, description="A picture's identifier", examples=[EXAMPLE])
]
JobName = Annotated[str, Path(pattern=_IDENTIFIER, description="A job's identifier", examples=[EXAMPLE])]
OtherName = Annotated[str, Path(pattern=_IDENTIFIER, examples=[EXAMPLE])]
Handle = Annotated[str, Path(min_length=1, max_length=64, description="Whom others know an account as")]
CharacterName = Annotated[str, Path(min_length=1, max_length=200, description="A character of one's own")]
#: How a list goes on.
Cursor = Annotated[str, Query(max_length=200, description="`next` of the page before; empty for the first")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of a page")]

_Line = Annotated[str, StringConstraints(max_length=200)]
_Words = Annotated[str, StringConstraints(max_length=4000)]
_Named = Annotated[str, StringConstraints(pattern=r"^([0-9a-z]{26}|[0-9a-f]{64})$")]
Moment = Annotated[str, Field(description="ISO 8601, UTC", examples=["2026-11-23T04:30:00+00:00"])]
Row = TypeVar("Row")


class Unread(BaseModel):
    """A part of a request that cannot be read."""

    where: str
    what: str


class Problem(BaseModel):
    """What is wrong and what to do; `code` is for programs."""

    code: str = Field(examples=["unusable"])
    message: str = Field(examples=["The prompt is empty"])
    hint: str = ""
    fields: list[Unread] | None = Field(None, description="Only of a request that cannot be read")


class Fault(BaseModel):
    """The answer to every request that is not done as asked."""

    error: Problem


class Page(BaseModel, Generic[Row]):
    """Some rows of a list. `next` is the cursor of those after them, null at the end."""

    items: list[Row]
    next: str | None = None


class Refused(BaseModel):
    """Why a job drew nothing."""

    message: str
    hint: str


class JobSummary(BaseModel):
    """A job in a list."""

    id: str = Field(examples=[EXAMPLE])
    kind: str = Field(examples=["create"])
    state: JobState
    priority: Priority
    stopping: bool = Field(description="It runs, and has been asked to stop")
    done: int = Field(description="Steps that are done, of `total`")
    total: int
    created: Moment
    started: Moment | None
    finished: Moment | None
    error: Refused | None


class Release(BaseModel):
    """A file of a picture. `url` opens it for some minutes, for whoever asked alone."""

    picture: str
    format: Literal["png", "webp", "jpeg"]
    disclosure: Literal["full", "redacted", "digest"]
    url: str


class Job(JobSummary):
    """A job, whole."""

    ahead: int = Field(description="Jobs before it, 1000 at most; 0 when it does not wait")
    wish: dict[str, Any] = Field(description="What was asked for, without what was left as it is")
    pictures: list[str] = Field(description="What came of it")
    remarks: list[str]
    release: Release | None = Field(None, description="The file that was made, where one was asked for")


class Thumbnail(BaseModel):
    """A small copy; its sides are in pixels."""

    url: str
    width: int
    height: int


class Model(BaseModel):
    """What drew a picture; `digest` is the SHA-256 that it is found by."""

    name: str
    digest: str


class Character(BaseModel):
    """Who a picture was drawn with; `id` finds others of it."""

    id: str
    name: str


class PictureCard(BaseModel):
    """A picture in a list: nothing of its recipe. `artist` is a handle, "" for an account that is closed."""

    id: str = Field(examples=[EXAMPLE])
    artist: str
    title: str
    width: int
    height: int
    operation: str = Field(examples=["create"])
    model: Model
    character: Character | None
    parent: str | None = Field(description="The picture that it was made of")
    created: Moment
    published: Moment | None
    state: PictureState
    likes: int
    comments: int
    liked: bool
    thumbnail: Thumbnail


class Picture(PictureCard):
    """A picture, whole: `file` and `recipe` are where those are."""

    digest: str = Field(description="SHA-256 without its seal: what the ledger and recipes know it by")
    media_type: str
    disclosure: Literal["full", "redacted", "digest"]
    licence: str
    tags: list[str]
    file: str
    recipe: str
    reduced: bool = Field(False, description="Whether tags are left out, for more was read than is usual")


class Payment(BaseModel):
    """What an account is paid by."""

    model_config = ConfigDict(extra="forbid")
    label: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Recipe(BaseModel):
    """How a picture was made. `hidden` names the fields that its artist keeps to themselves."""

    picture: str
    digest: str = Field(description="SHA-256 of the whole recipe, as canonical JSON")
    disclosure: Literal["full", "redacted", "digest"]
    recipe: dict[str, Any]
    hidden: list[str]


class Step(BaseModel):
    """A neighbour in a lineage; `card` is null when it is gone or not shown to whoever asks."""

    picture: str
    depth: int
    stated: bool | None = Field(description="Whether the ledger states this step")
    card: PictureCard | None


class Origin(BaseModel):
    """What the ledger states of a picture."""

    operation: str
    model: Model
    training: dict[str, Any]
    parents: list[str]
    references: list[str]
    licences: list[str]
    entry: int
    stated: Moment


class Lineage(BaseModel):
    """Where a picture came from, nearest first, and what became of it."""

    ancestors: list[Step]
    descendants: list[Step]
    origin: Origin | None


class Said(BaseModel):
    """What this instance answers for the whole of itself."""

    name: str
    version: str
    api: str = "/api/v1"
    openapi: str = "/api/v1/openapi.json"
    sign_up: Literal["open", "invited", "closed"]


class Told(BaseModel):
    """What a body is read by: nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid")


class Publication(Told):
    """How a picture is shown to all."""

    title: _Line = Field("", examples=["By the river"])
    tags: Annotated[list[_Line], Field(max_length=16)] = []
    licence: _Line | None = None


class Words(Told):
    """A comment."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)] = Field(examples=["Lovely light"])


class Comment(BaseModel):
    """A comment; `artist` is the handle of whoever wrote it."""

    id: str
    picture: str
    artist: str
    text: str
    created: Moment


class ReportWish(Told):
    """What is wrong with a published picture, or a shared character by its `id` in the same field, in one
    word and in one's own."""

    picture: Annotated[str, StringConstraints(pattern=_IDENTIFIER)] = Field(examples=[EXAMPLE])
    reason: Literal["unsafe", "person", "copyright", "spam"]
    text: _Words = ""


class Report(BaseModel):
    """A report that was taken in; the picture is hidden until it is decided, unless it is about spam."""

    id: str


class Likes(BaseModel):
    """How many like a picture now."""

    likes: int


class Upload(BaseModel):
    """A picture that was let in: `picture` is what wishes name it by."""

    picture: str = Field(description="SHA-256 of the file without a seal", examples=["ab" * 32])


class Profile(BaseModel):
    """An account as others see it."""

    handle: str
    display_name: str
    bio: str
    since: Moment
    followers: int
    followed: bool = Field(description="Whether whoever asks follows it")


class Account(BaseModel):
    """Whoever asks."""

    id: str
    handle: str
    display_name: str
    role: Literal["member", "moderator", "owner"]
    locale: str
    bio: str
    since: Moment
    way: Literal["session", "key"]
    scopes: list[str]
    organisations: dict[str, str] = Field(description="Identifier of each to member or admin")
    follows: list[str] = Field(description="Handles")


class KeyWish(Told):
    """A key to make; without `days` it does not expire."""

    label: _Line = Field(examples=["my script"])
    scopes: Annotated[list[_Line], Field(min_length=1, max_length=8)] = Field(examples=[["read", "create"]])
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] | None = None


class Key(BaseModel):
    """A key, by the first characters of its secret."""

    id: str
    prefix: str
    label: str
    scopes: list[str]
    created: Moment
    used: Moment | None
    expires: Moment | None
    revoked: Moment | None


class NewKey(Key):
    """A key and its secret, which is told this once."""

    secret: str


class ModelCard(BaseModel):
    """A model to draw with, or an adapter. `sizes` are all that it draws, none for those that take any."""

    name: str
    title: str
    kind: str
    family: str
    digest: str
    licence: str
    resolution: int = Field(description="Pixels of a side that it was made for")
    sizes: list[str]
    base: str = Field("", description="What it was made from, as far as it can be told")
    bytes: int = Field(0, description="Of its files; 0 of the starter model")
    hashes: dict[str, str] = Field({}, description="As other tools name its file; none of several files")
    yours: bool = Field(False, description="Whether whoever asks may share and remove it")
    shared: bool = Field(True, description="Whether everybody here may draw with it")


class NewCharacter(Told):
    """A character to keep: by tags, or read off a `picture`. Pictures are named as in wishes."""

    name: _Line = Field(examples=["Mika"])
    tags: _Words = Field("", examples=["1girl, silver twin tails, red eyes"])
    description: _Words = ""
    references: Annotated[list[_Named], Field(max_length=8)] = []
    palette: _Line = Field("", examples=["#c0c0c0, #aa2222"])
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    licence: _Line = ""
    picture: _Named | None = None
    because: _Line = ""


class CharacterChange(Told):
    """What is to be otherwise; what is left out stays."""

    name: _Line | None = None
    tags: _Words | None = None
    add: Annotated[list[_Line], Field(max_length=50)] = []
    remove: Annotated[list[_Line], Field(max_length=50)] = []
    description: _Words | None = None
    references: Annotated[list[_Named], Field(max_length=8)] = []
    drop: Annotated[list[_Line], Field(max_length=8)] = []
    palette: _Line | None = None
    seed: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    licence: _Line | None = None
    because: _Line = ""


class KeptCharacter(BaseModel):
    """A version of a character; `digest` names just this one."""

    id: str = Field(description="What pictures of it are found by")
    name: str
    version: int
    because: str
    saved: Moment
    description: str
    tags: str
    palette: list[str]
    references: list[str]
    seed: int | None
    licence: str
    digest: str
