"""Bodies of requests while they are needed: in memory alone, and only so many bytes of all together.

What people send is private until the gate has let it in and the vault has encrypted it, so nothing of it is
spooled to a disk on the way. Memory has an end in exchange: what does not fit is put off with 503. Bodies of
some kilobytes, which is all but pictures, always fit.

Where nobody has to be anybody (a claim with a picture), what comes in is bounded besides by its network and
for all visitors together, in number at once and in bytes an hour; the pool is small enough that those who
have an account always find room. A claim by a link or by digests passes whatever the pool holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

from rakkan.service.budgets import windows
from rakkan.service.budgets.windows import HOUR, Counter
from rakkan.service.errors import Busy, Refusal, TooMany

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.requests import Request

MIB = 1024 * 1024
#: Bytes of a body that nobody counts.
SMALL = 64 * 1024
#: Fields of a form besides its files.
_FIELDS = 64
#: Seconds after which to come again when there is no room: about as long as an upload takes.
_AGAIN = 10.0
#: Networks whose hour is remembered; a hundred bytes each.
_MOST_NETWORKS = 50_000


@dataclass(frozen=True)
class Most:
    """Bounds of one process, in bytes. ``held``: of all bodies at once, ``of_one`` of one account's, the
    largest import, and ``of_visitors`` of all without one; ``at_once`` bodies, and bytes an ``hour``, of a
    visitor's network and of all visitors together: two large pictures in a hurry, and some hundred usual
    ones an hour, of all in the world what a small machine looks at without being kept from other work."""

    held: int = 384 * MIB
    of_one: int = 256 * MIB
    of_visitors: int = 96 * MIB
    at_once: tuple[int, int] = (2, 16)
    hour: tuple[int, int] = (256 * MIB, 2048 * MIB)


@dataclass
class Sender:
    """What is held of somebody's: bytes, in how many bodies."""

    held: int = 0
    bodies: int = 0


@dataclass
class Bodies:
    """The bodies that one process holds; of one event loop. ``clock`` gives seconds since 1970."""

    most: Most = field(default_factory=Most)
    clock: Callable[[], float] = time.time
    held: int = 0
    visitors: Sender = field(default_factory=Sender)
    _senders: dict[str, Sender] = field(default_factory=dict)
    _hours: dict[str, Counter] = field(default_factory=dict)
    _hour: Counter = windows.NONE

    def enter(self, sender: str, told: int, *, visitor: bool = False) -> Stay:
        """A body of ``told`` bytes, 0 where it does not say, begins to come in from an account, or from a
        visitor's network. Raises Busy or TooMany where it is known to be too much."""
        stay = Stay(self, sender, visitor)
        if told > SMALL:
            self.check(stay, told)
        return stay

    def check(self, stay: Stay, more: int) -> None:
        """Raise Busy or TooMany unless ``more`` bytes have room, and one more body if the stay has none."""
        own = self._senders.get(stay.sender, Sender())
        if stay.visitor:
            self._check_visitor(own, stay, more)
        elif own.held + more > self.most.of_one:
            raise TooMany("You are sending too much at once", "Send one thing after the other", _AGAIN)
        if self.held + more > self.most.held:
            raise Busy("More is being sent than can be held now", "Try again in a moment", _AGAIN)

    def take(self, stay: Stay, more: int) -> None:
        """``more`` bytes of a body have come in. Raises Busy or TooMany."""
        self.check(stay, more)
        own = self._senders.setdefault(stay.sender, Sender())
        if not stay.held:
            own.bodies += 1
            self.visitors.bodies += stay.visitor
        own.held += more
        self.held += more
        stay.held += more
        if stay.visitor:
            now = self.clock()
            self.visitors.held += more
            self._hour = windows.added(self._hour, now, HOUR, more)
            if len(self._hours) >= _MOST_NETWORKS:
                self._hours.clear()  # what all send together is remembered
            self._hours[stay.sender] = windows.added(
                self._hours.get(stay.sender, windows.NONE), now, HOUR, more
            )

    def release(self, stay: Stay) -> None:
        """A body is needed no more."""
        if not stay.held:
            return
        own = self._senders[stay.sender]
        own.held, own.bodies = own.held - stay.held, own.bodies - 1
        if not own.bodies:
            del self._senders[stay.sender]
        self.held -= stay.held
        if stay.visitor:
            self.visitors.held -= stay.held
            self.visitors.bodies -= 1
        stay.held = 0

    def _check_visitor(self, own: Sender, stay: Stay, more: int) -> None:
        most, now, new = self.most, self.clock(), not stay.held
        if new and own.bodies >= most.at_once[0]:
            raise _crowded(_AGAIN)
        hours = self._hours.get(stay.sender, windows.NONE)
        if waits := windows.wait(hours, now, HOUR, max(1, most.hour[0] - more + 1)):
            raise _crowded(waits)
        if (new and self.visitors.bodies >= most.at_once[1]) or self.visitors.held + more > most.of_visitors:
            raise _busy(_AGAIN)
        if waits := windows.wait(self._hour, now, HOUR, max(1, most.hour[1] - more + 1)):
            raise _busy(waits)


@dataclass
class Stay:
    """A body that comes in and stays until ``leave``. ``held`` are its bytes beyond what nobody counts."""

    bodies: Bodies
    sender: str
    visitor: bool
    held: int = 0
    _came: int = 0

    def take(self, count: int) -> None:
        """Some bytes have come. Raises Busy or TooMany when they are too much."""
        self._came += count
        more = max(0, self._came - SMALL) - self.held
        if more:
            self.bodies.take(self, more)

    def leave(self) -> None:
        """The request is over."""
        self.bodies.release(self)


class _InMemory(MultiPartParser):
    """Starlette's parser, whose files go to an unnamed file of the system's from a size on: 0 is for never
    (tempfile.SpooledTemporaryFile)."""

    spool_max_size = 0


async def read_form(request: Request, files: int) -> FormData:
    """The form of a request, held in memory and kept with it, so that it is read once. Raises HTTPException
    for one that cannot be read, or has more than ``files`` files."""
    if not request.headers["content-type"].lower().startswith("multipart/"):
        return await request.form(max_fields=_FIELDS)
    try:
        async with aclosing(request.stream()) as stream:
            parser = _InMemory(request.headers, stream, max_files=files, max_fields=_FIELDS)
            request._form = await parser.parse()
    except MultiPartException as error:
        raise HTTPException(400, error.message) from None
    return request._form


def _busy(seconds: float) -> Refusal:
    return Busy(
        "More is being sent by visitors than can be looked at now",
        "Try again later, or send a link or digests, which are taken at any time",
        seconds,
    )


def _crowded(seconds: float) -> Refusal:
    return TooMany(
        "Too much has been sent from your network",
        "Try again later, or send a link or digests, which are taken at any time",
        seconds,
    )
