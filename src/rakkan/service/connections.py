"""Connections that wait for nobody for ever: a head of a request must be there soon, and be small.

uvicorn waits for a head as long as it takes, and with httptools takes one of any size: a few hundred
connections that say nothing would keep everybody else out.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Seconds that a head may take from its first byte, or from when the connection was made; and what is left
#: of a body whose request has been answered.
HEAD_SECONDS = 10.0
#: Bytes of a head.
LARGEST_HEAD = 32 * 1024


class Bounded(HttpToolsProtocol):
    """HTTP/1.1 as uvicorn speaks it, with an end to heads."""

    _taken = 0
    _is_in_body = False
    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection has been made: its first head is awaited."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what has come in; close where a head goes on for too long."""
        before, was_in_body = self.cycle, self._is_in_body
        super().data_received(data)
        if self._is_served or self.cycle is not before:
            self._taken = 0
            self._forget_end()
            return
        if self._end is None:  # a head that has come whole, as nearly all do, needs no timer
            self._await_head()
        if was_in_body:
            return  # this is of a request that was answered before all of it had come
        self._taken += len(data)
        if self._taken > LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        """A head is whole: what comes next is its body."""
        self._is_in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is whole: what comes next is a head."""
        self._is_in_body = False
        self._forget_end()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._forget_end()
        super().connection_lost(exc)

    @property
    def _is_served(self) -> bool:
        """Whether a request has come in that is not answered yet; its body has an end of its own."""
        return self.cycle is not None and not self.cycle.response_complete

    def _await_head(self) -> None:
        self._end = self.loop.call_later(HEAD_SECONDS, self._late)

    def _late(self) -> None:
        self._end = None
        if not self._is_served and not self.transport.is_closing():
            self.transport.close()

    def _forget_end(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
