"""The audit log: rows are added, and any that is changed, taken out or added by hand is found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event, text
from tests.service.pictures.hub import Hub

from rakkan.errors import RakkanError
from rakkan.service.pictures import audit
from rakkan.service.pictures.audit import AuditLog


@pytest.fixture
def log(hub: Hub) -> AuditLog:
    for number in range(5):
        hub.catalogue.audit.write("mod", "ban", f"account {number % 2}", f"reason {number}")
    return hub.catalogue.audit


def test_rows_are_read_newest_first_and_by_what_they_are_about(log: AuditLog) -> None:
    assert [act.number for act in log.read()] == [5, 4, 3, 2, 1]
    assert [act.because for act in log.read("account 1")] == ["reason 3", "reason 1"]
    assert [act.number for act in log.read(before=3, most=1)] == [2]
    assert log.verify() == 5


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("UPDATE audit_log SET because = 'x' WHERE number = 3", "row 3"),
        ("UPDATE audit_log SET time = time + 1 WHERE number = 1", "row 1"),
        ("UPDATE audit_log SET actor = 'eve' WHERE number = 5", "row 5"),
        ("UPDATE audit_log SET hash = substr(hash, 2) || '0' WHERE number = 2", "row 2"),
        ("DELETE FROM audit_log WHERE number = 2", "row 2"),
        ("DELETE FROM audit_log WHERE number = 5", "ends at row 4"),
        ("DELETE FROM audit_log", "ends at row 0"),
        ("INSERT INTO audit_log SELECT 6, time, actor, action, about, because, hash FROM audit_log"
         " WHERE number = 5", "row 6"),
        ("UPDATE audit_heads SET number = 4", "ends at row 5"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at_once", [2, 5, 1000])
def test_a_changed_row_is_found(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch, change: str, row: str, at_once: int
) -> None:
    monkeypatch.setattr(audit, "_AT_ONCE", at_once)
    with log.engine.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(RakkanError, match=row):
        log.verify()


def test_another_key_makes_another_log(log: AuditLog) -> None:
    with pytest.raises(RakkanError, match="row 1"):
        replace(log, key=bytes(32)).verify()


@pytest.mark.parametrize("read", ["audit_heads", "audit_log"])
def test_what_is_written_while_it_is_checked_is_no_fault(log: AuditLog, read: str) -> None:
    awaited = [f"FROM {read}"]
    with ThreadPoolExecutor(1) as pool:

        def write(connection: Any, cursor: Any, statement: str, *given: Any) -> None:
            if awaited and awaited[0] in statement:
                awaited.clear()
                pool.submit(log.write, "mod", "look", "meanwhile").result(60)

        event.listen(log.engine, "before_cursor_execute", write)
        assert log.verify() == 6
    assert not awaited


def test_writers_wait_for_each_other(log: AuditLog) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda number: log.write("mod", "look", str(number)), range(40)))
    assert sorted(numbers) == list(range(6, 46))
    assert log.verify() == 45


def test_what_fails_is_not_logged_and_reasons_end(log: AuditLog) -> None:
    with pytest.raises(ZeroDivisionError), log.engine.begin() as connection:
        log.write("mod", "ban", "account 9", "", connection)
        raise ZeroDivisionError
    with pytest.raises(RakkanError, match="characters"):
        log.write("mod", "ban", "x", "y" * 2001)
    assert log.verify() == 5
