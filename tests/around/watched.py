"""A process that runs commands under watch: ``python watched.py PLAN REPORT``.

PLAN is JSON: the commands' arguments and what is shortened. A stand-in draws in place of a model. REPORT,
JSON too, says of each command its status and what it printed, which paths were opened to write, what was
deleted (a copy is kept first), where connections went, and traces of every picture that was drawn or handed
to the gate.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
from tests.around import shortened
from tests.around.attempts import noise
from tests.around.scanner import traces

from rakkan import assemble
from rakkan.cli import entry
from rakkan.studio.create import Upscaler
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.upscaling import upscale
from rakkan.trust.gate import Gate

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


class Watch:
    """What an audit hook saw (PEP 578)."""

    def __init__(self, kept: Path) -> None:
        self.kept = kept
        self.written: set[str] = set()
        self.deleted: list[str] = []
        self.connected: list[str] = []
        self.traces: set[str] = set()
        self._busy = False

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            if event == "open" and isinstance(given[0], str | bytes) and (given[2] or 0) & _WRITING:
                self.written.add(os.path.abspath(os.fsdecode(given[0])))
            elif event in ("os.rename", "os.link", "os.symlink"):
                self.written.add(os.path.abspath(os.fsdecode(given[1])))
                self._keep(given[1])
            elif event in ("os.remove", "os.truncate"):
                self._keep(given[0])
            elif event in ("socket.connect", "socket.bind", "socket.sendto"):
                if isinstance(given[1], str | bytes):  # a socket of this machine, by its path
                    self.written.add(os.path.abspath(os.fsdecode(given[1])))
                else:
                    self.connected.append(repr(given[1]))
        finally:
            self._busy = False

    def stop(self) -> None:
        """See nothing more; a hook cannot be taken away."""
        self._busy = True

    def _keep(self, path: Any) -> None:
        if isinstance(path, int):
            return
        with contextlib.suppress(OSError, ValueError):
            if os.path.isfile(path) and not os.path.islink(path):
                self.deleted.append(os.fsdecode(path))
                shutil.copyfile(path, self.kept / f"{len(self.deleted):06d}")

    def saw(self, pixels: Any) -> None:
        self.traces.update(trace.hex() for trace in traces(numpy.asarray(pixels)))


class StandIn(FakeEngine):
    """Draws what any few pixels of can be told from everything else."""

    watch: Watch
    #: Pixels a side of its fields of colour: so large that a sheet of many is still seen to be drawn.
    field = 8

    def sample(self, *given: Any, width: int, height: int, seed: int, **more: Any) -> Any:
        super().sample(*given, width=width, height=height, seed=seed, **more)  # refuses what engines refuse
        side = self.field
        small = noise(seed, -(-height // side), -(-width // side))
        fields = small.repeat(side, 0).repeat(side, 1)[:height, :width]
        pixels = fields.clip(0, 243) + noise(seed, height, width) % 12
        self.watch.saw(pixels)
        return pixels


def stand_in(watch: Watch) -> None:
    """Let a stand-in draw in place of a model, and take traces of all that goes to the gate."""
    engine, upscaler, release = StandIn(), assemble.upscaler(), Gate.release
    release_banded = Gate.release_banded
    engine.watch = watch

    def enlarge(pixels: Any) -> Any:
        large = numpy.repeat(numpy.repeat(pixels, 2, 0), 2, 1)
        watch.saw(large)
        return large

    def watched(gate: Gate, picture: Any, to: Any) -> Path:
        watch.saw(picture.pixels)
        return release(gate, picture, to)

    def watched_bands(gate: Gate, picture: Any, to: Any) -> Path:
        rows = [numpy.array(band) for band in picture.bands]
        watch.saw(numpy.concatenate(rows))
        return release_banded(gate, replace(picture, bands=rows), to)

    upscale.BANDED_FROM = 100 * 100  # one of the attempts leaves in bands
    Gate.release_banded = watched_bands  # type: ignore[method-assign]
    assemble.engine = lambda: engine  # type: ignore[assignment]
    assemble.upscaler = lambda: Upscaler(upscaler.name, upscaler.digest, enlarge)  # type: ignore[assignment]
    Gate.release = watched  # type: ignore[method-assign]


def filled(argument: str, said: dict[str, str]) -> str:
    """The argument with what only this instance knows put in for a word in braces."""
    if "{" not in argument:
        return argument
    return argument.format(
        log=assemble.config.load().home / "ledger",
        key=assemble.instance().ledger_key.verification_key(),
        witness=assemble.witness({}).verification_key(),
        blob=said.get("import", "-").split()[0],
        case=next((case.name for case in assemble.docket().cases() if not case.state.refusal), "-"),
    )


def run(arguments: list[str], before: dict[str, str]) -> dict[str, Any]:
    """One command as if it were a process of its own: its status and what it printed."""
    arguments = [filled(argument, before) for argument in arguments]
    assemble.forget()
    said, complained = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(complained):
        status: Any
        try:
            status = entry(arguments)
        except BaseException as error:  # a defect: the test will say so
            status = repr(error)
        assemble.forget()
    return {"arguments": arguments, "status": status, "out": said.getvalue(), "err": complained.getvalue()}


def main(plan: Path, report: Path) -> None:
    told = json.loads(plan.read_text())
    watch = Watch(Path(told["kept"]))
    stand_in(watch)
    for name in told["shortened"]:
        getattr(shortened, name)(watch)
    sys.addaudithook(watch)
    done: list[dict[str, Any]] = []
    for arguments in told["commands"]:
        done.append(run(arguments, {one["arguments"][0]: one["out"] for one in done}))
        Path(told["said"]).write_text(done[-1]["out"])
    watch.stop()
    report.write_text(
        json.dumps(
            {
                "done": done,
                "written": sorted(watch.written),
                "deleted": watch.deleted,
                "connected": watch.connected,
                "traces": sorted(watch.traces),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
