"""Jobs that nobody waits for are drawn together, and each ends by itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.cli.conftest import command  # noqa: F401  the settings in force are a test's own

from rakkan import assemble
from rakkan.api import together
from rakkan.errors import RakkanError
from rakkan.service import wiring
from rakkan.service.access.actors import Actor
from rakkan.service.accounts import Visit
from rakkan.service.core import Service
from rakkan.service.jobs.queue import Queue
from rakkan.service.jobs.records import Job, Priority, Result
from rakkan.service.jobs.worker import Performer, work
from rakkan.service.making.compatible import compatibility
from rakkan.service.settings import Settings
from rakkan.service.submitting import submit
from rakkan.service.wishes import Create
from rakkan.studio.create import Upscaler
from rakkan.studio.engines.fake_engine import FakeEngine

PROMPT = "1girl, silver twin tails, red hoodie"


class Hub:
    """A service, its worker's queue, and somebody who asks for pictures."""

    def __init__(self) -> None:
        self.service: Service = wiring.service(Settings(("http://localhost:1",), ()))
        self.queue: Queue
        self.queue, performers = wiring.worker("test")
        self.performers = dict(performers)
        issued = self.service.accounts.claim(self.service.accounts.owner_token(), Visit(), "owner-of-it")
        self.actor = Actor(issued.account, "member", scopes=frozenset({"create", "read"}), way="session")

    def ask(self, *, priority: Priority = "batch", **wish: object) -> str:
        told = {"prompt": PROMPT, "size": "512x512", **wish}
        return submit(self.service, self.actor, "create", Create.model_validate(told), priority=priority)

    def do(self, names: Sequence[str], *, before: Callable[[], None] = lambda: None) -> list[Job]:
        """What became of these jobs, once a worker has done all."""
        stop = threading.Event()
        lent = [self.queue, self.performers, "w" * 26, stop]
        thread = threading.Thread(target=work, args=lent, kwargs={"abort": lambda: None})
        thread.start()
        try:
            before()
            for _ in range(2400):
                jobs = [self.queue.get(self.actor.account, name) for name in names]
                if all(job.over for job in jobs):
                    return jobs
                stop.wait(0.05)
            raise AssertionError([job.state for job in jobs])
        finally:
            stop.set()
            thread.join()

    def picture(self, job: Job) -> tuple[str, dict[str, str], str]:
        """The identifier, the settings of the recipe, and the file's digest of a job's only picture."""
        assert job.result is not None
        (name,) = json.loads(job.result)["pictures"]
        shown = self.service.catalogue.openable(self.actor, name)
        found = assemble.ledger(), self.service.vault.read(shown.account, shown.file)
        path = Path(f"{name}.png")
        path.write_bytes(found[1])
        return name, settings_of(path), shown.file


