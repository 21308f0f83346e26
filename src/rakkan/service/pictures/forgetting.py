"""What goes with a picture that is deleted."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from rakkan.service.pictures.tables import comments, embeddings, likes, picture_tags, releases


def forget_about(connection: Connection, picture: str) -> tuple[str, ...]:
    """Delete all that is kept about a picture; what its vault may shred besides its own files.

    Its own row goes first: whoever adds to it waits for that, and finds that it has gone.
    """
    gone = connection.scalars(select(releases.c.file).where(releases.c.picture == picture)).all()
    for table in (embeddings, picture_tags, likes, comments, releases):
        connection.execute(delete(table).where(table.c.picture == picture))
    return tuple(gone)
