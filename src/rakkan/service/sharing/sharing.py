"""Sharing characters: published by their makers alone, as they choose, and taken back at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, delete, insert, select, update

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.errors import Conflict, Forbidden, NotFound
from rakkan.service.pictures import cursors
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import MOST_ROWS, character_identifier
from rakkan.service.pictures.visibility import demand_account, demand_moderator
from rakkan.service.schema import is_identifier
from rakkan.service.sharing import rows
from rakkan.service.sharing.records import Credit, Shared, SharedPage, SharedState, checked_terms
from rakkan.service.sharing.tables import CREDITS, SHARED, SHARED_TERMS
from rakkan.store import sealing
from rakkan.store.database import insert_new, transaction

if TYPE_CHECKING:
    from rakkan.casting import Casting
    from rakkan.studio.characters.keeping import Kept, Loan
    from rakkan.studio.characters.records import Character

#: Copies of copies whose makers are named.
_MOST_CREDITS = 8


@dataclass(frozen=True)
class Sharing:
    """The shared characters of an instance, beside its ``catalogue``. ``casting`` gives what keeps
    characters."""

    catalogue: Catalogue
    casting: Callable[[], Casting]

    # ---- what their makers do

    def publish(self, actor: Actor, name: str, terms: str) -> Shared:
        """Share the newest version of a character of the actor's own; one that is shared already takes the
        new version and the new terms, and keeps its place.

        Raises Conflict for one that a decision concerns, RakkanError for one that is not there, for unknown
        terms, and for words that may not stand here.
        """
        demand_account(actor)
        told, casting = checked_terms(terms), self.casting()
        kept = casting.characters.find(name.rpartition("@")[0] or name, actor.account)
        called = kept.version.name
        self.catalogue.consider(called)
        identifier = character_identifier(actor.account, called)
        history = [one.digest for one in casting.characters.since(kept.digest, called, actor.account)]
        now = int(self.catalogue.clock() * 1000)
        fresh = {"head": kept.digest, "number": kept.version.number, "terms": told, "name": called}
        row = {"identifier": identifier, "account": actor.account, "state": "published", "published": now}
        with transaction(self.engine) as connection:
            down = select(SHARED.c.identifier).where(
                SHARED.c.state != "published", rows.going_on_from(history)
            )
            if connection.scalar(down.limit(1)) is not None:
                raise _decided()
            if not insert_new(connection, SHARED, row | fresh):
                one = update(SHARED).where(SHARED.c.identifier == identifier, SHARED.c.state == "published")
                if not connection.execute(one.values(fresh)).rowcount:
                    raise _decided()
            self._describe(connection, identifier, rows.terms_of(called, kept.version.tags, history))
            found = rows.row_of(connection, identifier)
        assert found is not None
        return found

    def withdraw(self, actor: Actor, identifier: str) -> None:
        """Share a character of the actor's own no longer: from now on nobody else sees it or draws with it.
        Copies stay. Raises NotFound for what the actor does not share, Conflict for what a decision
        concerns."""
        with transaction(self.engine) as connection:
            found = rows.row_of(connection, identifier, SHARED.c.account == actor.account)
            if found is None or not actor.account:
                raise _none()
            one = delete(SHARED).where(SHARED.c.identifier == identifier, SHARED.c.state == "published")
            if not connection.execute(one).rowcount:
                raise _decided()
            connection.execute(delete(SHARED_TERMS).where(SHARED_TERMS.c.character == identifier))

    def demand_free(self, account: str, name: str) -> None:
        """Raise Conflict for a character that is shared by this name: it cannot take another, or go."""
        if self.of(account).get(character_identifier(account, name)) is not None:
            raise Conflict(f"{name!r} is shared by this name", "Withdraw it first, then share it again")

    def let_go(self, actor: Actor, name: str) -> None:
        """What comes before a character is removed: it is withdrawn. Raises Conflict for one that a decision
        concerns: it is evidence."""
        identifier = character_identifier(actor.account, name)
        if identifier in self.of(actor.account):
            self.withdraw(actor, identifier)

    # ---- what others see

    def get(self, actor: Actor, identifier: str) -> Shared:
        """A shared character that the actor may know of: a published one whose maker is here, their own, any
        as a moderator. Raises NotFound."""
        whatever = SHARED.c.identifier == identifier
        seen = whatever if actor.at_least("moderator") else rows.open_ones()
        if actor.account:
            seen = seen | (SHARED.c.account == actor.account)
        with transaction(self.engine) as connection:
            found = rows.row_of(connection, identifier, seen)
        if found is None:
            raise _none()
        return found

    def published(self, identifier: str) -> Shared:
        """A character that is there for everybody. Raises NotFound."""
        with transaction(self.engine) as connection:
            found = rows.row_of(connection, identifier, rows.open_ones())
        if found is None:
            raise _none()
        return found

    def among(self, identifiers: Iterable[str]) -> dict[str, Shared]:
        """Those of some characters that are there for everybody."""
        asked = sorted(set(filter(None, identifiers)))
        query = select(SHARED).where(SHARED.c.identifier.in_(asked), rows.open_ones())
        with transaction(self.engine) as connection:
            return {row.identifier: rows.shared(row) for row in connection.execute(query)} if asked else {}

    def of(self, account: str) -> dict[str, Shared]:
        """What an account shares, and what was taken down of it, by identifier."""
        with transaction(self.engine) as connection:
            found = connection.execute(select(SHARED).where(SHARED.c.account == account))
            return {row.identifier: rows.shared(row) for row in found}

    def listed(
        self, text: str = "", tag: str = "", cursor: str = "", most: int = 24, account: str = ""
    ) -> SharedPage:
        """A page of published characters, the newest first, 1 to 100 of them; see ``rows.listed``. Raises
        RakkanError for a cursor of another list and for what is no tag."""
        most = max(1, min(most, MOST_ROWS))
        about = json.dumps(["shared characters", text, tag, account])
        place = cursors.read(self._cursors, about, cursor)
        with transaction(self.engine) as connection:
            found = connection.execute(rows.listed(text, tag, account, place, most + 1)).all()
        cards = tuple(rows.card(row) for row in found[:most])
        last = cards[-1].shared if len(found) > most else None
        after = cursors.write(self._cursors, about, (last.published, last.identifier)) if last else ""
        return SharedPage(cards, after)

    def history(self, shared: Shared) -> list[Kept[Character]]:
        """The version that is shared and those before it, newest first. Raises NotFound when its maker has
        removed it meanwhile."""
        try:
            return list(self.casting().characters.since(shared.head, shared.name, shared.account))
        except RakkanError as error:
            raise _none() from error

    # ---- what others do with it

    def lend(self, account: str, named: str) -> Loan | None:
        """What ``named`` draws with for an account: a character by its identifier, its own or a shared one;
        None for what is a name. Raises NotFound for an identifier of nothing the account may draw with."""
        from rakkan.studio.characters.keeping import Loan

        if not is_identifier(named):
            return None
        own = self.casting().characters.all(account)
        if any(one.version.name.casefold() == named for one in own):
            return None
        for one in own:
            if character_identifier(account, one.version.name) == named:
                return Loan(one, account)
        shared = self.published(named)
        return Loan(self.history(shared)[0], shared.account)

    def copy(self, actor: Actor, identifier: str, name: str = "") -> Kept[Character]:
        """Take a copy of a published character, under ``name`` ("" for its own), with credit to its maker.
        Raises NotFound, Forbidden where only drawing is allowed, Conflict for one's
        own, and what ``casting.copying.copy`` does."""
        from rakkan.studio.characters.keeping import Loan
        from rakkan.trust.policy import account_subject

        demand_account(actor)
        shared = self.copyable(identifier)
        if shared.account == actor.account:
            raise Conflict("This character is your own", "Revise it, or make another")
        history = self.history(shared)
        maker = account_subject(shared.account).digests["sha256"]
        # No handle: the gate would look for people in it, and it would outlive its account.
        because = f"a copy of version {shared.number}"
        made = self.casting().copy(
            Loan(history[0], shared.account), name or shared.name, because, maker, actor.account
        )
        before = self.credits(shared.account, [one.digest for one in history])
        first = Credit(1, shared.identifier, shared.account, shared.name, shared.head)
        now = int(self.catalogue.clock() * 1000)
        with transaction(self.engine) as connection:
            for step, one in enumerate((first, *before)[:_MOST_CREDITS], 1):
                row = {**vars(one), "step": step, "account": actor.account, "copy": made.digest}
                insert_new(connection, CREDITS, row | {"created": now})
        return made

    def copyable(self, identifier: str) -> Shared:
        """A published character that others may take a copy of. Raises NotFound, and Forbidden where only
        drawing is allowed."""
        shared = self.published(identifier)
        if not shared.may_be_copied:
            raise Forbidden("Its maker lets others draw with it alone", "Draw with it instead of copying it")
        return shared

    def credits(self, account: str, versions: Iterable[str]) -> tuple[Credit, ...]:
        """What a character of an account was copied from, the nearest first, by all its versions."""
        query = select(CREDITS).where(CREDITS.c.account == account, CREDITS.c.copy.in_(list(versions)))
        with transaction(self.engine) as connection:
            found = connection.execute(query.order_by(CREDITS.c.step)).all()
        return tuple(Credit(row.step, row.original, row.maker, row.name, row.head) for row in found)

    # ---- moderation, and the end

    def covered(self, digests: Iterable[str]) -> list[Shared]:
        """The shared characters that have one of these versions."""
        given = sorted(set(digests))
        with transaction(self.engine) as connection:
            found = connection.execute(select(SHARED).where(rows.going_on_from(given)))
            return [rows.shared(row) for row in found] if given else []

    def versions(self, identifier: str) -> list[str]:
        """The versions of a shared character, as decisions about it name them."""
        query = select(SHARED_TERMS.c.tag).where(SHARED_TERMS.c.character == identifier)
        query = query.where(SHARED_TERMS.c.tag.startswith(rows.OF_VERSION))
        with transaction(self.engine) as connection:
            return [tag.removeprefix(rows.OF_VERSION) for tag in connection.scalars(query)]

    def set_state(self, actor: Actor, identifier: str, state: SharedState, because: str) -> None:
        """Hide a shared character, remove it, or put it back. Raises Forbidden, NotFound."""
        demand_moderator(actor)
        words = {"hidden": "hide", "removed": "remove", "published": "restore"}
        with transaction(self.engine) as connection:
            audit = self.catalogue.audit
            audit.write(actor.account, f"character {words[state]}", identifier, because, connection)
            one = update(SHARED).where(SHARED.c.identifier == identifier)
            if not connection.execute(one.values(state=state)).rowcount:
                raise _none()

    def forget(self, account: str) -> None:
        """Delete what is here of an account that is erased; copies that others took stay, without a name."""
        own = select(SHARED.c.identifier).where(SHARED.c.account == account)
        with transaction(self.engine) as connection:
            connection.execute(delete(SHARED_TERMS).where(SHARED_TERMS.c.character.in_(own)))
            connection.execute(delete(SHARED).where(SHARED.c.account == account))
            connection.execute(delete(CREDITS).where(CREDITS.c.account == account))
            one = update(CREDITS).where(CREDITS.c.maker == account)
            connection.execute(one.values(maker="", name="", original=""))

    # ---- helpers

    @property
    def engine(self) -> Engine:
        """The database."""
        return self.catalogue.engine

    @cached_property
    def _cursors(self) -> bytes:
        return sealing.derive(self.catalogue.key, "rakkan shared characters cursors 1")

    def _describe(self, connection: Connection, identifier: str, terms: Iterable[str]) -> None:
        connection.execute(delete(SHARED_TERMS).where(SHARED_TERMS.c.character == identifier))
        connection.execute(insert(SHARED_TERMS), [{"tag": term, "character": identifier} for term in terms])


def _none() -> NotFound:
    return NotFound("There is no such character", "Look among those that are shared")


def _decided() -> Conflict:
    return Conflict("This character was taken down", "Appeal against the decision")
