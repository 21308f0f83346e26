"""Further files of a picture: for its maker, made once, sealed, and gone with it."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.service.pages.conftest import JSON, Browser, Hall

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.service import releasing, submitting, wishes
from rakkan.service.access.actors import Actor
from rakkan.service.exporting import archive
from rakkan.service.jobs.records import Result
from rakkan.service.making.tables import deliveries
from rakkan.service.pictures.releases import Released, Releases
from rakkan.service.pictures.tables import releases
from rakkan.store.database import transaction
from rakkan.trust.examination import examine
from rakkan.trust.provenance import digest_of_file

PROMPT = "1girl, silver hair, hoodie, marzipanmarker"
HTMX = {"accept": "*/*", "hx_request": "true"}


@pytest.fixture(scope="module")
def ann(hall: Hall) -> Browser:
    return hall.person("rel-ann")


@pytest.fixture(scope="module")
def bob(hall: Hall) -> Browser:
    return hall.person("rel-bob")


@pytest.fixture
def picture(hall: Hall, ann: Browser) -> str:
    return hall.draw(ann, PROMPT)


def actor(whose: Browser) -> Actor:
    return Actor(whose.account, "member")


def asked(hall: Hall, whose: Browser, picture: str, format: str, disclosure: str) -> str:
    """The job of a file that is asked for, done."""
    told = {"format": format, "disclosure": disclosure}
    reply = whose.post(f"/pictures/{picture}/release", told, **JSON)
    assert reply.status_code == 202, reply.text
    hall.work()
    job = str(reply.json()["job"])
    found = hall.service.queue.get(whose.account, job)
    assert found.state == "done", (found.state, found.error, found.hint)
    return job


def fetched(whose: Browser, picture: str, format: str, disclosure: str) -> bytes:
    """A file as the page's button gives it."""
    told = {"format": format, "disclosure": disclosure}
    page = whose.post(f"/pictures/{picture}/download", told)
    assert page.status_code == 303, page.text
    file = whose.get(page.headers["location"])
    assert file.status_code == 200 and file.headers["cache-control"] == "no-store"
    assert file.headers["content-type"] == f"image/{format}"
    assert file.headers["content-disposition"].endswith(f'.{format}"')
    return bytes(file.content)


@contextmanager
def looked_at(data: bytes, folder: Path, ending: str) -> Iterator[Any]:
    """A file as ``rakkan verify`` sees it."""
    path = folder / f"file.{ending}"
    path.write_bytes(data)
    yield examine(path, assemble.trusted_roots())


@pytest.mark.parametrize("format", ["png", "webp", "jpeg"])
def test_a_file_verifies_leads_to_the_picture_and_keeps_back_what_it_shall(
    hall: Hall, ann: Browser, picture: str, tmp_path: Path, format: str
) -> None:
    original = hall.service.catalogue.get(actor(ann), picture)
    for level in ("redacted", "digest"):
        asked(hall, ann, picture, format, level)
        data = fetched(ann, picture, format, level)
        assert b"marzipanmarker" not in data
        with looked_at(data, tmp_path, format) as found:
            assert (found.state, found.problems) == ("valid", ())
            said = found.entry.statement.predicate
            assert (said.operation, said.parents) == ("copy", (original.digest,))
            assert said.disclosure == level
    assert b"marzipanmarker" in fetched(ann, picture, "png", "full")


def test_what_was_made_is_not_made_again(hall: Hall, ann: Browser, picture: str) -> None:
    first = asked(hall, ann, picture, "webp", "digest")
    entries = assemble.ledger().size()
    told = {"format": "webp", "disclosure": "digest"}
    again = ann.post(f"/pictures/{picture}/release", told, **JSON)
    assert again.status_code == 200 and again.json()["url"].startswith("/downloads/")
    kept = fetched(ann, picture, "webp", "digest")
    assert ann.get(again.json()["url"]).content == kept
    wish = wishes.Release(picture=picture, format="webp", disclosure="digest")
    assert releasing.ask(hall.service, actor(ann), wish) == first
    job = submitting.submit(hall.service, actor(ann), "release", wish)
    hall.work()
    made = hall.service.queue.get(ann.account, job)
    assert made.state == "done" and assemble.ledger().size() == entries
    assert fetched(ann, picture, "webp", "digest") == kept


