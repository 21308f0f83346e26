"""Weights that are not finite, found while a file is read for something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.files import few
from rakkan.formats.safetensors_file import Place

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: By dtype: bytes of an element, and the bits of its exponent, which are all set of what is not finite
#: (IEEE 754); of E4M3 without infinities also the bits after it, which are not a number when all are set.
_BITS = {
    "F16": (2, 0x7C00),
    "BF16": (2, 0x7F80),
    "F32": (4, 0x7F80_0000),
    "F64": (8, 0x7FF0_0000_0000_0000),
    "F8_E5M2": (1, 0x7C),
    "F8_E4M3": (1, 0x7F),
}
#: Elements looked at together: they and their masked copy lie in the processor's second cache.
_TOGETHER = 64 * 1024
#: As many tensors are named; after that looking further tells nothing.
_ENOUGH = 100


class Watch:
    """Is fed a safetensors file's bytes in order, in pieces of any size, and notes the tensors that hold an
    infinity or what is not a number. Whole numbers and dtypes without either are passed over."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        self.found: list[str] = []
        self._places = [(name, one) for name, one in places.items() if one.dtype in _BITS]
        self._next = 0
        self._rest = b""
        self._position = 0

    def feed(self, piece: bytes) -> None:
        """The next bytes of the file."""
        view, start = memoryview(piece), self._position
        self._position += len(piece)
        while self._next < len(self._places) and len(self.found) < _ENOUGH:
            name, place = self._places[self._next]
            begin, end = max(place.begin, start), min(place.end, self._position)
            if begin < end:
                self._look(name, place.dtype, view[begin - start : end - start])
            if place.end > self._position:
                return
            self._next += 1
            self._rest = b""

    def check(self, what: str) -> None:
        """Raises RakkanError naming the first few tensors that are not finite."""
        if self.found:
            raise RakkanError(
                f"{what} has weights that are infinite or no numbers, in {few(self.found)}",
                "It is damaged, or was merged or trained wrongly: get another version",
            )

    def _look(self, name: str, dtype: str, data: memoryview) -> None:
        import numpy

        size, mask = _BITS[dtype]
        if self._rest:  # an element that two pieces share
            data = memoryview(self._rest + bytes(data))
        whole = len(data) // size * size
        self._rest = bytes(data[whole:])
        elements = numpy.frombuffer(data[:whole], f"<u{size}")
        if (not self.found or self.found[-1] != name) and not _is_finite(elements, mask):
            self.found.append(name)


def _is_finite(elements: NDArray[Any], mask: int) -> bool:
    import numpy

    kind = elements.dtype.type
    masked = numpy.empty(min(_TOGETHER, len(elements)), elements.dtype)
    for start in range(0, len(elements), _TOGETHER):
        part = elements[start : start + _TOGETHER]
        out = masked[: len(part)]
        numpy.bitwise_and(part, kind(mask), out=out)
        if int(out.max()) == mask:
            return False
    return True
