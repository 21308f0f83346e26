"""docs/samplers.md says what the code does."""

from __future__ import annotations

import pytest
from tests.studio.diffusion.make_docs import PAGE, written

from rakkan.studio.diffusion.initial_noise import MODES
from rakkan.studio.diffusion.samplers import SAMPLERS


def test_the_tables_are_the_codes() -> None:
    page = PAGE.read_text()
    assert written(page) == page, "run python -m tests.studio.diffusion.make_docs"
    for name in (*SAMPLERS, *MODES):
        assert f"`{name}`" in page


def test_a_stale_table_is_found() -> None:
    page = PAGE.read_text()
    assert written(page.replace("| `dpmpp_2m` |", "| `dpmpp_9m` |", 1)) == page
    with pytest.raises(ValueError):
        written(page.replace("table: samplers", "table: none"))
