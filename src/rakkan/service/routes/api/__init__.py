"""The open API: what the studio can do, for programs, under ``/api/v1``."""

from __future__ import annotations

from rakkan.service.routes.api import (
    account,
    characters,
    instance,
    jobs,
    models,
    pictures,
    releases,
    sharing,
    social,
    uploads,
)

_PARTS = (instance, models, jobs, pictures, releases, social, uploads, characters, sharing, account)
ROUTERS = tuple(one.router for one in _PARTS)
