"""The door for clients of Stable Diffusion web UI: ``/sdapi/v1``, as ``webuiapi`` and others use it.

A request waits until its pictures are drawn. Who sends a key by HTTP basic authentication, as these clients
do, gives it as the password, under any name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fastapi import Body, Request
from starlette.concurrency import run_in_threadpool

from rakkan.errors import RakkanError
from rakkan.records import Recipe, UpscaleRecipe
from rakkan.service.access.actors import VISITOR
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.routes.api.common import models
from rakkan.service.routes.doors import a1111_words as words
from rakkan.service.routes.doors.drawing import Drawn, decoded, draw, let_in, model_named
from rakkan.service.routes.showing import actor_of, service_of

if TYPE_CHECKING:
    from rakkan.service.core import Service
    from rakkan.service.jobs.records import Job

router = new_router(prefix="/sdapi/v1", include_in_schema=False)

#: Bytes of a request with pictures in base 64.
LARGEST = 48 * 1024 * 1024


@router.post("/txt2img")
@allow("member", "create", "own", largest=1024 * 1024)
async def txt2img(request: Request, sent: words.Txt2Img) -> dict[str, Any]:
    """Draw from words."""
    wish = await run_in_threadpool(lambda: words.create(sent, actor_of(request).account, _choice(request)))
    return _answer(sent, await draw(request, "create", wish))


@router.post("/img2img")
@allow("member", "create", "own", largest=LARGEST)
async def img2img(request: Request, sent: words.Img2Img) -> dict[str, Any]:
    """Draw over a picture, or a part of it; it keeps its size."""
    words.check(sent)
    account = actor_of(request).account
    given = await run_in_threadpool(let_in, account, decoded(sent.init_images[0], "init_images"))
    mask = await run_in_threadpool(let_in, account, decoded(sent.mask, "mask")) if sent.mask else None
    masked = mask.digest if mask else ""
    wish = await run_in_threadpool(lambda: words.edit(sent, account, _choice(request), given.digest, masked))
    return _answer(sent, await draw(request, "edit", wish))


@router.post("/extra-single-image")
@allow("member", "create", "own", largest=LARGEST)
async def extra_single_image(request: Request, sent: words.Extra) -> dict[str, Any]:
    """Enlarge a picture."""
    words.upscale(sent, "0" * 64)  # what cannot be honoured is refused before anything is taken in
    given = await run_in_threadpool(let_in, actor_of(request).account, decoded(sent.image, "image"))
    (made,) = await draw(request, "upscale", words.upscale(sent, given.digest))
    return {"html_info": _text(made), "image": made.base64}


@router.post("/png-info")
@allow("member", "create", "own", largest=LARGEST)
def png_info(request: Request, sent: words.Info) -> dict[str, Any]:
    """What a picture says of how it was made."""
    from rakkan.formats.inspect import inspect
    from rakkan.studio.metadata.a1111 import KEYWORD, read

    given = let_in(actor_of(request).account, decoded(sent.image, "image"))
    texts = dict(inspect(given.data).text)
    text = texts.get(KEYWORD, "")
    parts = read(text)
    told = {"Prompt": parts.prompt, "Negative prompt": parts.negative, **parts.details} if text else {}
    return {"info": text, "items": texts, "parameters": told}


@router.get("/options")
@allow("member", "read", "own", weight="list")
def options(request: Request) -> dict[str, Any]:
    """The settings that clients look at."""
    chosen = _choice(request)
    titles = [_titled(one.name, one.digest) for one in _checkpoints(request) if one.name == chosen]
    return {
        "sd_model_checkpoint": titles[0] if titles else _titled(*_starter()),
        "sd_checkpoint_hash": "",
        "samples_format": "png",
        "CLIP_stop_at_last_layers": 1,
    }


@router.post("/options")
@allow("member", "create", "own")
def set_options(request: Request, sent: dict[str, Any] = Body()) -> None:  # noqa: B008
    """Choose the model for the requests that follow. Nothing else can be set."""
    for name, value in sent.items():
        if name != "sd_model_checkpoint" and not words.is_neutral(name, value):
            raise RakkanError(f"The option {name[:60]!r} cannot be set", "Set sd_model_checkpoint alone")
    title = sent.get("sd_model_checkpoint")
    if title is None:
        return
    if not isinstance(title, str):
        raise RakkanError("sd_model_checkpoint is no name", "Take a title of sd-models")
    account = actor_of(request).account
    service_of(request).accounts.choices.choose_model(account, model_named(account, title))


@router.get("/sd-models")
@allow("member", "read", "shown", weight="list")
def sd_models(request: Request) -> list[dict[str, Any]]:
    """The checkpoints to draw with, the starter model first."""
    return [
        {
            "title": _titled(one.name, one.digest),
            "model_name": one.name,
            "hash": one.digest[:10],
            "sha256": one.digest,
            "filename": one.name,
            "config": None,
        }
        for one in _checkpoints(request)
    ]


@router.get("/samplers")
@allow("member", "read", "none", weight="list")
def samplers(request: Request) -> list[dict[str, Any]]:
    """The samplers for checkpoints; the starter model draws with Euler."""
    from rakkan.studio.diffusion.samplers import SAMPLERS

    return [
        {"name": one.title, "aliases": [name, *one.aliases], "options": {"scheduler": one.schedule}}
        for name, one in SAMPLERS.items()
    ]


@router.get("/schedulers")
@allow("member", "read", "none", weight="list")
def schedulers(request: Request) -> list[dict[str, Any]]:
    """The schedules of noise levels."""
    from rakkan.studio.diffusion.schedules import SCHEDULES

    return [
        {"name": name, "label": one.title, "aliases": list(one.aliases)} for name, one in SCHEDULES.items()
    ]


@router.get("/upscalers")
@allow("member", "read", "none", weight="list")
def upscalers(request: Request) -> list[dict[str, Any]]:
    """What enlarges."""
    return [
        {"name": name, "model_name": None, "model_path": None, "scale": 2} for name in ("None", "waifu2x")
    ]


@router.get("/loras")
@allow("member", "read", "shown", weight="list")
def loras(request: Request) -> list[dict[str, Any]]:
    """The LoRAs that prompts may name: ``<lora:NAME:0.8>``."""
    return [
        {"name": one.name, "alias": one.title or one.name, "path": one.name, "metadata": {}}
        for one in models(actor_of(request))
        if one.kind == "LoRA"
    ]


@router.get("/scripts")
@allow("member", "read", "none", weight="list")
def scripts(request: Request) -> dict[str, list[str]]:
    """There are none: what clients look at before they send settings of one."""
    return {"txt2img": [], "img2img": []}


@router.get("/progress")
@allow("member", "read", "own", weight="free")
def progress(request: Request) -> dict[str, Any]:
    """How far whoever asks is with what is drawn for them."""
    waiting = _unfinished(service_of(request), actor_of(request).account)
    now = waiting[-1] if waiting else None
    done, total = (now.done, now.total) if now else (0, 0)
    state = {
        "skipped": False,
        "interrupted": bool(now and now.stopping),
        "stopping_generation": bool(now and now.stopping),
        "job": now.identifier if now else "",
        "job_count": len(waiting),
        "job_timestamp": "",
        "job_no": 0,
        "sampling_step": done,
        "sampling_steps": total,
    }
    share = min(done / total, 0.99) if total else 0.0
    return {"progress": share, "eta_relative": 0.0, "state": state, "current_image": None, "textinfo": None}


@router.post("/interrupt")
@allow("member", "create", "own", weight="free")
def interrupt(request: Request) -> dict[str, Any]:
    """Give up what is drawn for whoever asks, of their own alone; if nothing is yet, what would be next."""
    service, account = service_of(request), actor_of(request).account
    unfinished = _unfinished(service, account)
    for job in [one for one in unfinished if one.state == "running"] or unfinished[-1:]:
        service.queue.cancel(account, job.identifier)
    return {}


def _unfinished(service: Service, account: str) -> list[Job]:
    """The newest first."""
    return service.queue.page(account, limit=200, states=("waiting", "running"))


def _choice(request: Request) -> str:
    return service_of(request).accounts.choices.model(actor_of(request).account)


def _starter() -> tuple[str, str]:
    one = models(VISITOR)[0]
    return one.name, one.digest


def _checkpoints(request: Request) -> list[Any]:
    return [one for one in models(actor_of(request)) if one.kind == "checkpoint"]


def _titled(name: str, digest: str) -> str:
    return f"{name} [{digest[:10]}]" if digest else name


def _text(drawn: Drawn) -> str:
    from rakkan.studio.metadata.writing import parameters, postprocessing

    if isinstance(drawn.recipe, Recipe):
        return parameters(drawn.recipe)
    return postprocessing(drawn.recipe) if isinstance(drawn.recipe, UpscaleRecipe) else ""


def _answer(sent: words.Sent, drawn: list[Drawn]) -> dict[str, Any]:
    """Pictures with what clients read of them; ``info`` is JSON in a text, as theirs is."""
    recipes = [one.recipe for one in drawn if isinstance(one.recipe, Recipe)]
    first = recipes[0]
    texts = [_text(one) for one in drawn]
    info = {
        "prompt": first.prompt,
        "all_prompts": [one.prompt for one in recipes],
        "negative_prompt": first.negative,
        "all_negative_prompts": [one.negative for one in recipes],
        "seed": first.seed,
        "all_seeds": [one.seed for one in recipes],
        "subseed": -1,
        "all_subseeds": [-1] * len(recipes),
        "subseed_strength": 0,
        "width": first.width,
        "height": first.height,
        "sampler_name": first.sampler,
        "cfg_scale": first.guidance,
        "steps": first.steps,
        "batch_size": len(recipes),
        "restore_faces": False,
        "sd_model_name": first.model,
        "sd_model_hash": first.model_digest[:10],
        "denoising_strength": sent.denoising_strength,
        "index_of_first_image": 0,
        "infotexts": texts,
        "styles": [],
        "pictures": [one.shown.identifier for one in drawn],
    }
    kept = set(words.Sent.model_fields) - {"alwayson_scripts", "override_settings"}
    return {
        "images": [one.base64 for one in drawn],
        "parameters": sent.model_dump(include=kept),
        "info": json.dumps(info),
    }
