"""Prompts that people bring: tables of styles, wildcards, prompts to keep and prompts to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Literal

from fastapi import File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, Response

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service import wishes
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.arrivals import prompts
from rakkan.service.arrivals.prompts import NamedStyle
from rakkan.service.arrivals.texts import LONGEST_PROMPT
from rakkan.service.core import Service
from rakkan.service.errors import TooMany
from rakkan.service.routes.bringing import import_view
from rakkan.service.routes.showing import actor_of, page_of, see_other, service_of, show, wants_json
from rakkan.service.submitting import submit
from rakkan.service.web.words import Words
from rakkan.studio.characters.styles import StyleRequest

router = new_router(include_in_schema=False)

#: Files and bytes of one request: all of it is held in memory.
MOST_FILES = 100
LARGEST = 1024 * 1024
#: Pictures that one file has drawn at most, and remarks.
MOST_DRAWN = 200
_MOST_REMARKS = 60
Use = Literal["wildcards", "prompts", "draw"]


@dataclass
class _Brought:
    """What has been kept so far, and what was not."""

    service: Service
    actor: Actor
    counts: dict[str, int] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def attempt(self, what: str, name: str, keep: Callable[[], object]) -> None:
        """Keep something, or remember why not."""
        try:
            keep()
        except TooMany:
            raise
        except RakkanError as error:
            self.refuse(name, str(error))
        else:
            self.counts[what] = self.counts.get(what, 0) + 1

    def refuse(self, name: str, why: str) -> None:
        """Remember that something was not taken, and why."""
        if len(self.remarks) < _MOST_REMARKS:
            self.remarks.append(f"{name}: {why}"[:400])


@router.post("/account/prompts")
@allow("member", "create", "own", weight="batch", forms=True, largest=LARGEST, files=MOST_FILES)
def bring(
    request: Request, files: Annotated[list[UploadFile], File()], use: Annotated[Use, Form()] = "wildcards"
) -> Response:
    """Keep styles (tables), and wildcards or prompts (texts); what is not kept is told, a line each."""
    brought = _Brought(service_of(request), actor_of(request))
    for upload in files:
        if upload.filename:
            _sort(brought, upload, use)
    words = Words(page_of(request).locale)
    if not brought.counts and not brought.remarks:
        raise RakkanError("No file was sent", "Choose a styles.csv or text files")
    said = [words.count(f"import.kept_{what}", count) for what, count in brought.counts.items()]
    if wants_json(request):
        return JSONResponse({"kept": brought.counts, "remarks": brought.remarks})
    view = import_view(brought.service, brought.actor, (*said, *brought.remarks))
    return show(request, "importing.html", view)


@router.post("/account/prompts/{text}/remove")
@allow("member", "create", "own", forms=True)
def remove(request: Request, text: str) -> Response:
    """Delete a wildcard or a prompt."""
    service_of(request).texts.remove(actor_of(request).account, text)
    return see_other("/account/import")


def _sort(brought: _Brought, upload: UploadFile, use: Use) -> None:
    name = (upload.filename or "").replace("\\", "/").lstrip("/")[:200]
    shown = "".join(sign if sign.isprintable() else "?" for sign in name.rpartition("/")[2])
    ending = name.rpartition(".")[2].lower()
    data = upload.file.read(LARGEST)
    try:
        if ending == "csv":
            _styles(brought, shown, data)
        elif ending != "txt":
            brought.refuse(shown, "only .csv and .txt are read here")
        elif use == "wildcards":
            account = brought.actor.account
            text, called = prompts.text_of(data), name.removesuffix(".txt").removesuffix(".TXT")
            # A folder that was chosen whole is not part of the name, as with the command line's.
            called = "/".join(called.split("/")[1:] or [called])
            keep = brought.service.texts.save_text
            brought.attempt("wildcards", shown, lambda: keep(account, "wildcard", called, text))
        else:
            _lines(brought, shown, data, use)
    except RakkanError as error:
        brought.refuse(shown, str(error))


def _styles(brought: _Brought, name: str, data: bytes) -> None:
    for one in prompts.styles_of(data):
        brought.attempt("styles", f"{name}: {one.name}", lambda one=one: _save(brought.actor.account, one))  # type: ignore[misc]


def _save(account: str, style: NamedStyle) -> None:
    """Keep a style, without its LoRAs where they are not here."""
    casting = assemble.casting()
    loras: list[str] = []
    for lora in style.loras:
        try:
            casting.find_lora(lora, account)
        except RakkanError:
            continue
        loras.append(lora)
    request = StyleRequest(style.name, style.tags, style.negative or None, loras=tuple(loras[:8]))
    casting.save_style(request, account)


def _lines(brought: _Brought, name: str, data: bytes, use: Use) -> None:
    most = prompts.MOST_PROMPTS if use == "prompts" else MOST_DRAWN
    for place, (number, line) in enumerate(prompts.lines_of(data)):
        where = f"{name}: line {number}"
        if place >= most:
            brought.refuse(name, f"{most} lines at once are enough; those from {number} are left")
            return
        if len(line) > LONGEST_PROMPT:
            brought.refuse(where, f"it is longer than {LONGEST_PROMPT}")
            continue
        try:
            brought.attempt(use, where, lambda line=line: _use(brought, line, use))  # type: ignore[misc]
        except TooMany as error:
            brought.refuse(where, error.message)
            return


def _use(brought: _Brought, line: str, use: Use) -> None:
    if use == "draw":
        submit(brought.service, brought.actor, "create", wishes.Create(prompt=line), priority="batch")
        return
    assemble.gate().consider(line, "")
    brought.service.texts.save_text(brought.actor.account, "prompt", line, line)
