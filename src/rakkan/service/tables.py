"""All tables of the service: importing this has registered them on ``METADATA``."""

from __future__ import annotations

import rakkan.service.accounts.tables
import rakkan.service.arrivals.tables
import rakkan.service.budgets.tables
import rakkan.service.jobs.tables
import rakkan.service.making.tables
import rakkan.service.moderation.tables
import rakkan.service.pictures.tables
import rakkan.service.sharing.tables  # noqa: F401
from rakkan.service.schema import METADATA

__all__ = ["METADATA"]
