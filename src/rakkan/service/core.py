"""The service as its handlers see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from rakkan.service.access.door import Door
from rakkan.service.accounts import Accounts
from rakkan.service.arrivals.texts import Texts
from rakkan.service.arrivals.uploads import Uploads
from rakkan.service.budgets.store import Budgets
from rakkan.service.closing import Closing
from rakkan.service.jobs.queue import Queue
from rakkan.service.links import Links
from rakkan.service.making.transit import Transit
from rakkan.service.moderation.bans import Bans
from rakkan.service.moderation.reports import Reports
from rakkan.service.news import News
from rakkan.service.observing import Figures
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.social import Social
from rakkan.service.planting import Planting
from rakkan.service.settings import Settings
from rakkan.service.sharing.sharing import Sharing
from rakkan.service.turning import Turnstile
from rakkan.service.upkeep import Upkeep

if TYPE_CHECKING:
    from rakkan.store.vault import Vault


@dataclass(frozen=True)
class Service:
    """All parts, wired together in ``wiring``. ``clock`` gives seconds since 1970."""

    settings: Settings
    engine: Engine
    clock: Callable[[], float]
    vault: Vault
    accounts: Accounts
    queue: Queue
    catalogue: Catalogue
    social: Social
    sharing: Sharing
    door: Door
    budgets: Budgets
    turnstile: Turnstile
    planting: Planting
    upkeep: Upkeep
    news: News
    figures: Figures
    links: Links
    reports: Reports
    bans: Bans
    closing: Closing
    transit: Transit
    uploads: Uploads
    texts: Texts
