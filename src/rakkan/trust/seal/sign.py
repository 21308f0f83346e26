"""Set the seal: a file in memory in, the same file with a signed C2PA manifest out.

Everything c2pa does is told by a context of its own, never by process-wide settings: no network of any
kind, no time-stamping server, no remote manifest, no thumbnail.
"""

from __future__ import annotations

import io
import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.trust.seal.authority import Authority, fingerprint
from rakkan.trust.seal.manifest import SealRequest, definition, ingredient_definition

if TYPE_CHECKING:
    import c2pa  # type: ignore[import-untyped]

#: Largest file to seal and largest ingredient to carry a seal from.
LARGEST_FILE = 64 * 1024 * 1024
#: The same of a picture that left in bands, which is sealed and read as a stream.
LARGEST_BANDED_FILE = 256 * 1024 * 1024
#: Purposes a signer's certificate may have: e-mail protection, document signing, C2PA claim signing.
PURPOSES = ("1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.62558.2.1")


def seal(data: bytes, request: SealRequest, authority: Authority) -> bytes:
    """``data`` (PNG, JPEG or WebP of at most 64 MiB) with the seal that ``request`` describes.

    A seal already in it is replaced; to keep it, give the file as an ingredient as well. Ingredients are
    parsed here, so give only what the gate has admitted.

    Raises RakkanError when the request cannot be stated, the file or an ingredient cannot be read, or the
    key does not sign.
    """
    if len(data) > LARGEST_FILE:
        raise RakkanError(
            f"A file of {len(data)} bytes is too large to seal", f"Keep to {LARGEST_FILE} bytes"
        )
    output = io.BytesIO()
    seal_stream(io.BytesIO(data), output, request, authority)
    return output.getvalue()


def seal_stream(source: IO[bytes], output: IO[bytes], request: SealRequest, authority: Authority) -> None:
    """As ``seal``, from one file to another, both seekable. Raises RakkanError as it does."""
    import c2pa

    manifest = definition(request, _root_fingerprint(authority.root))
    source.seek(0)
    try:
        with _undisturbed(), c2pa.Builder(json.dumps(manifest), _context(authority)) as builder:
            for number, ingredient in enumerate(request.ingredients):
                if ingredient.data is not None:
                    described = json.dumps(ingredient_definition(number, ingredient))
                    builder.add_ingredient(described, ingredient.media_type, io.BytesIO(ingredient.data))
            builder.sign(request.media_type, source, output)
    except c2pa.C2paError as error:
        raise RakkanError(
            f"The picture could not be sealed: {_first_line(error)}",
            "See that it is a sound PNG, JPEG or WebP and that the seal's key is at hand",
        ) from error


def settings(roots: bytes) -> dict[str, Any]:
    """c2pa's settings for one call: nothing from the network, and trust in ``roots`` (PEM, perhaps none)."""
    trust: dict[str, str] = {"trust_config": "\n".join(PURPOSES)}
    if roots:
        trust["trust_anchors"] = roots.decode("ascii")
    return {
        "version": 1,
        "trust": trust,
        "core": {"allowed_network_hosts": [], "max_decompressed_manifest_size_in_mb": 8},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
        "builder": {"thumbnail": {"enabled": False}},
    }


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back until c2pa is done: raised in one of its callbacks it would be lost, or taken for a
    fault of the file. Signals reach the main thread alone, so nothing is needed in others."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, frame: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if usual is None else usual)
        if pressed:
            signal.raise_signal(signal.SIGINT)


_lock = threading.Lock()


def _context(authority: Authority) -> c2pa.Context:
    # c2pa's handles die in a forked child, so a child makes its own.
    with _lock:
        return _context_of(authority, os.getpid())


@lru_cache(maxsize=8)
def _context_of(authority: Authority, process: int) -> c2pa.Context:
    import c2pa

    signer = c2pa.Signer.from_callback(
        authority.sign, c2pa.C2paSigningAlg.ES256, authority.chain.decode("ascii")
    )
    return c2pa.Context.from_dict(settings(authority.root), signer=signer)


@lru_cache(maxsize=8)
def _root_fingerprint(root: bytes) -> str:
    return fingerprint(root)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no reason given"])[0][:200]
