"""Any sequence of calls, with a clock that jumps both ways: the queue does what a plain model says."""

from __future__ import annotations

from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from .making import engine_at
from .model import machine


def test_the_queue_does_what_the_model_says() -> None:
    engine = engine_at("sqlite:///:memory:")
    run_state_machine_as_test(machine(engine), settings=settings(max_examples=60, stateful_step_count=50))
