"""The command line's own behaviour: quick, quiet, and one line for every fault."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import typer

from rakkan import __version__, assemble
from rakkan.cli import entry, faults, main
from rakkan.errors import RakkanError

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_help_needs_none_of_the_heavy_libraries(environment: dict[str, str]) -> None:
    code = (
        "import sys; from rakkan.cli import entry; assert entry(['--help']) == 0\n"
        "heavy = {'torch', 'openvino', 'numpy', 'PIL', 'safetensors', 'thorvg_python'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_help_comes_at_once(rakkan: Run) -> None:
    seconds = []
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert rakkan("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    # Processor time of the quickest: what the command costs, not what else the machine is doing.
    assert min(seconds) <= 0.5


def test_help_names_every_command(rakkan: Run) -> None:
    text = rakkan("--help").stdout
    for command in main.app.registered_commands:
        assert command.name or command.callback
        assert (command.name or getattr(command.callback, "__name__", "")) in text
    for group in main.app.registered_groups:
        assert str(group.name) in text


def test_alone_it_shows_its_help_and_its_version_on_request(rakkan: Run) -> None:
    assert "Commands" in rakkan().stdout
    assert rakkan("--version").stdout == f"rakkan {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["figurs"], "Did you mean 'figures'?"),
        (["--bogus"], "No such option"),
        (["figures", "sheet", "--count", "0"], "'--count'"),
        (["figures", "sheet", "--count", "many"], "'--count'"),
        (["figures", "sheet", "--seed", "-1"], "'--seed'"),
        (["figures", "sheet", "surplus"], "surplus"),
    ],
)
def test_a_wrong_command_line_gets_one_line(arguments: list[str], words: str, rakkan: Run) -> None:
    done = rakkan(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("rakkan: ")
    assert words in done.stderr
    assert "--help'" in done.stderr


def test_a_group_alone_shows_its_help(rakkan: Run) -> None:
    done = rakkan("figures")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sheet" in done.stdout


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command line with a fault planted in it; gives the status and the line it printed."""

    def plant(error: BaseException) -> tuple[int, str]:
        def fail(_: object) -> int:
            raise error

        monkeypatch.setattr(main, "run", fail)
        status = entry([])
        return status, capsys.readouterr().err

    return plant


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (RakkanError("The prompt is empty", "Say what to draw"), "The prompt is empty. Say what to draw"),
        (RakkanError("a\nb\x1b[31m", ""), r"a\nb\x1b[31m"),
        (MemoryError(), "there is not enough memory. Close other programs or ask for a smaller picture"),
        (
            OSError(errno.ENOSPC, "x", "a.png"),
            "a.png: the disk is full. Free some space or name another folder",
        ),
        (
            PermissionError(13, "Permission denied", "a"),
            "a: permission denied. Check the path and its permissions",
        ),
        (typer.BadParameter("too odd"), "Invalid value: too odd. Try 'rakkan --help'"),
    ],
)
def test_a_fault_is_one_line_and_status_two(error: Exception, line: str, fault: Callable[..., Any]) -> None:
    assert fault(error) == (2, f"rakkan: {line}\n")


def test_a_defect_is_not_hidden(fault: Callable[..., Any]) -> None:
    with pytest.raises(ZeroDivisionError):
        fault(ZeroDivisionError("a defect"))


def test_a_very_long_fault_stays_one_readable_line(fault: Callable[..., Any]) -> None:
    status, line = fault(RakkanError("x" * 20_000))
    assert status == 2
    assert len(line) < 700


def test_ctrl_c_says_that_nothing_was_written(fault: Callable[..., Any]) -> None:
    assemble.gate().released.clear()
    assert fault(KeyboardInterrupt()) == (130, "rakkan: stopped; nothing was written\n")
    assert fault(typer.Abort()) == (130, "rakkan: stopped; nothing was written\n")


@pytest.mark.parametrize("command", [["create", "1girl"], ["figures", "sheet"], ["starter", "evaluate"]])
def test_ctrl_c_inside_a_command_ends_in_one_line(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    monkeypatch.setattr("rakkan.studio.create.plan", interrupt)
    # First where it is imported to: a module that is imported while it is patched would keep the patch.
    monkeypatch.setattr("rakkan.studio.starter.completion.sample", interrupt)
    monkeypatch.setattr("rakkan.corpus.figures.attributes.sample", interrupt)
    monkeypatch.setattr("rakkan.assemble.engine", interrupt)
    assemble.gate().released.clear()
    assert entry(command) == 130
    assert capsys.readouterr().err == "rakkan: stopped; nothing was written\n"


def test_ctrl_c_counts_the_finished_pictures(fault: Callable[..., Any]) -> None:
    released = assemble.gate().released
    try:
        released.append("a.png")  # type: ignore[arg-type]
        assert fault(KeyboardInterrupt()) == (130, "rakkan: stopped; 1 finished picture was kept\n")
        released.append("b.png")  # type: ignore[arg-type]
        assert fault(KeyboardInterrupt()) == (130, "rakkan: stopped; 2 finished pictures were kept\n")
    finally:
        released.clear()


def test_a_reader_that_leaves_early_is_no_fault(environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {sys.executable} -m rakkan --help | head -c 1"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_the_interrupted_status_is_the_shells() -> None:
    assert (faults.FAULT, faults.INTERRUPTED) == (2, 130)
