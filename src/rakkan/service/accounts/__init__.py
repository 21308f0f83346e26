"""Accounts: who is here, how they prove it, and where they belong."""

from rakkan.service.accounts.facade import Accounts
from rakkan.service.accounts.ground import Visit
from rakkan.service.accounts.passkeys import Party

__all__ = ["Accounts", "Party", "Visit"]
