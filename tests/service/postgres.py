"""A real PostgreSQL on this machine for the time of a test: a cluster of its own in a temporary folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

#: Debian keeps ``initdb`` out of the path.
_PLACES = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
USER = "rakkan"


def program(name: str) -> str | None:
    """Where one of PostgreSQL's programs is, None when it is not installed."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(_PLACES))


def is_there() -> bool:
    """Whether this machine has a PostgreSQL to test with."""
    return program("postgres") is not None and program("initdb") is not None


@contextmanager
def postgres(*, durable: bool = True, password: str = "") -> Iterator[str]:
    """A running server without a network; gives the URL (``postgresql+psycopg://…``) of an empty database.
    With a ``password``, whoever comes has to give it.

    ``durable=False`` does not wait for the disk: faster, and as good unless it is the crash that is tested.
    """
    initdb, server = program("initdb"), program("postgres")
    assert initdb and server, "PostgreSQL is missing: install it, or leave these tests out"
    folder = Path(tempfile.mkdtemp(prefix="rakkan-postgres-", dir="/tmp"))  # a socket's name is short
    # PostgreSQL refuses to be root.
    user = "nobody" if os.geteuid() == 0 else None
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
    try:
        asked = ["-A", "trust"]
        if password:
            (folder / "password").write_text(password + "\n")
            asked = ["-A", "scram-sha-256", "--pwfile", str(folder / "password")]
            if user is not None:
                shutil.chown(folder / "password", user)
        subprocess.run(
            [initdb, "-D", str(folder / "data"), "-U", USER, *asked, "-N", "-E", "UTF8", "--locale=C"],
            user=user,
            cwd=folder,
            check=True,
            capture_output=True,
            env={**os.environ, "HOME": str(folder)},
        )
        settings = {
            "unix_socket_directories": str(folder),
            "listen_addresses": "",
            "max_connections": "100",
            "shared_buffers": "32MB",
            "fsync": "on" if durable else "off",
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [server, "-D", str(folder / "data"), *arguments],
                user=user,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        told = f"{USER}:{quote(password, safe='')}" if password else USER
        url = f"postgresql+psycopg://{told}@/postgres?host={folder}"
        try:
            _await(url, process, folder / "log")
            yield url
        finally:
            process.send_signal(signal.SIGINT)  # its fast way to end
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def stop(url: str) -> None:
    """End the server of a URL before its time."""
    folder = Path(url.rpartition("host=")[2])
    os.kill(int((folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGINT)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 120
    while True:
        try:
            psycopg.connect(url.replace("+psycopg", "")).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PostgreSQL did not start: {log.read_text()[-2000:]}") from error
            time.sleep(0.05)
