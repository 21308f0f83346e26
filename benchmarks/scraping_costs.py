"""What deciding costs: turning away from memory, against deciding and counting, against serving a picture."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import summarise


def costs() -> dict[str, Any]:
    """Microseconds of a call, over as many as fit, at fifty requests a second of a hundred readers; medians
    of rounds in turns."""
    from rakkan.service.budgets.store import Asked, Budgets
    from rakkan.service.schema import METADATA
    from rakkan.store import database
    from rakkan.store.ledger.notes import SigningKey

    with tempfile.TemporaryDirectory(prefix="rakkan-budgets-") as name:
        engine = database.connect(database.url_of(Path(name) / "hub.sqlite"))
        METADATA.create_all(engine)
        clock = [1_000_000_000.0]
        budgets = Budgets(engine, lambda: clock[0], os.urandom(32), SigningKey("cost.example", bytes(32)))
        refused = Asked("picture", picture="x")
        fresh = iter(range(10**9))

        def used_up() -> None:
            while budgets.check("greedy", refused).answer != "slow":
                budgets.done("greedy", 0)

        def counted() -> None:
            clock[0] += 0.02
            number = next(fresh)
            budgets.check(f"reader{number % 100}", Asked("picture", picture=f"p{number}", popular=True))
            budgets.done(f"reader{number % 100}", 100_000)

        data = os.urandom(400_000)
        kept = Path(name) / "picture"
        kept.write_bytes(data)
        work: dict[str, Callable[[], object]] = {
            "turned away from memory": lambda: budgets.check("greedy", refused),
            "decided and counted": counted,
            "a picture of 400 kB read": kept.read_bytes,
        }
        rounds: dict[str, list[float]] = {key: [] for key in work}
        for _ in range(9):
            for key, call in work.items():
                used_up()
                rounds[key].append(_microseconds(call))
        budgets.flush()
        flushing = _flush(budgets)
        engine.dispose()
    medians = {key: float(numpy.median(values)) for key, values in rounds.items()}
    return {
        "microseconds": {key: vars(summarise(values)) for key, values in rounds.items()},
        "turned away, of counted": round(
            medians["turned away from memory"] / medians["decided and counted"], 5
        ),
        "milliseconds to write 500 pairs": round(flushing, 2),
    }


def _microseconds(call: Callable[[], object]) -> float:
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < 0.2:
        call()
        count += 1
    return 1e6 * passed / count


def _flush(budgets: Any) -> float:
    """Milliseconds to make 500 new pairs durable."""
    from rakkan.service.budgets.store import Asked

    for number in range(500):
        budgets.check(f"reader{number % 100}", Asked("picture", picture=f"f{number}", popular=True))
        budgets.done(f"reader{number % 100}", 1000)
    start = time.perf_counter()
    budgets.flush()
    return 1000 * (time.perf_counter() - start)
