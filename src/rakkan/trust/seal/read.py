"""Read a seal. ``read_json`` touches the file and belongs in the sandbox; ``report`` reads its answer.

The sandbox hands a function bytes and takes back JSON, so the trusted roots travel in front of the file:

    request = length of the roots, 4 bytes, big-endian | roots, PEM | the file
"""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.trust.seal import framing
from rakkan.trust.seal.authority import fingerprint
from rakkan.trust.seal.manifest import STATED_ROOT
from rakkan.trust.seal.report import SealReport, report
from rakkan.trust.seal.sign import LARGEST_FILE, settings

if TYPE_CHECKING:
    import c2pa  # type: ignore[import-untyped]

#: Most that c2pa may have to say about a file, in bytes of JSON.
LARGEST_STORE = 8 * 1024 * 1024
LARGEST_ROOTS = 256 * 1024
MOST_ROOTS = 64

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"WEBP", 8, "image/webp"),
)
#: A PNG of one pixel.
_BLANK = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
_END = b"-----END CERTIFICATE-----"


def warm_up() -> None:
    """Import whatever ``read_json`` will need, as nothing can be opened once the sandbox is locked.

    Reading something once also leaves behind the memory for c2pa's callbacks, which is executable and so
    cannot be had later either.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    assert all((x509, hashes, serialization))
    _look(_BLANK, b"")


def read_seal(data: bytes, roots: Sequence[bytes] = ()) -> SealReport | None:
    """What the seal of a PNG, JPEG or WebP says and is worth; None when it has none.

    ``roots`` are root certificates (PEM) of instances to trust. Never raises for what a file holds; raises
    RakkanError for a root that is no certificate, or a file that is too large or of another kind. For
    files from outside, run ``read_json`` in the sandbox instead, on ``pack_request``, and give the answer
    to ``report``.
    """
    answer, _ = read_json(pack_request(data, roots))
    return report(answer)


def pack_request(data: bytes, roots: Sequence[bytes] = (), most: int | None = None) -> bytes:
    """A file of at most ``most`` bytes (None: ``LARGEST_FILE``) and the roots to trust, as the one argument
    of ``read_json``.

    Raises RakkanError for a root that is no certificate, too many roots, or too large a file.
    """
    for root in roots:
        fingerprint(root)
    pem, most = b"\n".join(root.strip() for root in roots), LARGEST_FILE if most is None else most
    if len(roots) > MOST_ROOTS or len(pem) > LARGEST_ROOTS:
        raise RakkanError(f"{len(roots)} roots are too many to trust at once", f"Give at most {MOST_ROOTS}")
    if len(data) > most:
        raise RakkanError(f"A file of {len(data)} bytes is too large to check", f"Keep to {most} bytes")
    if _media_type(data) is None:
        raise RakkanError("This is not a PNG, JPEG or WebP", "Give a picture file")
    return struct.pack(">I", len(pem)) + pem + data


def read_json(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The answer to a request of ``pack_request``: what c2pa found, as JSON for ``report``, and no bytes.

    ``{"found": False}`` for no seal; otherwise ``state`` (``trusted``, ``valid``, ``invalid``), ``problem``
    (why the seal could not be read at all, or ""), ``store`` (c2pa's own report), ``root`` (the fingerprint
    of the root that vouches for it, or "") and ``faults`` (see ``framing``).
    """
    (length,) = struct.unpack_from(">I", data)
    return _look(data[4 + length :], data[4 : 4 + length]), b""


def _look(data: bytes, roots: bytes) -> dict[str, Any]:
    import c2pa

    media_type = _media_type(data) or ""
    try:
        found = _read(data, media_type, roots)
    except c2pa.C2paError.ManifestNotFound:
        return {"found": False}
    except (c2pa.C2paError, ValueError, RecursionError) as error:
        if str(error).startswith("Remote"):
            return _unread("its seal lies on a server and was not fetched")
        return _unread(f"its seal or the picture itself is damaged ({str(error)[:200]})")
    if found is None:
        return _unread("its seal says more than is read here")
    state, store = found
    stated = _stated_root(store)
    return {
        "found": True,
        "state": state,
        "problem": "",
        "store": store,
        "root": _vouching(data, media_type, roots, stated) if state == "trusted" else "",
        "faults": framing.faults(data, media_type, _ours(store)) if stated else [],
    }


def _unread(problem: str) -> dict[str, Any]:
    return {"found": True, "state": "invalid", "problem": problem, "store": {}, "root": "", "faults": []}


def _read(data: bytes, media_type: str, roots: bytes) -> tuple[str, dict[str, Any]] | None:
    import c2pa

    with c2pa.Reader(media_type, io.BytesIO(data), context=_context(roots)) as reader:
        text = reader.json()
    if len(text) > LARGEST_STORE:
        return None
    store = json.loads(text)
    state = {"Trusted": "trusted", "Valid": "valid"}.get(str(store.get("validation_state")), "invalid")
    return state, store


def _vouching(data: bytes, media_type: str, roots: bytes, stated: str) -> str:
    """The fingerprint of the one root that suffices. The one the seal states is only asked first."""
    parts = [part + _END for part in roots.split(_END)[:-1]]
    prints = {fingerprint(part): part for part in parts}
    for one in sorted(prints, key=lambda digest: digest != stated):
        found = _read(data, media_type, prints[one]) if len(prints) > 1 else ("trusted", {})
        if found is not None and found[0] == "trusted":
            return one
    return ""


def _stated_root(store: dict[str, Any]) -> str:
    return _stated_by(store.get("manifests", {}).get(store.get("active_manifest"), {}))


def _ours(store: dict[str, Any]) -> list[str]:
    """The labels of the manifests that this program made."""
    return [label for label, manifest in store.get("manifests", {}).items() if _stated_by(manifest)]


def _stated_by(manifest: dict[str, Any]) -> str:
    for info in manifest.get("claim_generator_info") or []:
        if isinstance(info, dict) and STATED_ROOT in info:
            return str(info[STATED_ROOT])
    return ""


@lru_cache(maxsize=8)
def _context(roots: bytes) -> c2pa.Context:
    import c2pa

    return c2pa.Context.from_dict(settings(roots))


def _media_type(data: bytes) -> str | None:
    return next(
        (kind for magic, place, kind in _MAGIC if data[place : place + len(magic)] == magic),
        None,
    )
