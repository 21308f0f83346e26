"""Running commands in this process, each as if it were a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rakkan import assemble
from rakkan.cli import entry


@dataclass(frozen=True)
class Done:
    """A command's exit status and what it said."""

    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``rakkan ARGUMENTS``; what is wired is taken apart before and after."""

    def run(*arguments: str | Path) -> Done:
        assemble.forget()
        capsys.readouterr()
        status = entry([str(argument) for argument in arguments])
        assemble.forget()
        said = capsys.readouterr()
        return Done(status, said.out, said.err)

    return run


@pytest.fixture
def refused(command: Command) -> Command:
    """Run a command that is to be refused in one line, with status 2."""

    def run(*arguments: str | Path) -> Done:
        done = command(*arguments)
        assert (done.status, done.out) == (2, ""), done
        assert done.err.startswith("rakkan: ") and done.err.count("\n") == 1, done
        return done

    return run
