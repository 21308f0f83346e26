"""Reports take effect at once, decisions and appeals end them, and nothing personal stays behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from tests.test_erasure import holding
from tests.trust.takedown.drawn import (
    admit,
    appeal,
    decide,
    figure,
    jpeg,
    known,
    png,
    release,
    report,
)

from rakkan import assemble
from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Subject
from rakkan.trust.policy import Action, Request
from rakkan.trust.policy import decide as policy
from rakkan.trust.provenance import pixel_digest
from rakkan.trust.standing import known as statements_about
from rakkan.trust.takedown.desk import APPEAL_TERM, MOST_HIDDEN, MOST_WORKS
from rakkan.trust.takedown.digests import Digests
from rakkan.trust.takedown.states import TERM

CONTACT = "planted contact Heronwick"
WORDS = "planted words about a lighthouse"


def allows(action: Action, pixels: Any) -> bool:
    """Whether no rule of takedown denies it."""
    subject = Subject("picture", {"pixels": pixel_digest(pixels)})
    model = (Subject("model", {"sha256": "ca" * 32}),)
    request = (
        Request(action, "local", Subject("picture", {}), (*model, subject))
        if action == Action.GENERATE
        else Request(action, "local", subject)
    )
    denials = policy(request, statements_about(assemble.ledger(), request), 0).denials
    return not {reason.rule for reason in denials} & {"reported", "taken down"}


def later(seconds: int) -> None:
    """From now on the desk's clock is so much ahead."""
    object.__setattr__(assemble.takedown(), "clock", lambda: time.time() + seconds)


def test_a_report_hides_the_picture_and_its_near_copies_at_once(tmp_path: Path) -> None:
    release(tmp_path / "a.png", figure(1))
    release(tmp_path / "other.png", figure(2))
    case = report(jpeg(figure(1)))
    assert (case.claim, case.works, case.state.bars) == ("my work", 2, "reported")
    for action in (Action.SHARE_PICTURE, Action.EXPORT, Action.GENERATE):
        assert not allows(action, figure(1))
        assert allows(action, figure(2))
    for data in (jpeg(figure(1)), png(figure(1)), jpeg(figure(1), 90)):
        with pytest.raises(
            RakkanError, match=rf"not let in \(reported\).*{case.name}.*Wait for the decision"
        ):
            admit(tmp_path, data)
    with pytest.raises(RakkanError, match=r"not released \(reported\)"):
        release(tmp_path / "again.png", figure(1))
    release(tmp_path / "mine.png", figure(3))
    admit(tmp_path, png(figure(2)))


def test_a_mirrored_copy_is_one_too(tmp_path: Path) -> None:
    case = report(png(figure(1)))
    with pytest.raises(RakkanError, match=f"near copy was reported in case {case.name}"):
        admit(tmp_path, png(figure(1)[:, ::-1].copy()))


def test_digests_alone_do_the_same(tmp_path: Path) -> None:
    release(tmp_path / "a.png", figure(1))
    found = known(jpeg(figure(1)))
    case = assemble.takedown().report("my likeness", [Digests({}, found.looks)])
    assert (case.works, case.state.bars) == (1, "reported")
    assert not allows(Action.EXPORT, figure(1))
    exact = assemble.takedown().report("my work", [Digests(known(png(figure(4))).exact, ())])
    with pytest.raises(RakkanError, match=exact.name):
        admit(tmp_path, png(figure(4)))
    admit(tmp_path, jpeg(figure(4)))


def test_a_picture_let_in_before_is_found_too(tmp_path: Path) -> None:
    admit(tmp_path, jpeg(figure(1)))
    case = report(png(figure(1)))
    assert case.works == 2
    assert not allows(Action.SHARE_PICTURE, _pixels(jpeg(figure(1))))


def _pixels(data: bytes) -> Any:
    from rakkan.formats.inspect import inspect_picture

    return inspect_picture(data, "")[1]


def test_a_reversal_restores_at_once_and_a_new_report_of_the_same_waits(tmp_path: Path) -> None:
    release(tmp_path / "a.png", figure(1))
    case = decide(report(png(figure(1))), "overturned")
    assert allows(Action.EXPORT, figure(1))
    admit(tmp_path, png(figure(1)))
    again = report(png(figure(1)))
    assert again.state.waits and allows(Action.EXPORT, figure(1))
    admit(tmp_path, png(figure(1)))
    release(tmp_path / "b.png", figure(1))
    near = report(jpeg(figure(1)))  # a copy of what was restored does not hide it either
    assert allows(Action.EXPORT, figure(1)) and near.works == 2
    decide(again, "upheld")
    assert not allows(Action.EXPORT, figure(1))
    assert assemble.docket().find(case.name).state.outcome == "overturned"


