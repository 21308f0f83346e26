"""A hub of 4,000 accounts and 100,000 pictures to be served: its database filled, its server on one core.

``python -m benchmarks.hub_http FOLDER`` fills one, in a minute, and measures it with wrk: pages, lists and
pictures alike, the memory of the server when all of them have been asked for, and a peer, which serves one
of the lists with nothing but the query (``benchmarks.plain_list``).
Pictures are the rows of ``benchmarks.hub``; those of the accounts with most have real files, one each. One
in a hundred is a canary.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.bench import machine
from sqlalchemy import Engine, func, insert, select, update

from benchmarks import hub
from rakkan.checkout import commit

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "hub-http.json"
ACCOUNTS, PICTURES, CANARIES = 4_000, 100_000, 1_010
#: Accounts whose pictures have files, keys that are made, and accounts of the fleet among them.
ARTISTS, KEYS, FLEET = 40, 700, 20
_TICKS = os.sysconf("SC_CLK_TCK")


def environment(folder: Path) -> dict[str, str]:
    """The settings of the instance in a folder."""
    return {"RAKKAN_HOME": f"{folder}/home", "RAKKAN_KEY": f"{folder}/key", "RAKKAN_ENGINE": "fake"}


def prepare(
    folder: Path, accounts: int = ACCOUNTS, pictures: int = PICTURES, seed: int = 1
) -> dict[str, Any]:
    """Fill an instance in ``folder``, unless there is one: keys, and the identifiers of what is published."""
    found = folder / "plan.json"
    if found.exists():
        kept: dict[str, Any] = json.loads(found.read_text())
        return kept
    os.environ |= environment(folder)
    from rakkan.service import linking, migrating, wiring
    from rakkan.service.access.actors import Actor
    from rakkan.service.accounts.tables import ACCOUNTS as PEOPLE
    from rakkan.service.budgets import canaries
    from rakkan.service.schema import new_identifier

    made = wiring.parts()
    migrating.upgrade(made.engine)
    secret = made.key("budgets")
    row = {"role": "member", "state": "active", "locale": "en", "bio": "", "created": hub.START}
    people = [
        {"identifier": name, "handle": name, "display_name": name, **row}
        for name in (hub.account(number) for number in range(accounts))
    ]
    with made.engine.begin() as connection:
        connection.execute(insert(PEOPLE), people)
    hub.fill(
        made.engine,
        accounts,
        pictures,
        seed,
        made.catalogue.key,
        lambda moment: canaries.ordinary(secret, lambda: new_identifier(moment)),
    )
    _plant(made.engine, pictures, lambda moment: canaries.reserved(secret, lambda: new_identifier(moment)))
    _files(made.engine, folder)
    accounts_of, budgets = wiring.linking()
    given = {}
    for number in range(accounts - KEYS, accounts):
        actor = Actor(hub.account(number), "member", scopes=frozenset({"read"}), way="session")
        given[hub.account(number)] = accounts_of.keys.make(actor, "benchmark", ["read"])[1]
    fleet = list(given)[:FLEET]
    for name in fleet:
        linking.link(accounts_of, budgets, name, "the purse of the fleet")
    told = {"keys": given, "fleet": fleet, "canaries": _names(made.engine, "canary")}
    told["published"] = _names(made.engine, "published")
    found.write_text(json.dumps(told))
    return told


def _names(engine: Engine, state: str) -> list[str]:
    from rakkan.service.pictures.tables import pictures

    with engine.connect() as connection:
        wanted = select(pictures.c.identifier).where(pictures.c.state == state)
        return list(connection.scalars(wanted.order_by(pictures.c.published)))


def _plant(engine: Engine, total: int, identify: Callable[[float], str]) -> None:
    """Canaries among the rows, at the times of others."""
    from rakkan.records import canonical_json
    from rakkan.service import wiring
    from rakkan.service.pictures.tables import pictures
    from rakkan.store import sealing

    made, draw = wiring.parts(), random.Random(2)
    with engine.begin() as connection:
        like = dict(connection.execute(select(pictures).limit(1)).one()._mapping)
    secret = sealing.derive(made.catalogue.key, "rakkan pictures recipes 1")
    from rakkan.service.access.actors import Actor

    recipe = canonical_json(made.catalogue.recipe(Actor(), like["identifier"])).encode()
    rows = []
    for number in range(max(5, round(total * CANARIES / PICTURES))):
        moment = hub.START + draw.randrange(total) * hub.APART
        name = identify(moment / 1000)
        sealed = sealing.seal(secret, recipe, f"rakkan picture recipe {name}".encode())
        times = {"created": moment, "published": moment, "changed": moment}
        own = {"digest": f"{10**9 + number:064x}", "account": "house", "recipe": sealed, "state": "canary"}
        rows.append({**like, "identifier": name, **times, **own})
    with engine.begin() as connection:
        connection.execute(insert(pictures), rows)


def _files(engine: Engine, folder: Path) -> None:
    """A real sealed picture of 512 pixels and its thumbnail for each of the accounts with most."""
    import numpy

    from rakkan import assemble
    from rakkan.corpus.figures.attributes import sample
    from rakkan.records import FiguresRecipe, Picture
    from rakkan.service.pictures.tables import pictures
    from rakkan.service.pictures.thumbnails import sealed_thumbnail
    from rakkan.studio.starter.renders import render_with_parts
    from rakkan.trust.gate import Destination

    gate, vault, draw = assemble.gate(), assemble.vault(), random.Random(3)
    drawn = []
    for number in range(4):
        pixels = numpy.ascontiguousarray(render_with_parts(sample(draw), number, 512, 512)[..., :3])
        recipe = FiguresRecipe(number, 1, 1, 512, 512, "figures")
        data = gate.release(Picture(pixels, recipe, "figure"), Destination(folder / "a.png")).read_bytes()
        drawn.append((data, sealed_thumbnail(data, "image/png", "local", folder, gate.release)))
    for number in range(ARTISTS):
        name = hub.account(number)
        whole, small = (vault.put(name, data).digest for data in drawn[number % len(drawn)])
        with engine.begin() as connection:
            own = update(pictures).where(pictures.c.account == name)
            connection.execute(own.values(file=whole, thumbnail=small))


def opened(folder: Path, most: int = 100) -> list[tuple[str, bool]]:
    """The newest published pictures, and whether each has a file."""
    os.environ |= environment(folder)
    from rakkan.service import wiring
    from rakkan.service.pictures.tables import pictures

    artists = {hub.account(number) for number in range(ARTISTS)}
    query = select(pictures.c.identifier, pictures.c.account).where(pictures.c.state == "published")
    newest = query.order_by(pictures.c.published.desc(), pictures.c.identifier.desc()).limit(most)
    with wiring.parts().engine.connect() as connection:
        return [(row.identifier, row.account in artists) for row in connection.execute(newest)]


def empty(folder: Path, fleet: Sequence[str]) -> None:
    """Forget what the budgets have counted and who is linked; then link these of the fleet by what they are
    paid by. People have used their keys of late, the fleet never has."""
    os.environ |= environment(folder)
    from rakkan.service import linking, wiring
    from rakkan.service.accounts.tables import KEYS as KEPT
    from rakkan.service.budgets import tables

    accounts, budgets = wiring.linking()
    counted = (tables.PAIRS, tables.EGRESS, tables.ALARMED, tables.ALARMS, tables.LINKS, tables.JOINS)
    with budgets.engine.begin() as connection:
        for table in counted:
            connection.execute(table.delete())
        told = prepare(folder)
        connection.execute(update(KEPT).values(used=int(time.time() * 1000)))
        connection.execute(update(KEPT).where(KEPT.c.account.in_(told["fleet"])).values(used=None))
    for name in fleet:
        linking.link(accounts, budgets, name, "the purse of the fleet")


def alarms(folder: Path) -> int:
    """How many alarms the last run has raised."""
    from rakkan.service import wiring
    from rakkan.service.budgets import tables

    with wiring.parts().engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(tables.ALARMS)) or 0)


@dataclass(frozen=True)
class Server:
    """A server that runs; its processor time and memory are read from /proc."""

    process: subprocess.Popen[bytes]
    port: int

    def seconds(self) -> float:
        """Processor time used so far."""
        told = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(told[11]) + int(told[12])) / _TICKS

    def mebibytes(self) -> tuple[float, float]:
        """Resident memory now, and the most so far."""
        told = Path(f"/proc/{self.process.pid}/status").read_text()
        now, most = (re.search(rf"{name}:\s+(\d+)", told) for name in ("VmRSS", "VmHWM"))
        assert now is not None and most is not None
        return int(now[1]) / 1024, int(most[1]) / 1024


@contextmanager
def serving(folder: Path, port: int, core: int, clock: float = 1.0) -> Iterator[Server]:
    """The real server of the instance in ``folder``, without a worker, behind a proxy on this machine; its
    clock runs ``clock`` times as fast."""
    program = ["rakkan"] if clock == 1.0 else ["benchmarks.fast_clock", f"{clock:g}"]
    command = ["taskset", "-c", str(core), sys.executable, "-m", *program, "serve", "--port", str(port)]
    command += ["--no-worker", "--proxy", "127.0.0.1"]
    with (folder / "server.log").open("wb") as log:
        surroundings = os.environ | environment(folder)
        process = subprocess.Popen(command, stdout=log, stderr=log, env=surroundings)
    try:
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                    assert answer.status == 200
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        else:
            raise SystemExit(f"the server did not start: see {folder}/server.log")
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(30)


def cursors(server: Server, keys: Sequence[str], path: str, pages: int) -> list[str]:
    """The addresses of the first pages of a list, by its own cursors: ten pages for each key, the next key
    after one that has had enough."""
    found, at, asked = [path], 0, 0
    while len(found) < pages:
        wanted = urllib.request.Request(f"http://127.0.0.1:{server.port}{found[-1]}")
        wanted.add_header("Authorization", f"Bearer {keys[at]}")
        try:
            with urllib.request.urlopen(wanted, timeout=30) as answer:
                body = answer.read().decode()
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or at > 100:
                raise
            time.sleep(1)
            at, asked = at + 1, 0
            continue
        asked += 1
        at += asked % 10 == 0
        if body.startswith("{"):
            cursor = json.loads(body)["next"] or ""
        else:
            cursor = next(iter(re.findall(r"[?&;]after=([\w-]+)", body)), "")
        if not cursor:
            break
        found.append(
            f"{path}{'&' if '?' in path else '?'}{'cursor' if '/api/' in path else 'after'}={cursor}"
        )
    return found


def wrk(
    server: Server, paths: Sequence[str], keys: Sequence[str], seconds: int, folder: Path
) -> dict[str, Any]:
    """What wrk measures on these paths in turn, each request by another account, with eight connections."""
    script = folder / "wrk.lua"
    listed = (json.dumps(list(one)).replace("[", "{").replace("]", "}") for one in (paths, keys))
    script.write_text(
        "local paths, keys = {}, {}\nlocal n = 0\n"
        "function request()\n  n = n + 1\n  local headers = "
        '{{["Authorization"] = "Bearer " .. keys[n % #keys + 1]}}\n'
        '  return wrk.format("GET", paths[n % #paths + 1], headers)\nend\n'.format(*listed)
    )
    command = ["taskset", "-c", "1", "wrk", "-t1", "-c8", f"-d{seconds}s", "--latency", "-s", str(script)]
    before, load = server.seconds(), os.getloadavg()[0]
    told = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}"], capture_output=True, text=True, check=True
    ).stdout
    used = server.seconds() - before
    delays = dict(re.findall(r"(50|99)%\s+([\d.]+(?:us|ms|s))", told))
    rate = re.search(r"Requests/sec:\s+([\d.]+)", told)
    count = re.search(r"(\d+) requests in", told)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    assert rate is not None and count is not None
    return {
        "a second": float(rate[1]),
        "p50 ms": _milliseconds(delays["50"]),
        "p99 ms": _milliseconds(delays["99"]),
        "processor ms": round(1000 * used / max(1, int(count[1])), 3),
        "requests": int(count[1]),
        "not served": int(failed[1]) if failed else 0,
        "load": round(load, 2),
    }


def measured(server: Server, folder: Path, seconds: int) -> dict[str, Any]:
    """Pages, lists and pictures alike with wrk, and what it costs to turn a request away."""
    keys = list(prepare(folder)["keys"].values())[FLEET:]
    published = prepare(folder)["published"]
    draw = random.Random(4)
    feed = cursors(server, keys, "/api/v1/pictures", 200)
    seen = draw.sample(published, 300)
    asked = {
        "gallery, first page": ["/gallery"],
        "gallery, 50 pages down": cursors(server, keys[20:], "/gallery", 50),
        "gallery, alike": [f"/gallery?like={one}" for one in seen],
        "list, first page": ["/api/v1/pictures"],
        "list, 200 pages down": feed,
        "list, page 190 to 200": feed[-11:],
        "list by a tag": ["/api/v1/pictures?tag=silver%20hair"],
        "list of pictures alike": [f"/api/v1/pictures/{one}/similar" for one in seen],
        "plain catalogue, whole pages of it": cursors(server, keys[40:], "/api/v1/catalogue?limit=1000", 50),
        "a picture, told of": [f"/api/v1/pictures/{one}" for one in seen],
    }
    # The first who asks for pictures alike may have to wait until all have been taken in.
    wrk(server, asked["list of pictures alike"][:1], keys[:1], 3, folder)
    found = {name: wrk(server, paths, keys, seconds, folder) for name, paths in asked.items()}
    found["turned away"] = wrk(server, feed, keys[-1:], seconds, folder)
    return found


@contextmanager
def plainly(folder: Path, port: int, core: int) -> Iterator[Server]:
    """The peer over the same database, on the same core."""
    database = f"{folder}/home/database.sqlite"
    command = ["taskset", "-c", str(core), sys.executable, "-m", "benchmarks.plain_list", database, str(port)]
    process = subprocess.Popen(command)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/pictures", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        else:
            raise SystemExit("the peer did not start")
        yield Server(process, port)
    finally:
        process.terminate()
        process.wait(30)


def peer(folder: Path, port: int, seconds: int) -> dict[str, Any]:
    """What the peer takes for the first page of the list and for its first 200."""
    with plainly(folder, port, 0) as server:
        paths = ["/pictures"]
        while len(paths) < 200:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{paths[-1]}", timeout=30) as answer:
                paths.append(f"/pictures?after={json.loads(answer.read())['next']}")
        return {
            "list, first page": wrk(server, paths[:1], [""], seconds, folder),
            "list, 200 pages down": wrk(server, paths, [""], seconds, folder),
        }


def _milliseconds(text: str) -> float:
    scale = {"us": 0.001, "ms": 1.0}
    unit = "us" if text.endswith("us") else "ms" if text.endswith("ms") else "s"
    return round(float(text.removesuffix(unit)) * scale.get(unit, 1000.0), 2)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure a filled hub over HTTP with wrk.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=8499)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--json", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    prepare(given.folder)
    with serving(given.folder, given.port, 0) as server:
        load = os.getloadavg()
        found = measured(server, given.folder, given.seconds)
        now, most = server.mebibytes()
    plain = peer(given.folder, given.port, given.seconds)
    report = {
        "command": f"python -m benchmarks.hub_http FOLDER --seconds {given.seconds}",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        "seed": 1,
        "n": sum(one["requests"] for one in found.values()),
        "load": load,
        "accounts": ACCOUNTS,
        "pictures": PICTURES,
        "database": "SQLite",
        "server_mib": round(now, 1),
        "server_most_mib": round(most, 1),
        "wrk": found,
        "peer": {"what": "FastAPI and SQLAlchemy with the query alone", **plain},
        "times the peer's processor time": {
            name: round(found[name]["processor ms"] / told["processor ms"], 2) for name, told in plain.items()
        },
    }
    given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
