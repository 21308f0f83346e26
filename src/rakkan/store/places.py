"""Storages by where they lie."""

from __future__ import annotations

from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.store.disk import Disk
from rakkan.store.folder import FolderStorage
from rakkan.store.storage import Storage


def storage_at(place: str | Path, disk: Disk | None = None, home: Path | None = None) -> Storage:
    """The storage at a folder's path or at ``s3://bucket/prefix?endpoint=…&region=…``; ``disk`` is what a
    folder is written through, ``home`` where its path begins, and where those who share a bucket lock each
    other out.

    Raises RakkanError for another kind of address, and for S3 when its extra is not installed.
    """
    text = str(place)
    if text.startswith("s3:"):
        from rakkan.store.s3 import s3_at

        return s3_at(text, None if home is None else home / "bucket-locks")
    if "://" in text:
        kind = text.partition("://")[0]
        raise RakkanError(f"{kind}:// is no place for a vault", "Name a folder or s3://bucket/prefix")
    return FolderStorage(Path(home or "", place), disk)
