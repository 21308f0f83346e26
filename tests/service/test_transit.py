"""What is on its way: a kill at any point leaves nothing for good, and nobody else's file is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service import migrating
from rakkan.service.making import spool
from rakkan.service.making.tables import deliveries
from rakkan.service.making.transit import Transit


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transit(clock: Clock) -> Transit:
    vault = assemble.vault()
    vault.put("ann", b"makes the folder")
    migrating.upgrade(assemble.database_engine())
    return Transit(assemble.database_engine(), clock, vault)


def rows(transit: Transit) -> int:
    with transit.engine.connect() as connection:
        return len(connection.execute(select(deliveries)).all())


def test_what_nobody_was_told_of_goes_when_its_time_is_over(transit: Transit, clock: Clock) -> None:
    one, other = transit.put("ann", [b"one", b"other"], 60)
    assert transit.sweep() == 0 and transit.vault.read("ann", one) == b"one"
    clock.now += 61
    assert transit.sweep() == 2
    assert not transit.vault.holds("ann", one) and not transit.vault.holds("ann", other)
    assert rows(transit) == 0 and transit.sweep() == 0


def test_what_arrived_stays(transit: Transit, clock: Clock) -> None:
    (one,) = transit.put("ann", [b"one"], 60)
    with transit.engine.begin() as connection:
        transit.arrived(connection, "ann", [one])
    clock.now += 61
    assert transit.sweep() == 0
    assert transit.vault.read("ann", one) == b"one"


def test_what_comes_too_late_does_not_arrive(transit: Transit, clock: Clock) -> None:
    (one,) = transit.put("ann", [b"one"], 60)
    clock.now += 61
    transit.sweep()
    with pytest.raises(RakkanError, match="too long"), transit.engine.begin() as connection:
        transit.arrived(connection, "ann", [one])


def test_a_sweep_that_was_cut_off_is_gone_on_with(
    transit: Transit, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = transit.put("ann", [b"one"], 60)
    clock.now += 61

    def cut(owner: str, digest: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(transit.vault, "shred", cut)
        with pytest.raises(KeyboardInterrupt):
            transit.sweep()
    with pytest.raises(RakkanError, match="too long"), transit.engine.begin() as connection:
        transit.arrived(connection, "ann", [one])
    assert transit.sweep() == 1
    assert not transit.vault.holds("ann", one) and rows(transit) == 0


def test_what_somebody_brought_is_nobodys_to_sweep(transit: Transit, clock: Clock) -> None:
    brought = transit.vault.put("ann", b"a file of her own").digest
    (same,) = transit.put("ann", [b"a file of her own"], 60)
    assert same == brought and rows(transit) == 0
    with transit.engine.begin() as connection:
        transit.arrived(connection, "ann", [same])
    transit.discard("ann", [same])
    clock.now += 61
    transit.sweep()
    assert transit.vault.read("ann", brought) == b"a file of her own"


def test_folders_of_processes_that_ended_go_and_those_of_others_stay(tmp_path: Path) -> None:
    own = spool.Spool(tmp_path)
    (own.folder / "picture").write_text("sealed")
    (tmp_path / "dead").mkdir()
    (tmp_path / "dead" / "picture").write_text("sealed")
    (tmp_path / "dead.lock").touch()
    other = spool.Spool(tmp_path)
    assert not (tmp_path / "dead").exists() and not (tmp_path / "dead.lock").exists()
    assert (own.folder / "picture").exists() and other.folder != own.folder
    assert spool.sweep(tmp_path) == 0
