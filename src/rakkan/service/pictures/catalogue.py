"""The catalogue: pictures as they are delivered, published, taken down, found and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from rakkan.errors import RakkanError
from rakkan.records import AnyRecipe, Recipe, UpscaleRecipe, canonical_json, recipe_from_json
from rakkan.service.access.actors import Actor
from rakkan.service.errors import Conflict, NotFound
from rakkan.service.pictures import cursors, lists, tags
from rakkan.service.pictures.audit import AuditLog
from rakkan.service.pictures.forgetting import forget_about
from rakkan.service.pictures.nearness import Nearness, reader
from rakkan.service.pictures.records import (
    MOST_ROWS,
    Card,
    Gone,
    NewPicture,
    Page,
    Shown,
    State,
    Wanted,
)
from rakkan.service.pictures.tables import comments, embeddings, follows, likes, picture_tags, pictures
from rakkan.service.pictures.visibility import (
    OPEN,
    demand_account,
    demand_moderator,
    may_see,
    may_see_pixels,
    visible,
)
from rakkan.service.pictures.wording import checked_line
from rakkan.service.pictures.writing import row_of
from rakkan.service.schema import is_identifier
from rakkan.store import sealing
from rakkan.store.database import insert_new, transaction

LONGEST_TITLE = 120
#: All published pictures.
ANY = Wanted()
#: An enlargement has no prompt; that of the picture it was made of, so many steps back at most, is its.
_STEPS_BACK = 8

_SHOWN = (
    *lists.CARD,
    *(pictures.c[name] for name in ("file", "digest", "media_type", "disclosure", "licence")),
)


@dataclass(frozen=True)
class Catalogue:
    """The pictures in a database. ``clock`` gives seconds since 1970; ``key``, 32 bytes, is what recipes are
    sealed by and cursors signed; ``consider`` raises RakkanError for words that may not stand here;
    ``is_reserved`` says of an identifier that a picture which has it is a canary."""

    engine: Engine
    clock: Callable[[], float]
    key: bytes
    consider: Callable[[str], object] = field(default=lambda text: None)
    is_reserved: Callable[[str], bool] = field(default=lambda identifier: False)

    @cached_property
    def nearness(self) -> Nearness:
        """What finds pictures that look alike; it holds them all, so there is one a process."""
        return Nearness(self.engine)

    @cached_property
    def audit(self) -> AuditLog:
        """The log of what moderators do."""
        return AuditLog(self.engine, self.clock, self.key)

    # ---- one picture

    def add(self, new: NewPicture, also: Callable[[Connection], None] = lambda connection: None) -> bool:
        """Keep a picture that was delivered, private to its account; False when it was delivered before. One
        of a reserved identifier is a canary, and there for all. What is ``also`` to be done is done in the
        same transaction, and undoes it by raising.

        Raises RakkanError for an identifier that is none, and Conflict for one that another account has.
        """
        with transaction(self.engine) as connection:
            added = self.add_within(connection, new)
            if added:
                also(connection)
        return added

    def add_within(self, connection: Connection, new: NewPicture) -> bool:
        """As ``add``, within a transaction of somebody else's."""
        if not is_identifier(new.identifier) or not new.account:
            raise RakkanError("A picture needs an identifier and an account", "Take both from its job")
        now, is_canary = self._now(), self.is_reserved(new.identifier)
        told = sealing.seal(self._recipes, canonical_json(new.recipe).encode(), _bound(new.identifier))
        if not insert_new(connection, pictures, row_of(new, told, now, is_canary)):
            if self._row(connection, new.identifier).account != new.account:
                raise Conflict("Another picture has this identifier", "Draw it again")
            return False
        if new.embedding is not None:
            vector = new.embedding.astype("float16").tobytes()
            row = {"picture": new.identifier, "reader": reader(), "vector": vector}
            connection.execute(insert(embeddings).values(row))
        return True

    def get(self, actor: Actor, picture: str) -> Shown:
        """A picture that the actor may know of. Raises NotFound for any other, as for one there is not."""
        with transaction(self.engine) as connection:
            row = self._row(connection, picture)
            if not may_see(actor, row.account, row.state):
                raise _none()
            wanted = select(picture_tags.c.tag).where(picture_tags.c.picture == picture)
            found = connection.scalars(wanted.order_by(picture_tags.c.tag)).all()
        named = tuple(tag for tag in found if not tag.startswith(tags.OF_TITLE))
        return Shown(**row._mapping, tags=named)

    def openable(self, actor: Actor, picture: str) -> Shown:
        """As ``get``, of a picture whose pixels and recipe may be sent to the actor: not of a removed one,
        unless to a moderator. Raises NotFound."""
        shown = self.get(actor, picture)
        if not may_see_pixels(actor, shown.account, shown.state):
            raise NotFound("This picture was taken down", "Appeal against the decision")
        return shown

    def known_as(self, actor: Actor, digest: str) -> str:
        """The picture that recipes and the ledger know by a digest, as ``openable`` gives it: its identifier,
        "" where there is none."""
        wanted = select(pictures.c.identifier).where(pictures.c.digest == digest, visible(actor))
        wanted = wanted.where(pictures.c.state != "removed").order_by(pictures.c.identifier)
        with transaction(self.engine) as connection:
            return connection.scalar(wanted.limit(1)) or ""

    def recipe(self, actor: Actor, picture: str) -> AnyRecipe:
        """How a picture was made. Raises NotFound as ``openable`` does."""
        self.openable(actor, picture)
        with transaction(self.engine) as connection:
            return self._recipe(connection, picture)

    def publish(
        self,
        actor: Actor,
        picture: str,
        title: str = "",
        more_tags: Iterable[str] = (),
        licence: str | None = None,
    ) -> Shown:
        """Show a picture of the actor's own to all, found by its prompt's tags, ``more_tags`` and the title.

        One that is shown already keeps its place and takes the new words. Raises NotFound for one of somebody
        else, Conflict for one that was taken down, RakkanError for words that may not stand here.
        """
        shown = self._own(actor, picture)
        title = checked_line(title, "The title", LONGEST_TITLE)
        given = tags.given(more_tags)
        for text in filter(None, (title, ", ".join(given))):
            self.consider(text)
        changes: dict[str, Any] = {"state": "published", "title": title}
        changes |= {} if licence is None else {"licence": checked_line(licence, "The licence", 100)}
        now = self._now()
        with transaction(self.engine) as connection:
            free = pictures.c.state == "private"
            fresh = {**changes, "published": now, "changed": now}
            one = update(pictures).where(pictures.c.identifier == picture)
            if not connection.execute(one.where(free).values(fresh)).rowcount:
                again = one.where(pictures.c.state == "published").values({**changes, "changed": now})
                if not connection.execute(again).rowcount:
                    raise Conflict("This picture was taken down", "Appeal against the decision")
            published = self._row(connection, picture).published
            prompt_tags = tags.of_prompt(self._prompt(connection, shown))
            terms = dict.fromkeys((*prompt_tags, *given, *tags.of_title(title)))
            connection.execute(delete(picture_tags).where(picture_tags.c.picture == picture))
            rows = [{"tag": term[:80], "published": published, "picture": picture} for term in terms]
            if rows:
                connection.execute(insert(picture_tags), rows)
        return self.get(actor, picture)

    def unpublish(self, actor: Actor, picture: str) -> None:
        """Take a picture of the actor's own back. Raises NotFound, and Conflict for one that was taken
        down."""
        self._own(actor, picture)
        changes = {"state": "private", "published": None, "changed": self._now()}
        with transaction(self.engine) as connection:
            one = update(pictures).where(pictures.c.identifier == picture)
            if not connection.execute(
                one.where(pictures.c.state.in_(("private", "published"))).values(changes)
            ).rowcount:
                raise Conflict("This picture was taken down", "Appeal against the decision")
            connection.execute(delete(picture_tags).where(picture_tags.c.picture == picture))

    def hide(self, actor: Actor, picture: str, because: str) -> None:
        """Show a picture to its maker and moderators alone, while a report is decided. Raises Forbidden."""
        self._moderate(actor, picture, "hide", ("private", *OPEN), "hidden", because)

    def remove(self, actor: Actor, picture: str, because: str) -> None:
        """Take a picture down: its maker sees that, and why, but not its pixels. Raises Forbidden."""
        self._moderate(actor, picture, "remove", ("private", *OPEN, "hidden"), "removed", because)

    def restore(self, actor: Actor, picture: str, because: str) -> None:
        """Put a picture that was taken down back where it was. Raises Forbidden."""
        self._moderate(actor, picture, "restore", ("hidden", "removed"), "", because)

    def delete(
        self,
        actor: Actor,
        picture: str,
        also: Callable[[Connection, Gone], None] = lambda connection, gone: None,
    ) -> Gone:
        """Delete a picture of the actor's own with all that was said about it; what its vault may shred,
        which ``also`` is told in the same transaction.

        Raises NotFound for one of somebody else, Conflict for one that a decision concerns: it is evidence.
        """
        shown = self._own(actor, picture)
        with transaction(self.engine) as connection:
            one = delete(pictures).where(pictures.c.identifier == picture)
            if not connection.execute(one.where(pictures.c.state.in_(("private", "published")))).rowcount:
                raise Conflict("This picture was taken down", "It can be deleted once that is decided")
            more = forget_about(connection, picture)
            gone = Gone(shown.account, tuple(filter(None, (shown.file, shown.thumbnail, *more))))
            also(connection, gone)
        self.nearness.forget(picture)
        return gone

    def forget(self, account: str) -> int:
        """Delete all that an account has here, for good: its pictures, likes, follows and comments; how many
        pictures. What others have made of its pictures stays, without a name. The vault is erased apart."""
        with transaction(self.engine) as connection:
            own = connection.scalars(select(pictures.c.identifier).where(pictures.c.account == account)).all()
            for picture in own:
                forget_about(connection, picture)
            connection.execute(delete(pictures).where(pictures.c.account == account))
            liked = connection.scalars(select(likes.c.picture).where(likes.c.account == account)).all()
            connection.execute(delete(likes).where(likes.c.account == account))
            for picture in sorted(liked):
                connection.execute(
                    update(pictures)
                    .where(pictures.c.identifier == picture)
                    .values(likes=pictures.c.likes - 1)
                )
            said = connection.execute(
                select(comments.c.picture, comments.c.state).where(comments.c.account == account)
            ).all()
            connection.execute(delete(comments).where(comments.c.account == account))
            for picture, state in sorted(said):
                one = update(pictures).where(pictures.c.identifier == picture)
                if state == "shown":
                    connection.execute(one.values(comments=pictures.c.comments - 1))
            connection.execute(
                delete(follows).where((follows.c.follower == account) | (follows.c.followed == account))
            )
        for picture in own:
            self.nearness.forget(picture)
        return len(own)

    # ---- lists

    def feed(self, actor: Actor, wanted: Wanted = ANY, cursor: str = "", most: int = 24) -> Page:
        """A page of published pictures, the newest first, 1 to 100 of them; see ``Wanted``.

        Raises RakkanError for a cursor of another list, and Forbidden for a visitor's ``followed``.
        """
        if wanted.followed:
            demand_account(actor)
        most = _between(most)
        who = actor.account if wanted.followed else ""
        about = json.dumps(["feed", who, *sorted(lists.terms_of(wanted)), *vars(wanted).values()])
        place = cursors.read(self._cursors, about, cursor)
        with transaction(self.engine) as connection:
            query = lists.published(connection, wanted, actor.account, place, most + 1)
            rows = connection.execute(query).all()
        cards = [Card(*row) for row in rows[:most]]
        return self._paged(about, cards, len(rows) > most, lambda card: cast(int, card.published))

    def mine(self, actor: Actor, cursor: str = "", most: int = 24) -> Page:
        """A page of all pictures of the actor's own, the newest first. Raises Forbidden for a visitor."""
        demand_account(actor)
        most, about = _between(most), f"mine {actor.account}"
        place = cursors.read(self._cursors, about, cursor)
        with transaction(self.engine) as connection:
            rows = connection.execute(lists.own(actor.account, place, most + 1)).all()
        cards = [Card(*row) for row in rows[:most]]
        return self._paged(about, cards, len(rows) > most, lambda card: card.created)

    def similar(self, actor: Actor, picture: str, most: int = 24) -> tuple[Card, ...]:
        """The published pictures that look most like one the actor may see, the nearest first; none when it
        was kept without an embedding. Raises NotFound."""
        self.openable(actor, picture)
        vector = self.nearness.vector(picture)
        if vector is None:
            return ()
        near = [name for name, _ in self.nearness.nearest(vector, _between(most), {picture})]
        return tuple(card for card in self.cards(actor, near) if card.state == "published")

    def cards(self, actor: Actor, identifiers: Iterable[str]) -> tuple[Card, ...]:
        """The cards of these pictures, in this order, without those that the actor may not see."""
        asked = list(dict.fromkeys(identifiers))
        with transaction(self.engine) as connection:
            rows = connection.execute(select(*lists.CARD).where(pictures.c.identifier.in_(asked))).all()
        found = {row.identifier: Card(*row) for row in rows if may_see(actor, row.account, row.state)}
        return tuple(found[one] for one in asked if one in found)

    # ---- helpers

    def _paged(self, about: str, cards: list[Card], more: bool, time: Callable[[Card], int]) -> Page:
        last = cards[-1] if more and cards else None
        cursor = cursors.write(self._cursors, about, (time(last), last.identifier)) if last else ""
        return Page(tuple(cards), cursor)

    def _row(self, connection: Connection, picture: str) -> Row[Any]:
        row = connection.execute(select(*_SHOWN).where(pictures.c.identifier == picture)).first()
        if row is None:
            raise _none()
        return row

    def _own(self, actor: Actor, picture: str) -> Shown:
        demand_account(actor)
        shown = self.get(actor, picture)
        if shown.account != actor.account:
            raise _none()
        return shown

    def _recipe(self, connection: Connection, picture: str) -> AnyRecipe:
        sealed = connection.scalar(select(pictures.c.recipe).where(pictures.c.identifier == picture))
        if sealed is None:
            raise _none()
        told = sealing.unseal(self._recipes, sealed, _bound(picture), "The recipe of a picture")
        return recipe_from_json(told.decode())

    def _prompt(self, connection: Connection, shown: Shown) -> str:
        """The prompt that a picture was drawn from, or the one it was enlarged from, of the same account."""
        account, at = shown.account, shown.identifier
        for _ in range(_STEPS_BACK):
            recipe = self._recipe(connection, at)
            if isinstance(recipe, Recipe):
                return recipe.prompt
            wanted = select(pictures.c.identifier).where(
                pictures.c.digest == getattr(recipe, "source", ""), pictures.c.account == account
            )
            found = connection.scalar(wanted.limit(1)) if isinstance(recipe, UpscaleRecipe) else None
            if found is None:
                break
            at = found
        return ""

    def _moderate(
        self,
        actor: Actor,
        picture: str,
        action: str,
        before: tuple[str, ...],
        after: State | str,
        because: str,
    ) -> None:
        demand_moderator(actor)
        with transaction(self.engine) as connection:
            self.audit.write(actor.account, f"picture {action}", picture, because, connection)
            row = self._row(connection, picture)
            shown: State = "canary" if self.is_reserved(picture) else "published"
            state = after or ("private" if row.published is None else shown)
            one = update(pictures).where(pictures.c.identifier == picture, pictures.c.state.in_(before))
            if not connection.execute(one.values(state=state, changed=self._now())).rowcount:
                raise Conflict(f"This picture is {row.state} already", "See the audit log for why")

    @cached_property
    def _recipes(self) -> bytes:
        return sealing.derive(self.key, "rakkan pictures recipes 1")

    @cached_property
    def _cursors(self) -> bytes:
        return sealing.derive(self.key, "rakkan pictures cursors 1")

    def _now(self) -> int:
        return int(self.clock() * 1000)


def _between(most: int) -> int:
    return max(1, min(most, MOST_ROWS))


def _bound(picture: str) -> bytes:
    return f"rakkan picture recipe {picture}".encode()


def _none() -> NotFound:
    return NotFound("There is no such picture", "Look for it in the gallery")
