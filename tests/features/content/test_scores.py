"""Reading a network's answer: probabilities come out, or nothing does."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from rakkan.errors import RakkanError
from rakkan.features.content.scores import probabilities

CLASSES = ("cup", "pot")


def answer(*values: float) -> Any:
    return (numpy.array([values], numpy.float32),)


def test_probabilities_come_by_class() -> None:
    assert probabilities("n", CLASSES, answer(0.25, 0.75)) == {"cup": 0.25, "pot": 0.75}
    more = (*answer(0.25, 0.75), numpy.zeros((1, 9), numpy.float32))
    assert probabilities("n", CLASSES, more) == {"cup": 0.25, "pot": 0.75}


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        answer(1.0),
        answer(0.2, 0.3, 0.5),
        (numpy.array([0.25, 0.75], numpy.float32),),
        (numpy.array([[0.25, 0.75]] * 2, numpy.float32),),
        answer(float("nan"), 1.0),
        answer(float("nan"), float("nan")),
        answer(float("inf"), float("-inf")),
        answer(-0.25, 1.25),
        answer(0.0, 0.0),
        answer(0.9, 0.9),
    ],
)
def test_anything_else_is_refused(wrong: Any) -> None:
    with pytest.raises(RakkanError, match="The network n answered"):
        probabilities("n", CLASSES, wrong)
