"""The one place where the parts of the service are wired together."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rakkan import assemble, config
from rakkan.service import migrating
from rakkan.service.access.door import Door
from rakkan.service.accounts import Accounts, Party
from rakkan.service.arrivals.texts import Texts
from rakkan.service.arrivals.uploads import Uploads
from rakkan.service.budgets.canaries import is_canary
from rakkan.service.budgets.store import Budgets
from rakkan.service.closing import Closing
from rakkan.service.core import Service
from rakkan.service.gauges import gauges
from rakkan.service.jobs.bell import Bell, SocketBell
from rakkan.service.jobs.queue import Queue
from rakkan.service.links import Links
from rakkan.service.making.delivering import Delivery
from rakkan.service.making.performing import Studio
from rakkan.service.making.spool import Spool
from rakkan.service.making.transit import Transit
from rakkan.service.moderation.bans import Bans
from rakkan.service.moderation.reports import Reports
from rakkan.service.news import News
from rakkan.service.observing import Figures
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.social import Social
from rakkan.service.planting import Planting
from rakkan.service.schema import IDENTIFIER, identifier_of
from rakkan.service.settings import Settings
from rakkan.service.sharing.sharing import Sharing
from rakkan.service.turning import Turnstile
from rakkan.service.upkeep import Chore, Upkeep
from rakkan.service.weighing import Scales
from rakkan.store import sealing

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from rakkan.service.jobs.worker import Performer
    from rakkan.service.pictures.audit import AuditLog

#: How worker processes find ``worker``.
WORKER = "rakkan.service.wiring:worker"
#: Seconds that finished jobs are listed.
JOBS_KEPT = 30 * 24 * 3600


@dataclass(frozen=True)
class Parts:
    """What server and workers have in common."""

    engine: Engine
    queue: Queue
    catalogue: Catalogue
    secret: bytes
    is_reserved: Callable[[str], bool]

    def key(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose."""
        return sealing.derive(self.secret, f"rakkan service {purpose} 1")

    def arrivals(self, transit: Transit) -> tuple[Uploads, Texts]:
        """What people bring in parts, and their texts."""
        uploads = Uploads(self.engine, time.time, self.key("uploads"), transit)
        return uploads, Texts(self.engine, time.time, self.key("texts"))


def parts() -> Parts:
    """The database, the queue and the catalogue of this instance. Raises RakkanError."""
    # First of all: it makes the folder that a database is made in.
    secret = assemble.keyring().secret("service", lambda: secrets.token_bytes(32))
    engine = assemble.database_engine()
    key = {one: sealing.derive(secret, f"rakkan service {one} 1") for one in ("queue", "catalogue")}
    queue = Queue(engine, time.time, key["queue"], bell_of(engine))
    is_reserved = partial(is_canary, sealing.derive(secret, "rakkan service budgets 1"))
    catalogue = Catalogue(
        engine, time.time, key["catalogue"], lambda text: assemble.gate().consider(text), is_reserved
    )
    return Parts(engine, queue, catalogue, secret, is_reserved)


def bell_of(engine: Engine) -> Bell:
    """The bell that all processes of this instance hear."""
    if engine.dialect.name == "sqlite":
        return SocketBell(config.load().home / "run")
    from rakkan.service.jobs.postgres_bell import PostgresBell

    return PostgresBell(engine.url.render_as_string(hide_password=False))


