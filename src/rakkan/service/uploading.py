"""Pictures that people send: held in memory until the gate has looked at them, by no name of theirs."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.caps import LARGEST_FILE

if TYPE_CHECKING:
    from rakkan.service.making.transit import Transit
    from rakkan.store.vault import Vault

_PIECE = 1024 * 1024
#: Before a file that waits, with 16 random bytes: so it is never taken for the same file that was let in.
WAITING = b"rakkan waiting 1\n"
#: Seconds after which a file that nobody has let in is deleted.
PARKED = 2 * 24 * 3600


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


def park(transit: Transit, account: str, data: bytes) -> str:
    """Keep a file, encrypted, until a worker lets it in, and ``PARKED`` seconds at most; what it is known by
    until then."""
    (digest,) = transit.put(account, [WAITING + secrets.token_bytes(16) + data], PARKED)
    return digest


def parked(vault: Vault, account: str, digest: str) -> bytes | None:
    """A file that waits, None when it was taken away. Raises RakkanError for what is none."""
    from rakkan.store.faults import Missing

    try:
        data = vault.read(account, digest)
    except Missing:
        return None
    if not data.startswith(WAITING):
        raise RakkanError("This is no file that waits to be let in", "Send it again")
    return data[len(WAITING) + 16 :]
