"""Saying that accounts are paid by one purse, so that the budgets count them together."""

from __future__ import annotations

from rakkan.errors import RakkanError
from rakkan.service.accounts import Accounts
from rakkan.service.budgets.store import Budgets
from rakkan.service.errors import NotFound

LONGEST = 200


def link(accounts: Accounts, budgets: Budgets, handle: str, label: str, by: str = "") -> None:
    """The account of ``handle`` is paid by what ``label`` names; only a keyed digest of it is kept.

    ``by`` is who says so, for the audit log. Raises NotFound, and RakkanError for a label that is none.
    """
    label = label.strip()
    if not 0 < len(label) <= LONGEST:
        raise RakkanError("The label of a payment cannot be used", f"Give 1 to {LONGEST} characters")
    found = accounts.people.find(handle)
    if found is None or found.state == "closed":
        raise NotFound("There is no such account", "Look for it in the list of accounts")
    budgets.linked(found.identifier, "payment", label.casefold())
    accounts.audit("payment linked", by, found.identifier)
