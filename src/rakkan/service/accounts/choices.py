"""What an account has chosen once for the requests that follow, at whatever server they come in."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select, update

from rakkan.errors import RakkanError
from rakkan.service.accounts.ground import Ground
from rakkan.service.accounts.tables import CHOICES
from rakkan.store.database import insert_new, transaction

_LONGEST = 200


@dataclass(frozen=True)
class Choices:
    """The choices in a database."""

    ground: Ground

    def model(self, account: str) -> str:
        """The name of the model that an account has chosen, "" for none."""
        with transaction(self.ground.engine) as connection:
            chosen = connection.scalar(select(CHOICES.c.model).where(CHOICES.c.account == account))
        return chosen or ""

    def choose_model(self, account: str, name: str) -> None:
        """Choose a model by its name (200 characters at most), "" for none. Raises RakkanError."""
        if len(name) > _LONGEST:
            raise RakkanError("The name of the model is too long", f"Give {_LONGEST} characters at most")
        own = CHOICES.c.account == account
        with transaction(self.ground.engine) as connection:
            if not name:
                connection.execute(delete(CHOICES).where(own))
                return
            insert_new(connection, CHOICES, {"account": account, "model": name})
            connection.execute(update(CHOICES).where(own).values(model=name))
