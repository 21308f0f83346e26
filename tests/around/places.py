"""Where watched processes may leave things, and the search of all of it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy
from PIL import Image
from tests.around.scanner import files_below, holds_trace, pictures_in
from tests.trust.made import look

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.formats.unsealed import without_seal
from rakkan.trust.verification import VALID

ROOT = Path(__file__).resolve().parents[2]


class Places:
    """Where a watched process may leave things, all of it searched afterwards."""

    def __init__(self, folder: Path) -> None:
        names = ("work", "home", "config", "temporary", "kept", "given")
        self.work, self.home, self.config, self.temporary, self.kept, self.given = (
            folder / name for name in names
        )
        for path in (self.work, self.temporary, self.kept):
            path.mkdir(parents=True)
        self.searched = (self.work, self.home, self.config, self.temporary, self.kept)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAKKAN_")},
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "RAKKAN_HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.config),
            "TMPDIR": str(self.temporary),
            "HOME": str(folder),
        }

    def watch(self, commands: list[tuple[str, ...]], shortened: tuple[str, ...] = ()) -> dict[str, Any]:
        plan, report = self.given / "plan.json", self.given / "report.json"
        told = {"commands": commands, "shortened": shortened, "kept": str(self.kept)}
        plan.write_text(json.dumps({**told, "said": str(self.given / "said")}))
        done = subprocess.run(
            [sys.executable, "-m", "tests.around.watched", plan, report],
            cwd=self.work,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr.decode()
        assert (done.stdout, done.stderr) == (b"", b"")
        found: dict[str, Any] = json.loads(report.read_text())
        return found


@contextmanager
def instance(places: Places) -> Iterator[None]:
    """Be this instance, for as long as it lasts."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(places.environment)
    assemble.forget()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        assemble.forget()


def unsealed(*folders: Path, known: tuple[bytes, ...] = ()) -> list[str]:
    """What lies in these folders of a picture that the gate has not sealed."""
    found = []
    for path in files_below(*folders):
        data = path.read_bytes()
        pictures = pictures_in(data)
        if [place for _, place in pictures] == [0] and is_sealed(path):
            continue
        if data[:4] == b"PK\3\4" and holds_as_it_may(path, known):
            continue
        found += [f"{path}: {name} at {place}" for name, place in pictures]
        if holds_trace(data, known):
            found.append(f"{path}: the bare pixels of a picture")
    return found


def holds_as_it_may(path: Path, known: tuple[bytes, ...]) -> bool:
    """Whether a file is a character's, whole, and each picture in it that was drawn here is sealed."""
    try:
        found = assemble.casting().check(path)
    except RakkanError:
        return False
    for data in found.pictures.values():
        pixels = numpy.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        if without_seal(data) == data and holds_trace(pixels.tobytes(), known):
            return False
    return found.signer.trusted


def is_sealed(path: Path) -> bool:
    try:
        return look(path).state == VALID
    except RakkanError:
        return False


def stopped(places: Places, how: signal.Signals, moment: float) -> list[str]:
    """What a process that draws leaves of unsealed pictures when it is stopped ``moment`` seconds after it
    has begun its second picture."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.around.cancelled"],
        cwd=places.work,
        env=places.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        for _ in range(2):
            assert process.stdout.readline() == b"drawing\n"
        time.sleep(moment)
        process.send_signal(how)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == {signal.SIGINT: 130, signal.SIGKILL: -signal.SIGKILL}[how], err
    assert not pictures_in(out + err)
    with instance(places):
        assert list((places.work / "several").glob("*.png"))
        return unsealed(*places.searched)
