"""Fetching one safetensors file over HTTPS, resumed where it broke off (RFC 9110: Range, If-Range).

What has come lies in a folder of the caller's until it is whole; as it comes it is looked at: a file whose
header and announced length disagree is given up before the rest is fetched.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import http.client
import io
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from rakkan.errors import RakkanError
from rakkan.formats import safetensors_file
from rakkan.formats.checkpoints.files import refuse_pickle
from rakkan.models.answers import Broken, answered, check_address, host_of, reason_of, refuse_status

#: Times a connection may break off in a row without a byte, and in all.
MOST_FAILURES, MOST_TRIES = 5, 200
_PIECE = 1024 * 1024
_AGAIN = "Run the same command again: it goes on where it broke off"

Progress = Callable[[int, int], None]
#: Is told the metadata and the bytes of a file once its header has come; may raise to stop.
Agree = Callable[[Mapping[str, str], int], None]


@dataclass
class _Part:
    """What has come of a file: ``etag`` and ``total`` as the server told them, "" and 0 unknown."""

    file: IO[bytes]
    notes: Path
    etag: str = ""
    total: int = 0
    agreed: bool = False

    def size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def restart(self) -> None:
        self.file.seek(0)
        self.file.truncate()
        self.etag, self.total = "", 0

    def remember(self) -> None:
        self.notes.write_text(json.dumps({"etag": self.etag, "total": self.total}), encoding="utf-8")


def fetch(
    url: str,
    folder: Path,
    sha256: str = "",
    token: str = "",
    progress: Progress = lambda done, of: None,
    agree: Agree = lambda metadata, total: None,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """The file at ``url``, whole and sound as far as its header tells, in a folder of its own in ``folder``.

    ``sha256`` is what it must have, "" for what the server says it has, if it does. Raises RakkanError,
    what has come kept for the next time, when the connection keeps breaking off or the disk is full; and
    with nothing kept when what comes is no safetensors file or not the one that was asked for.
    """
    check_address(url)
    own = folder / hashlib.sha256(url.encode()).hexdigest()[:20]
    with _part(own) as part:
        failures = tries = 0
        while True:
            before = part.size()
            try:
                told = _connect(url, part, sha256, token, progress, agree)
                break
            except Broken as broken:
                tries += 1
                failures = failures + 1 if part.size() <= before else 0
                if failures >= MOST_FAILURES or tries >= MOST_TRIES:
                    raise RakkanError(
                        f"The connection to {host_of(url)} keeps breaking off ({broken}): "
                        f"{part.size()} of {part.total or 'unknown'} bytes have come",
                        _AGAIN,
                    ) from broken
                pause(min(2.0**failures, 30.0))
        _verify(part, sha256 or told, own)
        whole = own / _name_of(url)
        os.replace(own / "part", whole)
    return whole


def discard(path: Path) -> None:
    """Remove a file that ``fetch`` returned, with what lies beside it."""
    shutil.rmtree(path.parent, ignore_errors=True)


def _connect(url: str, part: _Part, sha256: str, token: str, progress: Progress, agree: Agree) -> str:
    """One connection, to the end of the file; the SHA-256 that the server tells, "" when it tells none."""
    start = part.size()
    strong = part.etag and not part.etag.startswith("W/")
    if start and not strong and not sha256:
        part.restart()  # nothing tells whether it would be the same file
        start = 0
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
        if strong:
            headers["If-Range"] = part.etag
    try:
        answer, told = answered(url, headers, token)
        with answer:
            if answer.status == 416 and start and start == part.total:
                _look(part, url, agree, ended=True)
                return told
            if answer.status in (206, 416) and not _continues(answer, part, start):
                part.restart()
                raise Broken("it offers another part than was asked for")
            refuse_status(answer, url)
            if answer.status == 200:
                part.restart()
                part.total = _announced(answer)
            part.etag = answer.headers.get("ETag", "") or part.etag
            part.remember()
            _check_room(part)
            _receive(answer, part, url, progress, agree)
    except (OSError, http.client.HTTPException) as error:
        raise Broken(reason_of(error)) from error
    if part.total and part.size() < part.total:
        raise Broken("it ended early")
    part.total = part.size()
    part.remember()
    _look(part, url, agree, ended=True)
    return told


def _receive(answer: Any, part: _Part, url: str, progress: Progress, agree: Agree) -> None:
    part.file.seek(0, os.SEEK_END)
    while True:
        piece = answer.read(_PIECE)
        if not piece:
            return
        try:
            part.file.write(piece)
            part.file.flush()
        except OSError as error:
            raise _no_room(part, error) from error
        _look(part, url, agree)
        progress(part.size(), part.total)


def _look(part: _Part, url: str, agree: Agree, ended: bool = False) -> None:
    """Once the header is there: whether it is a model's, and of the length that was announced."""
    size = part.size()
    if part.agreed or (size < 16 and not ended) or not (part.total or ended):
        return
    start = os.pread(part.file.fileno(), 16, 0)
    try:
        refuse_pickle(io.BytesIO(start), _name_of(url))
        if start[8:9] != b"{" and start.lstrip()[:1] == b"<":
            raise RakkanError(
                f"{host_of(url)} sends a web page, not a file", "Give the address of the file itself"
            )
        end = safetensors_file.header_bytes(start)
        if size < end and not ended:
            return
        header, _ = safetensors_file.table(os.pread(part.file.fileno(), end, 0), part.total or size)
    except RakkanError:
        part.restart()
        part.remember()
        raise
    part.agreed = True
    try:
        agree(header.metadata, part.total)
    except BaseException:
        part.restart()
        part.remember()
        raise


