"""What people say of each other's pictures: likes, follows, comments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection, Table, bindparam, delete, func, insert, select, update

from rakkan.errors import RakkanError
from rakkan.service.access.actors import Actor
from rakkan.service.errors import Conflict, NotFound
from rakkan.service.pictures import cursors, lists
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.records import MOST_ROWS, Card, Comment, Comments, Page
from rakkan.service.pictures.tables import comments, follows, likes, pictures
from rakkan.service.pictures.visibility import OPEN, demand_account
from rakkan.service.pictures.wording import checked_text
from rakkan.service.schema import new_identifier
from rakkan.store import sealing
from rakkan.store.database import insert_new, transaction

LONGEST_COMMENT = 1000
#: A feed of those followed takes a step for each of them.
MOST_FOLLOWED = 2000

#: Made once: making a query takes longer than asking it.
_LIKED = select(likes.c.picture).where(
    likes.c.account == bindparam("liker"), likes.c.picture.in_(bindparam("shown", expanding=True))
)


@dataclass(frozen=True)
class Social:
    """Likes, follows and comments on the pictures of a catalogue. ``knows`` says whether there is an account
    of that identifier. What is done twice counts once."""

    catalogue: Catalogue
    knows: Callable[[str], bool] = lambda account: True

    # ---- likes

    def like(self, actor: Actor, picture: str) -> int:
        """Like a published picture; how many do. Raises Forbidden for a visitor, NotFound for another."""
        demand_account(actor)
        row = {"picture": picture, "account": actor.account, "created": self._now()}
        with transaction(self.catalogue.engine) as connection:
            self._demand_published(connection, picture)
            if insert_new(connection, likes, row):
                self._count(connection, picture, "likes", 1)
            return self._counted(connection, picture, likes)

    def unlike(self, actor: Actor, picture: str) -> int:
        """Take a like back; how many are left. Raises Forbidden for a visitor."""
        demand_account(actor)
        with transaction(self.catalogue.engine) as connection:
            own = delete(likes).where(likes.c.picture == picture, likes.c.account == actor.account)
            if connection.execute(own).rowcount:
                self._count(connection, picture, "likes", -1)
            return self._counted(connection, picture, likes)

    def liked(self, actor: Actor, cursor: str = "", most: int = 24) -> Page:
        """A page of the pictures that the actor likes, the newest like first. Raises Forbidden, and
        RakkanError for a cursor of another list."""
        demand_account(actor)
        most, about = max(1, min(most, MOST_ROWS)), f"liked {actor.account}"
        place = cursors.read(self._cursors, about, cursor)
        with transaction(self.catalogue.engine) as connection:
            rows = connection.execute(lists.liked(actor.account, place, most + 1)).all()
        shown = rows[:most]
        ended = len(rows) <= most
        last = "" if ended else cursors.write(self._cursors, about, (shown[-1][-1], shown[-1][0]))
        return Page(tuple(Card(*row[:-1]) for row in shown), last)

    def likes_of(self, actor: Actor, identifiers: Iterable[str]) -> frozenset[str]:
        """Which of these pictures the actor likes."""
        wanted = {"liker": actor.account, "shown": list(identifiers)}
        with transaction(self.catalogue.engine) as connection:
            return frozenset(connection.scalars(_LIKED, wanted))

    # ---- follows

    def follow(self, actor: Actor, account: str) -> None:
        """Follow an account. Raises Forbidden for a visitor, NotFound for an account there is not, Conflict
        for one's own, and for more than 2,000."""
        demand_account(actor)
        if account == actor.account:
            raise Conflict("Nobody follows themselves", "Your own pictures are on your page")
        if not self.knows(account):
            raise NotFound("There is no such account", "Look for it in the gallery")
        row = {"follower": actor.account, "followed": account, "created": self._now()}
        with transaction(self.catalogue.engine) as connection:
            insert_new(connection, follows, row)
            if self._counted(connection, actor.account, follows) > MOST_FOLLOWED:
                raise Conflict(f"You follow {MOST_FOLLOWED} accounts already", "Let one of them go first")

    def unfollow(self, actor: Actor, account: str) -> None:
        """Follow an account no longer. Raises Forbidden for a visitor."""
        demand_account(actor)
        own = delete(follows).where(follows.c.follower == actor.account, follows.c.followed == account)
        with transaction(self.catalogue.engine) as connection:
            connection.execute(own)

    def follows(self, actor: Actor) -> tuple[str, ...]:
        """Whom the actor follows, the newest last."""
        wanted = select(follows.c.followed).where(follows.c.follower == actor.account)
        with transaction(self.catalogue.engine) as connection:
            return tuple(connection.scalars(wanted.order_by(follows.c.created, follows.c.followed)))

    def count_followers(self, account: str) -> int:
        """How many follow an account."""
        wanted = select(func.count()).select_from(follows).where(follows.c.followed == account)
        with transaction(self.catalogue.engine) as connection:
            return int(connection.scalar(wanted) or 0)

    # ---- comments

    def comment(self, actor: Actor, picture: str, text: str) -> Comment:
        """Write under a published picture, 1 to 1,000 characters. Raises Forbidden for a visitor, NotFound
        for another picture, RakkanError for words that may not stand here."""
        demand_account(actor)
        text = checked_text(text, "The comment", LONGEST_COMMENT)
        self.catalogue.consider(text)
        now = self._now()
        made = Comment(new_identifier(now / 1000), picture, actor.account, text, now)
        with transaction(self.catalogue.engine) as connection:
            self._demand_published(connection, picture)
            connection.execute(insert(comments).values(**vars(made), state="shown"))
            self._count(connection, picture, "comments", 1)
        return made

    def comments(self, actor: Actor, picture: str, cursor: str = "", most: int = 50) -> Comments:
        """A page of the comments on a picture that the actor may see, the oldest first. Raises NotFound, and
        RakkanError for a cursor of another list."""
        self.catalogue.get(actor, picture)
        most, about = max(1, min(most, MOST_ROWS)), f"comments {picture}"
        place = cursors.read(self._cursors, about, cursor)
        with transaction(self.catalogue.engine) as connection:
            rows = connection.execute(lists.spoken(picture, place, most + 1)).all()
        shown = tuple(Comment(*row) for row in rows[:most])
        ended = len(rows) <= most
        last = "" if ended else cursors.write(self._cursors, about, (shown[-1].created, shown[-1].identifier))
        return Comments(shown, last)

    def take_back(self, actor: Actor, comment: str, because: str = "") -> None:
        """Take a comment away: its writer, whoever's picture it is under, or a moderator, who is logged.

        Raises NotFound for anyone else, as for a comment there is not, and RakkanError for a moderator
        without a reason.
        """
        demand_account(actor)
        wanted = (
            select(comments.c.account, comments.c.picture, pictures.c.account.label("host"))
            .select_from(comments.outerjoin(pictures, pictures.c.identifier == comments.c.picture))
            .where(comments.c.identifier == comment, comments.c.state == "shown")
        )
        with transaction(self.catalogue.engine) as connection:
            row = connection.execute(wanted).first()
            is_own = row is not None and actor.account in (row.account, row.host)
            if row is None or not (is_own or actor.at_least("moderator")):
                raise NotFound("There is no such comment", "It may have been taken away already")
            if not is_own:
                if not because.strip():
                    raise RakkanError("A moderator says why a comment goes", "Give a reason")
                self.catalogue.audit.write(actor.account, "comment remove", comment, because, connection)
            shown = update(comments).where(comments.c.identifier == comment, comments.c.state == "shown")
            # Whose writer took it back is gone; what others took away stays for an appeal.
            gone = {"state": "deleted", "text": ""} if row.account == actor.account else {"state": "hidden"}
            if connection.execute(shown.values(gone)).rowcount:
                self._count(connection, row.picture, "comments", -1)

    # ---- helpers

    def _demand_published(self, connection: Connection, picture: str) -> None:
        wanted = select(pictures.c.state).where(pictures.c.identifier == picture)
        if connection.scalar(wanted) not in OPEN:
            raise NotFound("There is no such picture", "Look for it in the gallery")

    def _count(self, connection: Connection, picture: str, column: str, step: int) -> None:
        """Added in the database itself, so that those who write at once are all counted."""
        one = update(pictures).where(pictures.c.identifier == picture)
        connection.execute(one.values({column: pictures.c[column] + step}))

    def _counted(self, connection: Connection, about: str, table: Table) -> int:
        if table is follows:
            wanted = select(func.count()).select_from(follows).where(follows.c.follower == about)
        else:
            wanted = select(pictures.c.likes).where(pictures.c.identifier == about)
        return int(connection.scalar(wanted) or 0)

    @cached_property
    def _cursors(self) -> bytes:
        return sealing.derive(self.catalogue.key, "rakkan pictures cursors 1")

    def _now(self) -> int:
        return int(self.catalogue.clock() * 1000)
