"""``python -m benchmarks.scraping_http_tables``: what was measured over HTTP, for docs/scraping.md."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "scraping.md"
MEASUREMENTS = ROOT / "docs" / "measurements"


#: The columns.
HEADS = {"naive": "naive", "missing": "30 % of links missing", "patient": "patient"}


def _three(values: dict[str, float]) -> str:
    return f"{values['least']:g}; {values['median']:g}; {values['most']:g}"


def _success(one: dict[str, Any]) -> str:
    low, high = (f"{100 * value:.2f}" for value in one["honest success interval"])
    return f"{100 * one['honest success']:.2f} % of {one['honest requests']} ({low} to {high})"


def _rejection(one: dict[str, Any]) -> str:
    part = one.get("a rejection, of what serving takes")
    return f"{one['ms of a rejection']:.3f} ms, {100 * part:.1f} %" if part else "-"


#: What is told of each attacker, in order.
ROWS: dict[str, Callable[[dict[str, Any]], str]] = {
    "runs, of so many seconds": lambda one: f"{one['n']}, {one['seconds']:g}",
    "seconds of the server's clock in one": lambda one: f"{one['clock']:g}",
    "clusters the fleet falls into": lambda one: _three(one["clusters"]),
    "distinct pairs given, least; median; most": lambda one: _three(one["pairs"]),
    "runs with no more than 300; 700 pairs": lambda one: f"{one['stopped by 300']}; {one['stopped by 700']}",
    "the most of the catalogue in a run": lambda one: f"{100 * one['most of the catalogue']:.2f} %",
    "seconds until the last new pair, by that clock": lambda one: _three(
        one["seconds until the last new pair"]
    ),
    "runs with an alarm": lambda one: f"{one['runs with an alarm']}",
    "canaries given, all runs": lambda one: f"{one['canaries given']}",
    "requests of the fleet a second": lambda one: f"{one['fleet requests a second']:.0f}",
    "the server's share of its core": lambda one: f"{100 * one['server processor share']:.0f} %",
    "a rejection, of what serving takes": _rejection,
    "honest requests that succeeded within 2 s": _success,
    "ms of honest requests when idle, median; 99th": lambda one: (
        f"{one['idle ms']['median']:g}; {one['idle ms']['99th']:g}"
    ),
    "ms of honest requests under attack, median; 99th": lambda one: (
        f"{one['attacked ms']['median']:g}; {one['attacked ms']['99th']:g}"
    ),
    "the generator's share of its core; ms it was late at most, 99th of a run": lambda one: (
        f"{100 * one['generator processor share']:.0f} %; {one['generator ms late']:g}"
    ),
}


def attack(report: dict[str, Any]) -> str:
    """The runs of ``scraping_http``, an attacker in each column."""
    capacity, found = report["capacity"], report["attackers"]
    names = [name for name in HEADS if name in found]
    rows = {what: [cell(found[name]) for name in names] for what, cell in ROWS.items()}
    table = "\n".join(f"| {what} | {' | '.join(cells)} |" for what, cells in rows.items())
    heads = " | ".join(HEADS[name] for name in names)
    before, after = report["load before"][0], report["load after"][0]
    told = [
        f"The server gives {capacity['a second']:g} answers a second at most to requests of people at work, "
        f"{capacity['processor ms']:.1f} ms of its\nprocessor each. Fleets of 20 accounts ask "
        f"{report['offered']:.0f} times a second, 20 times as often; the patient one at its own\n"
        f"pace. The machine's load was {before:.1f} before and {after:.1f} after the runs.\n",
        f"| what | {heads} |\n|---|{'---|' * len(names)}\n{table}\n",
    ]
    if "patient" in found:
        told.append(patience(found["patient"]))
    return "\n".join(told)


def patience(found: dict[str, Any]) -> str:
    """What the patient fleet's figures mean."""
    told = [one["fleet"] for one in found["runs"]]
    waits = [one["seconds until told to wait"] for one in told]
    put_off = [wait for wait in waits if wait is not None]
    if not put_off:
        return "The patient fleet was not put off in the time of a run.\n"
    return (
        f"The patient fleet was put off in {len(put_off)} of {len(waits)} runs, first after "
        f"{min(put_off)} to {max(put_off)} seconds of the server's clock, when its hour's\n"
        "budget of pairs was used up. It met no canary, so nobody was accused. In days it gets more.\n"
    )


def lists(report: dict[str, Any]) -> str:
    """What wrk measured."""
    rows = "\n".join(
        f"| {name} | {one['a second']:.0f} | {one['p50 ms']:g} | {one['p99 ms']:g} "
        f"| {one['processor ms']:g} | {one['not served']} of {one['requests']} |"
        for name, one in report["wrk"].items()
    )
    return (
        "| asked for | a second | ms, median | ms, 99th | ms of the server's processor | not served |\n"
        f"|---|---|---|---|---|---|\n{rows}\n\n"
        f"The server held {report['server_most_mib']:.0f} MiB at most, without a worker.\n"
    )


def written(document: str, file: str, text: str) -> str:
    """The document with the block that is measured in ``file`` written anew."""
    start, end = f"<!-- measured: {file} -->\n", "<!-- end measured -->"
    found = re.compile(re.escape(start) + r".*?" + re.escape(end), re.DOTALL)
    assert found.search(document), f"docs/scraping.md has no block of {file}"
    return found.sub(lambda match: start + text + end, document)


def main() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    for file, told in (("scraping-http.json", attack), ("hub-http.json", lists)):
        report = json.loads((MEASUREMENTS / file).read_text(encoding="utf-8"))
        document = written(document, file, told(report))
    DOCUMENT.write_text(document, encoding="utf-8")


if __name__ == "__main__":
    main()
