"""What is not finite is found wherever it lies, however the file is cut into pieces."""

from __future__ import annotations

import numpy
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.finite import Watch
from rakkan.formats.safetensors_file import Place, table


def watched(data: bytes, size: int) -> list[str]:
    watch = Watch(table(data, len(data))[1])
    for start in range(0, len(data), size):
        watch.feed(data[start : start + size])
    return watch.found


def weights() -> dict[str, numpy.ndarray]:
    random = numpy.random.default_rng(0)
    return {
        "half": random.standard_normal((5, 7)).astype(numpy.float16),
        "full": (random.standard_normal(1000) * 1e30).astype(numpy.float32),
        "double": random.standard_normal(3),
        "whole": numpy.full(9, -1, numpy.int64),  # all bits set, and a number
        "last": numpy.float16([65504, -65504, 6e-8]),
    }


@given(st.integers(1, 700), st.sampled_from([numpy.nan, numpy.inf, -numpy.inf, None]), st.data())
def test_what_is_not_finite_is_found_in_pieces_of_any_size(
    size: int, bad: float | None, data: st.DataObject
) -> None:
    made = weights()
    wanted = []
    if bad is not None:
        name = data.draw(st.sampled_from(["half", "full", "double", "last"]))
        flat = made[name].reshape(-1)
        flat[data.draw(st.integers(0, len(flat) - 1))] = bad
        wanted = [name]
    assert watched(safetensors.numpy.save(made), size) == wanted


@pytest.mark.parametrize("place", [0, 65_535, 65_536, 199_999])
def test_a_large_tensor_is_looked_at_to_its_end(place: int) -> None:
    large = numpy.zeros(200_000, numpy.float16)
    large[place] = numpy.nan
    assert watched(safetensors.numpy.save({"x": large}), 1 << 20) == ["x"]


#: By dtype: the bits of numbers that are finite and of those that are not, from the formats' definitions.
BITS = {
    "BF16": (2, [0x7F7F, 0xFF7F, 0x0000], [0x7F80, 0xFF80, 0x7FC0, 0xFFFF]),
    "F8_E4M3": (1, [0x7E, 0xFE, 0x00], [0x7F, 0xFF]),
    "F8_E5M2": (1, [0x7B, 0xFB], [0x7C, 0xFC, 0x7F]),
    "F16": (2, [0x7BFF, 0xFBFF], [0x7C00, 0xFC01]),
    "F32": (4, [0x7F7FFFFF], [0x7F800000, 0xFFC00000]),
}


@pytest.mark.parametrize("dtype", BITS)
def test_the_bits_of_each_dtype(dtype: str) -> None:
    size, finite, others = BITS[dtype]
    for bits, wanted in [(one, []) for one in finite] + [(one, ["x"]) for one in others]:
        watch = Watch({"x": Place(dtype, (1,), 0, size)})
        watch.feed(bits.to_bytes(size, "little"))
        assert watch.found == wanted, hex(bits)


def test_the_first_few_are_named_in_one_line() -> None:
    data = safetensors.numpy.save({f"w{n:02}": numpy.float32([numpy.nan]) for n in range(9)})
    watch = Watch(table(data, len(data))[1])
    watch.feed(data)
    with pytest.raises(RakkanError, match=r"in w00, w01, w02 and 6 more") as caught:
        watch.check("a.safetensors")
    assert "\n" not in str(caught.value)
