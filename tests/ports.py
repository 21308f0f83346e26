"""Ports for servers that take a number and no socket."""

from __future__ import annotations

import random
import socket

#: Below what systems give out by themselves, so that nobody is given it until the server has it.
_LOWEST, _HIGHEST = 20_000, 32_000


def free_port() -> int:
    """A port of the loopback that nobody listens at. Raises RuntimeError when none is found."""
    chance = random.SystemRandom()
    for _ in range(100):
        port = chance.randint(_LOWEST, _HIGHEST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError("There is no free port between 20000 and 32000: stop what listens there")
