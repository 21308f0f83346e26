"""Files on their way in: read under a cap, parsed in the sandbox, their own seals looked at."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from rakkan.errors import RakkanError
from rakkan.formats import safetensors_file, sandbox
from rakkan.formats.caps import LARGEST_FILE
from rakkan.formats.inspect import inspect_model, inspect_picture, is_picture
from rakkan.trust.gate import Arrival, Finding, Source
from rakkan.trust.seal import read
from rakkan.trust.seal.report import SealReport, report
from rakkan.trust.seal.sign import LARGEST_BANDED_FILE

#: Bytes that tell a picture from a model, and how long a model's header is.
_TELLING = 16
_PIECE = 1024 * 1024
#: What reading the seal of the largest file takes.
_LARGE = sandbox.Limits(
    memory=4096 * _PIECE, seconds=120.0, data=LARGEST_BANDED_FILE + read.LARGEST_ROOTS + _PIECE
)


def parse(path: Path, roots: Sequence[bytes]) -> Arrival:
    """Read a file apart. ``roots`` are the root certificates (PEM) that are trusted here.

    Of a picture all is read and parsed, of a model its header. Raises RakkanError for a file that cannot
    be read and for anything but a sound PNG, JPEG, WebP or safetensors file within the caps.
    """
    content = _opened(path)
    try:
        start = content.read(_TELLING)
        if not is_picture(start):
            return _model(path, content, start)
        data = start + content.read(LARGEST_FILE + 1 - _TELLING)
    except OSError as error:
        content.close()
        raise _unreadable(path, error) from error
    except RakkanError:
        content.close()
        raise
    content.close()
    inspected, pixels = inspect_picture(data, path.name)
    found = read_seal(data, roots) if inspected.has_seal else None
    digest = hashlib.sha256(data).hexdigest()
    return Arrival(inspected, data, io.BytesIO(data), digest, found.state if found else "none", pixels)


def picture_bytes(path: Path, most: int = LARGEST_FILE) -> bytes:
    """A picture file as it is, unparsed: ``most`` bytes and one more of it. Raises RakkanError for what can
    not be read or is no picture."""
    with _opened(path) as content:
        try:
            data = content.read(most + 1)
        except OSError as error:
            raise _unreadable(path, error) from error
    if not is_picture(data):
        raise RakkanError(f"{path} is no picture that is read here", "Give a PNG, JPEG or WebP file")
    return data


def read_seal(data: bytes, roots: Sequence[bytes]) -> SealReport | None:
    """What the seal of a file from outside says and is worth, found out in the sandbox; None for none.

    Raises RakkanError for what is no picture, or has one too large to look at.
    """
    answer, _ = sandbox.call(read.read_json, read.pack_request(data, roots))
    return report(answer)


def read_banded_seal(data: bytes, roots: Sequence[bytes]) -> SealReport | None:
    """As ``read_seal``, of a PNG too large to be let in, which may have left here in bands: its frame and its
    seal are looked at, its pixels are not. Raises RakkanError for one of more than 256 MiB."""
    request = read.pack_request(data, roots, LARGEST_BANDED_FILE)
    answer, _ = sandbox.call(read.read_json, request, _LARGE)
    return report(answer)


def seal_state(arrival: Arrival, source: Source) -> list[Finding]:
    """Inspector: what the file's own seal is worth. None refuses a file: what it is worth is stated."""
    remarks = {
        "none": "no seal",
        "trusted": "a seal that is trusted here",
        "valid": "a seal by someone who is not known here",
        "invalid": "a seal that does not hold: the file was changed after it was sealed",
    }
    findings = [Finding(True, remarks[arrival.seal])]
    return findings + [Finding(True, remark) for remark in arrival.inspected.findings]


def _model(path: Path, content: BinaryIO, start: bytes) -> Arrival:
    size = os.fstat(content.fileno()).st_size
    wanted = safetensors_file.header_bytes(start) if len(start) >= 8 else 0
    start += content.read(max(0, wanted - len(start)))
    inspected = inspect_model(start, size, path.name)
    hasher, read = hashlib.sha256(start), len(start)
    while piece := content.read(_PIECE):
        hasher.update(piece)
        read += len(piece)
    if read != size:
        raise RakkanError(f"{path} changed while it was read", "Try again")
    content.seek(0)
    return Arrival(inspected, start, content, hasher.hexdigest())


def _opened(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise RakkanError(f"{path} is a folder", "Name a file in it")
        if not path.is_file():
            raise RakkanError(f"There is no file {path}", "Check its name")
        return path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> RakkanError:
    reason = (error.strerror or str(error)).lower()
    return RakkanError(f"{path} cannot be read: {reason}", "Check its permissions")