def test_upheld_it_stays_down_and_covers_what_came_since(tmp_path: Path) -> None:
    release(tmp_path / "a.png", figure(1))
    case = decide(report(png(figure(1))), "upheld")
    assert case.state.bars == "taken down"
    with pytest.raises(RakkanError, match=r"\(taken down\).*rakkan takedown appeal"):
        admit(tmp_path, png(figure(1)))
    with pytest.raises(RakkanError, match="taken down"):
        admit(tmp_path, jpeg(figure(1)))


def test_an_appeal_is_decided_by_another_moderator_when_there_is_one(tmp_path: Path) -> None:
    case = appeal(decide(report(png(figure(1))), "upheld", "ann"))
    assert (case.state.appealed, case.state.bars) == ("account", "taken down")
    assert case.state.due == case.state.since + TERM
    decide(report(png(figure(2))), "overturned", "ben")
    with pytest.raises(RakkanError, match="ann took the first decision"):
        decide(case, "overturned", "ann")
    case = decide(case, "overturned", "ben")
    assert case.state.final and case.state.bars == ""
    admit(tmp_path, png(figure(1)))
    with pytest.raises(RakkanError, match="is closed"):
        appeal(case)
    with pytest.raises(RakkanError, match="nothing to decide"):
        decide(case, "upheld", "ann")


def test_the_only_moderator_decides_twice_rather_than_nobody() -> None:
    case = appeal(decide(report(png(figure(1))), "upheld", "ann"), "account")
    assert decide(case, "overturned", "ann").state.final


def test_what_is_out_of_turn_is_refused_and_states_nothing() -> None:
    case = report(png(figure(1)))
    before = assemble.ledger().size()
    with pytest.raises(RakkanError, match="not decided yet"):
        appeal(case)
    with pytest.raises(RakkanError, match=r"no claim.*'my work'"):
        report(png(figure(1)), claim="my wrok")
    desk = assemble.takedown()
    with pytest.raises(RakkanError, match=r"no reason of the table.*'likeness'"):
        desk.decide(case, "upheld", "likenes", "x", "local")
    with pytest.raises(RakkanError, match="no outcome"):
        desk.decide(case, "maybe", "work", "x", "local")
    with pytest.raises(RakkanError, match="has no name"):
        desk.decide(case, "upheld", "work", "x", " ")
    with pytest.raises(RakkanError, match="No case begins"):
        desk.docket.find("ffff")
    with pytest.raises(RakkanError, match="cannot appeal"):
        desk.appeal(case, "moderator")
    with pytest.raises(RakkanError, match="more than 4000"):
        report(png(figure(1)), words="x" * 4001)
    with pytest.raises(RakkanError, match="more than 200"):
        report(png(figure(1)), contact="x" * 201)
    with pytest.raises(RakkanError, match="not valid Unicode"):
        report(png(figure(1)), words="\ud800")
    assert assemble.ledger().size() == before
    decided = decide(case, "upheld")
    appeal(decided)
    with pytest.raises(RakkanError, match="waiting already"):
        appeal(decided)


def test_nobody_can_appeal_for_ever() -> None:
    case = decide(report(png(figure(1))), "upheld")
    later(APPEAL_TERM + 1)
    assert assemble.takedown().closed(case)
    with pytest.raises(RakkanError, match="is closed"):
        appeal(case)


def test_a_report_covers_few_works_and_a_look_hides_few_pictures(tmp_path: Path) -> None:
    copies = MOST_HIDDEN + 3
    for number in range(copies):
        pixels = figure(1).copy()
        pixels[0, number % pixels.shape[1]] ^= 1 + number // pixels.shape[1]
        assemble.provenance()._state(*_stated(pixels))  # as a release states it, without the file
    case = report(jpeg(figure(1)))
    assert case.works == MOST_HIDDEN + 1
    assert case.common and not case.looks
    admit(tmp_path, jpeg(figure(1), 90))  # too common a look bars nothing that comes, for now
    upheld = decide(case, "upheld")
    assert upheld.works >= copies + 1 and upheld.looks and not upheld.common
    with pytest.raises(RakkanError, match="taken down"):
        admit(tmp_path, jpeg(figure(1), 80))


