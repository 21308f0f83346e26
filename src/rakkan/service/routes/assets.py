"""Files of the package for pages, held in memory, each under an address that changes with its contents."""

from __future__ import annotations

import gzip
from functools import lru_cache

from fastapi import Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.errors import NotFound
from rakkan.service.routes.showing import service_of
from rakkan.service.web.rendering import ASSET_CACHING, asset_file

router = new_router(include_in_schema=False)

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".webp": "image/webp",
}


@router.get("/static/{version}/{path:path}")
@allow("visitor", weight="asset")
def asset(request: Request, version: str, path: str) -> Response:
    """A stylesheet, a module, a drawing of the page's own."""
    packed = "gzip" in request.headers.get("accept-encoding", "")
    data, media_type = _held(path, packed)
    headers = {"cache-control": ASSET_CACHING, "vary": "Accept-Encoding"}
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(data, media_type=media_type, headers=headers)


@lru_cache(maxsize=256)
def _held(path: str, packed: bool) -> tuple[bytes, str]:
    file = asset_file(path)
    if file is None or file.suffix not in _TYPES:
        raise NotFound("There is nothing here")
    data = file.read_bytes()
    return gzip.compress(data, 9) if packed else data, _TYPES[file.suffix]


@router.get("/favicon.ico")
@allow("visitor", weight="asset")
def icon(request: Request) -> Response:
    """The seal, for browsers that ask for it by its old name."""
    data, media_type = _held("favicon.svg", False)
    return Response(data, media_type=media_type, headers={"cache-control": "public, max-age=86400"})


@router.get("/healthz")
@allow("visitor", weight="free")
def health(request: Request) -> Response:
    """Whether the database answers and a worker has been heard of; for what watches over the service."""
    service = service_of(request)
    counts = service.queue.counts()
    workers = service.queue.workers()
    told = {"status": "ok", "workers": len(workers), "waiting": sum(counts.waiting.values())}
    return JSONResponse(told)


@router.get("/metrics")
@allow("owner", "read", weight="free")
def metrics(request: Request) -> Response:
    """Figures for Prometheus, with a key of the owner's."""
    return PlainTextResponse(service_of(request).figures.text(), media_type="text/plain; version=0.0.4")
