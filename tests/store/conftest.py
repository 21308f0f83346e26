"""Vaults and the storages they lie in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile
from rakkan.store.places import storage_at
from rakkan.store.storage import Storage
from rakkan.store.vault import Vault

from . import servers


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running S3 server."""
    with servers.s3_server(tmp_path_factory.mktemp("s3")) as address:
        yield address


_prefixes = itertools.count()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an empty place on the S3 server."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", servers.ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", servers.SECRET)
    return f"s3://{servers.BUCKET}/test-{next(_prefixes)}?endpoint={endpoint}&region=us-east-1"


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """An empty storage, of either kind."""
    if request.param == "folder":
        return FolderStorage(tmp_path / "storage")
    return storage_at(str(request.getfixturevalue("bucket")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "vault"


@pytest.fixture
def open_vault(folder: Path, tmp_path: Path) -> Callable[[], Vault]:
    """The vault in ``folder``, opened anew at every call as another process would."""
    return lambda: Vault(FolderStorage(folder), KeyFile(tmp_path / "keys" / "master"))


@pytest.fixture
def vault(open_vault: Callable[[], Vault]) -> Vault:
    return open_vault()