def _stated(pixels: Any) -> tuple[Any, ...]:
    from rakkan.store.ledger.statements import Generated
    from rakkan.trust.takedown.subjects import looks_of_pixels

    subject = Subject("picture", {"pixels": pixel_digest(pixels)})
    predicate = Generated("create", "a" * 64, "full", "starter", "b" * 64)
    return predicate, (subject, *looks_of_pixels(pixels)), "someone", 1


def test_what_is_only_alike_is_for_a_moderator_to_cover(tmp_path: Path) -> None:
    cropped = numpy.ascontiguousarray(figure(1)[2:-2, 2:-2])
    release(tmp_path / "cropped.png", cropped)
    case = report(png(figure(1)))
    desk = assemble.takedown()
    assert allows(Action.EXPORT, cropped) and case.works == 1
    assert [one["pixels"] for one in desk.alike(case)] == [pixel_digest(cropped)]
    decided = desk.decide(case, "upheld", "work", "cropped", "local", alike=True)
    assert decided.works == 2 and desk.alike(decided) == []
    assert not allows(Action.EXPORT, cropped)


def test_a_report_of_too_many_or_of_none_is_refused() -> None:
    one = known(png(figure(1)))
    for number in (0, MOST_WORKS + 1):
        with pytest.raises(RakkanError, match=f"not {number}"):
            assemble.takedown().report("my work", [one] * number)
    case = assemble.takedown().report("my work", [one] * MOST_WORKS)
    assert case.works == 1


def test_a_blank_picture_is_reported_by_its_exact_digests_alone(tmp_path: Path) -> None:
    blank = numpy.full((150, 150, 3), 255, numpy.uint8)
    release(tmp_path / "white.png", numpy.full((151, 150, 3), 255, numpy.uint8))
    case = report(png(blank))
    assert (case.works, case.looks, case.common) == (1, (), ())
    with pytest.raises(RakkanError, match="reported"):
        admit(tmp_path, png(blank))
    admit(tmp_path, png(blank[:140]))
    with pytest.raises(RakkanError, match="can find no picture"):
        assemble.takedown().report("my work", [Digests({}, ())])


def test_the_digest_of_a_model_reported_as_a_picture_stops_nobody(tmp_path: Path) -> None:
    from tests.trust.made import model_digest

    exact = {"sha256": model_digest(), "file": model_digest(), "pixels": model_digest()}
    assemble.takedown().report("my work", [Digests(exact, ())])
    release(tmp_path / "a.png", figure(1))


@pytest.fixture
def folders() -> Iterator[tuple[Path, Path]]:
    yield Path(os.environ["RAKKAN_HOME"]), Path(os.environ["XDG_CONFIG_HOME"])


def test_no_contact_and_no_words_lie_anywhere_in_clear(folders: tuple[Path, Path]) -> None:
    case = report(png(figure(1)), contact=CONTACT, words=WORDS)
    desk = assemble.takedown()
    assert [(one.contact, one.words) for one in desk.notes(case)] == [(CONTACT, WORDS)]
    said = [said for _, said in assemble.ledger().about(case.name)]
    assert {one.account for one in said} == {"instance"}
    assert CONTACT not in repr(said) and WORDS not in repr(said)
    for entry, _ in assemble.ledger().about(case.name):
        envelope = assemble.ledger().evidence(entry.index).envelope
        assert CONTACT.encode() not in envelope and WORDS.encode() not in envelope
    decide(case, "upheld", "Moderator Quillfeather")
    assert holding((CONTACT, WORDS, "Quillfeather"), *folders) == []


def test_what_people_wrote_goes_when_the_case_is_closed() -> None:
    case = report(png(figure(1)), contact=CONTACT, words=WORDS)
    other = report(png(figure(2)), contact=CONTACT)
    desk = assemble.takedown()
    decide(case, "overturned", "ann")
    assert len(desk.notes(case)) == 2
    decide(appeal(case, "reporter"), "overturned", "ben")
    assert desk.notes(case) == [] and len(desk.notes(other)) == 1
    decide(other, "upheld")
    later(APPEAL_TERM + 1)
    assert assemble.takedown().tidy() >= 1
    assert desk.notes(other) == []
    assert assemble.takedown().tidy() == 0


def test_names_of_moderators_are_kept_as_keyed_digests() -> None:
    case = decide(report(png(figure(1))), "upheld", "ann")
    (mark,) = case.moderators
    assert len(mark) == 64
    said = [said for _, said in assemble.ledger().about(case.name)]
    assert "'ann'" not in repr(said)