def test_the_file_it_was_sealed_as_takes_no_job(hall: Hall, ann: Browser, picture: str) -> None:
    told = {"format": "png", "disclosure": "full"}
    reply = ann.post(f"/pictures/{picture}/release", told, **JSON)
    assert reply.status_code == 200
    shown = hall.service.catalogue.get(actor(ann), picture)
    assert ann.get(reply.json()["url"]).content == hall.service.vault.read(shown.account, shown.file)


def test_a_wish_that_is_under_way_is_not_queued_twice(hall: Hall, ann: Browser, picture: str) -> None:
    told = {"format": "jpeg", "disclosure": "full"}
    jobs = {ann.post(f"/pictures/{picture}/release", told, **JSON).json()["job"] for _ in range(2)}
    assert len(jobs) == 1
    hall.work()


def test_the_page_shows_what_is_made_and_looks_for_it(hall: Hall, ann: Browser, picture: str) -> None:
    page = ann.get(f"/pictures/{picture}").text
    assert "as it was sealed" in page and f'hx-post="/pictures/{picture}/release"' in page
    told = {"format": "jpeg", "disclosure": "digest"}
    busy = ann.post(f"/pictures/{picture}/release", told, **HTMX)
    assert busy.status_code == 200 and "Being made" in busy.text
    poll = re.search(r'hx-get="([^"]+)"', busy.text)
    assert poll is not None
    address = poll[1].replace("&amp;", "&")
    assert ann.get(address, **HTMX).status_code == 204
    plain = ann.post(f"/pictures/{picture}/release", told)
    assert plain.headers["location"] == f"/pictures/{picture}#download"
    assert "Being made" in ann.get(f"/pictures/{picture}").text
    hall.work()
    done = ann.get(address, **HTMX)
    assert done.status_code == 200 and "Being made" not in done.text and "hx-get" not in done.text
    assert "JPEG" in done.text and " kB" in done.text and done.text.count("/download") == 2
    queued = ann.get("/queue").text
    assert "As JPEG" in queued and f"/pictures/{picture}" in queued


def test_a_job_that_fails_says_why_on_the_page(
    hall: Hall, ann: Browser, picture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"format": "webp", "disclosure": "redacted"}
    job = ann.post(f"/pictures/{picture}/release", told, **JSON).json()["job"]
    hall.service.queue.cancel(ann.account, job)
    page = ann.get(f"/pictures/{picture}/releases?job={job}&seen=1", **HTMX)
    assert page.status_code == 200 and "It was cancelled" in page.text
    assert "cancelled" not in ann.get(f"/pictures/{picture}/releases?job={'0' * 26}", **HTMX).text


def test_events_end_with_a_link_for_one(hall: Hall, ann: Browser, bob: Browser, picture: str) -> None:
    job = asked(hall, ann, picture, "jpeg", "redacted")
    stream = ann.get(f"/studio/jobs/{job}/events").text
    done = json.loads(stream.rpartition("data: ")[2])
    assert done["release"] == {"picture": picture, "format": "jpeg", "disclosure": "redacted"}
    assert ann.get(done["url"]).content == fetched(ann, picture, "jpeg", "redacted")
    assert bob.get(done["url"]).status_code == 404
    assert hall.visitor().get(done["url"]).status_code == 303


def test_others_have_a_published_picture_as_it_was_sealed(
    hall: Hall, ann: Browser, bob: Browser, picture: str
) -> None:
    asked(hall, ann, picture, "jpeg", "full")
    hall.publish(ann, picture)
    told = {"format": "jpeg", "disclosure": "full"}
    moderator = hall.person(f"relmod-{picture[-6:]}", "moderator")
    for whose in (bob, moderator):
        assert whose.post(f"/pictures/{picture}/release", told, **JSON).status_code == 404
        assert whose.get(f"/pictures/{picture}/releases", **JSON).status_code == 404
        assert whose.post(f"/pictures/{picture}/download", told, **JSON).status_code == 422
    assert "/release" not in bob.get(f"/pictures/{picture}").text
    forged = hall.service.links.make(f"picture {picture}", bob.account, "jpeg full")
    assert bob.get(f"/downloads/{forged}").status_code == 404
    assert ann.post(f"/pictures/{picture}/download", {"format": "webp"}, **JSON).status_code == 422
    assert ann.post(f"/pictures/{picture}/release", {"format": "gif"}, **JSON).status_code == 422


