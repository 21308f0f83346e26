"""What is kept in memory so that most requests need no database: who was shown what, and who is refused.

Nothing here is a record: it can be lost at any moment, at the price that something counts as unshown.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Shown:
    """Which pictures an account was shown of late: two Bloom filters (1970, Commun. ACM 13, p. 422) in turns.

    A filter takes 2,000 pictures in 8 KiB: of those never shown both take about one in 3,000 for shown, in
    favour of who asks. The last 2,000 shown are all remembered, and up to 4,000.
    """

    _BITS, _HASHES, _MOST = 65_536, 4, 2_000

    def __init__(self) -> None:
        self._filters = [bytearray(self._BITS // 8), bytearray(self._BITS // 8)]
        self._count = 0

    def add(self, digest: int) -> None:
        """Remember a picture by 64 bits of a keyed hash."""
        if self._holds(self._filters[0], digest):
            return
        if self._count == self._MOST:
            self._filters = [bytearray(self._BITS // 8), self._filters[0]]
            self._count = 0
        for bit in self._places(digest):
            self._filters[0][bit >> 3] |= 1 << (bit & 7)
        self._count += 1

    def __contains__(self, digest: int) -> bool:
        return any(self._holds(one, digest) for one in self._filters)

    def _holds(self, filter: bytearray, digest: int) -> bool:
        return all(filter[bit >> 3] >> (bit & 7) & 1 for bit in self._places(digest))

    def _places(self, digest: int) -> list[int]:
        return [digest >> 16 * turn & self._BITS - 1 for turn in range(self._HASHES)]


class Recent(Generic[Key, Value]):
    """The values used last, ``most`` of them; others are made anew when they are wanted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of ``key``, made when it is not in memory."""
        try:
            self._values.move_to_end(key)
            return self._values[key]
        except KeyError:
            self._values[key] = made = make()
            if len(self._values) > self._most:
                self._values.popitem(last=False)
            return made

    def peek(self, key: Key) -> Value | None:
        """The value if it is in memory."""
        return self._values.get(key)

    def drop(self, key: Key) -> None:
        """Forget a value."""
        self._values.pop(key, None)

    def clear(self) -> None:
        """Forget all."""
        self._values.clear()
