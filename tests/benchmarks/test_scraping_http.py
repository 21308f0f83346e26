"""The attacks over HTTP: the generator against a real socket, runs that are kept, and the tables."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from benchmarks.open_loop import Answers, Crowd, Place

from benchmarks import fast_clock, patient_fleet, scraping_http, scraping_http_tables, scraping_tables


@asynccontextmanager
async def hub(asked: Counter[str], most: int = 10**9) -> AsyncIterator[int]:
    """A server that turns each second picture away once, and every recipe after ``most``; its port."""

    def answer(path: str) -> tuple[str, bytes]:
        if path.startswith(patient_fleet.FEED):
            page = int(path.partition("cursor=")[2] or 0)
            items = [{"id": f"{page}-{number}"} for number in range(5)]
            return "200 OK", json.dumps({"items": items, "next": str(page + 1)}).encode()
        recipes = sum(count for name, count in asked.items() if name.endswith("/recipe"))
        refused = path.endswith(("1", "3")) and asked[path] == 1
        return ("429 Slow\r\nRetry-After: 9" if refused or recipes > most else "200 OK"), b"ok"

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                assert "Authorization: Bearer k" in head and "X-Forwarded-For: 10." in head
                path = head.split()[1]
                asked[path] += 1
                status, body = answer(path)
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode())
                await writer.drain()
                writer.write(body)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def attack() -> tuple[Answers, Answers, Answers]:
    async def story() -> tuple[Answers, Answers, Answers]:
        async with hub(Counter()) as port:
            pictures = [Place(f"/p{number}", f"p{number}") for number in range(4)]
            people = Crowd(port, ["k"], [Place("/page")], 100.0, 8)
            fleet = Crowd(port, ["k", "k2"], pictures, 200.0, 8, goes_through=True)
            honest, got = await asyncio.gather(people.live(0.5, 1), fleet.live(0.5, 2))
            return honest, got, await Crowd(port, ["k"], pictures[:1], 0.0, 2).live(1.0, 3)

    return asyncio.run(story())


def test_the_generator_counts_pairs_and_repeats_what_was_turned_away() -> None:
    honest, fleet, busy = attack()
    assert busy.statuses["200"] > 20
    assert len(fleet.pairs) == 4 and fleet.statuses["429"] == 2
    assert honest.statuses["200"] == honest.statuses.total() > 20
    assert len(honest.delays) == len(honest.late) == honest.statuses.total()
    assert min(honest.delays) >= 0 and min(honest.late) >= 0


def figures(pairs: int = 4) -> dict[str, Any]:
    honest, fleet, _ = attack()
    found: dict[str, Any] = {
        "honest": scraping_http.figures_of(honest),
        "idle": scraping_http.figures_of(honest),
    }
    found |= {"fleet": scraping_http.figures_of(fleet, False), "pairs": pairs, "share of the catalogue": 0.01}
    found |= {"fleet requests a second": 1.0, "server processor share": 0.5, "generator processor share": 0.1}
    found |= {"canaries given": 1, "alarms": 1, "clusters": 1, "seconds until the last new pair": 2.0}
    return found | {"seconds": 0.5}


def test_what_is_published_is_told_in_the_tables() -> None:
    runs = [figures(pairs) for pairs in (4, 400)]
    told = scraping_http.summary(runs, 5.0)
    assert told["honest success"] == 1.0 and told["n"] == 2
    assert (told["stopped by 300"], told["stopped by 700"]) == (1, 2)
    assert told["idle ms"]["median"] <= told["attacked ms"]["99th"]
    for run in runs:  # nine in ten are turned away: 0.5 s of the processor, less what was served
        run["fleet"]["statuses"], run["fleet"]["requests"] = {"200": 10, "429": 990}, 1000
        run["honest"]["statuses"] = {"200": 10}
    cost = scraping_http.summary(runs, 5.0)["ms of a rejection"]
    assert cost == pytest.approx((250 - 20 * 5.0) / 990, abs=1e-3)
    reading = {"seconds until told to wait": 310, "told to wait": 9, "requests": 5, "statuses": {}}
    attackers = {"naive": {**told, "clock": 1.0, "seconds": 18.0}}
    attackers["patient"] = {**attackers["naive"], "runs": [{"fleet": reading}]}
    report = {"capacity": {"a second": 100.0, "processor ms": 7.0}, "attackers": attackers, "offered": 2000.0}
    table = scraping_http_tables.attack({**report, "load before": [0.1], "load after": [0.2]})
    assert "| what | naive | patient |" in table and "| 4; 202; 400 |" in table
    assert "put off in 1 of 1 runs, first after 310 to 310 seconds" in table
    assert scraping_http.without_each(runs[0])["honest"].keys() == runs[0]["honest"].keys() - {"each ms"}


def test_people_draw_and_a_fleet_goes_through() -> None:
    places = [Place(f"/{number}") for number in range(50)]
    fleet = Crowd(1, ["k"], places, 1.0, 1, goes_through=True)
    assert {fleet._next().path for _ in places} == {one.path for one in places}
    people = Crowd(1, ["k"], [places[0], Place("/no", weight=0.0)], 1.0, 1)
    assert {people._next().path for _ in range(50)} == {"/0"}


def test_a_patient_fleet_opens_what_it_was_shown_and_waits_when_told() -> None:
    async def story() -> tuple[Counter[str], patient_fleet.Reading]:
        asked: Counter[str] = Counter()
        async with hub(asked, most=12) as port:
            fleet = patient_fleet.PatientFleet(port, ["k1", "k2", "k3"], 1000.0)
            return asked, await fleet.live(3.0, 1)

    asked, found = asyncio.run(story())
    assert len(found.pairs) == 12 and found.pages >= 3 and found.statuses["429"] >= 1
    assert 0 <= found.told[0] <= 3.0 and found.told[1] == 9
    opened = {path.split("/")[4] for path in asked if path.endswith("/recipe")}
    assert found.pairs.keys() <= opened and len(opened) <= 15


def test_what_is_done_is_not_done_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done: list[str] = []

    def work() -> dict[str, Any]:
        done.append("run")
        return {"pairs": len(done)}

    kept = scraping_http.Kept(tmp_path, "abc")
    for settings in ({"seed": 1}, {"seed": 1}, {"seed": 2}):
        found = kept.done("naive-1", settings, work)
    assert found == {"pairs": 2} and len(done) == 2
    assert scraping_http.Kept(tmp_path, "abd").done("naive-1", {"seed": 2}, work) == {"pairs": 3}
    assert capsys.readouterr().out == "naive-1: done before\n"


def test_links_are_missing_of_some(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    linked: list[list[str]] = []
    monkeypatch.setattr(scraping_http.hub_http, "empty", lambda folder, names: linked.append(names))
    names = {f"fleet{number}": "k" for number in range(20)}
    plan = scraping_http.Plan([], names, [], [], set())
    assert scraping_http.link(tmp_path, plan, scraping_http.ATTACKS["naive"], 1) == 1
    groups = scraping_http.link(tmp_path, plan, scraping_http.ATTACKS["missing"], 1)
    assert len(linked[0]) == 20 and groups == 1 + 20 - len(linked[1]) > 1


def test_a_clock_runs_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    monkeypatch.setattr(time, "time", real)  # put back afterwards
    fast_clock.quicken(50.0)
    before, start, begun = real(), time.time(), real()
    time.sleep(0.02)
    ended, now, after = real(), time.time(), real()
    assert 50 * (ended - begun) - 1e-3 <= now - start <= 50 * (after - before) + 1e-3


def test_the_document_holds_what_its_files_say() -> None:
    document = scraping_http_tables.DOCUMENT.read_text(encoding="utf-8")
    report = json.loads(
        (scraping_http_tables.MEASUREMENTS / scraping_tables.FILE).read_text(encoding="utf-8")
    )
    assert scraping_tables.written(document, scraping_tables.blocks(report)) == document
    lists = json.loads((scraping_http_tables.MEASUREMENTS / "hub-http.json").read_text(encoding="utf-8"))
    told = scraping_http_tables.lists(lists)
    assert scraping_http_tables.written(document, "hub-http.json", told) == document
