"""An S3-compatible bucket as storage, through obstore (the extra ``rakkan[s3]``).

The address is ``s3://bucket/prefix?endpoint=https://…&region=…``; credentials are the usual ``AWS_…``
variables. Storing if absent is a conditional put (``If-None-Match: *``). Servers that take the condition
and ignore it are found out with one probe, and then the name is looked up before it is written, which two
writers at the same moment can both pass: the later one then stands. S3 has no locks: they are files in a
folder that all who use the bucket share, and without one they hold within this process only.
Parts of uploads that were cut off stay invisible on the server until its lifecycle rules remove them.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import parse_qsl, urlsplit
from urllib.request import Request, urlopen

from rakkan.errors import RakkanError
from rakkan.store.folder import FolderStorage
from rakkan.store.storage import Source, Stored

#: Bytes to a part of a large upload, of which two are under way: 10,000 parts are the most S3 takes.
PART = 16 * 1024 * 1024
_AT_ONCE = 2
_REQUESTS_AT_ONCE = 8
_SECONDS = 60
_locks: defaultdict[tuple[str, str], threading.Lock] = defaultdict(threading.Lock)


def s3_at(address: str, locks: Path | None = None) -> S3Storage:
    """The storage at an ``s3://`` address, its locks in the folder ``locks``. Raises RakkanError when it is
    no such address or obstore is missing."""
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(options) - {"endpoint", "region"})
    if parts.scheme != "s3" or not parts.hostname or unknown:
        wrong = f"{unknown[0]!r} is no option of it" if unknown else "it names no bucket"
        raise RakkanError(
            f"{address} is no S3 address: {wrong}", "Give s3://bucket/prefix?endpoint=https://…&region=…"
        )
    try:
        from obstore.store import S3Store
    except ImportError as error:
        raise RakkanError("Storing on S3 needs an extra", 'Run: pip install "rakkan[s3]"') from error
    endpoint = options.get("endpoint")
    given: Any = {name: value for name, value in options.items() if value}
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        client_options={"allow_http": bool(endpoint and endpoint.startswith("http://")), "timeout": "5m"},
        retry_config={"max_retries": 4, "retry_timeout": timedelta(seconds=_SECONDS)},
        **given,
    )
    name = f"{parts.scheme}://{parts.netloc}{parts.path}"
    return S3Storage(store, name, None if locks is None else FolderStorage(locks / _named(address)))


class S3Storage:
    """A prefix of a bucket; see the module. ``store`` is obstore's, ``name`` is for messages and locks,
    which ``locks`` holds, or with None this process."""

    def __init__(self, store: Any, name: str, locks: FolderStorage | None = None) -> None:
        self._store = store
        self._name = name
        self._locks = locks
        self._conditional: bool | None = None
        #: Whether ranges must be fetched by ``_signed_range``, see there.
        self._odd_ranges = False

    def put(self, name: str, data: bytes, *, replace: bool = False) -> bool:
        import obstore
        from obstore.exceptions import AlreadyExistsError

        with self._faults("written to"):
            if not replace and not self._enforces_conditions() and self.exists(name):
                return False
            mode: Any = "overwrite" if replace or not self._conditional else "create"
            try:
                obstore.put(self._store, name, data, mode=mode, use_multipart=False)
            except (AlreadyExistsError, FileExistsError):
                return False
            return True

    def put_many(self, objects: Sequence[tuple[str, bytes]], *, replace: bool = False) -> Sequence[bool]:
        with ThreadPoolExecutor(_REQUESTS_AT_ONCE) as pool:
            return list(pool.map(lambda one: self.put(*one, replace=replace), objects))

    def stream(self, name: str, chunks: Iterable[bytes]) -> None:
        import obstore

        source = _Chunks(chunks)
        with self._faults("written to"):
            try:
                obstore.put(
                    self._store, name, source, use_multipart=True, chunk_size=PART, max_concurrency=_AT_ONCE
                )
            except Exception:
                # A part under way, failing because the upload was called off, must not hide why it was.
                if source.fault is not None:
                    raise source.fault from None
                raise

    def get(self, name: str) -> bytes | None:
        import obstore

        with self._faults("read"):
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError:
                return None

    def source(self, name: str) -> Source | None:
        import obstore

        with self._faults("read"):
            try:
                return _Object(self, name, obstore.head(self._store, name)["size"])
            except FileNotFoundError:
                return None

    def exists(self, name: str) -> bool:
        return self.source(name) is not None

    def settle(self, name: str) -> None:
        """Nothing: what can be seen on S3 is durable."""

    def list(self, prefix: str) -> Iterator[Stored]:
        import obstore

        with self._faults("read"):
            for page in obstore.list(self._store, f"{prefix}/"):
                for one in page:
                    yield Stored(one["path"], one["size"], one["last_modified"].timestamp())

    def folders(self, prefix: str) -> Sequence[str]:
        import obstore

        with self._faults("read"):
            found = obstore.list_with_delimiter(self._store, f"{prefix}/")["common_prefixes"]
            return [one.rstrip("/").rpartition("/")[2] for one in found]

    def delete(self, names: Sequence[str]) -> None:
        import obstore

        with self._faults("written to"), suppress(FileNotFoundError):
            if names:
                obstore.delete(self._store, list(names))

    def delete_under(self, prefix: str) -> None:
        self.delete([one.name for one in self.list(prefix)])

    def clean(self, older_than: float) -> int:
        """Nothing: what interrupted uploads left cannot be seen, and goes by the bucket's own rules."""
        return 0

    @contextmanager
    def lock(self, name: str, *, shared: bool = False) -> Iterator[None]:
        if self._locks is not None:
            with self._locks.lock(name, shared=shared):
                yield
            return
        with _locks[self._name, name]:  # always alone
            yield

    def range(self, name: str, start: int, length: int) -> bytes:
        """Up to ``length`` bytes of an object from ``start`` on, which must lie in it."""
        import obstore
        from obstore.exceptions import BaseError

        with self._faults("read"):
            if not self._odd_ranges:
                try:
                    return bytes(obstore.get_range(self._store, name, start=start, length=length))
                except BaseError as error:
                    if "NotPartial" not in str(error):
                        raise
                    self._odd_ranges = True
            return self._signed_range(name, start, length)

    def _signed_range(self, name: str, start: int, length: int) -> bytes:
        """A range from a server that sends it as it should but calls it whole (status 200 for 206)."""
        import obstore

        address = obstore.sign(self._store, "GET", name, timedelta(seconds=_SECONDS))
        request = Request(address, headers={"Range": f"bytes={start}-{start + length - 1}"})
        with urlopen(request, timeout=_SECONDS) as answer:
            if not answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                raise RakkanError(f"{self._name} does not serve parts of objects", "Use another S3 server")
            return bytes(answer.read(length))

    def _enforces_conditions(self) -> bool:
        """Whether a conditional put of a name that is taken fails, as it should: tried out once."""
        import obstore
        from obstore.exceptions import BaseError

        if self._conditional is None:
            probe = f"probe/{secrets.token_hex(16)}"
            obstore.put(self._store, probe, b"", use_multipart=False)
            try:
                obstore.put(self._store, probe, b"", mode="create", use_multipart=False)
                self._conditional = False
            except (BaseError, FileExistsError):
                self._conditional = True
            finally:
                with suppress(BaseError, OSError):
                    obstore.delete(self._store, probe)
        return self._conditional

    @contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

        what = f"{self._name} could not be {doing}"
        try:
            yield
        except (PermissionDeniedError, UnauthenticatedError) as error:
            raise RakkanError(f"{what}: access was denied", "Check AWS_ACCESS_KEY_ID and its like") from error
        except FileNotFoundError as error:
            raise RakkanError(f"{what}: there is no such bucket", "Make it, or name another") from error
        except (BaseError, URLError, OSError) as error:
            reason = str(error).split(" - ")[-1].splitlines()[0]
            raise RakkanError(f"{what}: {reason}", "Check the address and the connection") from error


def _named(address: str) -> str:
    """A folder's name for the place at an address, however it is reached."""
    parts = urlsplit(address)
    return hashlib.sha256(f"{parts.netloc}/{parts.path.strip('/')}".encode()).hexdigest()[:32]


class _Chunks:
    """Chunks that remember what they failed of."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self.fault: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except StopIteration:
            raise
        except BaseException as fault:
            self.fault = fault
            raise


class _Object:
    """An object opened for reading."""

    def __init__(self, storage: S3Storage, name: str, size: int) -> None:
        self._storage = storage
        self._name = name
        self.size = size

    def read(self, start: int, length: int) -> bytes:
        length = min(length, self.size - start)
        return self._storage.range(self._name, start, length) if length > 0 else b""

    def close(self) -> None:
        pass
