"""Links that open one thing, for one recipient, for minutes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rakkan.service.errors import NotFound
from rakkan.service.links import LASTING, Link, Links

NOW = 1_800_000_000.0


def links(moment: float = NOW, secret: bytes = bytes(32)) -> Links:
    return Links(secret, lambda: moment)


def test_a_link_opens_what_it_was_made_for_until_its_end() -> None:
    text = links().make("picture x", "mika", "png", 60)
    assert links(NOW + 59).read(text, "mika") == Link("picture x", "mika", int(NOW) + 60, "png")
    with pytest.raises(NotFound):
        links(NOW + 61).read(text, "mika")


def test_nobody_else_can_use_it() -> None:
    text = links().make("picture x", "mika")
    for other in ("rin", "", "mika "):
        with pytest.raises(NotFound):
            links().read(text, other)


def test_it_is_of_this_instance() -> None:
    with pytest.raises(NotFound):
        links(secret=bytes(31) + b"\1").read(links().make("picture x", "mika"), "mika")


def test_it_ends_when_something_of_its_recipients_is_revoked() -> None:
    epochs = {"mika": 0, "rin": 0}
    bound = Links(bytes(32), lambda: NOW, lambda account: epochs[account])
    text = bound.make("picture x", "mika")
    epochs["rin"] = 7
    assert bound.read(text, "mika").object == "picture x"
    epochs["mika"] = 7
    with pytest.raises(NotFound):
        bound.read(text, "mika")
    assert bound.read(bound.make("picture x", "mika"), "mika").object == "picture x"


def test_no_link_lasts_longer_than_minutes() -> None:
    assert links().read(links().make("x", "mika", seconds=10**9), "mika").expires == int(NOW) + LASTING


@given(st.integers(0, 400), st.characters())
def test_a_changed_sign_opens_nothing(place: int, sign: str) -> None:
    text = links().make("picture x", "mika", "png")
    at = place % len(text)
    changed = text[:at] + sign + text[at + 1 :]
    if changed != text:
        with pytest.raises(NotFound):
            # The last sign of base64 may carry bits that mean nothing: then it is the same link.
            if links().read(changed, "mika") == links().read(text, "mika"):
                raise NotFound("the same")


@given(st.text())
def test_what_is_no_link_opens_nothing(text: str) -> None:
    with pytest.raises(NotFound):
        links().read(text, "mika")
