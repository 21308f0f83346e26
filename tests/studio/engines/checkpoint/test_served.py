"""A process without keys gets what its drawing is made of, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy
import pytest
from tests.checkpoints.reading import Held

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.served import ServedTensors, Serving

from .fakes import graph

VALUES = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)


def test_tensors_are_read_across_as_they_are_here_and_files_closed_afterwards() -> None:
    here, events = Held({"a/weight": VALUES, "b": VALUES[0]}), []

    @contextmanager
    def opened() -> Iterator[Held]:
        events.append("opened")
        yield here
        events.append("closed")

    serving = Serving({"digest": opened})
    there = ServedTensors(lambda what, *given: serving(what, given, lambda: False), "digest")
    assert there.entries == here.entries and there.metadata == here.metadata
    assert all(there.read(name) == here.read(name) for name in here.entries)
    assert events == ["opened"]
    serving.close()
    assert events == ["opened", "closed"]
    assert there.read("b") == here.read("b") and events[2:] == ["opened"]  # another drawing


@pytest.mark.parametrize(
    ("what", "given"),
    [
        ("names", ["other"]),
        ("tensor", ["other", "b"]),
        ("tensor", ["digest"]),
        ("names", []),
        ("names", [["digest"]]),
        ("part", []),
        ("open", ["/etc/passwd"]),
        ("passphrase", []),
    ],
)
def test_nothing_else_is_served(what: str, given: list[Any]) -> None:
    def opened() -> Any:
        raise AssertionError

    serving = Serving({"digest": opened}, lambda part, cancelled: graph(b""))
    with pytest.raises(RakkanError, match="nothing that is served"):
        serving(what, given, lambda: False)


def test_parts_are_served_where_there_are_such() -> None:
    with Serving({}, lambda part, cancelled: graph(part.encode()))("part", ["unet"], bool).weights as weights:
        weights.seek(0)
        assert weights.read() == b"unet"
    with pytest.raises(RakkanError, match="nothing that is served"):
        Serving({})("part", ["unet"], bool)
