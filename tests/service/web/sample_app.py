"""A small application that shows the templates with sample views: what the browser tests are driven at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route
from tests.service.web import sample_pages, samples

from rakkan.service.routes.showing import THEME_COOKIE
from rakkan.service.web import rendering, views
from rakkan.service.web.rendering import Page, render


def application(folder: str = "") -> Starlette:
    """The application; ``folder`` has pictures p1.webp… to show instead of the renderer's. What is posted to
    it is kept in ``state.posted`` as (path, fields)."""
    made = Starlette(routes=routes())
    made.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=6)
    made.state.folder = folder
    made.state.posted = []
    made.state.answer_after = 0.05
    return made


def page_of(request: Request) -> Page:
    role = request.query_params.get("role", "owner")
    return Page(
        handle="" if role == "visitor" else "mira",
        role=role,  # type: ignore[arg-type]
        locale=request.query_params.get("locale", "en"),
        csrf="sample-token",
        path=request.url.path,
        theme=request.cookies.get(THEME_COOKIE, request.query_params.get("theme", "auto")),  # type: ignore[arg-type]
    )


def shown(name: str, view: object, request: Request, status: int = 200) -> Response:
    headers = {
        "Content-Security-Policy": rendering.CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    return HTMLResponse(render(name, view, page_of(request)), status, headers=headers)


def static(request: Request) -> Response:
    file = rendering.asset_file(request.path_params["path"])
    if file is None:
        return Response(status_code=404)
    return FileResponse(file, headers={"Cache-Control": rendering.ASSET_CACHING})


def create(request: Request) -> Response:
    prompt = request.query_params.get("prompt", "")
    return shown("create.html", samples.create(prompt, "latest" in request.query_params), request)


def looked_at(request: Request) -> Response:
    name, view = sample_pages.PAGES[request.url.path]
    if name == "queue.html" and "hx-request" in request.headers:
        name = "fragments/jobs.html"
    return shown(name, view, request)


def nothing_new(request: Request) -> Response:
    return Response(status_code=204)


def gallery(request: Request) -> Response:
    query = request.query_params
    if "hx-request" in request.headers or "after" in query:
        return shown("fragments/cards.html", sample_pages.gallery(int(query.get("after", 0))), request)
    if query.get("q") == "nothing":
        return shown("gallery.html", sample_pages.gallery(cards=(), after="", query="nothing"), request)
    like = samples.card(4) if "like" in query else None
    return shown("gallery.html", sample_pages.gallery(like=like, tag=query.get("tag", "")), request)


async def like(request: Request) -> Response:
    fields = await kept(request)
    number = int(request.path_params["identifier"].strip("p"))
    liked = fields["liked"] == "1"
    return shown("fragments/like.html", replace(samples.card(number), liked=liked, likes=5 + liked), request)


async def comment(request: Request) -> Response:
    fields = await kept(request)
    said = views.Comment("k9", "mira", str(fields["text"]), "2026-11-21T09:00:00Z", mine=True)
    return shown("fragments/comment.html", said, request)


def picture_file(request: Request) -> Response:
    number = int(request.path_params["identifier"].strip("p") or 0)
    return Response(samples.picture(number, 1.0, request.app.state.folder), media_type="image/webp")


async def kept(request: Request) -> dict[str, object]:
    """The fields of a form, kept for the tests."""
    fields: dict[str, object] = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            fields[name] = value if isinstance(value, str) else await value.read()
    request.app.state.posted.append((request.url.path, fields))
    return fields


async def draft(request: Request) -> Response:
    fields = await kept(request)
    await asyncio.sleep(request.app.state.answer_after)
    number = len(str(fields["prompt"]))
    return Response(samples.picture(number, 1.0, request.app.state.folder), media_type="image/webp")


async def job(request: Request) -> Response:
    await kept(request)
    number = len(request.app.state.posted)
    told = {
        "job": f"j{number}",
        "events": f"/studio/jobs/j{number}/events",
        "cancel": f"/studio/jobs/j{number}/cancel",
    }
    return JSONResponse(told, 202)


async def events(request: Request) -> Response:
    async def stream() -> AsyncIterator[str]:
        for done in range(1, 5):
            yield f"event: progress\ndata: {json.dumps({'done': done, 'total': 4})}\n\n"
            await asyncio.sleep(0.02)
        yield f"event: done\ndata: {json.dumps({'picture': 'p3', 'url': '/pictures/p3/file'})}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


async def reference(request: Request) -> Response:
    await kept(request)
    return JSONResponse({"reference": "r1", "thumbnail": "/pictures/p5/thumbnail"})


async def refused(request: Request) -> Response:
    await kept(request)
    told = {"code": "refused", "message": "This is not drawn here", "hint": "Say it otherwise"}
    return JSONResponse({"error": told}, 422)


async def anything(request: Request) -> Response:
    await kept(request)
    return RedirectResponse("/create", 303)


def routes() -> list[Route]:
    return [
        Route("/create", create),
        Route("/gallery", gallery),
        *(Route(path, looked_at) for path in sample_pages.PAGES),
        Route("/static/{version}/{path:path}", static),
        Route("/pictures/{identifier}/releases", nothing_new),
        Route("/pictures/{identifier}/thumbnail", picture_file),
        Route("/pictures/{identifier}/file", picture_file),
        Route("/refused", refused, methods=["POST"]),
        Route("/studio/draft", draft, methods=["POST"]),
        Route("/studio/create", job, methods=["POST"]),
        Route("/studio/jobs/{identifier}/events", events),
        Route("/studio/reference", reference, methods=["POST"]),
        Route("/pictures/{identifier}/like", like, methods=["POST"]),
        Route("/pictures/{identifier}/comments", comment, methods=["POST"]),
        Route("/pictures/{identifier}/edit", job, methods=["POST"]),
        Route("/{path:path}", anything, methods=["POST"]),
    ]
