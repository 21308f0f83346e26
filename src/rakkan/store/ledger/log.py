"""An append-only log in a folder: tiles, entry bundles and one signed checkpoint, replaced atomically.

The checkpoint is the commit point. Tiles past it are left over from an append that was interrupted:
they begin with the committed hashes, nobody reads further, and the next append replaces them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from rakkan.errors import RakkanError
from rakkan.store.ledger import merkle, notes
from rakkan.store.ledger.checkpoint import Checkpoint, open_checkpoint
from rakkan.store.ledger.files import Files
from rakkan.store.ledger.notes import SigningKey
from rakkan.store.ledger.tiles import WIDTH, TileReader, extend

CHECKPOINT = "checkpoint"


class Log:
    """A log whose origin is the name of its key. Only one process may be in ``append`` at a time."""

    def __init__(self, disk: Files, key: SigningKey) -> None:
        self.disk = disk
        self.key = key
        self._keys = (key.verification_key(),)

    def create(self) -> None:
        """Sign the empty log, if there is none yet.

        Raises RakkanError when there are tiles without a checkpoint: beginning again would fork the log.
        """
        if self.disk.exists(CHECKPOINT):
            return
        if self.disk.exists("tile"):
            raise RakkanError(
                "The log has lost its checkpoint", "Restore the file from a backup or a witness"
            )
        self._commit(Checkpoint(self.key.name, 0, merkle.EMPTY_ROOT))

    def signed(self) -> bytes:
        """The signed checkpoint as it stands."""
        try:
            return self.disk.read(CHECKPOINT)
        except FileNotFoundError as error:
            raise RakkanError("The log has no checkpoint", "Restore the file from a backup") from error

    def checkpoint(self) -> Checkpoint:
        """The checkpoint as it stands. Raises RakkanError when this log's key did not sign it."""
        return open_checkpoint(self.signed(), self._keys)[0]

    def append(self, leaves: Sequence[bytes]) -> Checkpoint:
        """Add entries and return the new checkpoint, both durable.

        Raises RakkanError, with nothing signed, when the end of the log does not match its checkpoint.
        """
        old = self.checkpoint()
        reader = TileReader(self.disk, old.size)
        if reader.root() != old.root:
            raise RakkanError("The log's tiles do not match its checkpoint", "Restore them from a backup")
        files, superseded = extend(reader, leaves)
        size = old.size + len(leaves)
        new = Checkpoint(old.origin, size, TileReader(self.disk, size, files).root())
        self.disk.write(files)
        self._commit(new)
        for folder in superseded:
            with suppress(OSError):  # only room is lost
                self.disk.discard(folder)
        return new

    def entry(self, index: int, size: int) -> bytes:
        """The bytes of an entry of the first ``size``. Raises RakkanError when ``index`` is not of them."""
        if not 0 <= index < size:
            raise RakkanError(f"There is no entry {index} in a log of {size}", "Count from 0")
        return TileReader(self.disk, size).entries(index // WIDTH)[index % WIDTH]

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The hashes that lead from an entry to the root of the first ``size`` entries."""
        return merkle.inclusion_proof(index, size, TileReader(self.disk, size).node)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """The hashes that show that the first ``new`` entries only add to the first ``old``."""
        return merkle.consistency_proof(old, new, TileReader(self.disk, new).node)

    def _commit(self, checkpoint: Checkpoint) -> None:
        self.disk.write({CHECKPOINT: bytes(notes.sign(checkpoint.text, self.key))})
