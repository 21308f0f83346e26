"""A running service with people in it, which the tests of a file share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.service.access.world import World, peopled

from rakkan.service.routes import studio
from rakkan.service.routes.doors import drawing


@pytest.fixture(scope="module")
def world(instance_of_module: pytest.MonkeyPatch) -> Iterator[World]:
    instance_of_module.setattr(studio, "DRAFT_PATIENCE", 0.0)
    instance_of_module.setattr(drawing, "PATIENCE", 0.0)
    with peopled() as made:
        yield made
