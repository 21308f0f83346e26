"""Doors for clients that were written for other services: the same studio behind them."""

from __future__ import annotations

from rakkan.service.routes.doors import a1111, links, openai

ROUTERS = (a1111.router, openai.router, links.router)
