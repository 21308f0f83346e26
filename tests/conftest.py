"""Shared by all tests: one hypothesis profile, and help to run the command line as a person does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

# First of all: it stops the reports that OpenVINO would send.
from rakkan import __version__

assert __version__

ROOT = Path(__file__).resolve().parent.parent

# The same examples on every run, and no deadline: the machine may be busy with other work.
settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")
# Not even derandomised examples are the same ones while some come from what else happens to be loaded.
if hasattr(providers, "_get_local_constants"):
    providers._get_local_constants = lambda: Constants()

# Started in the background, a process ignores Ctrl-C and so do its children, those that test it too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

Completed = subprocess.CompletedProcess[str]


@pytest.fixture
def root() -> Path:
    """The repository's root folder."""
    return ROOT


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment for subprocesses in which no setting of the user's counts, with its own instance."""
    own = tmp_path_factory.mktemp("subprocess")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAKKAN_")}
    return {
        **kept,
        "PYTHONPATH": str(ROOT / "src"),
        "XDG_CONFIG_HOME": str(own / "config"),
        "RAKKAN_HOME": str(own / "home"),
    }


@pytest.fixture
def rakkan(environment: dict[str, str], tmp_path: Path) -> Callable[..., Completed]:
    """Run ``rakkan ARGUMENTS`` in a subprocess in ``tmp_path``, without standard input."""

    def run(*arguments: str, **more: str) -> Completed:
        return subprocess.run(
            [sys.executable, "-m", "rakkan", *arguments],
            cwd=tmp_path,
            env={**environment, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    if "instance_of_module" in request.fixturenames:  # the tests of a file share one, which stays as it is
        yield
        return
    for name in [name for name in os.environ if name.startswith("RAKKAN_")]:
        monkeypatch.delenv(name)
    own = tmp_path_factory.mktemp("instance")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(own / "config"))
    monkeypatch.setenv("RAKKAN_HOME", str(own / "home"))
    yield
    if "rakkan.assemble" in sys.modules:  # what is wired belongs to this test's instance
        sys.modules["rakkan.assemble"].forget()
