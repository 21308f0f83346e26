"""A server on this machine that answers as it is told, soundly or not."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Host:
    """``files`` by path; ``tricks`` by path, one for each request in turn, before it answers soundly."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    tricks: dict[str, list[Callable[[Answer], bool]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    etags: bool = True


class Answer(BaseHTTPRequestHandler):
    host: Host

    def do_GET(self) -> None:
        self.host.asked.append((self.path, {key.lower(): value for key, value in self.headers.items()}))
        waiting = self.host.tricks.get(self.path)
        if waiting and waiting.pop(0)(self):
            return
        data = self.host.files.get(self.path.split("?")[0])
        if data is None:
            self.begin(404, {})
            return
        self.give(data)

    def give(self, data: bytes, stop: int | None = None, **more: str) -> None:
        """A sound answer to what was asked, a range too; ``stop`` cuts it off after so many bytes."""
        etag = f'"{hashlib.md5(data).hexdigest()}"'
        start, status = 0, 200
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if found and self.headers.get("If-Range", etag) == etag:
            start, status = int(found[1]), 206
        if start >= len(data) and status == 206:
            self.begin(416, {"Content-Range": f"bytes */{len(data)}"})
            return
        headers = {"Content-Length": str(len(data) - start)}
        headers |= {"ETag": etag} if self.host.etags else {}
        if status == 206:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.begin(status, {**headers, **more})
        self.wfile.write(data[start:] if stop is None else data[start : start + stop])

    def begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def serving(**files: bytes) -> Iterator[Host]:
    """A host with these files; its address is plain HTTP on the loopback."""
    host = Host(files={f"/{name.replace('__', '.')}": data for name, data in files.items()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Answer,), {"host": host}))
    server.daemon_threads = True
    host.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def breaks_off(after: int) -> Callable[[Answer], bool]:
    """The connection ends after so many bytes of what was asked."""

    def trick(answer: Answer) -> bool:
        answer.give(answer.host.files[answer.path], after)
        return True

    return trick


def status(number: int, body: bytes = b"", **headers: str) -> Callable[[Answer], bool]:
    """That status and nothing of the file."""

    def trick(answer: Answer) -> bool:
        told = {key.replace("_", "-"): value for key, value in headers.items()}
        answer.begin(number, {"Content-Length": str(len(body)), **told})
        answer.wfile.write(body)
        return True

    return trick


def repository(host: Host, name: str, files: dict[str, bytes], **card: object) -> None:
    """Publish files as a hub does, with their digests; large ones are handed out from elsewhere."""
    commit = "c0" * 20
    siblings = []
    for path, data in files.items():
        digest = hashlib.sha256(data).hexdigest()
        one: dict[str, object] = {"rfilename": path, "size": len(data)}
        if path.endswith(".safetensors"):
            one["lfs"] = {"sha256": digest, "size": len(data)}
        siblings.append(one)
        host.files[f"/{name}/resolve/{commit}/{path}"] = data
    told = json.dumps({"sha": commit, "siblings": siblings, "cardData": card}).encode()
    for revision in ("main", "v1", commit):
        host.files[f"/api/models/{name}/revision/{revision}"] = told
