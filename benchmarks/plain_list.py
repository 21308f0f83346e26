"""The peer of ``benchmarks.hub_http``: a list of the same rows by FastAPI, SQLAlchemy and uvicorn alone.

``python -m benchmarks.plain_list DATABASE PORT`` serves ``/pictures`` and ``/pictures?after=TIME,NAME``: one
query for a page of 24 rows, written as JSON. Nobody is asked who they are, nothing is counted, signed or
linked to anything: what the service does beyond that is what it takes longer for.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import create_engine, literal, select, tuple_

from rakkan.service.pictures.tables import pictures

ROWS = 24
COLUMNS = (
    "identifier", "account", "thumbnail", "width", "height", "operation", "model", "model_digest",
    "character", "character_name", "parent", "created", "published", "state", "title", "likes", "comments",
)  # fmt: skip


class Row(BaseModel):
    """One picture of the list."""

    identifier: str
    account: str
    thumbnail: str
    width: int
    height: int
    operation: str
    model: str
    model_digest: str
    character: str
    character_name: str
    parent: str
    created: int
    published: int
    state: str
    title: str
    likes: int
    comments: int


class Rows(BaseModel):
    """A page, and where the next one begins."""

    items: list[Row]
    next: str


def build(database: str) -> FastAPI:
    """The application over the SQLite file ``database``."""
    app, engine = FastAPI(openapi_url=None), create_engine(f"sqlite:///{database}")
    columns = [pictures.c[name] for name in COLUMNS]
    newest = select(*columns).where(pictures.c.state == "published")
    newest = newest.order_by(pictures.c.published.desc(), pictures.c.identifier.desc()).limit(ROWS)

    @app.get("/pictures")
    def listed(after: str = "") -> Rows:
        query = newest
        if after:
            time, _, identifier = after.partition(",")
            place = tuple_(literal(int(time)), literal(identifier))
            query = query.where(tuple_(pictures.c.published, pictures.c.identifier) < place)
        with engine.connect() as connection:
            found = [Row.model_validate(row._mapping) for row in connection.execute(query)]
        last = f"{found[-1].published},{found[-1].identifier}" if found else ""
        return Rows(items=found, next=last)

    return app


if __name__ == "__main__":
    uvicorn.run(build(sys.argv[1]), port=int(sys.argv[2]), access_log=False, log_level="error")