def _continues(answer: Any, part: _Part, start: int) -> bool:
    """Whether an answer goes on exactly where the file breaks off, and is of the same whole."""
    found = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", answer.headers.get("Content-Range", ""))
    if answer.status != 206 or not found:
        return False
    begin, _, total = map(int, found.groups())
    same = not part.total or total == part.total
    if same and begin == start:
        part.total = total
        return True
    return False


def _announced(answer: Any) -> int:
    text = answer.headers.get("Content-Length", "")
    return int(text) if re.fullmatch(r"\d{1,18}", text) else 0


def _check_room(part: _Part) -> None:
    needed = part.total - part.size()
    if needed > shutil.disk_usage(part.notes.parent).free:
        raise _full(part)


def _no_room(part: _Part, error: OSError) -> RakkanError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return _full(part)
    return RakkanError(f"{part.notes.parent} cannot be written to: {reason_of(error)}", "Check its disk")


def _full(part: _Part) -> RakkanError:
    return RakkanError(
        f"The disk is full: {part.total - part.size()} bytes are still to come into {part.notes.parent}",
        "Free some space and run the same command again: it goes on where it broke off",
    )


def _verify(part: _Part, sha256: str, own: Path) -> None:
    """The file as it lies on the disk, against the digest it must have."""
    part.file.flush()
    os.fsync(part.file.fileno())
    if not sha256:
        return
    part.file.seek(0)
    found = hashlib.file_digest(part.file, "sha256").hexdigest()  # type: ignore[arg-type]
    if found != sha256.lower():
        shutil.rmtree(own, ignore_errors=True)
        raise RakkanError(
            f"The file that came has the SHA-256 {found}, not {sha256.lower()}",
            "It is damaged or another one; nothing of it was kept",
        )


@contextmanager
def _part(own: Path) -> Iterator[_Part]:
    """What has come of a file, for this process alone."""
    try:
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(own / "part", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise RakkanError(
            f"{own} cannot be written to: {reason_of(error)}", "Check its permissions"
        ) from error
    with os.fdopen(descriptor, "r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RakkanError("Another process is fetching this file", "Wait for it, or stop it") from error
        part = _Part(file, own / "notes.json")
        try:
            notes = json.loads(part.notes.read_text(encoding="utf-8"))
            part.etag, part.total = str(notes["etag"]), int(notes["total"])
        except (OSError, ValueError, KeyError, TypeError):
            part.restart()
        if part.total and part.size() > part.total:
            part.restart()
        yield part


def _name_of(url: str) -> str:
    """What a file is called by its address; every download ends in .safetensors, whatever it was called."""
    last = unquote(urlsplit(url).path).rsplit("/", 1)[-1]
    plain = "".join(sign if sign.isprintable() and sign not in '/\\:"' else "_" for sign in last)[:100].strip(
        ". "
    )
    if plain.lower().endswith((".ckpt", ".pt", ".pth", ".bin", ".pkl")):
        return plain
    return (plain.removesuffix(".safetensors") or "model") + ".safetensors"
