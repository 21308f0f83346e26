"""The header of a safetensors file: what tensors it holds and where, all of it accounted for.

Format: 8 bytes, the header's length (little-endian); the header, a JSON object from a tensor's name to its
``dtype``, ``shape`` and ``data_offsets``, with texts under ``__metadata__``; then the tensors' bytes,
which must lie back to back and fill the rest of the file. Stricter than the reference in what JSON it takes.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from rakkan.errors import RakkanError

LARGEST_HEADER = 8 * 1024 * 1024
MOST_TENSORS = 65_536
MOST_DIMENSIONS = 16
LONGEST_NAME = 1024
LARGEST_METADATA = 1024 * 1024
MOST_METADATA = 1024
#: Longest number of a header, in digits: no file has more bytes.
_MOST_DIGITS = 18

#: Bits of one element by dtype.
DTYPES = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}


@dataclass(frozen=True)
class Header:
    """``tensors`` and ``parameters`` are how many there are, ``dtypes`` the tensors by dtype; ``metadata``
    the file's own texts; ``size`` the bytes of the header."""

    tensors: int
    parameters: int
    dtypes: dict[str, int]
    metadata: dict[str, str]
    size: int


@dataclass(frozen=True)
class Place:
    """One tensor: its dtype and shape, and where its bytes lie, counted from the start of the file."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def header_bytes(start: bytes) -> int:
    """How many bytes at the start of a file are its header, the length before it included.

    ``start`` is its first 8 bytes or more. Raises RakkanError when that is no sound length.
    """
    if len(start) < 8:
        raise _unsound("it is cut short")
    length = int.from_bytes(start[:8], "little")
    if not 2 <= length <= LARGEST_HEADER:
        raise _unsound(f"its header would have {length} bytes, where 2 to {LARGEST_HEADER} are allowed")
    return 8 + length


def read(start: bytes, size: int) -> Header:
    """The header of a file of ``size`` bytes that begins with ``start`` (its header or more).

    Raises RakkanError for one that is unsound or passes a cap.
    """
    return table(start, size)[0]


def table(start: bytes, size: int) -> tuple[Header, dict[str, Place]]:
    """``read``, and where each tensor lies, in the order of their bytes. Raises RakkanError as it does."""
    end = header_bytes(start)
    if end > len(start) or end > size:
        raise _unsound("it is cut short")
    if start[8:9] != b"{":
        raise _unsound("its header is not a JSON object")
    described = _json(start[8:end])
    metadata = _metadata(described.pop("__metadata__", {}))
    if len(described) > MOST_TENSORS:
        raise _unsound(f"it holds more than {MOST_TENSORS} tensors")
    places: dict[str, Place] = {}
    parameters = 0
    for name, entry in described.items():
        if len(name) > LONGEST_NAME:
            raise _unsound(f"a tensor's name is longer than {LONGEST_NAME} characters")
        elements, places[name] = _tensor(name, entry)
        parameters += elements
    ordered = sorted(places.items(), key=lambda item: (item[1].begin, item[1].end))
    place = 0
    for _, one in ordered:
        if one.begin != place:
            raise _unsound(
                f"its tensors {'overlap' if one.begin < place else 'leave a hole'} at byte {one.begin}"
            )
        place = one.end
    if place != size - end:
        raise _unsound(f"its tensors have {place} bytes, but {size - end} follow its header")
    dtypes = Counter(one.dtype for one in places.values())
    header = Header(len(places), parameters, dict(dtypes), metadata, end)
    return header, {
        name: Place(one.dtype, one.shape, one.begin + end, one.end + end) for name, one in ordered
    }


def describe(data: bytes) -> tuple[dict[str, Any], bytes]:
    """``read`` for the sandbox. ``data``: the file's size (8 bytes, big-endian), then its start."""
    return vars(read(data[8:], int.from_bytes(data[:8], "big"))), b""


def _json(text: bytes) -> dict[str, Any]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise _unsound("its header names something twice")
        return made

    def whole(digits: str) -> int:
        if digits.startswith("-"):
            raise _unsound("a number in its header is below zero")  # -0 too: the reference takes no sign
        if len(digits) > _MOST_DIGITS:
            raise _unsound("a number in its header is too large")
        return int(digits)

    def never(number: str) -> Any:
        raise _unsound(f"its header holds the number {number[:20]}, which is not whole")

    try:
        table = json.loads(
            text.decode("utf-8"),
            object_pairs_hook=once,
            parse_int=whole,
            parse_float=never,
            parse_constant=never,
        )
    except UnicodeDecodeError as error:
        raise _unsound("its header is not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise _unsound("its header is not JSON") from error
    if not isinstance(table, dict):
        raise _unsound("its header is not a JSON object")
    return table


def _metadata(found: Any) -> dict[str, str]:
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise _unsound("its metadata are not texts")
    if len(found) > MOST_METADATA or sum(map(len, (*found, *found.values()))) > LARGEST_METADATA:
        raise _unsound(f"its metadata are more than {MOST_METADATA} texts or {LARGEST_METADATA} characters")
    return found


def _tensor(name: str, entry: Any) -> tuple[int, Place]:
    """The number of elements of one tensor, and its place, counted from the end of the header."""
    shown = "".join(character if character.isprintable() else "?" for character in name[:80])
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise _unsound(f"its tensor {shown!r} is not described as one")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise _unsound(f"the dtype of its tensor {shown!r} is not known")
    if not _numbers(shape) or len(shape) > MOST_DIMENSIONS:
        raise _unsound(f"the shape of its tensor {shown!r} is none")
    if not _numbers(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise _unsound(f"the place of its tensor {shown!r} is none")
    elements = 1
    for side in shape:
        elements *= side
    if elements * DTYPES[dtype] != (offsets[1] - offsets[0]) * 8:
        raise _unsound(f"its tensor {shown!r} does not have the bytes its shape needs")
    return elements, Place(dtype, tuple(shape), offsets[0], offsets[1])


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int for item in value)


def _unsound(reason: str) -> RakkanError:
    return RakkanError(
        f"This is not a sound safetensors file: {reason}", "Give the file as it was first saved"
    )
