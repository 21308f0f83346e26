"""Damaged and lying files: ``RAKKAN_FUZZ_FILES`` of them (400), from ``RAKKAN_FUZZ_SEED`` (0)."""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections import Counter
from random import Random

import pytest
from tests.formats import fuzzing

from rakkan.errors import RakkanError
from rakkan.formats.inspect import inspect

#: Read at import, as no setting of the user's is left once a test runs.
FILES = int(os.environ.get("RAKKAN_FUZZ_FILES", "400"))
SEED = os.environ.get("RAKKAN_FUZZ_SEED", "0")


def made(number: int) -> bytes:
    return fuzzing.broken(Random(f"{SEED}/{number}"))


def grown_since(before: int) -> int:
    """By how many MiB the most memory this process ever held has grown."""
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024


def test_no_file_bloats_the_process_that_has_it_inspected() -> None:
    files = [made(number) for number in range(100)]
    with contextlib.suppress(RakkanError):
        inspect(files[0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for data in files:
        with contextlib.suppress(RakkanError):
            inspect(data)
    assert grown_since(before) < 32


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow remarks on damaged EXIF
def test_no_file_crashes_or_hangs_and_every_answer_is_true() -> None:
    start = time.monotonic()
    slowest = 0.0
    outcomes: Counter[str] = Counter()
    for number in range(FILES):
        data = made(number)
        began = time.monotonic()
        try:
            outcomes[fuzzing.hold(data)] += 1
        except BaseException as fault:
            raise AssertionError(f"file {number} of seed {SEED}: {fault!r}") from fault
        slowest = max(slowest, time.monotonic() - began)
    seconds = time.monotonic() - start
    print(f"{FILES} files in {seconds:.1f} s, the slowest in {slowest:.2f} s: {dict(outcomes)}")
    assert outcomes["refused"] > FILES // 4
    assert outcomes["accepted"] > FILES // 40
    assert slowest < 30
