"""About this instance: what draws here and what it learnt from, how well the safeguards hold, the rules, and
what anybody needs to check its pictures and its ledger by themselves."""

from __future__ import annotations

import threading
from functools import cache

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import func, select

from rakkan import __version__, assemble
from rakkan.service import house, sending
from rakkan.service.access.actors import Actor
from rakkan.service.access.router import new_router
from rakkan.service.access.rules import allow
from rakkan.service.accounts.tables import ACCOUNTS
from rakkan.service.core import Service
from rakkan.service.errors import NotFound
from rakkan.service.pictures.tables import pictures
from rakkan.service.routes.showing import actor_of, page_of, service_of, show, wants_json
from rakkan.service.web.cards import Choice
from rakkan.service.web.views import AboutView, Figure, ModelCard, PolicyView
from rakkan.service.web.words import Words
from rakkan.store.database import transaction
from rakkan.trust import transparency, transparency_page
from rakkan.trust.seal.authority import in_groups

router = new_router(include_in_schema=False)

#: Seconds for which a report of a quarter is kept, since it reads every statement.
REPORT_KEPT = 3600.0
_FILE = {"cache-control": "public, max-age=300"}
_UNKNOWN = "What it learnt from is not stated"


@router.get("/about")
@allow("visitor", weight="page")
def page(request: Request) -> Response:
    """What this instance is."""
    words = Words(page_of(request).locale)
    return show(request, "about.html", _view(service_of(request), actor_of(request), words))


@router.get("/about/policies/{name}")
@allow("visitor", weight="page")
def policy(request: Request, name: str) -> Response:
    """One of the standing rules."""
    try:
        text = house.policy(name)
    except KeyError:
        raise NotFound("There is no such policy", "See the list under About") from None
    return show(request, "policy.html", PolicyView(house.title(text), house.html(text)))


@router.get("/about/transparency")
@allow("visitor", weight="list")
def transparency_report(request: Request, quarter: str = "") -> Response:
    """What was done here in a quarter (``2026Q4``), counted from the ledger; this one if none is named."""
    report = _report(service_of(request), quarter)
    if wants_json(request):
        return Response(transparency_page.as_json(report), media_type="application/json")
    text = transparency_page.as_markdown(report)
    return show(request, "policy.html", PolicyView(house.title(text), house.html(text)))


@router.get("/about/root.pem")
@allow("visitor", weight="free")
def root(request: Request) -> Response:
    """The certificate that pictures of here are sealed under."""
    return Response(assemble.instance().root, media_type="application/x-pem-file", headers=_FILE)


@router.get("/about/ledger.vkey")
@allow("visitor", weight="free")
def ledger_key(request: Request) -> Response:
    """The public key of the ledger."""
    return PlainTextResponse(f"{assemble.instance().ledger_key.verification_key()}\n", headers=_FILE)


@router.get("/about/witness.vkey")
@allow("visitor", weight="free")
def witness_key(request: Request) -> Response:
    """The public key that this instance cosigns other ledgers with."""
    return PlainTextResponse(f"{assemble.witness({}).verification_key()}\n", headers=_FILE)


@router.get("/about/checkpoint")
@allow("visitor", weight="free")
def checkpoint(request: Request) -> Response:
    """The ledger's newest checkpoint, signed."""
    return PlainTextResponse(assemble.ledger().checkpoint().decode())


def _percent(words: Words, share: float) -> str:
    return words.number(round(100 * share, 1))


def _view(service: Service, actor: Actor, words: Words) -> AboutView:
    published = select(func.count()).select_from(pictures).where(pictures.c.state == "published")
    people = select(func.count()).select_from(ACCOUNTS).where(ACCOUNTS.c.state == "active")
    with transaction(service.engine) as connection:
        shown, here = (int(connection.scalar(query) or 0) for query in (published, people))
        owner = service.accounts.people.owner(connection)
    return AboutView(
        service.settings.name,
        f"@{service.accounts.profile(owner).handle}" if owner else "—",
        __version__,
        _models(actor),
        tuple(
            Figure(
                one.name,
                f"{_percent(words, one.share)} % ({_percent(words, one.low)}–{_percent(words, one.high)})",
                f"{words.number(one.n)} {one.basis}",
            )
            for one in house.figures()
        ),
        tuple(Choice(f"/about/policies/{name}", house.title(house.policy(name))) for name in house.POLICIES),
        in_groups(assemble.instance().fingerprint),
        shown,
        here,
    )


def _models(actor: Actor) -> tuple[ModelCard, ...]:
    """The starter model with its training statement, and the models that whoever looks may draw with."""
    found = list(_starter())
    for one in sending.models(actor):
        kept, card = one.kept, one.kept.card
        told = "; ".join(
            part
            for part in (
                card.kind,
                card.base or card.family,
                f"by {card.author}" if card.author else "",
                _UNKNOWN,
            )
            if part
        )
        found.append(ModelCard(card.name, card.digest, kept.licence.told, told))
    return tuple(found)


@cache
def _starter() -> tuple[ModelCard, ...]:
    from rakkan import config
    from rakkan.studio.engines.weights import manifest_digest
    from rakkan.studio.starter import WEIGHTS
    from rakkan.studio.starter.origin import training_of

    folder = config.load().weights or WEIGHTS
    digest = manifest_digest(folder) if folder.is_dir() else ""
    stated = training_of(digest) if digest else None
    if stated is None:
        return ()
    facts = "; ".join(f"{name}: {fact}" for name, fact in stated.facts.items())
    return (ModelCard(stated.model, digest, stated.licence, f"{stated.corpus}: {stated.basis}. {facts}"),)


_REPORTS: dict[str, tuple[float, transparency.Report]] = {}
_ONE_AT_A_TIME = threading.Lock()


def _report(service: Service, asked: str) -> transparency.Report:
    """A quarter's report, at most an hour old. Raises RakkanError for what is no quarter."""
    now = service.clock()
    quarter = transparency.parse_quarter(asked, now) if asked else transparency.quarter_of(now)
    origin = assemble.instance().name
    key = f"{origin} {quarter.name}"
    with _ONE_AT_A_TIME:
        kept = _REPORTS.get(key)
        if kept is None or not 0 <= now - kept[0] < REPORT_KEPT:
            kept = (now, transparency.report(assemble.ledger(), quarter, now))
            if len(_REPORTS) > 40:
                _REPORTS.clear()
            _REPORTS[key] = kept
    return kept[1]
