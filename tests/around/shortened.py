"""What takes minutes, cut down to the parts in which pictures are made and shown; and a server without a
network."""

from __future__ import annotations

import io
import json
import re
import signal
import socket
import threading
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy
from starlette.testclient import TestClient
from tests.studio.starter.evaluation.figures import made_up, made_up_references


def survey(watch: Any) -> None:
    """A survey of the renderer that finds nothing: it draws in processes of its own, and shows no picture."""
    from rakkan.cli import figures

    figures._survey = lambda seed, quick: {"measured": {"seed": seed}}


def training(watch: Any) -> None:
    """Training runs: one that only shows its grid, and one that shows nothing at all."""
    from rakkan.studio.starter import recipe
    from rakkan.studio.starter.reading import running

    running.run = lambda settings, report: report("3 steps")

    def run(settings: Any, report: Any) -> None:
        pixels = numpy.random.default_rng(1).integers(0, 256, (96, 120, 3), numpy.uint8)
        watch.saw(pixels)
        settings.show(pixels, settings.stage, 3, settings.folder / "grid-flow-last.png")
        report("3 steps")

    recipe.run = run


def measurement(watch: Any) -> None:
    """A measurement that draws its pictures and keeps them, and reports made-up figures."""
    from rakkan.studio.starter.evaluation import protocol, references

    def measure_references(draw: Any, network: Any, kept: Path, *others: Any) -> Any:
        trial = references.identity_trials(1, 5, others[1])[0]
        guide = references.guide_of(trial, "reference")
        told = references.condition_for(trial, "reference", guide)
        references.drawn_once(
            lambda number: draw(told, 3, guide.reference), ["a" * 64], kept / "references", *others[2:]
        )
        return made_up_references()

    def measure(
        draw: Any, kept: Path, folder: Path, training: Path, plan: Any, *others: Any, **more: Any
    ) -> Any:
        kept.mkdir(parents=True, exist_ok=True)
        trials = protocol.balanced_trials(1, plan.seed)[:4]
        for _ in range(2):  # the second time from what is kept
            drawn = protocol.drawn(draw, trials, 4, kept / "pictures", *others)
            assert len(drawn) == 4
        return made_up()

    protocol.measure = measure
    protocol.obtain_classifier = lambda *given: None
    references.measure = measure_references


class _Served(io.BytesIO):
    status = 200

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.headers = Message()
        self.headers["Content-Length"] = str(len(data))


def serving(watch: Any) -> None:
    """A server that sends the file whose path on this machine its address ends in."""
    from rakkan.models import download

    download.answered = lambda url, headers, token: (_Served(Path(urlsplit(url).path).read_bytes()), "")


def hub(watch: Any) -> None:
    """A server without a network, asked in its own process by its owner for a draft, a picture and that
    picture's pages; and workers that do what waits in this process, then end."""
    import uvicorn

    from rakkan.service import serving
    from rakkan.service.jobs import process

    class Worker:
        """Does what waits, once."""

        def __init__(self, *given: Any) -> None:
            """Nothing is kept."""

        def start(self) -> None:
            drain()
            signal.raise_signal(signal.SIGTERM)

        def stop(self) -> None:
            """Nothing is left that runs."""

    class Server:
        """Answers its owner alone."""

        should_exit = False

        def __init__(self, configured: Any) -> None:
            self._app = configured.app

        def run(self, sockets: Any) -> None:
            visit(self._app)

    serving.listening = lambda host, port: socket.socket()
    process.Supervisor = Worker
    uvicorn.Server = Server


def drain() -> None:
    """Do all jobs that wait, in this process."""
    from rakkan.service import wiring
    from rakkan.service.jobs.worker import work
    from rakkan.service.schema import new_identifier

    queue, performers = wiring.worker("cpu")
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(queue, performers, new_identifier(), stop))
    thread.start()
    while any(queue.counts().waiting.values()) or any(queue.counts().running.values()):
        stop.wait(0.05)
    stop.set()
    thread.join()


def visit(app: Any) -> None:
    """Come in as the owner, have a picture drawn, and look at it whole and small; leave another waiting."""
    service = app.state.service
    origin = service.settings.origin
    with TestClient(app, base_url=origin, headers={"origin": origin}) as client:
        from rakkan.service.accounts import Visit

        token = service.accounts.owner_token()
        issued = service.accounts.claim(token, Visit(), "ann-of-here")
        client.headers["cookie"] = f"__Host-rakkan={issued.token}"
        page = client.get("/sign-in", headers={"accept": "text/html"}).text
        found = re.search(r'name="csrf" value="([^"]*)"', page)
        assert found is not None
        client.headers["x-csrf-token"] = found[1]
        asked = client.post(
            "/studio/create", data={"prompt": "smile", "seed": "5"}, headers={"accept": "application/json"}
        )
        assert asked.status_code == 202, asked.text
        drain()
        job = service.queue.get(issued.account, asked.json()["job"])
        assert job.state == "done" and job.result is not None, job.error
        for picture in json.loads(job.result)["pictures"]:
            for part in ("", "/file", "/thumbnail"):
                seen = client.get(f"/pictures/{picture}{part}")
                assert seen.status_code == 200, seen.text
        client.post(
            "/studio/create", data={"prompt": "smile", "seed": "5"}, headers={"accept": "application/json"}
        )
