"""A process that draws one sealed picture after another until it is stopped; it says when it has begun."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tests.around.watched import StandIn, Watch, stand_in

from rakkan.cli import entry


def main() -> int:
    drawn = StandIn.sample

    def sample(self: StandIn, *given: Any, **named: Any) -> Any:
        print("drawing", flush=True)
        return drawn(self, *given, **named)

    StandIn.sample = sample  # type: ignore[method-assign]
    StandIn.field = 1  # each of its pictures is seen to be drawn by itself
    stand_in(Watch(Path()))
    status = 0
    while not status:
        status = entry(
            ["create", "smile", "--seed", "1", "--count", "64", "--steps", "1", "--out", "several"]
        )
    return status


if __name__ == "__main__":
    sys.exit(main())