def service(settings: Settings) -> Service:
    """The service with all its parts, its tables brought up to date first. Raises RakkanError."""
    made = parts()
    migrating.upgrade(made.engine)
    party = Party(settings.domain, settings.origin, settings.name)
    audit = made.catalogue.audit
    told = _told(audit)
    accounts = Accounts(made.engine, time.time, made.key("accounts"), settings.sign_up, party, told)
    budgets = Budgets(made.engine, time.time, made.key("budgets"), assemble.instance().ledger_key)
    vault = assemble.vault()
    sharing = Sharing(made.catalogue, assemble.casting)
    reports = Reports(made.catalogue, vault, assemble.takedown, made.key("moderation"), sharing)
    bans = Bans(accounts, made.queue, audit, assemble.ledger)
    transit = Transit(made.engine, time.time, vault)
    brought = made.arrivals(transit)
    kept = (accounts, made.queue, made.catalogue, sharing, reports, bans, budgets, transit, *brought)
    closing = Closing(*kept, assemble.erase)
    turnstile = Turnstile(budgets)
    scales = Scales(budgets, made.catalogue, turnstile)
    house = identifier_of("0" * IDENTIFIER, made.key("house"))
    planting = Planting(accounts, made.queue, made.catalogue, house, settings.name)
    return Service(
        settings=settings,
        engine=made.engine,
        clock=time.time,
        vault=vault,
        accounts=accounts,
        queue=made.queue,
        catalogue=made.catalogue,
        social=Social(made.catalogue),
        sharing=sharing,
        door=Door(settings.origins, accounts, scales.weigh, scales.note, scales.failed),
        budgets=budgets,
        turnstile=turnstile,
        planting=planting,
        upkeep=Upkeep(_chores(closing, transit, planting)),
        news=News(made.queue.bell),
        figures=Figures(lambda: gauges(made.queue)),
        links=Links(made.key("links"), time.time, accounts.last_revoked),
        reports=reports,
        bans=bans,
        closing=closing,
        transit=transit,
        uploads=brought[0],
        texts=brought[1],
    )


def _chores(parts: Closing, transit: Transit, planting: Planting) -> tuple[Chore, ...]:
    return (
        Chore("budgets", 5, parts.budgets.flush),
        # So that who asks for what is alike finds what is new there already.
        Chore("likeness", 20, parts.catalogue.nearness.refresh),
        Chore("clusters", 10, lambda: parts.budgets.regroup(10)),
        Chore("leases", 10, parts.queue.reap),
        Chore("deliveries", 60, transit.sweep),
        Chore("uploads", 600, parts.uploads.sweep),
        Chore("canaries", 60, planting.plant),
        Chore("closing", 20, parts.go_on),
        Chore("bans", 60, parts.bans.lapse),
        Chore("cases", 60, parts.reports.follow_all),
        Chore("accounts", 3600, parts.accounts.sweep),
        Chore("jobs", 3600, lambda: parts.queue.purge(JOBS_KEPT)),
        Chore("old counts", 24 * 3600, parts.budgets.expire),
    )


def prepared() -> Queue:
    """The queue, with the tables of the service brought up to date: for a host that only works. Raises
    RakkanError."""
    made = parts()
    migrating.upgrade(made.engine)
    return made.queue


def linking() -> tuple[Accounts, Budgets]:
    """The accounts and the budgets of this instance, for a command that links them. Raises RakkanError."""
    made = parts()
    migrating.upgrade(made.engine)
    budgets = Budgets(made.engine, time.time, made.key("budgets"), assemble.instance().ledger_key)
    told = _told(made.catalogue.audit)
    return Accounts(made.engine, time.time, made.key("accounts"), audit=told), budgets


def _told(audit: AuditLog) -> Callable[[str, str, str], object]:
    """The audit log as accounts tell it: what was done, by whom, to what."""
    return lambda action, account, about: audit.write(account, action, about)


def worker(device: str) -> tuple[Queue, Mapping[str, Performer]]:
    """The queue and what a worker of this instance can do, for ``jobs.process``. Raises RakkanError."""
    made = parts()
    transit = Transit(made.engine, time.time, assemble.vault())
    release = assemble.gate().release
    delivery = Delivery(transit, made.catalogue, release, made.key("delivery"), made.is_reserved)
    sharing, spool = Sharing(made.catalogue, assemble.casting), Spool(config.load().home / "spool")
    return made.queue, Studio(delivery, spool, *made.arrivals(transit), sharing.lend).performers()
