"""An instance that the tests of one file share, where each having its own would take too long."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def instance_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pytest.MonkeyPatch]:
    """Settings of an instance with the fake engine, in force for a file; what patches it for so long."""
    own = tmp_path_factory.mktemp("instance")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("RAKKAN_")]:
            patch.delenv(name)
        patch.setenv("XDG_CONFIG_HOME", str(own / "config"))
        patch.setenv("RAKKAN_HOME", str(own / "home"))
        patch.setenv("RAKKAN_ENGINE", "fake")
        if "rakkan.assemble" in sys.modules:
            sys.modules["rakkan.assemble"].forget()
        yield patch
    if "rakkan.assemble" in sys.modules:
        sys.modules["rakkan.assemble"].forget()
