"""Pictures that people send: held in memory until the gate has looked at them, by no name of theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE

_PIECE = 1024 * 1024


def let_in(account: str, upload: IO[bytes]) -> str:
    """Let an uploaded picture in through the gate, for an account; the digest it is known by from then on.

    Raises RakkanError for what the gate refuses, and for more than ``LARGEST_FILE`` bytes.
    """
    with held(upload) as place:
        return assemble.let_in(place, account).digest


@contextmanager
def held(upload: IO[bytes]) -> Iterator[Path]:
    """A path to what was uploaded, in memory that has no name on any disk (memfd_create(2))."""
    file = os.memfd_create("upload", os.MFD_CLOEXEC)
    try:
        size = 0
        while piece := upload.read(_PIECE):
            size += len(piece)
            if size > LARGEST_FILE:
                raise RakkanError(
                    f"The file is larger than {LARGEST_FILE >> 20} MiB", "Send a smaller picture"
                )
            os.write(file, piece)
        yield Path(f"/proc/self/fd/{file}")
    finally:
        os.close(file)
