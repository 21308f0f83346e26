"""Bringing in what one has: pictures of other tools, in a folder or a ZIP, and prompts, a line each."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Annotated

from fastapi import File, Request, UploadFile
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE
from rakkan.formats.inspect import is_picture
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.core import Service
from rakkan.service.errors import TooMany
from rakkan.service.making.importing import known
from rakkan.service.routes.bringing import import_view
from rakkan.service.routes.showing import actor_of, see_other, service_of, show
from rakkan.service.routes.studio import accepted
from rakkan.service.submitting import submit
from rakkan.service.uploading import park

router = new_router(include_in_schema=False)

#: Caps on one import: files, with those in ZIPs; bytes sent; bytes of what is in ZIPs, unpacked; prompts.
MOST_FILES = 500
LARGEST = 256 * 1024 * 1024
MOST_UNPACKED = 512 * 1024 * 1024
MOST_PROMPTS = 200
LARGEST_TEXT = 256 * 1024
_MOST_REMARKS = 200
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")
_MODELS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin")


@dataclass
class _Load:
    """What has come so far."""

    service: Service
    actor: Actor
    files: list[wishes.Upload] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    prompts: int = 0
    unpacked: int = 0

    def refuse(self, name: str, why: str) -> None:
        """Remember that a file was not taken, and why."""
        if len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(f"{name}: {why}"[:1000])

    def take(self, name: str, content: IO[bytes]) -> int:
        """Let a picture wait for a worker; how many bytes it has."""
        data = content.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            self.refuse(name, f"it is larger than {LARGEST_FILE >> 20} MiB")
        elif len(self.files) >= MOST_FILES:
            self.refuse(name, f"an import has {MOST_FILES} files at most; send it with the next")
        elif data:
            waiting = park(self.service.transit, self.actor.account, data)
            self.files.append(wishes.Upload(name=name, waiting=waiting))
        return len(data)

    def drop(self) -> None:
        """Take back all that waits."""
        self.service.transit.discard(self.actor.account, [one.waiting for one in self.files])


class Known(BaseModel):
    """Files by their SHA-256."""

    model_config = ConfigDict(extra="forbid")
    digests: Annotated[list[Annotated[str, Field(pattern="^[0-9a-f]{64}$")]], Field(max_length=MOST_FILES)]


@router.get("/account/import")
@allow("member", "read", "own", weight="page")
def page(request: Request) -> Response:
    """Where one brings what one has made elsewhere."""
    return show(request, "importing.html", import_view(service_of(request), actor_of(request)))


@router.post("/account/import/known")
@allow("member", "create", "own", weight="list")
def look(request: Request, sent: Known) -> Response:
    """Which files one has here already, so that nobody sends them again."""
    service, actor = service_of(request), actor_of(request)
    return JSONResponse({"known": known(service.catalogue, actor.account, sent.digests)})


@router.post("/account/import/picture")
@allow("member", "create", "own", weight="free", largest=LARGEST_FILE, pictures=True)
async def wait(request: Request) -> Response:
    """Let one picture wait, as it is, to be named by ``POST /account/import/begin``."""
    data = await request.body()
    if not is_picture(data[:16]):
        raise RakkanError("It is no PNG, JPEG or WebP", "Only pictures are read here")
    service, account = service_of(request), actor_of(request).account
    waiting = await run_in_threadpool(park, service.transit, account, data)
    return JSONResponse({"waiting": waiting}, 201)


@router.post("/account/import/begin")
@allow("member", "create", "own", weight="batch", largest=1024 * 1024)
def begin(request: Request, wish: wishes.Import) -> Response:
    """Have a worker let in what waits: a job."""
    if not wish.files:
        raise RakkanError("No file was sent", "Choose pictures")
    return accepted(request, submit(service_of(request), actor_of(request), "import", wish, priority="batch"))


@router.post("/account/import")
@allow("member", "create", "own", weight="batch", forms=True, largest=LARGEST, files=MOST_FILES)
def bring(request: Request, files: Annotated[list[UploadFile], File()]) -> Response:
    """Take files for a worker to let in, and queue prompts; what is not taken is told with the job."""
    load = _Load(service_of(request), actor_of(request))
    try:
        for upload in files:
            _sort(load, upload)
        if not load.files and not load.remarks:
            if not load.prompts:
                raise RakkanError("No file was sent", "Choose pictures, a ZIP of them, or a text of prompts")
            return see_other("/queue")
        wish = wishes.Import(files=tuple(load.files), remarks=tuple(load.remarks))
        job = submit(load.service, load.actor, "import", wish, priority="batch")
    except BaseException:
        load.drop()
        raise
    return accepted(request, job)


def _sort(load: _Load, upload: UploadFile) -> None:
    name = _plain(upload.filename or "")
    kind = name[name.rfind(".") :].lower() if "." in name else ""
    if not upload.filename:
        return
    if kind in _PICTURES:
        load.take(name, upload.file)
    elif kind == ".zip":
        _unpack(load, name, upload.file)
    elif kind == ".txt":
        _queue(load, name, upload.file)
    elif kind in _MODELS:
        load.refuse(name, "models are sent on the page Models")
    elif not name.startswith("."):
        load.refuse(name, "only PNG, JPEG, WebP, ZIP and text are read here")


def _unpack(load: _Load, name: str, file: IO[bytes]) -> None:
    """Take the pictures in a ZIP. Its directory is believed in nothing: each is read as far as it may go."""
    try:
        with zipfile.ZipFile(file) as packed:
            for entry in packed.infolist():
                inner = _plain(entry.filename)
                if entry.is_dir() or not inner.lower().endswith(_PICTURES) or inner.startswith("."):
                    continue
                if len(load.files) >= MOST_FILES or load.unpacked > MOST_UNPACKED:
                    load.refuse(name, "it holds more than an import takes; what is left was not read")
                    return
                with packed.open(mode="r", name=entry) as content:
                    load.unpacked += load.take(inner, content)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError):
        load.refuse(name, "it is no ZIP that can be read; what was read before that is kept")


def _queue(load: _Load, name: str, file: IO[bytes]) -> None:
    """Queue a picture for each prompt."""
    for number, prompt in _prompts(file):
        if load.prompts >= MOST_PROMPTS:
            load.refuse(name, f"{MOST_PROMPTS} prompts at once are enough; those from line {number} are left")
            return
        try:
            submit(load.service, load.actor, "create", wishes.Create(prompt=prompt), priority="batch")
        except TooMany as error:
            load.refuse(name, f"line {number} and those after it were not queued: {error.message}")
            return
        except RakkanError as error:
            load.refuse(name, f"line {number}: {error}")
            continue
        load.prompts += 1


def _prompts(file: IO[bytes]) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers; ``#`` begins a remark."""
    text = file.read(LARGEST_TEXT).decode("utf-8-sig", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        prompt = line.strip()
        if prompt and not prompt.startswith("#"):
            yield number, prompt[:4000]


def _plain(name: str) -> str:
    """What a file is called, without where it lay, in signs that can be read."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one if one.isprintable() else "?" for one in last)[:200]
