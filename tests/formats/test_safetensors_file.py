"""Headers of safetensors: what lies is refused, what the reference reads as well is accepted."""

from __future__ import annotations

import json
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors import SafetensorError, deserialize

from rakkan.errors import RakkanError
from rakkan.formats import safetensors_file
from rakkan.formats.safetensors_file import DTYPES, header_bytes, read


def file(header: Any, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + body


def tensor(dtype: Any = "F32", shape: Any = (2,), offsets: Any = (0, 8), **more: Any) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}


GOOD = {"a": tensor(), "b": tensor("U8", (3, 1), (8, 11)), "__metadata__": {"format": "pt"}}


def test_a_sound_header_worked_out_by_hand() -> None:
    data = file(GOOD, bytes(11))
    found = read(data, len(data))
    assert (found.tensors, found.parameters, found.dtypes) == (2, 5, {"F32": 1, "U8": 1})
    assert found.metadata == {"format": "pt"}
    assert found.size == header_bytes(data) == len(data) - 11


@pytest.mark.parametrize("dtype", sorted(DTYPES))
def test_every_dtype_is_known_to_the_reference_with_the_same_size(dtype: str) -> None:
    data = file({"a": tensor(dtype, (8,), (0, DTYPES[dtype]))}, bytes(DTYPES[dtype]))
    assert len(deserialize(data)) == 1
    assert read(data, len(data)).dtypes == {dtype: 1}


FAULTS: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "cut short"),
    "seven bytes": (bytes(7), "cut short"),
    "length zero": (bytes(8) + b"{}", "header would have 0 bytes"),
    "length past the cap": ((2**63).to_bytes(8, "little") + b"{}", "header would have"),
    "length past the end": ((100).to_bytes(8, "little") + b"{}", "cut short"),
    "array": (file(b"[]"), "not a JSON object"),
    "leading space": (file(b" {}"), "not a JSON object"),
    "not JSON": (file(b"{a:1}"), "not JSON"),
    "two objects": (file(b"{}{}"), "not JSON"),
    "not UTF-8": (file(b'{"\xff": 1}'), "not UTF-8"),
    "byte order mark": (file(b"\xef\xbb\xbf{}"), "not a JSON object"),
    "deep": (file(b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"), "not JSON"),
    "deep objects": (file(b'{"a":' * 200_000 + b"1" + b"}" * 200_000), "not JSON"),
    "duplicate tensor": (
        file(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":1}'),
        "names something twice",
    ),
    "duplicate field": (
        file(b'{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}'),
        "names something twice",
    ),
    "huge number": (
        file(b'{"a":{"dtype":"U8","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,0]}}'),
        "large",
    ),
    "less than nothing": (file(b'{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}'), "below zero"),
    "fraction": (file({"a": tensor(shape=[1.5])}), "not whole"),
    "exponent": (file(b'{"a":{"dtype":"U8","shape":[1e2],"data_offsets":[0,100]}}', bytes(100)), "not whole"),
    "not a number": (file(b'{"a": NaN}'), "not whole"),
    "infinity": (file(b'{"a": -Infinity}'), "not whole"),
    "negative side": (file({"a": tensor(shape=[-2])}), "below zero"),
    "true side": (file({"a": tensor(shape=[True])}), "shape"),
    "text side": (file({"a": tensor(shape=["2"])}), "shape"),
    "no shape": (file({"a": tensor(shape=None)}), "shape"),
    "too many sides": (file({"a": tensor(shape=[1] * 17, offsets=[0, 4])}, bytes(4)), "shape"),
    "unknown dtype": (file({"a": tensor("F33")}), "dtype"),
    "dtype of no text": (file({"a": tensor(["F32"])}), "dtype"),
    "three offsets": (file({"a": tensor(offsets=[0, 4, 8])}), "place"),
    "offsets turned round": (file({"a": tensor(offsets=[8, 0])}), "place"),
    "negative offset": (file({"a": tensor(offsets=[-8, 0])}), "below zero"),
    "missing field": (file({"a": {"dtype": "F32", "shape": [0]}}), "not described"),
    "further field": (file({"a": tensor(extra=1)}), "not described"),
    "not an entry": (file({"a": 7}), "not described"),
    "size of another dtype": (file({"a": tensor("F64")}, bytes(8)), "bytes its shape needs"),
    "shape too large": (file({"a": tensor(shape=[2**17, 2**17, 2**17])}, bytes(8)), "bytes its shape needs"),
    "half a byte": (file({"a": tensor("F4", [3], [0, 1])}, bytes(1)), "bytes its shape needs"),
    "overlap": (file({"a": tensor(), "b": tensor(offsets=[4, 12])}, bytes(12)), "overlap"),
    "the same place": (file({"a": tensor(), "b": tensor()}, bytes(8)), "overlap"),
    "hole": (file({"a": tensor(), "b": tensor(offsets=[9, 17])}, bytes(17)), "leave a hole"),
    "hole at the start": (file({"a": tensor(offsets=[1, 9])}, bytes(9)), "leave a hole"),
    "data missing": (file({"a": tensor()}, bytes(7)), "7 follow its header"),
    "data left over": (file({"a": tensor()}, bytes(9)), "9 follow its header"),
    "data of nothing": (file({}, bytes(1)), "1 follow its header"),
    "zip behind": (file({}, b"PK\5\6" + bytes(18)), "follow its header"),
    "metadata of numbers": (file({"__metadata__": {"a": 1}}), "not texts"),
    "metadata of a list": (file({"__metadata__": []}), "not texts"),
    "too many metadata": (file({"__metadata__": {str(n): "" for n in range(1025)}}), "more than 1024"),
    "too long metadata": (file({"__metadata__": {"a": "x" * (1024 * 1024)}}), "more than 1024"),
    "long name": (file({"x" * 1025: tensor()}, bytes(8)), "longer than"),
    "too many tensors": (file({str(n): 0 for n in range(65_537)}), "more than 65536 tensors"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_an_unsound_header_is_refused(name: str) -> None:
    data, match = FAULTS[name]
    with pytest.raises(RakkanError, match=match) as caught:
        read(data, len(data))
    assert "\n" not in str(caught.value)


def test_a_name_with_line_breaks_stays_on_one_line() -> None:
    data = file({"a\nb\x1b[0m\u202e": tensor("F33")})
    with pytest.raises(RakkanError) as caught:
        read(data, len(data))
    assert str(caught.value).isprintable()


@given(st.data())
def test_what_is_accepted_the_reference_accepts_too(data: st.DataObject) -> None:
    """Small headers with small lies: none that the reference refuses gets through."""
    sides = st.lists(st.integers(0, 3), max_size=3)
    header: dict[str, Any] = {}
    place = 0
    for name in data.draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=4)):
        dtype = data.draw(st.sampled_from(["U8", "F16", "F32", "F4"]))
        shape = data.draw(sides)
        size = int(numpy.prod(shape, dtype=int)) * DTYPES[dtype] // 8
        lie = data.draw(st.sampled_from([0, 0, 0, 0, 1, -1]))
        header[name] = tensor(dtype, shape, [place, place + size + lie])
        place += size + data.draw(st.sampled_from([0, 0, 0, 0, 1]))
    made = file(header, bytes(max(0, place + data.draw(st.sampled_from([0, 0, 0, 1])))))
    try:
        expected = len(deserialize(made))
    except SafetensorError:
        expected = -1
    try:
        assert read(made, len(made)).tensors == expected
    except RakkanError:
        assert expected == -1


def test_the_caps_are_far_below_the_formats() -> None:
    assert safetensors_file.LARGEST_HEADER < 100_000_000
