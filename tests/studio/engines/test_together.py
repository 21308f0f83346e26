"""Several pictures in one pass: the same whatever is drawn beside them, and told apart from others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.studio.engines.test_engines import (  # noqa: F401  fixtures
    PINK,
    SILVER,
    SIZE,
    any_engine,
    checkpoint,
    engine,
    folder,
    modules,
)

from rakkan.errors import RakkanError
from rakkan.studio.engines.conditions import Conditions
from rakkan.studio.engines.engine import Engine, Figure
from rakkan.studio.engines.openvino_engine import OpenVinoEngine
from rakkan.studio.together import batch_of, parts_of

STEPPED = Conditions(np.stack([SILVER, PINK]), np.full((2, len(SILVER)), 1.5, np.float32))
FIGURES = [
    Figure(SILVER, None, 11),
    Figure(PINK, SILVER, 12),
    Figure(STEPPED, None, 2**63),
    Figure(PINK, PINK, 0),
]


def draw(engine: Engine, figures: list[Figure], **more: Any) -> list[Any]:  # noqa: F811
    return engine.sample_together(figures, **{**SIZE, "steps": 2, "guidance": 2.0, **more})


@pytest.mark.parametrize("count", [2, 4])
def test_neither_place_nor_company_changes_a_picture(any_engine: Engine, count: int) -> None:  # noqa: F811
    drawn = draw(any_engine, FIGURES[:count])
    turned = draw(any_engine, FIGURES[:count][::-1])
    assert all(np.array_equal(one, other) for one, other in zip(drawn, turned[::-1], strict=True))
    copies = draw(any_engine, [FIGURES[1]] * count)
    assert all(np.array_equal(one, drawn[1]) for one in copies)
    assert len({one.tobytes() for one in drawn}) == count
    assert all(one.shape == (128, 64, 3) and one.dtype == np.uint8 for one in drawn)


@pytest.mark.parametrize("sampler", ["euler", "heun"])
def test_in_f32_a_picture_is_nearly_the_same_as_alone(folder: Path, sampler: str) -> None:  # noqa: F811
    """It has been the same to the bit so far; that is promised of no processor."""
    plain = OpenVinoEngine(folder, precision="f32")
    drawn = draw(plain, FIGURES, sampler=sampler)
    for figure, together in zip(FIGURES, drawn, strict=True):
        asked: dict[str, Any] = {**SIZE, "seed": figure.seed, "steps": 2, "guidance": 2.0, "sampler": sampler}
        alone = plain.sample(figure.tokens, figure.negative, **asked)
        assert np.abs(alone.astype(int) - together).max() <= 1


def test_progress_is_told_once_a_step(any_engine: Engine) -> None:  # noqa: F811
    told: list[tuple[int, int]] = []
    draw(any_engine, FIGURES[:2], progress=lambda *counts: told.append(counts))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize("count", [0, 1, 3, 5])
def test_only_some_numbers_share_a_pass(any_engine: Engine, count: int) -> None:  # noqa: F811
    with pytest.raises(RakkanError, match="one pass"):
        draw(any_engine, (FIGURES * 2)[:count])


def test_one_that_cannot_be_drawn_is_refused_with_its_fault(any_engine: Engine) -> None:  # noqa: F811
    with pytest.raises(RakkanError, match="seed"):
        draw(any_engine, [FIGURES[0], Figure(SILVER, None, -1)])


def test_parts_are_as_large_as_may_be() -> None:
    assert [parts_of(count) for count in range(8)] == [
        [], [1], [2], [2, 1], [4], [4, 1], [4, 2], [4, 2, 1]
    ]  # fmt: skip


def test_a_recipe_tells_how_many_there_were() -> None:
    assert [batch_of(settings) for settings in ({}, {"batch": "2"}, {"batch": "4"})] == [1, 2, 4]
    for odd in ("3", "1000000", "0", "-2", "many", "2.5"):
        with pytest.raises(RakkanError):
            batch_of({"batch": odd})
