"""What pages show of the budgets, whichever part keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Spent:
    """A budget of an account: ``used`` of ``most``. ``label`` is create, requests, pairs, egress or storage;
    ``renews`` says when, "" if it does not."""

    label: str
    used: int
    most: int
    unit: str = ""
    renews: str = ""


class AlarmDesk(Protocol):
    """Where alarms are shown, appealed against and decided (``budgets.desk.Desk``)."""

    def alarms(self, state: str = "", account: str = "") -> Sequence[Any]:
        """Alarms, the newest first: of a state, of an account, or all."""

    def concerned(self, identifier: str) -> list[str]:
        """The accounts an alarm was raised for."""

    def evidence(self, identifier: str, account: str = "") -> bytes:
        """The signed bundle of an alarm."""

    def appeal(self, identifier: str, account: str, words: str) -> Any:
        """An account appeals against an alarm."""

    def words(self, identifier: str) -> str:
        """What was said in an appeal."""

    def settle(self, identifier: str, upheld: bool) -> Any:
        """A moderator decides."""


class Limiting(Protocol):
    """The budgets of a service."""

    @property
    def desk(self) -> AlarmDesk:
        """Where alarms are decided."""

    def spent(self, account: str) -> Sequence[Spent]:
        """What an account has used of its budgets."""

    def forget(self, account: str) -> None:
        """Delete all that is known of an account."""