def test_all_files_go_with_the_picture(hall: Hall, ann: Browser, picture: str) -> None:
    asked(hall, ann, picture, "webp", "full")
    (made,) = Releases(hall.service.catalogue).of(actor(ann), picture)[1:]
    link = releasing.address(hall.service, ann.account, picture, "webp", "full")
    assert ann.post(f"/pictures/{picture}/delete", {}, **JSON).json() == {"deleted": True}
    assert not hall.service.vault.holds(ann.account, made.file)
    assert ann.get(link).status_code == 404
    with transaction(hall.service.engine) as connection:
        kept = select(releases.c.picture).where(releases.c.picture == picture)
        assert connection.execute(kept).first() is None


def test_a_picture_that_goes_while_its_file_is_made_leaves_nothing(
    hall: Hall, ann: Browser, picture: str
) -> None:
    told = {"format": "webp", "disclosure": "full"}
    job = ann.post(f"/pictures/{picture}/release", told, **JSON).json()["job"]
    ann.post(f"/pictures/{picture}/delete", {}, **JSON)
    hall.work()
    assert hall.service.queue.get(ann.account, job).state == "failed"
    late = Released(picture, "webp", "full", ann.account, "ab" * 32, 1, 1, job)
    with pytest.raises(RakkanError, match="no such picture"):
        Releases(hall.service.catalogue).add(late, lambda connection: None)


def test_a_cancelled_job_takes_its_file_back_and_no_other(hall: Hall, ann: Browser, picture: str) -> None:
    other = asked(hall, ann, picture, "jpeg", "full")
    told = {"format": "webp", "disclosure": "full"}
    job = ann.post(f"/pictures/{picture}/release", told, **JSON).json()["job"]
    leased = hall.queue.lease("w" * 26, {"release": 1})
    assert [one.identifier for one in leased] == [job]
    (done,) = hall.performers["release"].perform(leased, lambda done, total: None, lambda: False)
    assert isinstance(done, Result)
    there = Releases(hall.service.catalogue)
    made = there.find(actor(ann), picture, "webp", "full")
    assert made is not None and made.job == job
    hall.queue.cancel(ann.account, job)
    done.undo()
    assert there.find(actor(ann), picture, "webp", "full") is None
    assert not hall.service.vault.holds(ann.account, made.file)
    kept = there.find(actor(ann), picture, "jpeg", "full")
    assert kept is not None and kept.job == other


def test_nothing_is_left_on_its_way(hall: Hall, ann: Browser, picture: str) -> None:
    asked(hall, ann, picture, "jpeg", "full")
    (made,) = Releases(hall.service.catalogue).of(actor(ann), picture)[1:]
    with transaction(hall.service.engine) as connection:
        waiting = connection.scalars(select(deliveries.c.digest).where(deliveries.c.account == ann.account))
        assert made.file not in waiting.all()
    hall.service.transit.put(ann.account, [hall.service.vault.read(ann.account, made.file)], -1)
    hall.service.transit.sweep()
    assert hall.service.vault.holds(ann.account, made.file), "what a picture has is not swept"


def test_an_export_has_all_files(hall: Hall, bob: Browser) -> None:
    picture = hall.draw(bob, PROMPT)
    asked(hall, bob, picture, "jpeg", "digest")
    held = io.BytesIO(b"".join(archive(hall.service, actor(bob))))
    with zipfile.ZipFile(held) as archived:
        data = archived.read(f"pictures/{picture}-digest.jpg")
    assert data == fetched(bob, picture, "jpeg", "digest")


def test_what_was_brought_in_or_reported_is_not_released_again(
    hall: Hall, ann: Browser, bob: Browser, picture: str
) -> None:
    hall.publish(ann, picture)
    assert bob.post(f"/pictures/{picture}/report", {"reason": "unsafe"}, **JSON).status_code == 200
    told = {"format": "webp", "disclosure": "full"}
    assert ann.post(f"/pictures/{picture}/release", told, **JSON).status_code == 409
    shown = hall.service.catalogue.get(actor(ann), picture)
    brought = replace(shown, operation="import", state="private")
    from rakkan.service.pictures.releases import may_be_released

    assert not may_be_released(brought) and may_be_released(replace(shown, state="private"))


def test_the_digest_of_a_file_is_not_the_picture_s(hall: Hall, ann: Browser, picture: str) -> None:
    asked(hall, ann, picture, "png", "digest")
    data = fetched(ann, picture, "png", "digest")
    shown = hall.service.catalogue.get(actor(ann), picture)
    assert digest_of_file(data) != shown.digest
    assert len(assemble.ledger().about(digest_of_file(data))) == 1
