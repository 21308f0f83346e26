"""What the door takes for a key, and from whom."""

from __future__ import annotations

import base64

import pytest

from rakkan.service.access.actors import Actor
from rakkan.service.access.door import key_in
from rakkan.service.access.guard import Asked, check_body, check_site
from rakkan.service.access.rules import Access
from rakkan.service.errors import Forbidden, Refusal

ORIGIN = "https://rakkan.test"
KEY = Actor("someone", "member", way="key")


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "wanted"),
    [
        ("Bearer rk_1", "rk_1"),
        ("bearer  rk_1 ", "rk_1"),
        (basic("mika:rk_1"), "rk_1"),
        (basic(":rk_1"), "rk_1"),
        (basic("mika:rk_1:2"), "rk_1:2"),
        (basic("mika"), ""),
        ("Basic %%%", ""),
        ("Basic /w==", ""),
        ("Digest rk_1", None),
        ("", None),
    ],
)
def test_a_key_is_a_bearers_token_or_the_password_of_basic(authorization: str, wanted: str | None) -> None:
    assert key_in(authorization) == wanted


@pytest.mark.parametrize(
    "more",
    [
        {"origin": "https://elsewhere.test"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
def test_a_key_that_a_browser_remembers_is_of_no_use_to_other_sites(more: dict[str, str]) -> None:
    with pytest.raises(Forbidden):
        check_site(Asked("POST", {"authorization": basic("mika:rk_1"), **more}), KEY, (ORIGIN,))
    check_site(Asked("POST", {"authorization": "Bearer rk_1", **more}), KEY, (ORIGIN,))


def test_a_program_with_a_remembered_key_says_no_site() -> None:
    for more in ({}, {"origin": ORIGIN}, {"sec-fetch-site": "same-origin", "origin": ORIGIN}):
        check_site(Asked("POST", {"authorization": basic("mika:rk_1"), **more}), KEY, (ORIGIN,))


@pytest.mark.parametrize("kind", ["image/png", "image/jpeg; q=1", "IMAGE/WEBP"])
def test_a_pictures_own_bytes_are_read_where_a_route_says_so(kind: str) -> None:
    asked = Asked("POST", {"content-type": kind, "content-length": "9"})
    check_body(asked, Access("member", "create", pictures=True))
    with pytest.raises(Refusal, match="is not read here"):
        check_body(asked, Access("member", "create", forms=True))
    with pytest.raises(Refusal, match="is not read here"):
        check_body(
            Asked("POST", {"content-type": "image/svg+xml", "content-length": "9"}),
            Access("member", "create", pictures=True),
        )
