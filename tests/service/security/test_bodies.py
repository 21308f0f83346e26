"""What people send lies in memory alone until the gate has seen it, and only so much of it at a time."""

from __future__ import annotations

import io
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image
from tests.service.access.fillers import picture_file
from tests.service.access.world import World
from tests.service.security.wire import request, send, status

from rakkan.service.bodies import MIB
from rakkan.service.budgets.limits import LIMITS
from rakkan.service.budgets.shedding import Pressure
from rakkan.service.weighing import Scales
from rakkan.trust.takedown.digests import digests_of_bytes, to_line

FORM = "multipart/form-data; boundary=b"


@pytest.fixture
def most(world: World) -> Iterator[Any]:
    """What changes the bounds of the running service for a test."""
    bodies = world.service.door.bodies
    before = bodies.most
    yield lambda **changed: setattr(bodies, "most", replace(before, **changed))
    bodies.most = before
    bodies._hours.clear()
    bodies._hour = type(bodies._hour)()


@cache
def large(side: int = 3300) -> bytes:
    """A picture of thirty mebibytes and more, for it cannot be packed."""
    pixels = numpy.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=numpy.uint8)
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG", compress_level=1)
    assert held.tell() > 30 * MIB
    return held.getvalue()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that are opened in the system's temporary folder, with and without a name."""
    found: list[str] = []

    def watching(name: str, inner: Any) -> Any:
        def told(*how: Any, **more: Any) -> Any:
            found.append(name)
            return inner(*how, **more)

        return told

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, watching(name, getattr(tempfile, name)))
    return found


def on_disk() -> set[str]:
    """Where this process's open files lie, those without a name included."""
    found = set()
    for one in Path("/proc/self/fd").iterdir():
        try:
            found.add(os.readlink(one))
        except OSError:
            continue
    return {one for one in found if one.startswith("/") and not one.startswith(("/dev", "/proc", "/memfd"))}


def posted(world: World, path: str, field: str, file: bytes, **data: str) -> Any:
    headers = {"accept": "application/json", **world.headers("member", "create")}
    files = {field: ("large.png", file, "image/png")}
    return world.client.post(path, files=files, data=data, headers=headers)


@pytest.mark.parametrize(
    ("path", "field", "data"),
    [
        ("/studio/reference", "picture", {}),
        ("/account/import", "files", {}),
        ("/claim", "evidence", {"right": "author"}),
        ("/v1/images/edits", "image", {"prompt": "1girl, hat"}),
    ],
)
def test_an_upload_of_thirty_mebibytes_touches_no_disk(
    world: World, opened: list[str], path: str, field: str, data: dict[str, str]
) -> None:
    file, during, done = large(), set[str](), threading.Event()
    before = on_disk()

    def watch() -> None:
        while not done.is_set():
            during.update(on_disk())
            time.sleep(0.001)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        reply = posted(world, path, field, file, **data)
    finally:
        done.set()
        watcher.join()
    assert reply.status_code < 500 or path == "/v1/images/edits", reply.text
    assert reply.status_code not in (401, 403, 413, 429), reply.text
    assert opened == []
    folder = tempfile.gettempdir()
    strange = {one for one in during - before if one.startswith(folder) and "(deleted)" in one}
    assert not strange
    assert world.service.door.bodies.held == 0


def test_the_watch_sees_a_file_that_is_spooled(opened: list[str]) -> None:
    with tempfile.SpooledTemporaryFile(max_size=MIB) as spooled:
        spooled.write(bytes(MIB + 1))
        assert opened == ["TemporaryFile"]


def test_more_than_can_be_held_is_put_off_before_it_is_sent(world: World, most: Any) -> None:
    most(held=4 * MIB)
    refused = posted(world, "/studio/reference", "picture", bytes(5 * MIB))
    assert refused.status_code == 503 and int(refused.headers["retry-after"]) >= 1
    assert world.client.get("/sign-in").status_code == 200
    small = {"prompt": "1girl, hat", "seed": "7"}
    headers = {"accept": "application/json", **world.headers("member", "create")}
    assert world.client.post("/studio/create", data=small, headers=headers).status_code == 202
    assert posted(world, "/studio/reference", "picture", bytes(MIB)).status_code == 422


def test_who_does_not_say_how_much_they_send_is_counted_as_it_comes(world: World, most: Any) -> None:
    most(held=2 * MIB)
    told = [f"{name}: {text}" for name, text in world.headers("member", "create").items()]
    head = request(
        world, "POST /studio/reference HTTP/1.1", *told, f"Content-Type: {FORM}", "Transfer-Encoding: chunked"
    )
    part = b'--b\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\n'
    first = b"%x\r\n%s\r\n" % (len(part), part)
    piece = b"%x\r\n%s\r\n" % (MIB, bytes(MIB))
    assert status(send(world, head, first, *[piece] * 3)) == 503
    assert world.service.door.bodies.held == 0


def test_claims_of_one_network_are_bounded_and_those_without_a_picture_are_not(
    world: World, most: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rakkan.service.accounts import throttle

    monkeypatch.setattr(throttle, "MOST_FAILURES", 1000)
    most(hour=(3 * MIB, 1000 * MIB))
    statuses = [posted(world, "/claim", "evidence", bytes(MIB), right="author") for _ in range(4)]
    assert [one.status_code for one in statuses[:2]] == [422, 422]
    assert statuses[-1].status_code == 429 and int(statuses[-1].headers["retry-after"]) > 60
    headers = {"accept": "application/json", **world.headers("visitor", "")}
    told = {"right": "author", "digests": to_line(digests_of_bytes(picture_file()))}
    claimed = world.client.post("/claim", data=told, headers=headers)
    assert claimed.status_code == 201, claimed.text


def test_claims_of_all_visitors_are_bounded_together(world: World, most: Any) -> None:
    most(of_visitors=2 * MIB)
    refused = posted(world, "/claim", "evidence", bytes(3 * MIB), right="author")
    assert refused.status_code == 503 and refused.headers["retry-after"]
    most(at_once=(2, 0))
    assert posted(world, "/claim", "evidence", bytes(MIB), right="author").status_code == 503
    assert posted(world, "/studio/reference", "picture", bytes(3 * MIB)).status_code == 422


def test_claims_are_taken_when_nearly_all_else_is_shed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from rakkan.service.access.actors import VISITOR
    from rakkan.service.access.rules import access_of
    from rakkan.service.errors import TooMany
    from rakkan.service.routes import claim, gallery

    service = world.service
    budgets = replace(service.budgets, limits=LIMITS)
    scales = Scales(budgets, service.catalogue, service.turnstile)
    asked: Any = type(
        "Asked", (), {"state": type("State", (), {})(), "path_params": {}, "query_params": {}, "client": None}
    )()
    asked.scope = {"headers": [], "client": ("192.0.2.1", 1)}

    def weigh(handler: Any, standing: float) -> None:
        access = access_of(handler)
        assert access is not None
        monkeypatch.setattr(service.budgets.front, "pressure", Pressure(0.0, standing, standing))
        scales.weigh(VISITOR, asked, access)

    weigh(claim.claim, 3.0)
    with pytest.raises(TooMany) as shed:
        weigh(gallery.gallery, 3.0)
    assert shed.value.retry_after
    with pytest.raises(TooMany) as refused:
        weigh(claim.claim, 11.0)
    assert refused.value.retry_after and refused.value.retry_after > 10
