"""SHA-256 beside the work on the same bytes: hashing and AES both release the interpreter's lock."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from rakkan.errors import RakkanError
from rakkan.store.streaming import Readable

#: Pieces that may wait to be hashed; with segments of a MiB this bounds the memory.
_MOST_WAITING = 4
#: Below this many bytes a thread costs more than it saves.
_SMALL = 64 * 1024


class Hasher:
    """Hashes pieces in order in a thread of its own; at most four wait, then ``update`` does."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._waiting: deque[Future[None]] = deque()
        self._thread: ThreadPoolExecutor | None = None

    def update(self, piece: bytes) -> None:
        if self._thread is None:
            if len(piece) < _SMALL:
                self._hash.update(piece)
                return
            self._thread = ThreadPoolExecutor(1, "rakkan-hash")
        self._waiting.append(self._thread.submit(self._hash.update, piece))
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popleft().result()

    def hexdigest(self) -> str:
        while self._waiting:
            self._waiting.popleft().result()
        return self._hash.hexdigest()

    def close(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def __enter__(self) -> Hasher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class HashingReader:
    """Reads a source once, hashing and counting what passes. Raises RakkanError when reading fails."""

    def __init__(self, source: Readable) -> None:
        self._source = source
        self._hasher = Hasher()
        self.size = 0

    def read(self, length: int, /) -> bytes:
        try:
            piece = self._source.read(length)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise RakkanError(f"What is to be stored could not be read: {reason}", "Try again") from error
        self._hasher.update(piece)
        self.size += len(piece)
        return piece

    def hexdigest(self) -> str:
        return self._hasher.hexdigest()

    def close(self) -> None:
        self._hasher.close()
