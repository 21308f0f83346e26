"""One instance for a file of tests: a server on a free port, the fake engine, a worker, and two people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.service.instance import Instance, Person, running

from rakkan import assemble

ALL = ("read", "create", "share", "account")


@dataclass
class Hub:
    """An instance with members, each with a key of all scopes and a client that sends it."""

    instance: Instance
    origin: str
    mika: Person
    rin: Person

    def client(self, person: Person, *scopes: str) -> httpx.Client:
        """A client with a key of somebody's."""
        made = self.instance.visitor().client
        made.headers["authorization"] = f"Bearer {self.key(person, *scopes)}"
        return made

    def key(self, person: Person, *scopes: str) -> str:
        return self.instance.key(person, *(scopes or ALL))


@pytest.fixture(scope="module", autouse=True)
def _no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In place of the suite's: here an instance lives as long as a file's tests."""
    own: Path = tmp_path_factory.mktemp("hub")
    settings = {"HOME": own / "home", "KEY": own / "key", "ENGINE": "fake"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(own / "config"))
        for name, value in settings.items():
            patch.setenv(f"RAKKAN_{name}", str(value))
        assemble.forget()
        yield
    assemble.forget()


@pytest.fixture(scope="module")
def hub(_no_settings_of_the_user: None) -> Iterator[Hub]:
    with running(models="members") as made:
        yield Hub(made, made.service.settings.origin, made.member("mika"), made.member("rin"))
