"""Erasing an account: everything of it, everywhere, however often it is interrupted.

Each step can be done again. The first lets nobody in any more and the last deletes the account's own row, so
that until then ``Accounts.closing`` names what is still to be done; the server's upkeep goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from rakkan.service.accounts import Accounts
from rakkan.service.arrivals.texts import Texts
from rakkan.service.arrivals.uploads import Uploads
from rakkan.service.budgets.store import Budgets
from rakkan.service.errors import NotFound
from rakkan.service.jobs.queue import Queue
from rakkan.service.making.transit import Transit
from rakkan.service.moderation.bans import Bans
from rakkan.service.moderation.reports import Reports
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.sharing.sharing import Sharing
from rakkan.store import database


@dataclass(frozen=True)
class Closing:
    """Whatever keeps anything of an account. ``erase`` shreds what the vault and the ledger hold of it."""

    accounts: Accounts
    queue: Queue
    catalogue: Catalogue
    sharing: Sharing
    reports: Reports
    bans: Bans
    budgets: Budgets
    transit: Transit
    uploads: Uploads
    texts: Texts
    erase: Callable[[str], object]

    def begin(self, account: str) -> None:
        """Let nobody in with an account any more, and stop its jobs. Raises what ``begin_closing`` does."""
        self.accounts.begin_closing(account)
        for job in self._at_work(account):
            with suppress(NotFound):
                self.queue.cancel(account, job)

    def finish(self, account: str) -> bool:
        """Erase an account that is closing; False while a worker still draws for it, which would keep what it
        makes. Raises RakkanError, and can then be done again."""
        if self._at_work(account):
            return False
        self.queue.forget_account(account)
        self.reports.forget(account)
        self.bans.forget(account)
        self.sharing.forget(account)
        self.catalogue.forget(account)
        self.uploads.forget_account(account)
        self.texts.forget_account(account)
        self.transit.forget_account(account)
        self.erase(account)
        self.budgets.forget(account)
        with suppress(NotFound):  # somebody else has finished it meanwhile
            self.accounts.close(account)
        database.forget_deleted(self.catalogue.engine)
        return True

    def go_on(self) -> int:
        """Go on with all accounts that are closing; how many are gone now."""
        gone = 0
        for account in self.accounts.closing():
            with suppress(NotFound):
                self.begin(account)
                gone += self.finish(account)
        return gone

    def _at_work(self, account: str) -> list[str]:
        found = self.queue.page(account, limit=200, states=("waiting", "running"))
        return [job.identifier for job in found]
