"""The database's password, and what workers do, on a real server: in no log, figure, page or archive."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from tests.service import postgres
from tests.service.hosts import Client, Host, ended, environment, server

from rakkan.service.answers import Faults, handle_faults
from rakkan.store import database
from rakkan.store.database import DatabaseFault

MARKER = "marker of / the @ database 7"
PROMPT = "1girl, lantern, teal scarf with marker ribbons"


def test_a_fault_of_the_database_does_not_tell_how_it_is_reached() -> None:
    for url in (
        f"postgresql+psycopg://rakkan:{quote(MARKER, safe='')}@127.0.0.1:1/rakkan",
        f"postgresql+psycopg://127.0.0.1:1/rakkan?user=rakkan&password={quote(MARKER, safe='')}",
    ):
        engine = database.connect(url)
        with pytest.raises(DatabaseFault) as fault, database.transaction(engine):
            pass
        for form in (MARKER, quote(MARKER, safe="")):
            assert form not in str(fault.value) and form not in repr(engine).replace("***", "")


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_nobody_is_told_what_the_database_complains_of(
    accept: str, capsys: pytest.CaptureFixture[str]
) -> None:
    app = FastAPI()
    engine = sqlalchemy.create_engine("sqlite://")

    @app.get("/")
    def broken(request: Request) -> None:
        with database.transaction(engine) as connection:
            connection.execute(sqlalchemy.text("SELECT :told FROM nowhere"), {"told": MARKER})

    handle_faults(app, lambda request, status, *told: PlainTextResponse(". ".join(told), status))
    app.add_middleware(Faults)
    reply = TestClient(app).get("/", headers={"accept": accept})
    assert reply.status_code == 503 and int(reply.headers["retry-after"]) >= 1
    assert "nowhere" not in reply.text and MARKER not in reply.text and "sqlite" not in reply.text
    logged = capsys.readouterr().err
    assert '"fault": "DatabaseFault"' in logged and MARKER not in logged and "nowhere" not in logged


def texts(host: Host) -> str:
    """All that a host and its workers have printed and logged."""
    return "".join(path.read_text() for path in sorted(host.folder.glob("*.[oe][ur][tr]")))


@pytest.mark.skipif(not postgres.is_there(), reason="there is no PostgreSQL here")
def test_a_password_of_the_database_is_nowhere(tmp_path: Path) -> None:
    with postgres.postgres(durable=False, password=MARKER) as url:
        assert quote(MARKER, safe="") in url
        told = environment(tmp_path, RAKKAN_DATABASE=url)
        wrong = environment(tmp_path, RAKKAN_DATABASE=url.replace("marker", "wrongmarker"))
        host, other = server(tmp_path / "a", told), Host(("work",), wrong, tmp_path / "b")
        with ended(host, other):
            host.start()
            client = Client([host.origin])
            client.enter(host.token, host.origin)
            ended_as = client.follow(client.submit("one", {"prompt": PROMPT, "seed": "7"}), host.origin)
            assert ended_as["event"] == "done", ended_as
            pages = [client.get(path).text for path in ("/metrics", "/account", "/about", "/nothing")]
            headers = {"origin": host.origin, "cookie": client.session, "x-csrf-token": client.csrf}
            link = client.client.post(f"{host.origin}/account/export", headers=headers).headers["location"]
            archive = zipfile.ZipFile(io.BytesIO(client.get(link).content))
            pages += [archive.read(name).decode("latin-1") for name in archive.namelist()]
            other.begin()
            assert other.process is not None and other.process.wait(120) != 0, "the password is wrong"
            postgres.stop(url)
            pages += [client.get(path).text for path in ("/gallery", "/account", "/healthz", "/api/v1/jobs")]
            host.kill_worker()
            assert host.end() is not None
        said = texts(host) + texts(other)
    assert '"route"' in said and '"fault"' in said
    for secret in (MARKER, quote(MARKER, safe=""), "wrongmarker", quote(MARKER)):
        assert secret not in said
        assert not [page for page in pages if secret in page]
    assert PROMPT not in said and "teal scarf" not in said
