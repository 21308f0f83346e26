"""Getting a model by its address: one file, or a folder file by file; whoever asks for it agrees first."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.models import licences
from rakkan.models.answers import check_address, host_of, read_text
from rakkan.models.download import discard, fetch
from rakkan.models.hub import HUGGING_FACE, LARGEST_SETTING, Offer, Wanted, look
from rakkan.models.licences import Claim

Progress = Callable[[int, int], None]
#: Is told the licence and the bytes (0 unknown) before the bulk is fetched; raises RakkanError to stop.
Agree = Callable[[Claim, int], None]


@dataclass(frozen=True)
class Got:
    """A model that has come, at ``path`` until its context is left: a file or a folder. ``source`` is its
    address, pinned to a commit where there is one."""

    path: Path
    name: str
    licence: Claim
    source: str


@contextmanager
def got(
    address: str,
    folder: Path,
    agree: Agree,
    sha256: str = "",
    token: str = "",
    hub: str = HUGGING_FACE,
    progress: Progress = lambda done, of: None,
) -> Iterator[Got]:
    """The model at ``https://…`` or ``hf:owner/name[@revision][:file]``, fetched into ``folder`` and removed
    from there afterwards; broken off, what has come stays for the next time.

    ``token`` is for ``hub`` alone. Raises RakkanError as ``fetch`` and ``look`` do.
    """
    sha256 = sha256.strip().lower()
    if sha256 and (len(sha256) != 64 or set(sha256) - set("0123456789abcdef")):
        raise RakkanError("A SHA-256 has 64 hexadecimal digits", "Copy it again")
    if address.startswith("hf:"):
        offer = look(address, hub, token)
        pinned = f"hf:{_place(address)}@{offer.revision}"
        if offer.is_folder:
            if sha256:
                raise RakkanError(
                    "A folder has no one SHA-256", "Leave it out: the hub tells one for each file"
                )
            with _folder(offer, folder, agree, token, progress) as path:
                yield Got(path, offer.name, offer.licence, pinned)
            return
        url, sha256, token_here = offer.weights[0].url, sha256 or offer.weights[0].sha256, token
        licence, source = offer.licence, f"{pinned}:{offer.weights[0].path}"
    else:
        check_address(address)
        url, licence, source = address, Claim(), address
        token_here = token if host_of(address) == host_of(hub) else ""

    def header(metadata: Mapping[str, str], total: int) -> None:
        agree(licences.best(licence, licences.of_metadata(metadata)), total)

    path = fetch(url, folder, sha256, token_here, progress, header)
    try:
        yield Got(path, path.stem, licence, source)
    finally:
        discard(path)


@contextmanager
def _folder(offer: Offer, folder: Path, agree: Agree, token: str, progress: Progress) -> Iterator[Path]:
    agree(offer.licence, offer.size)
    own = folder / hashlib.sha256(f"{offer.weights[0].url}\0folder".encode()).hexdigest()[:20]
    whole = own / (offer.name if offer.name.strip(".") else "model")
    before = 0
    for one in offer.weights:
        _fetch_into(whole / one.path, one, folder, token, before, offer.size, progress)
        before += one.size
    for one in offer.settings:
        text = read_text(one.url, token, LARGEST_SETTING).decode("utf-8", "replace")
        (whole / one.path).parent.mkdir(parents=True, exist_ok=True)
        (whole / one.path).write_text(text, encoding="utf-8")
    try:
        yield whole
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _fetch_into(
    target: Path, one: Wanted, folder: Path, token: str, before: int, total: int, progress: Progress
) -> None:
    """One file of a folder, unless it came the last time."""
    if target.is_file():
        return
    path = fetch(one.url, folder, one.sha256, token, lambda done, of: progress(before + done, total))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.replace(path, target)
    discard(path)


def _place(address: str) -> str:
    return address.removeprefix("hf:").partition("@")[0].partition(":")[0]
