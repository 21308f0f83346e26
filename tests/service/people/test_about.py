"""About this instance: what anybody can read and check, and that what ships is what the docs say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from tests.service.instance import Instance, running
from tests.service.people.kit import HTML, JSON

from rakkan import assemble
from rakkan.service import house
from rakkan.store.ledger.notes import VerificationKey

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    with running(worker=False) as made:
        yield made


def test_visitors_read_models_figures_policies_and_the_report(instance: Instance) -> None:
    client = instance.visitor().client
    page = client.get("/about", headers={"accept": HTML}).text
    assert "rakkan-starter" in page and "no work of anybody else" in page
    assert all(one.name in page for one in house.figures())
    for name in house.POLICIES:
        assert f"/about/policies/{name}" in page
        reply = client.get(f"/about/policies/{name}", headers={"accept": HTML})
        assert reply.status_code == 200 and "<h1>" in reply.text and ".md" not in reply.text
    assert client.get("/about/policies/..%2Fsecret").status_code == 404
    report = client.get("/about/transparency", headers={"accept": HTML})
    assert report.status_code == 200 and "Transparency report" in report.text
    assert "open_reports" in client.get("/about/transparency", headers={"accept": JSON}).json()
    assert client.get("/about/transparency?quarter=soon").status_code == 422


def test_what_checks_the_instance_can_be_downloaded_and_holds_no_secret(instance: Instance) -> None:
    client = instance.visitor().client
    root = client.get("/about/root.pem").content
    assert x509.load_pem_x509_certificate(root).subject and b"PRIVATE" not in root
    key = client.get("/about/ledger.vkey").text.strip()
    assert key == str(assemble.instance().ledger_key.verification_key())
    assert client.get("/about/witness.vkey").text != key
    signed = client.get("/about/checkpoint").content
    assert isinstance(assemble.instance().ledger_key.verification_key(), VerificationKey)
    assert signed.decode().splitlines()[0] == assemble.instance().ledger_key.verification_key().name


def test_the_policies_and_figures_that_ship_are_those_of_the_docs() -> None:
    shipped = Path(house.__file__).parent
    assert {path.name for path in (shipped / "policies").iterdir()} == {f"{one}.md" for one in house.POLICIES}
    for name in house.POLICIES:
        assert house.policy(name) == (DOCS / "policies" / f"{name}.md").read_text(encoding="utf-8")
    for one in json.loads((shipped / "figures.json").read_text(encoding="utf-8")):
        measured = json.loads((DOCS / "measurements" / one["source"]).read_text(encoding="utf-8"))
        for step in one["at"]:
            measured = measured[step]
        assert (measured["share"], measured["n"]) == (one["share"], one["n"])


def test_markdown_of_ours_is_escaped() -> None:
    made = house.html("# A\n\n<script>x</script> [b](moderation.md) [c](../policy.md#x) [d](javascript:x)")
    assert "<script>" not in made and 'href="/about/policies/moderation"' in made
    assert "policy.md" not in made and "javascript:" not in made
