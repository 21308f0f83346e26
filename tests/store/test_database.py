"""The database: what is deleted is gone from its files, and schemas are not mixed up."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy

from rakkan.errors import RakkanError
from rakkan.store import database


def notes() -> tuple[sqlalchemy.MetaData, sqlalchemy.Table]:
    tables = sqlalchemy.MetaData()
    return tables, sqlalchemy.Table("notes", tables, sqlalchemy.Column("text", sqlalchemy.LargeBinary))


def found(folder: Path, needle: bytes) -> bool:
    return any(needle in path.read_bytes() for path in folder.iterdir())


def test_deleted_rows_leave_no_trace_in_the_files(tmp_path: Path) -> None:
    engine = database.connect(database.url_of(tmp_path / "a.sqlite"))
    tables, table = notes()
    database.prepare(engine, "notes", 1, tables)
    secret = os.urandom(24)
    with database.transaction(engine) as connection:
        connection.execute(table.insert(), [{"text": secret}, {"text": b"kept"}])
    assert found(tmp_path, secret), "the search would find it"
    with database.transaction(engine) as connection:
        connection.execute(table.delete().where(table.c.text == secret))
    assert found(tmp_path, secret), "without forgetting, the write-ahead log still has it"
    database.forget_deleted(engine)
    assert not found(tmp_path, secret)
    assert found(tmp_path, b"kept")


def test_the_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    engine = database.connect(database.url_of(tmp_path / "a.sqlite"))
    tables, table = notes()
    database.prepare(engine, "notes", 1, tables)
    with database.transaction(engine) as connection:
        connection.execute(table.insert(), [{"text": b"x"}])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    with pytest.raises(RakkanError, match="cannot be used: no such file"):
        database.connect(database.url_of(tmp_path / "nowhere" / "a.sqlite"))


def test_a_reader_that_does_not_let_go_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0)
    engine = database.connect(database.url_of(tmp_path / "a.sqlite"))
    tables, table = notes()
    database.prepare(engine, "notes", 1, tables)
    with database.transaction(engine) as connection:
        connection.execute(table.insert(), [{"text": b"x"}])
    with engine.connect() as reader:
        reader.exec_driver_sql("BEGIN")
        reader.execute(sqlalchemy.select(table)).all()
        with database.transaction(engine) as connection:
            connection.execute(table.delete())
        with pytest.raises(RakkanError, match="write-ahead log"):
            database.forget_deleted(engine)
    database.forget_deleted(engine)


def test_a_transaction_is_kept_together_or_not_at_all(tmp_path: Path) -> None:
    engine = database.connect(database.url_of(tmp_path / "a.sqlite"))
    tables, table = notes()
    database.prepare(engine, "notes", 1, tables)
    with pytest.raises(ZeroDivisionError), database.transaction(engine) as connection:
        connection.execute(table.insert(), [{"text": b"x"}])
        raise ZeroDivisionError
    with database.transaction(engine) as connection:
        assert connection.execute(sqlalchemy.select(table)).all() == []


def test_a_schema_of_another_version_is_refused(tmp_path: Path) -> None:
    url = database.url_of(tmp_path / "a.sqlite")
    database.prepare(database.connect(url), "notes", 1, notes()[0])
    database.prepare(database.connect(url), "notes", 1, notes()[0])
    database.prepare(database.connect(url), "others", 5, sqlalchemy.MetaData())
    with pytest.raises(RakkanError, match="version 1 of 'notes', not 2"):
        database.prepare(database.connect(url), "notes", 2, notes()[0])


def test_many_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    url = database.url_of(tmp_path / "a.sqlite")
    faults: list[Exception] = []

    def work() -> None:
        try:
            database.prepare(database.connect(url), "notes", 1, notes()[0])
        except Exception as error:
            faults.append(error)

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []


def test_a_row_that_is_there_stays_as_it_was(tmp_path: Path) -> None:
    engine = database.connect(database.url_of(tmp_path / "a.sqlite"))
    tables = sqlalchemy.MetaData()
    name = sqlalchemy.Column("name", sqlalchemy.String(8), primary_key=True)
    handle = sqlalchemy.Column("handle", sqlalchemy.String(8), unique=True)
    table = sqlalchemy.Table("people", tables, name, handle)
    database.prepare(engine, "people", 1, tables)
    with database.transaction(engine) as connection:
        assert database.insert_new(connection, table, {"name": "a", "handle": "x"})
        assert not database.insert_new(connection, table, {"name": "a", "handle": "y"})
        assert not database.insert_new(connection, table, {"name": "b", "handle": "x"})
        assert connection.execute(sqlalchemy.select(table)).all() == [("a", "x")]


def test_whoever_reads_before_they_write_need_not_do_it_again(tmp_path: Path) -> None:
    engine = database.connect(database.url_of(tmp_path / "a.sqlite"))
    tables = sqlalchemy.MetaData()
    table = sqlalchemy.Table("counts", tables, sqlalchemy.Column("count", sqlalchemy.Integer))
    database.prepare(engine, "counts", 1, tables)
    with database.transaction(engine) as connection:
        connection.execute(table.insert(), [{"count": 0}])

    def work() -> None:
        for _ in range(5):
            with database.writing(engine) as connection:
                count = connection.scalar(sqlalchemy.select(table.c.count)) or 0
                connection.execute(table.update().values(count=count + 1))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.transaction(engine) as connection:
        assert connection.scalar(sqlalchemy.select(table.c.count)) == 20


def test_how_databases_lock_and_skip_rows_is_known_in_one_place() -> None:
    source = Path(database.__file__).parents[1]
    for words in ("BEGIN IMMEDIATE", "on_conflict_do_nothing", "OR IGNORE"):
        found = [path.name for path in source.rglob("*.py") if words in path.read_text()]
        assert found in ([], ["database.py"]), words


@pytest.mark.parametrize("url", ["nonsense", "no-such-database:///x", ""])
def test_an_address_that_is_none_is_a_fault_in_words(url: str) -> None:
    with pytest.raises(RakkanError, match="address"):
        database.connect(url)


def test_a_database_that_is_none_is_a_fault_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"this is not a database" * 100)
    with pytest.raises(RakkanError, match="cannot be used"):
        database.prepare(database.connect(database.url_of(tmp_path / "a.sqlite")), "notes", 1, notes()[0])
    with pytest.raises(RakkanError, match="cannot be used"):
        database.prepare(
            database.connect(database.url_of(tmp_path / "no" / "folder.sqlite")), "notes", 1, notes()[0]
        )


def test_what_is_committed_is_flushed(tmp_path: Path) -> None:
    engine = database.connect(database.url_of(tmp_path / "a.sqlite"))
    with engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def test_the_log_is_turned_on_however_long_another_holds_the_file(tmp_path: Path) -> None:
    """SQLite may answer at once that a file is locked when its journal is to change, whatever it is told."""
    import sqlite3
    import time

    file = tmp_path / "new.db"
    held = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    held.execute("CREATE TABLE first (number INTEGER)")
    held.execute("BEGIN EXCLUSIVE")

    def let_go() -> None:
        time.sleep(0.4)
        held.execute("COMMIT")
        held.close()

    thread = Thread(target=let_go)
    thread.start()
    engine = database.connect(database.url_of(file))
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    thread.join()
    engine.dispose()
