"""S3 as storage, against a real server: rclone's, and the same behind a proxy that keeps to the standard.

rclone's server ignores ``If-None-Match`` and answers ranges with status 200. The proxy puts both right, so
that what real S3 does is tried as well as what such servers do.
"""

from __future__ import annotations

import http.client
import itertools
import random
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from rakkan.errors import RakkanError
from rakkan.store.faults import Damaged
from rakkan.store.folder import FolderStorage
from rakkan.store.keys import KeyFile, Passphrase
from rakkan.store.places import storage_at
from rakkan.store.s3 import S3Storage
from rakkan.store.vault import Vault

from . import servers

_numbers = itertools.count()


class Proxy(ThreadingHTTPServer):
    """Hands requests on to ``upstream`` and does what it fails to do."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.upstream = upstream
        self.lock = threading.Lock()
        self.refused = 0

    def handle_error(self, *_: Any) -> None:
        """A client that gave up is no fault."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self) -> None:
        server: Any = self.server
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else None
        conditional = self.headers.get("If-None-Match") == "*"
        with server.lock if conditional else threading.Lock():
            if conditional and self.ask("HEAD", None)[0] == 200:
                server.refused += 1
                status, headers, answer = 412, [], b""
            else:
                status, headers, answer = self.ask(self.command, body)
        if status == 200 and any(name.lower() == "content-range" for name, _ in headers):
            status = 206
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                self.send_header(name, value)
        given = {name.lower(): value for name, value in headers}.get("content-length", "0")
        self.send_header("Content-Length", given if self.command == "HEAD" else str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def ask(self, method: str, body: bytes | None) -> tuple[int, list[tuple[str, str]], bytes]:
        server: Any = self.server
        connection = http.client.HTTPConnection(urlsplit(server.upstream).netloc)
        if method != self.command:
            # A signature is for one method; looking an object up in the server's folder needs none.
            path = server.folder / urlsplit(self.path).path.lstrip("/")
            return (200 if path.is_file() else 404), [], b""
        connection.putrequest(method, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():  # as they are: they are signed
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), data

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def standard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A server that keeps to the standard."""
    folder = tmp_path_factory.mktemp("standard")
    with servers.s3_server(folder) as upstream:
        proxy: Any = Proxy(upstream)
        proxy.folder = folder
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            proxy.server_close()


@pytest.fixture(params=["as rclone does", "as the standard has it"])
def storage(request: pytest.FixtureRequest, bucket: str, monkeypatch: pytest.MonkeyPatch) -> S3Storage:
    """An empty place on either server."""
    if request.param != "as rclone does":
        port = request.getfixturevalue("standard").server_address[1]
        bucket = f"s3://{servers.BUCKET}/p{next(_numbers)}?endpoint=http://127.0.0.1:{port}&region=us-east-1"
    made = storage_at(bucket)
    assert isinstance(made, S3Storage)
    return made


def test_only_the_first_of_two_puts_stands(storage: S3Storage) -> None:
    assert storage.put("a/b", b"first")
    assert not storage.put("a/b", b"second")
    assert storage.get("a/b") == b"first"
    assert storage.put("a/b", b"third", replace=True)
    assert storage.get("a/b") == b"third"
    assert list(storage.put_many([("a/b", b"fourth"), ("a/c", b"new")])) == [False, True]
    assert storage.get("a/b") == b"third"
    assert list(storage.list("probe")) == []


def test_of_many_puts_at_once_a_standard_server_lets_one_through(standard: Any, bucket: str) -> None:
    port = standard.server_address[1]
    address = f"s3://{servers.BUCKET}/race?endpoint=http://127.0.0.1:{port}&region=us-east-1"
    before = standard.refused
    with ThreadPoolExecutor(6) as pool:
        stores = [storage_at(address) for _ in range(6)]
        done = list(pool.map(lambda number: stores[number].put("one", bytes([number])), range(6)))
    assert sum(done) == 1
    assert stores[0].get("one") == bytes([done.index(True)])
    assert standard.refused - before >= 5


def test_objects_are_listed_found_and_removed(storage: S3Storage) -> None:
    for name in ("a/one", "a/b/two", "a/b/c/three", "ab/four"):
        storage.put(name, name.encode())
    assert sorted(one.name for one in storage.list("a")) == ["a/b/c/three", "a/b/two", "a/one"]
    assert {one.size for one in storage.list("ab")} == {7}
    assert list(storage.folders("a")) == ["b"]
    assert storage.exists("a/one") and not storage.exists("a/two") and storage.source("a/two") is None
    assert storage.get("a/two") is None
    storage.delete(["a/one", "never"])
    storage.delete([])
    assert not storage.exists("a/one")
    storage.delete_under("a")
    assert list(storage.list("a")) == []
    assert storage.exists("ab/four")


def test_ranges_are_exact(storage: S3Storage) -> None:
    data = random.Random(0).randbytes(300_000)
    storage.stream("big", [data[:100_000], data[100_000:]])
    source = storage.source("big")
    assert source is not None and source.size == len(data)
    for start, length in [(0, 1), (0, 300_000), (299_999, 1), (299_999, 100), (123, 4567), (300_000, 5)]:
        assert source.read(start, length) == data[start : start + length]


def test_large_objects_come_in_parts_and_not_at_all_when_the_source_fails(storage: S3Storage) -> None:
    pieces = [bytes([number]) * 2**20 for number in range(40)]
    storage.stream("big", pieces)
    source = storage.source("big")
    assert source is not None and source.size == 40 * 2**20
    assert source.read(2**20 - 1, 2) == b"\0\1"

    def failing() -> Iterator[bytes]:
        yield from pieces
        raise RakkanError("The source failed")

    with pytest.raises(RakkanError, match="The source failed"):
        storage.stream("half", failing())
    assert not storage.exists("half")


def test_a_vault_on_s3_finds_damage(storage: S3Storage, tmp_path: Path) -> None:
    vault = Vault(storage, KeyFile(tmp_path / "master"))
    body = random.Random(0).randbytes(2_500_000)
    digest = vault.put("alice", body).digest
    assert vault.read("alice", digest) == body
    (name,) = [one.name for one in storage.list("owners") if "/bodies/" in one.name]
    good = storage.get(name) or b""
    for bad in (good[:-1], good + b"x", good[:1_500_000] + b"?" + good[1_500_001:]):
        storage.put(name, bad, replace=True)
        with pytest.raises(Damaged):
            vault.read("alice", digest)
    storage.delete([name])
    with pytest.raises(Damaged, match="missing"):
        vault.open("alice", digest)
    assert vault.put("alice", body).digest == digest
    vault.verify("alice", digest)


def test_a_passphrase_may_lie_beside_the_vault_on_s3(bucket: str) -> None:
    storage = storage_at(bucket)
    digest = Vault(storage, Passphrase("four words", storage)).put("alice", b"x").digest
    assert Vault(storage, Passphrase("four words", storage)).read("alice", digest) == b"x"


def test_threads_agree_on_keys_and_blobs(bucket: str, tmp_path: Path) -> None:
    vault = Vault(storage_at(bucket), KeyFile(tmp_path / "master"))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: vault.put("alice", bytes([number % 3]) * 30_000), range(12)))
    blobs = list(vault.list("alice"))
    assert len(blobs) == 3
    for blob in blobs:
        vault.verify("alice", blob.digest)
    assert vault.sweep(0) == 0


# ---- errors


def test_wrong_credentials_are_said_so(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(RakkanError, match=r"access was denied.*AWS_ACCESS_KEY_ID"):
        storage_at(bucket).get("a")


def test_a_bucket_that_is_not_there_is_said_so(bucket: str) -> None:
    with pytest.raises(RakkanError, match="no such bucket"):
        storage_at(bucket.replace(f"//{servers.BUCKET}/", "//absent/")).put("a", b"x")


def test_a_server_that_is_down_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(RakkanError) as caught:
        storage_at("s3://bucket/x?endpoint=http://127.0.0.1:9&region=us-east-1").get("a")
    assert "could not be read" in caught.value.message
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("address", ["s3://", "s3:///prefix", "s3://bucket?regoin=x", "s3:bucket"])
def test_bad_addresses_are_refused(address: str) -> None:
    with pytest.raises(RakkanError, match="no S3 address"):
        storage_at(address)


def test_other_kinds_of_address_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="ftp:// is no place"):
        storage_at("ftp://host/x")
    assert isinstance(storage_at(str(tmp_path / "a")), FolderStorage)
    assert isinstance(storage_at(tmp_path), FolderStorage)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "obstore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(RakkanError, match=r'pip install "rakkan\[s3\]"'):
        storage_at("s3://bucket/prefix")
