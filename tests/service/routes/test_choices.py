"""The model that a client of Stable Diffusion web UI has chosen holds at every server of an instance."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from starlette.testclient import TestClient

from rakkan.service import wiring
from rakkan.service.access.actors import SCOPES, VISITOR, Actor
from rakkan.service.accounts import Visit
from rakkan.service.app import build
from rakkan.service.routes.doors import a1111, a1111_words
from rakkan.service.settings import Settings

ORIGIN = "http://localhost:8420"
DIGEST = "ab" * 32


def test_a_model_that_was_chosen_at_one_server_is_drawn_with_at_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    painted: Any = SimpleNamespace(name="painted", digest=DIGEST, kind="checkpoint")
    named = {"painted [ababababab]": "painted", "painted": "painted", "": "", "rakkan-starter": ""}
    monkeypatch.setattr(a1111, "model_named", lambda account, name: named[name])
    monkeypatch.setattr(a1111_words, "model_named", lambda account, name: named[name])
    services = [wiring.service(Settings((ORIGIN,), ())) for _ in range(2)]
    starter = a1111.models(VISITOR)[0]
    monkeypatch.setattr(a1111, "models", lambda actor: [starter, painted])
    accounts = services[0].accounts
    issued = accounts.claim(accounts.owner_token(), Visit(), "owner-of-it")
    actor = Actor(issued.account, "owner", scopes=frozenset(SCOPES), way="session")
    other = accounts.sign_up("mika", "seven quiet brushes", Visit(), invitation=accounts.invite(actor))
    member = Actor(other.account, "member", scopes=frozenset(SCOPES), way="session")
    servers = [TestClient(build(service), base_url=ORIGIN) for service in services]
    key, theirs = (
        {"authorization": f"Bearer {accounts.keys.make(one, 'test', ['read', 'create'])[1]}"}
        for one in (actor, member)
    )

    def chosen(server: TestClient, headers: dict[str, str]) -> str:
        return str(server.get("/sdapi/v1/options", headers=headers).json()["sd_model_checkpoint"])

    def choose(server: TestClient, title: str) -> None:
        sent = {"sd_model_checkpoint": title}
        assert server.post("/sdapi/v1/options", headers=key, json=sent).status_code == 200

    before = chosen(servers[1], key)
    choose(servers[0], "painted [ababababab]")
    assert chosen(servers[1], key) == "painted [ababababab]" == chosen(servers[0], key)
    assert chosen(servers[1], theirs) == before, "it is another account's choice"
    wished: list[str] = []

    def create(sent: object, account: str, model: str) -> object:
        wished.append(model)
        raise a1111.RakkanError("Nothing is drawn here")

    monkeypatch.setattr(a1111_words, "create", create)
    assert servers[1].post("/sdapi/v1/txt2img", headers=key, json={"prompt": "1girl"}).status_code == 422
    assert wished == ["painted"]
    choose(servers[1], "rakkan-starter")
    assert chosen(servers[0], key) == before
    assert accounts.export(issued.account)["choices"] == []
