"""What a hub of models (Hugging Face's interface) offers under ``hf:owner/name[@revision][:file]``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.files import PARTS, PICKLE_HINT, few, shown
from rakkan.models import licences
from rakkan.models.answers import read_text
from rakkan.models.licences import Claim

HUGGING_FACE = "https://huggingface.co"
_ADDRESS = re.compile(
    r"hf:(?P<owner>[\w.-]{1,96})/(?P<name>[\w.-]{1,96})(?:@(?P<revision>[\w./-]{1,100}))?(?::(?P<file>.{1,300}))?"
)
_LARGEST = 8 * 1024 * 1024
#: Settings of a diffusers folder that are fetched with it, and their bytes at most.
_SETTINGS = re.compile(r"model_index\.json|README\.md|[\w-]+/(config|scheduler_config|[\w.-]+\.index)\.json")
LARGEST_SETTING = 4 * 1024 * 1024


@dataclass(frozen=True)
class Wanted:
    """One file: its path in the repository, its address, and its SHA-256 and bytes as the hub tells them."""

    path: str
    url: str
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True)
class Offer:
    """A model at a revision: the weights and settings to fetch, one file or a folder's; what licence the hub
    says it has."""

    name: str
    revision: str
    weights: tuple[Wanted, ...]
    settings: tuple[Wanted, ...]
    licence: Claim

    @property
    def is_folder(self) -> bool:
        return bool(self.settings)

    @property
    def size(self) -> int:
        """Bytes of the weights, 0 for those the hub does not tell."""
        return sum(one.size for one in self.weights)


def look(address: str, hub: str = HUGGING_FACE, token: str = "") -> Offer:
    """What ``hf:owner/name[@revision][:file]`` names, pinned to the commit it is at now.

    Without a file: the diffusers folder if it is one, else its only .safetensors file. Raises RakkanError,
    with what there is to choose from, when that does not tell, or there are only pickles.
    """
    found = _ADDRESS.fullmatch(address)
    if not found or ".." in address:
        raise RakkanError(
            f"{shown(address)} names no model", "Write hf:owner/name, or hf:owner/name@revision:file"
        )
    owner, name = found["owner"], found["name"]
    revision = found["revision"] or "main"
    where = f"{hub}/api/models/{owner}/{name}/revision/{quote(revision, safe='')}?blobs=true"
    told = _object(read_text(where, token, _LARGEST))
    commit = told.get("sha")
    if not isinstance(commit, str) or not re.fullmatch("[0-9a-f]{40}", commit):
        raise RakkanError("The hub does not say which revision this is", "Try again")
    files = {
        one.path: one
        for one in (_wanted(item, f"{hub}/{owner}/{name}/resolve/{commit}/") for item in _siblings(told))
        if one
    }
    card = told.get("cardData")
    licence = licences.of_card(card, licences.HUB) if isinstance(card, dict) else Claim()
    weights, settings = _chosen(files, found["file"] or "", f"{owner}/{name}")
    return Offer(name, commit, weights, settings, licence)


def _chosen(files: dict[str, Wanted], file: str, what: str) -> tuple[tuple[Wanted, ...], tuple[Wanted, ...]]:
    tensors = [path for path in files if path.endswith(".safetensors")]
    if file:
        if file not in files:
            raise RakkanError(f"{what} has no file {shown(file)}", f"It has {few(sorted(tensors))}")
        if file not in tensors:
            raise RakkanError(f"{shown(file)} is no safetensors file", PICKLE_HINT)
        return (files[file],), ()
    if "model_index.json" in files:
        weights = tuple(files[path] for path in _weights_of_folder(files))
        if any(one.path.startswith("unet/") for one in weights):
            return weights, tuple(one for path, one in files.items() if _SETTINGS.fullmatch(path))
    top = [path for path in tensors if "/" not in path]
    if len(top) == 1:
        return (files[top[0]],), ()
    if not tensors:
        raise RakkanError(f"{what} has no safetensors file", PICKLE_HINT)
    raise RakkanError(
        f"{what} has {len(tensors)} models: {few(sorted(tensors))}", "Name one: hf:owner/name:file"
    )


def _weights_of_folder(files: dict[str, Wanted]) -> list[str]:
    """Of each part the full weights, in one file or in shards; variants such as fp16 only where alone."""
    chosen = []
    for part in PARTS:
        names = [path for path in files if re.fullmatch(rf"{part}/[^/]+\.safetensors", path)]
        if shards := [path for path in names if re.search(r"-\d+-of-\d+\.safetensors$", path)]:
            fewest = min(path.count(".") for path in shards)
            chosen += [path for path in shards if path.count(".") == fewest]
        elif names:
            chosen.append(min(names, key=lambda path: (path.count("."), len(path))))
    return chosen


def _wanted(item: Any, base: str) -> Wanted | None:
    path = item.get("rfilename") if isinstance(item, dict) else None
    if not isinstance(path, str) or not path.isprintable() or path.startswith("/") or ".." in path.split("/"):
        return None
    stored = item.get("lfs")
    lfs: dict[str, Any] = stored if isinstance(stored, dict) else {}
    digest, size = lfs.get("sha256"), lfs.get("size", item.get("size"))
    return Wanted(
        path,
        base + quote(path),
        digest if isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest) else "",
        size if type(size) is int and size >= 0 else 0,
    )


def _siblings(told: dict[str, Any]) -> list[Any]:
    found = told.get("siblings")
    return found[:10_000] if isinstance(found, list) else []


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise RakkanError("The hub's answer is not JSON", "Check the address of the hub") from error
    if not isinstance(value, dict):
        raise RakkanError("The hub's answer is not an object", "Check the address of the hub")
    return value
