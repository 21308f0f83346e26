"""Migrations, up and down, with rows in the tables; and that they make what the code says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Engine, Table, insert, select
from tests.service import postgres

from rakkan.errors import RakkanError
from rakkan.service import migrating
from rakkan.service.tables import METADATA
from rakkan.store import database

WITH_POSTGRES = pytest.param(
    "postgresql", marks=pytest.mark.skipif(not postgres.is_there(), reason="there is no PostgreSQL here")
)
pytestmark = pytest.mark.parametrize("server", ["sqlite", WITH_POSTGRES], indirect=True)


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a PostgreSQL, "" for SQLite."""
    if request.param == "sqlite":
        yield ""
        return
    with postgres.postgres(durable=False) as url:
        yield url


@pytest.fixture
def engine(server: str, tmp_path: Path) -> Iterator[Engine]:
    if not server:
        yield database.connect(database.url_of(tmp_path / "database.sqlite"))
        return
    made = database.connect(server)
    yield made
    with made.begin() as connection:
        connection.execute(sqlalchemy.text("DROP SCHEMA public CASCADE"))
        connection.execute(sqlalchemy.text("CREATE SCHEMA public"))
    made.dispose()


def row(table: Table, number: int) -> dict[str, object]:
    """A row that a table takes, by the types of its columns alone; where values are checked, the first."""
    made: dict[str, object] = {}
    for column in table.columns:
        kind = column.type
        if isinstance(kind, sqlalchemy.LargeBinary):
            made[column.name] = bytes([number]) * (kind.length or 4)
        elif isinstance(kind, sqlalchemy.Boolean):
            made[column.name] = bool(number % 2)
        elif isinstance(kind, sqlalchemy.Integer | sqlalchemy.Numeric):
            made[column.name] = number
        else:
            made[column.name] = f"{number}"
    for constraint in table.constraints:
        if isinstance(constraint, sqlalchemy.CheckConstraint):
            text = str(constraint.sqltext)
            for column in table.columns:
                if text.startswith(f"{column.name} IN ('"):
                    made[column.name] = text.split("'")[1]
    return made


def contents(engine: Engine, tables: list[Table]) -> dict[str, list[tuple[object, ...]]]:
    with engine.connect() as connection:
        return {one.name: [tuple(found) for found in connection.execute(select(one))] for one in tables}


def test_the_migrations_make_the_tables_that_the_code_says(engine: Engine) -> None:
    migrating.upgrade(engine)
    with engine.connect() as connection:
        told = MigrationContext.configure(
            connection, opts={"version_table": migrating.VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(told, METADATA) == []


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    migrating.upgrade(engine)
    tables = list(METADATA.sorted_tables)
    with engine.begin() as connection:
        for table in tables:
            connection.execute(insert(table).values(row(table, 1)))
    before = contents(engine, tables)
    migrating.upgrade(engine)
    assert contents(engine, tables) == before


@pytest.mark.parametrize("revision", migrating.revisions())
def test_rows_outlive_the_way_up_from_each_revision_and_back(engine: Engine, revision: str) -> None:
    migrating.upgrade(engine, revision)
    inspector = sqlalchemy.inspect(engine)
    there = [one for one in METADATA.sorted_tables if inspector.has_table(one.name)]
    assert there
    with engine.begin() as connection:
        for number in (1, 2):
            for table in there:
                connection.execute(insert(table).values(row(table, number)))
    before = contents(engine, there)
    assert all(len(rows) == 2 for rows in before.values())
    migrating.upgrade(engine)
    assert contents(engine, there) == before
    migrating.downgrade(engine, revision)
    assert contents(engine, there) == before
    inspector = sqlalchemy.inspect(engine)
    assert {one.name for one in METADATA.sorted_tables if inspector.has_table(one.name)} == {
        one.name for one in there
    }


def test_tables_from_the_future_are_refused_and_left_alone(engine: Engine) -> None:
    migrating.upgrade(engine)
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text(f"UPDATE {migrating.VERSION_TABLE} SET version_num = '9999_later'")
        )
    with pytest.raises(RakkanError, match="cannot be used"):
        migrating.upgrade(engine)
    assert sqlalchemy.inspect(engine).has_table("accounts")


def test_servers_that_start_at_once_migrate_once(engine: Engine) -> None:
    faults: list[Exception] = []

    def start() -> None:
        own = database.connect(engine.url.render_as_string(hide_password=False))
        try:
            migrating.upgrade(own)
        except Exception as error:
            faults.append(error)
        finally:
            own.dispose()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sqlalchemy.inspect(engine).has_table("deliveries")


def test_a_migration_that_is_cut_off_leaves_what_was_there(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = migrating.revisions()[0]
    migrating.upgrade(engine, first)
    before = set(sqlalchemy.inspect(engine).get_table_names())

    made = Operations.create_index
    calls = 0

    def failing(*given: object, **named: object) -> object:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt
        return made(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Operations, "create_index", failing)
    with pytest.raises(KeyboardInterrupt):
        migrating.upgrade(engine)
    monkeypatch.undo()
    assert calls == 4
    assert set(sqlalchemy.inspect(engine).get_table_names()) == before
    migrating.upgrade(engine)
    assert sqlalchemy.inspect(engine).has_table("deliveries")
