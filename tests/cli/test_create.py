"""``rakkan create`` as a person runs it, in a subprocess, with the fake engine."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rakkan.cli import entry
from rakkan.formats import png
from rakkan.studio.starter.checkpoints import Checkpoint, save_checkpoint

Run = Callable[..., "subprocess.CompletedProcess[str]"]
FAKE = {"RAKKAN_ENGINE": "fake"}
LINE = re.compile(r"(\S+\.png)  seed (\d+)  \d+\.\d s\n")

#: Runs the command line after a patch to it, given as the program's first argument.
PATCHED = "import sys; from rakkan import assemble; from rakkan.cli import entry; exec(sys.argv[1]); "
SLOW = """
import time
from rakkan.studio.engines.fake_engine import FakeEngine
class Slow(FakeEngine):
    def sample(self, *arguments, seed, **more):
        if seed == LAST:
            print("drawing", flush=True)
            time.sleep(60)
        return super().sample(*arguments, seed=seed, **more)
assemble.engine = Slow
"""


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_it_prints_path_seed_and_time(rakkan: Run, tmp_path: Path) -> None:
    done = rakkan("create", "1girl, silver twin tails, red eyes", "--out", "here", **FAKE)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = LINE.fullmatch(done.stdout)
    assert found
    assert found[1] == f"here/0001-{found[2]}-silver-twin-tails.png"
    recipe = json.loads(png.text_of((tmp_path / found[1]).read_bytes())["rakkan"])
    assert recipe["seed"] == int(found[2])
    assert left(tmp_path) == [Path(found[1]).name]


def test_unknown_words_are_named_and_the_rest_is_drawn(rakkan: Run) -> None:
    done = rakkan("create", "1girl, twin tials, spaceship", "--out", "a.png", "--seed", "4", **FAKE)
    assert done.returncode == 0
    assert done.stdout.startswith("a.png  seed 4  ")
    assert (
        done.stderr.splitlines()[0] == "rakkan: 'twin tials' is not a known word; the nearest is 'twin tails'"
    )
    assert done.stderr.count("\n") == 2


def test_much_nonsense_gets_few_lines(rakkan: Run) -> None:
    done = rakkan("create", "smile, " + ", ".join(f"qx{n}z" for n in range(100)), "--out", "a.png", **FAKE)
    assert done.returncode == 0
    assert done.stderr.count("\n") == 9
    assert "and 92 more" in done.stderr


def test_several_bring_a_sheet(rakkan: Run, tmp_path: Path) -> None:
    done = rakkan("create", "smile", "--count", "2", "--seed", "7", "--steps", "2", "--out", "o", **FAKE)
    assert done.returncode == 0, done.stderr
    names = [Path(line.split()[0]).name for line in done.stdout.splitlines()]
    assert names == ["0001-7-smile.png", "0002-8-smile.png", "0003-7-sheet-smile.png"]
    assert left(tmp_path) == names


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "prompt is empty"),
        ([""], "prompt is empty"),
        (["x" * 10_000], "10000 characters"),
        (["qwx"], "No word of the prompt is known"),
        (["smile", "--size", "513x512"], "Sizes are 512x512 and 512x768"),
        (["smile", "--size", "-1x-1"], "Sizes are"),
        (["smile", "--count", "-1"], "Cannot draw -1 pictures"),
        (["smile", "--count", "99999999999999999999"], "Ask for 1 to 64"),
        (["smile", "--count", "two"], "'--count'"),
        (["smile", "--steps", "-4"], "Cannot draw in -4 steps"),
        (["smile", "--guidance", "inf"], "guidance scale"),
        (["smile", "--seed", "-2"], "The seed -2"),
        (["smile", "--out", "/proc/self/nowhere/a.png"], "Name another folder"),
        (["smile", "--out", "/dev/null/deep"], "is a file, not a folder"),
        (["smile", "--out", "a.gif"], "PNG"),
        (["smile", "--disclosure", "some"], "full, redacted, digest"),
        (["smile", "--out", "a.png", "--count", "2"], "Name a folder"),
        (["smile", "--bogus"], "No such option"),
        (["smile\x1b[2J"], "control character"),
    ],
)
def test_bad_input_gets_one_line_and_status_two(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    assert entry(["create", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith("rakkan: ")
    assert words in printed.err
    assert left(tmp_path) == []


def test_a_prompt_that_is_not_utf8(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"rakkan", b"create", b"smile \xff"],
        env={**environment, **FAKE},
        cwd=tmp_path,
        capture_output=True,
    )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"not valid text" in done.stderr


def test_a_full_disk(environment: dict[str, str], tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    done = subprocess.run(
        [sys.executable, "-c", PATCHED + "sys.exit(entry(sys.argv[2:]))", limit, "create", "smile"],
        env={**environment, **FAKE},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "disk" in done.stderr
    assert left(tmp_path) == []


def a_byte_changes(folder: Path) -> None:
    (shard,) = folder.glob("*.safetensors")
    content = bytearray(shard.read_bytes())
    content[-1] ^= 1
    shard.write_bytes(content)


def a_file_goes(folder: Path) -> None:
    (shard,) = folder.glob("*.safetensors")
    shard.unlink()


def the_manifest_breaks(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (a_byte_changes, "corrupted"),
        (a_file_goes, "missing"),
        (the_manifest_breaks, "manifest"),
        (shutil.rmtree, "no weights"),
    ],
)
def test_damaged_weights(damage: Callable[[Path], None], words: str, rakkan: Run, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    tensors = {"text.any": np.zeros(4, np.float16)}
    save_checkpoint(Checkpoint("f16c32", {}, tensors, {}, True, 1.0), folder)
    damage(folder)
    done = rakkan("create", "smile", RAKKAN_WEIGHTS=str(folder))
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert not (tmp_path / "pictures").exists()


@pytest.mark.parametrize(
    ("last", "kept", "words"), [(1, 0, "nothing was written"), (2, 1, "1 finished picture")]
)
def test_ctrl_c(last: int, kept: int, words: str, environment: dict[str, str], tmp_path: Path) -> None:
    patched = PATCHED + "sys.exit(entry(sys.argv[2:]))"
    request = ["create", "smile", "--seed", "1", "--count", "3"]
    process = subprocess.Popen(
        [sys.executable, "-c", patched, SLOW.replace("LAST", str(last)), *request],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "drawing\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, errors
    assert errors == f"rakkan: stopped; {words}{' was kept' if kept else ''}\n"
    assert output == ""
    assert len(left(tmp_path)) == kept


def test_off_a_terminal_no_progress_is_drawn(rakkan: Run) -> None:
    assert rakkan("create", "smile", "--out", "a.png", **FAKE).stderr == ""
