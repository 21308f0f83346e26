"""Small checkpoints, made once for all tests of the torch engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import cache
from typing import Any

import pytest
import torch
from tests.checkpoints import make as making
from tests.checkpoints.reading import Files

from rakkan.studio.engines.torch import networks

Maker = Callable[..., making.Made]


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Networks this small are slower on several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """``checkpoint(family, **options)`` is a small checkpoint."""

    @cache
    def made(family: str, **options: Any) -> making.Made:
        return making.make(family, tmp_path_factory.mktemp("checkpoint"), **options)

    return made


@pytest.fixture(scope="session")
def built(checkpoint: Maker) -> Callable[..., networks.Networks]:
    """``built(family, **options)`` are its networks, fresh ones at each call."""

    @cache
    def build(family: str, **options: Any) -> networks.Networks:
        made = checkpoint(family, **options)
        return networks.build(made.architecture, Files(made.path))

    return lambda family, **options: deepcopy(build(family, **options))
