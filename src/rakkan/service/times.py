"""Times as they are told: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal, overload

#: To what a time is told: pages say seconds, the API milliseconds.
Precision = Literal["seconds", "milliseconds"]


@overload
def moment(milliseconds: int, precision: Precision = "seconds") -> str: ...


@overload
def moment(milliseconds: int | None, precision: Precision = "seconds") -> str | None: ...


def moment(milliseconds: int | None, precision: Precision = "seconds") -> str | None:
    """A time in milliseconds since 1970 as text; None for what has not happened."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec=precision)