def settings_of(path: Path) -> dict[str, str]:
    from rakkan.formats.inspect import inspect_picture

    found, _ = inspect_picture(path.read_bytes())
    told: dict[str, str] = json.loads(found.text["rakkan"]).get("settings", {})
    return told


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures each pass drew that drew several."""
    seen: list[int] = []
    plain = FakeEngine.sample_together

    def counted(self: FakeEngine, figures: Sequence[object], **named: object) -> object:
        seen.append(len(figures))
        return plain(self, figures, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeEngine, "sample_together", counted)
    return seen


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setenv("RAKKAN_ENGINE", "fake")
    monkeypatch.chdir(tmp_path)
    enlarger = Upscaler("repeat", "ab" * 32, lambda pixels: pixels.repeat(2, 0).repeat(2, 1))
    monkeypatch.setattr(assemble, "upscaler", lambda: enlarger)
    return Hub()


def test_four_are_drawn_in_one_pass_and_each_can_be_drawn_again(
    hub: Hub,
    passes: list[int],
    command: Callable[..., object],  # noqa: F811
) -> None:
    names = [hub.ask(seed=seed) for seed in (1, 2, 3, 4)]
    jobs = hub.do(names)
    assert [job.state for job in jobs] == ["done"] * 4
    assert passes == [4]
    made = [hub.picture(job) for job in jobs]
    assert [settings["batch"] for _, settings, _ in made] == ["4"] * 4
    assert len({file for _, _, file in made}) == 4
    done = command("again", f"{made[2][0]}.png", "--out", "again.png")
    assert "bit-exact" in done.out, (done.out, done.err)  # type: ignore[attr-defined]


def test_what_somebody_waits_for_is_drawn_alone(hub: Hub, passes: list[int]) -> None:
    jobs = hub.do([hub.ask(seed=seed, priority="interactive") for seed in (1, 2)])
    assert [hub.picture(job)[1].get("batch") for job in jobs] == [None, None]
    assert passes == []


def test_what_cannot_share_a_pass_is_drawn_beside_it(hub: Hub, passes: list[int]) -> None:
    """Sizes that only the prompts decide: two busts share a pass, the full body goes alone."""
    names = [hub.ask(prompt=one, size=None) for one in (PROMPT, f"{PROMPT}, full body", f"{PROMPT}, smile")]
    jobs = hub.do(names)
    assert [job.state for job in jobs] == ["done"] * 3
    assert [hub.picture(job)[1].get("batch") for job in jobs] == ["2", None, "2"]
    assert passes == [2]


def test_a_refusal_is_only_its_own(hub: Hub, monkeypatch: pytest.MonkeyPatch, passes: list[int]) -> None:
    names = [hub.ask(seed=seed) for seed in (1, 2, 3, 4)]
    plain = assemble.release

    def release(disclosure: str | None = None, account: str = "local") -> object:
        write = plain(disclosure, account)

        def refusing(picture, path):  # type: ignore[no-untyped-def]
            if getattr(picture.recipe, "seed", 0) == 3:
                raise RakkanError("The picture was not released", "Draw another")
            return write(picture, path)

        return refusing

    monkeypatch.setattr(assemble, "release", release)
    jobs = hub.do(names)
    assert [job.state for job in jobs] == ["done", "done", "failed", "done"]
    assert jobs[2].error == "The picture was not released"
    assert passes == [4]


def test_a_cancellation_takes_only_its_own_picture_back(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [hub.ask(seed=seed) for seed in (1, 2)]
    begun, go_on = threading.Event(), threading.Event()
    plain = FakeEngine.sample_together

    def waiting(self: FakeEngine, figures: Sequence[object], **named: object) -> object:
        begun.set()
        assert go_on.wait(120)
        return plain(self, figures, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(FakeEngine, "sample_together", waiting)

    def cancel() -> None:
        assert begun.wait(120)
        hub.queue.cancel(hub.actor.account, names[0])
        go_on.set()

    jobs = hub.do(names, before=cancel)
    assert [job.state for job in jobs] == ["cancelled", "done"]
    kept = hub.picture(jobs[1])[0]
    gone = hub.performers["create"]
    assert isinstance(gone, Performer)
    shown = hub.service.catalogue.openable(hub.actor, kept)
    held = {blob.digest for blob in hub.service.vault.list(hub.actor.account)}
    assert shown.file in held


def test_a_worker_that_dies_with_four_in_hand_loses_and_doubles_none(hub: Hub, passes: list[int]) -> None:
    """Its pictures lie in the vault, but it dies before it can say so: nobody sees them, and others do the
    jobs once more, one by one."""
    names = [hub.ask(seed=seed) for seed in (1, 2, 3, 4)]
    leased = hub.queue.lease("v" * 26, {"create": 4})
    assert len(leased) == 4
    first = hub.performers["create"].perform(leased, lambda done, total: None, lambda: False)
    assert hub.queue.bury("v" * 26) == 4
    assert hub.service.catalogue.mine(hub.actor).cards == ()
    jobs = hub.do(names)
    assert [job.state for job in jobs] == ["done"] * 4
    assert passes == [4], "who was suspected is drawn alone"
    kept = [json.loads(job.result or b"")["pictures"] for job in jobs]
    told = {
        lease.identifier: one.told
        for lease, one in zip(leased, first, strict=True)
        if isinstance(one, Result)
    }
    assert [json.loads(told[name])["pictures"] for name in names] == kept
    assert len(hub.service.catalogue.mine(hub.actor).cards) == 4


def test_a_pass_that_fails_is_drawn_one_by_one(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: FakeEngine, figures: Sequence[object], **named: object) -> object:
        raise RakkanError("There is too little memory")

    monkeypatch.setattr(FakeEngine, "sample_together", full)
    jobs = hub.do([hub.ask(seed=seed) for seed in (1, 2)])
    assert [(job.state, hub.picture(job)[1].get("batch")) for job in jobs] == [("done", None)] * 2


@pytest.mark.parametrize(
    ("kind", "told", "priority", "expected"),
    [
        ("create", {"prompt": "a", "size": "512x512", "steps": 8}, "batch", "create/starter/512x512/8/"),
        ("create", {"prompt": "a"}, "batch", "create/starter///"),
        ("create", {"prompt": "a"}, "interactive", ""),
        ("create", {"prompt": "a", "count": 2}, "batch", ""),
        ("create", {"prompt": "a", "model": "anime"}, "batch", ""),
        ("create", {"prompt": "a", "character": "Mika"}, "batch", ""),
        ("create", {"prompt": "a", "reference": {"picture": "00" * 32}}, "batch", ""),
        ("draft", {"prompt": "a"}, "draft", ""),
    ],
)
def test_compatibility(kind: str, told: dict[str, object], priority: Priority, expected: str) -> None:
    assert compatibility(kind, told, priority) == expected


def test_requests_are_answered_in_their_order(hub: Hub) -> None:
    assert together.create([], lambda done, total: None) == []
