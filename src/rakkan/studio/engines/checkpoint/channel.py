"""What passes between a process that has the keys and one that computes for it: messages, bytes, memory.

The one that has the keys sends pickles. What it is sent back is JSON, bytes and memory, under caps: it
believes nothing of a process that has worked on weights from outside without looking.
"""

from __future__ import annotations

import json
import os
import socket
from multiprocessing.connection import Connection
from typing import Any

from rakkan.studio.engines.checkpoint.graphs import Graph

#: Bytes of one message, and of a network's description, that are accepted from a process without keys.
LONGEST_MESSAGE = 2**20
LONGEST_DESCRIPTION = 2**28


def say(pipe: Connection, kind: str, content: Any) -> None:
    """Send a message that ``hear`` receives; ``content`` is what JSON holds."""
    pipe.send_bytes(json.dumps([kind, content]).encode())


def hear(pipe: Connection) -> tuple[str, Any]:
    """Receive what ``say`` sent. Raises OSError or EOFError when that is not what comes."""
    try:
        kind, content = json.loads(pipe.recv_bytes(LONGEST_MESSAGE))
    except ValueError as error:
        raise OSError("no message") from error
    return str(kind), content


def send_graph(pipe: Connection, graph: Graph) -> None:
    """Hand over a network: its description as bytes, its weights as the very memory they lie in."""
    pipe.send_bytes(graph.description)
    with _socket(pipe) as held:
        socket.send_fds(held, [b"\0"], [graph.weights.fileno()])


def receive_graph(pipe: Connection) -> Graph:
    """What ``send_graph`` sent. Raises OSError or EOFError when that is not what comes."""
    description = pipe.recv_bytes(LONGEST_DESCRIPTION)
    with _socket(pipe) as held:
        _, files, _, _ = socket.recv_fds(held, 1, 1, socket.MSG_CMSG_CLOEXEC)
    if not files:
        raise EOFError
    return Graph(description, open(files[0], "rb", buffering=0))


def _socket(pipe: Connection) -> socket.socket:
    return socket.socket(fileno=os.dup(pipe.fileno()))
