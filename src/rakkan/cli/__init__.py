"""The command line. Modules here import at top level only what ``rakkan --help`` needs."""

from __future__ import annotations

from collections.abc import Sequence


def entry(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status: 0, 2 for a fault, 130 for Ctrl-C.

    Everything else is imported inside, so that an early Ctrl-C also ends in one line.
    """
    try:
        try:
            from rakkan.cli.main import run

            return run(arguments)
        except Exception as error:
            from rakkan.cli.faults import explain

            return explain(error)
    except KeyboardInterrupt:
        from rakkan.cli.faults import interrupted

        return interrupted()
