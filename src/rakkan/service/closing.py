"""Erasing an account: everything of it, everywhere, however often it is interrupted.

Each step can be done again. The first lets nobody in any more and the last deletes the account's own row, so
that until then ``accounts.closing`` names what is still to be done; ``upkeep`` goes on with it.
"""

from __future__ import annotations

from contextlib import suppress

from rakkan import assemble
from rakkan.service.core import Service
from rakkan.service.errors import NotFound
from rakkan.store import database


def begin(service: Service, account: str) -> None:
    """Let nobody in with an account any more, and stop its jobs. Raises what ``begin_closing`` does."""
    service.accounts.begin_closing(account)
    for job in _at_work(service, account):
        with suppress(NotFound):
            service.queue.cancel(account, job)


def finish(service: Service, account: str) -> bool:
    """Erase an account that is closing; False while a worker still draws for it, for what it makes is kept
    when it is done. Raises RakkanError, and can then be done again."""
    if _at_work(service, account):
        return False
    service.queue.forget_account(account)
    service.reports.forget(account)
    service.bans.forget(account)
    service.catalogue.forget(account)
    assemble.erase(account)
    if service.limiting is not None:
        service.limiting.forget(account)
    service.accounts.close(account)
    database.forget_deleted(service.engine)
    return True


def go_on(service: Service) -> int:
    """Go on with all accounts that are closing; how many are gone now."""
    gone = 0
    for account in service.accounts.closing():
        begin(service, account)
        gone += finish(service, account)
    return gone


def _at_work(service: Service, account: str) -> list[str]:
    found = service.queue.page(account, limit=200, states=("waiting", "running"))
    return [job.identifier for job in found]
