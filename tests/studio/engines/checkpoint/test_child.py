"""A process without keys: it is served what it asks for, and whatever ends it is said in one line."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.checkpoint.child import Child, environment
from rakkan.studio.engines.checkpoint.graphs import Graph
from rakkan.studio.engines.faults import Cancelled, OutOfMemory

from .fakes import Job, graph

SECRETS = {
    "RAKKAN_PASSPHRASE": "correct horse",
    "RAKKAN_KEY": "/somewhere/key",
    "AWS_SECRET_ACCESS_KEY": "battery staple",
    "HF_TOKEN": "hf_battery",
}


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One process for all that does not end it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SECRETS.items():
            patch.setenv(name, value)
        made = Child("The fake")
    yield made
    made.end()


def serve(what: str, arguments: Any, cancelled: Callable[[], bool]) -> Any:
    if what == "refused":
        raise OutOfMemory("none is left", "Take less")
    return {"value": list(arguments), "bytes": b"b" * 10, "graph": graph(b"weights")}[what]


def test_it_is_served_values_bytes_and_memory(child: Child) -> None:
    asks = (("value", "one", "two"), ("graph",), ("bytes",), ("graph",), ("value",))
    expected = [["one", "two"], ["<net/>", "weights"], "b" * 10, ["<net/>", "weights"], []]
    assert child.do(Job(asks), serve) == expected
    found = child.do(Job(then="graph"), serve)
    assert isinstance(found, Graph) and found.size == 10
    found.weights.seek(0)
    assert found.weights.read() == b"made there"
    found.close()


def test_what_is_handed_over_is_not_kept_here(child: Child) -> None:
    handed: list[Graph] = []

    def hand(*given: Any) -> Graph:
        handed.append(graph(b"weights"))
        return handed[-1]

    child.do(Job((("graph",),)), hand)
    assert handed[0].weights.closed


def test_a_refusal_is_raised_where_it_was_asked_for_and_of_its_kind() -> None:
    """Of an exhausted memory the process ends, so that the next has all of it."""
    alone = Child("The fake")
    with pytest.raises(OutOfMemory, match=r"none is left\. Take less"):
        alone.do(Job((("refused",),)), serve)
    assert alone.process_id is None


def test_it_has_no_secrets_and_tells_nobody(child: Child) -> None:
    found = child.do(Job(then="surroundings"), serve)
    everything = repr(found)
    assert not any(name in everything or value in everything for name, value in SECRETS.items())
    assert "PYTHONPATH" in found["known"] and found["given"]
    assert found["tells"] is False  # OpenVINO's makers nothing
    assert environment({"PATH": "/bin", "SSH_AUTH_SOCK": "/x", "OMP_NUM_THREADS": "2"}).keys() == {
        *("PATH", "OMP_NUM_THREADS", "PYTHONPATH", "HF_HUB_OFFLINE")
    }


def test_a_cancellation_before_the_answer_is_not_taken_for_it(child: Child) -> None:
    served: list[str] = []

    def serving(what: str, arguments: Any, cancelled: Callable[[], bool]) -> Any:
        served.append(what)
        return serve(what, arguments, cancelled)

    with pytest.raises(Cancelled):
        child.do(Job((("value", "old"),), seconds=2.0), serving, cancelled=lambda: True)
    assert served == []  # nothing is read for a drawing that nobody wants
    assert child.do(Job((("value", "new"),)), serve) == [["new"]]


@pytest.mark.parametrize("asks", [1, 2])
def test_a_cancellation_while_something_is_served_is_not_lost(child: Child, asks: int) -> None:
    """Neither by who only looks for it afterwards nor by who asks for more."""
    stop = threading.Event()

    def serving(what: str, arguments: Any, cancelled: Callable[[], bool]) -> Any:
        stop.set()
        assert cancelled()
        return graph(b"old")

    with pytest.raises(Cancelled):
        child.do(Job((("graph",),) * asks, then="cancelled"), serving, cancelled=stop.is_set)
    assert child.do(Job((("value", "new"), ("graph",))), serve) == [["new"], ["<net/>", "weights"]]


def test_what_serves_and_fails_leaves_no_process_that_waits() -> None:
    alone = Child("The fake")

    def fail(*given: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        alone.do(Job((("value",),)), fail)
    assert alone.process_id is None


def test_one_that_is_killed_while_it_is_served_gives_advice() -> None:
    alone = Child("The fake")

    def kill(*given: Any) -> Graph:
        assert alone.process_id is not None
        os.kill(alone.process_id, signal.SIGKILL)
        return graph(b"too late")

    with pytest.raises(OutOfMemory, match="The fake was killed") as caught:
        alone.do(Job((("graph",), ("graph",))), kill)
    assert "smaller" in caught.value.hint and alone.process_id is None


def test_what_is_no_answer_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Least of all a pickle, which could run programs here."""
    monkeypatch.setattr("rakkan.studio.engines.checkpoint.child._SECONDS_TO_END", 0.1)
    alone = Child("The fake")
    with pytest.raises(RakkanError, match="no answer"):
        alone.do(Job(then="lie"), serve)
    assert alone.process_id is None


def test_memory_that_does_not_suffice_for_what_is_served_gives_advice() -> None:
    alone = Child("The fake", memory_limit=200 * 2**20)
    with pytest.raises(OutOfMemory, match="not enough memory for this job") as caught:
        alone.do(Job((("bytes",),)), lambda *given: bytes(64 * 2**20))
    assert len(str(caught.value).splitlines()) == 1 and "smaller" in caught.value.hint
