"""``python -m benchmarks.fast_clock FACTOR …``: ``python -m rakkan …`` with a clock so many times as fast.

Only what asks for the time of day sees it: budgets, keys, records. Timers of the event loop do not.
"""

from __future__ import annotations

import sys
import time


def quicken(factor: float) -> None:
    """Let ``time.time`` go on from now, ``factor`` seconds in one."""
    real = time.time
    start = real()
    time.time = lambda: start + factor * (real() - start)


def main() -> None:
    quicken(float(sys.argv[1]))
    sys.argv[1:] = sys.argv[2:]
    from rakkan.cli import entry  # everything that takes the clock is loaded after it was set

    sys.exit(entry())


if __name__ == "__main__":
    main()
