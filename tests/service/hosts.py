"""Real processes of the service for tests: ``rakkan serve`` and ``rakkan work``, killed and started again,
and a client that does what a careful client does."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
WORKER = b"rakkan.service.jobs.process"
#: Seconds that starting, and whatever else is waited for, may take on a machine with other work.
PATIENCE = 120.0


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of an instance in ``folder`` that draws without a model."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAKKAN_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT / "src"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "RAKKAN_HOME": str(folder / "home"),
        "RAKKAN_KEY": str(folder / "key"),
        "RAKKAN_ENGINE": "fake",
        **more,
    }


def children(process: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for task in Path(f"/proc/{process}/task").glob("*"):
        try:
            found += [int(one) for one in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def alive(home: Path) -> list[int]:
    """The processes of the instance in ``home``."""
    wanted, found = f"RAKKAN_HOME={home}\0".encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = wanted in (place / "environ").read_bytes()
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if is_ours and state != "Z" and int(place.name) != os.getpid():
            found.append(int(place.name))
    return found


def until(holds: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until something holds; what it then is. Raises AssertionError."""
    deadline = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not after {seconds:g} s"
        time.sleep(0.05)


@dataclass
class Host:
    """One command of the service that runs: ``serve`` or ``work``, with what it says in two files."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    runs: int = 0

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def said(self) -> str:
        """What this run has printed for people."""
        return (self.folder / f"{self.runs}.out").read_text()

    @property
    def logged(self) -> str:
        """What all runs have logged."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.err")))

    def start(self) -> Host:
        """Start it (again), and wait until it answers."""
        self.begin()
        if self.port:
            until(self._answers, f"{self.arguments} answers: {self.logged[-2000:]}")
        else:
            until(lambda: "Working" in self.said, "it works")
        return self

    def begin(self) -> None:
        """Start it, without waiting."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.runs += 1
        with (
            (self.folder / f"{self.runs}.out").open("wb") as out,
            (self.folder / f"{self.runs}.err").open("wb") as err,
        ):
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rakkan", *self.arguments],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"it ended: {self.logged[-2000:]}"
        try:
            return httpx.get(f"{self.origin}/healthz", timeout=5).status_code in (200, 503)
        except httpx.HTTPError:
            return False

    @property
    def token(self) -> str:
        """The owner's token that was printed."""
        link = until(lambda: re.search(r"/welcome\?token=(\S+)", self.said), "the owner's link")
        return str(link[1])

    def workers(self) -> list[int]:
        """The worker processes of this host."""
        assert self.process is not None
        found = []
        for one in children(self.process.pid):
            try:
                if WORKER in Path(f"/proc/{one}/cmdline").read_bytes():
                    found.append(one)
            except OSError:
                continue
        return found

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def kill_worker(self) -> bool:
        """kill -9 of one of its workers; False when there is none just now."""
        for one in self.workers():
            os.kill(one, signal.SIGKILL)
            return True
        return False

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it as a person or a supervisor does; its exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


def server(folder: Path, told: dict[str, str], *more: str) -> Host:
    """A server at a free port, not started yet."""
    port = free_port()
    return Host(("serve", "--port", str(port), *more), told, folder, port)


@contextmanager
def ended(*hosts: Host) -> Iterator[None]:
    """Whatever happens, nothing of these is left running."""
    try:
        yield
    finally:
        for host in hosts:
            if host.process is not None and host.process.poll() is None:
                host.kill()
        home = Path(hosts[0].environment["RAKKAN_HOME"])
        deadline = time.monotonic() + 20
        while (left := alive(home)) and time.monotonic() < deadline:
            time.sleep(0.1)
        for one in left:
            os.kill(one, signal.SIGKILL)


@dataclass
class Client:
    """Somebody who is signed in, at any server of an instance; repeats what was cut off, by the same key."""

    origins: list[str]
    session: str = ""
    csrf: str = ""
    repeated: int = 0
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))

    def enter(self, token: str, origin: str) -> None:
        """Come in by the owner's link."""
        page = self.client.get(f"{origin}/welcome", params={"token": token})
        visitor = page.headers["set-cookie"].partition(";")[0]
        form = {"token": token, "handle": "mika", "csrf": _csrf(page.text)}
        headers = {"origin": origin, "cookie": visitor, "accept": "text/html"}
        done = self.client.post(f"{origin}/welcome", data=form, headers=headers)
        assert done.status_code == 303, done.text
        cookies = [one for one in done.headers.get_list("set-cookie") if one.startswith("__Host-rakkan=")]
        self.session = cookies[0].partition(";")[0]
        self.csrf = _csrf(self.get("/sign-in", origin).text)

    def get(self, path: str, origin: str = "") -> httpx.Response:
        """Read a page."""
        headers = {"cookie": self.session, "accept": "text/html"}
        return self.client.get(f"{origin or self.origins[0]}{path}", headers=headers)

    def submit(self, key: str, fields: dict[str, str]) -> str:
        """Have a job accepted, however often that takes; its identifier."""
        deadline = time.monotonic() + PATIENCE
        turn = hash(key)
        while True:
            assert time.monotonic() < deadline, "nobody accepts jobs"
            origin = self.origins[turn % len(self.origins)]
            turn += 1
            try:
                done = self.client.post(
                    f"{origin}/studio/create",
                    data=fields,
                    headers={
                        "origin": origin,
                        "cookie": self.session,
                        "x-csrf-token": self.csrf,
                        "accept": "application/json",
                        "idempotency-key": key,
                    },
                )
            except httpx.HTTPError:
                self.repeated += 1
                time.sleep(0.1)
                continue
            if done.status_code == 202:
                return str(done.json()["job"])
            assert done.status_code in (429, 503), done.text
            time.sleep(min(2.0, float(done.headers.get("retry-after", "1"))))

    def follow(self, job: str, origin: str) -> dict[str, Any]:
        """How a job ended, from its events."""
        stream = self.get(f"/studio/jobs/{job}/events", origin)
        assert stream.status_code == 200, stream.text
        last = [part for part in stream.text.split("\n\n") if part.startswith("event: ")][-1]
        name, _, data = last.partition("\n")
        return {"event": name.removeprefix("event: "), **json.loads(data.removeprefix("data: "))}


def _csrf(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]*)"', page)
    assert found is not None
    return found[1]
