"""The files an artist publishes: each says what was wished, and none can be broken out of."""

from __future__ import annotations

import json
import re
from urllib.robotparser import RobotFileParser

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rakkan.errors import RakkanError
from rakkan.trust.policy.words import CHOICES, USES
from rakkan.trust.preferences import (
    Preferences,
    files,
    read_ai_txt,
    read_assertion,
    read_headers,
    read_html,
    read_robots,
    read_tdmrep,
    training_mining_assertion,
)
from rakkan.trust.preferences.crawlers import CRAWLERS
from rakkan.trust.preferences.publish import content_usage, headers
from rakkan.trust.preferences.wishes import GENERATIVE, INFERENCE, MINING, TRAINING

ALL_ALLOWED = dict.fromkeys(USES, "allowed")
SAID_BY_TDM = (MINING, GENERATIVE, TRAINING)

wishes = some.builds(Preferences, some.fixed_dictionaries({use: some.sampled_from(CHOICES) for use in USES}))


def test_nothing_is_allowed_unless_said() -> None:
    assert Preferences().uses == dict.fromkeys(USES, "notAllowed")
    assert Preferences({"c2pa.data_mining": "allowed"}).uses[MINING] == "allowed"
    assert Preferences({MINING: "allowed"}).uses[TRAINING] == "notAllowed"


def test_the_files_are_those_the_note_explains() -> None:
    published = files(Preferences())
    assert set(published) == {
        "README.txt",
        "tdmrep.json",
        "robots.txt",
        "ai.txt",
        "meta-tags.html",
        "nginx.conf",
        "htaccess.txt",
    }
    note = published["README.txt"]
    assert all(name in note for name in published if name != "README.txt")
    assert all(text.endswith("\n") for text in published.values())


def test_the_note_says_what_was_wished_and_what_is_not_done() -> None:
    wished = Preferences(
        {MINING: "constrained"}, "for museums", "/art/", "https://a.example/tdm", "Ann, tel. 1"
    )
    note = files(wished)["README.txt"]
    assert "under /art/ on your site" in note
    assert "- looking for patterns in it: only if you agree" in note
    assert "- giving it to a model as input: not allowed" in note
    for line in ("for museums", "https://a.example/tdm", "Ann, tel. 1"):
        assert line in note
    for limit in ("locks nothing", "Copies of your pictures", "does not look back", "saves it anew"):
        assert limit in note


def test_tdmrep_is_as_the_report_has_it() -> None:
    wished = Preferences(path="/art/", policy_url="https://a.example/p?a=1&b=2")
    assert json.loads(files(wished)["tdmrep.json"]) == [
        {"location": "/art/", "tdm-reservation": 1, "tdm-policy": "https://a.example/p?a=1&b=2"}
    ]
    assert json.loads(files(Preferences(ALL_ALLOWED))["tdmrep.json"]) == [
        {"location": "/", "tdm-reservation": 0}
    ]


def test_robots_keeps_known_crawlers_out_and_search_in() -> None:
    robots = RobotFileParser()
    robots.parse(files(Preferences(path="/art/"))["robots.txt"].splitlines())
    for crawler in CRAWLERS:
        assert not robots.can_fetch(crawler.agent, "/art/a.png"), crawler.agent
        assert robots.can_fetch(crawler.agent, "/shop/"), crawler.agent
    assert robots.can_fetch("Googlebot", "/art/a.png")


def test_robots_keeps_out_only_who_collects_for_what_is_not_allowed() -> None:
    text = files(Preferences({**ALL_ALLOWED, INFERENCE: "notAllowed"}))["robots.txt"]
    assert re.findall("User-agent: (.*)", text) == ["PerplexityBot", "*"]
    assert "Disallow" not in files(Preferences(ALL_ALLOWED))["robots.txt"]
    text = files(Preferences({**ALL_ALLOWED, MINING: "notAllowed"}))["robots.txt"]
    assert "CCBot" in text
    assert "GPTBot" not in text


def test_robots_states_the_preference_for_all_others() -> None:
    assert files(Preferences(path="/art/"))["robots.txt"].endswith(
        "\nUser-agent: *\nContent-Usage: /art/ train-ai=n\n"
    )
    assert content_usage(Preferences({GENERATIVE: "allowed"})) == "train-ai=y"
    assert content_usage(Preferences({GENERATIVE: "constrained"})) == "train-ai=n"
    assert "# Contact: Ann\n" in files(Preferences(contact="Ann"))["robots.txt"]


def test_ai_txt_names_pictures_and_the_folder() -> None:
    text = files(Preferences(path="/art/"))["ai.txt"]
    assert text.startswith("User-Agent: *\nDisallow: /art/*.avif\n")
    assert text.endswith("Disallow: /art/*.webp\nDisallow: /art/\n")
    assert "Disallow" not in files(Preferences(ALL_ALLOWED))["ai.txt"]


def test_the_headers_say_it_with_every_picture() -> None:
    assert headers(Preferences(policy_url="https://a.example/p")) == {
        "tdm-reservation": "1",
        "tdm-policy": "https://a.example/p",
        "Content-Usage": "train-ai=n",
        "X-Robots-Tag": "noai, noimageai",
    }
    assert headers(Preferences(ALL_ALLOWED)) == {"tdm-reservation": "0", "Content-Usage": "train-ai=y"}


def test_the_server_lines_hold_every_header_and_the_path() -> None:
    wished = Preferences(path="/a.b/*.png$", policy_url="https://a.example/a%20b")
    nginx, apache = files(wished)["nginx.conf"], files(wished)["htaccess.txt"]
    assert 'map $uri $rakkan_content_usage { default ""; "~^/a\\.b/.*\\.png$" "train-ai=n"; }' in nginx
    assert "add_header Content-Usage $rakkan_content_usage always;" in nginx
    assert '<If "%{REQUEST_URI} =~ m#^/a\\.b/.*\\.png$#">' in apache
    assert 'Header always set tdm-policy "https://a.example/a%%20b"' in apache
    for name in headers(wished):
        assert f"add_header {name} " in nginx
        assert f"Header always set {name} " in apache


def test_the_servers_compare_decoded_paths() -> None:
    wished = files(Preferences(path="/my%20art/%C3%A9/"))
    assert '"~^/my\\ art/é/"' in wished["nginx.conf"]
    assert "m#^/my\\ art/é/#" in wished["htaccess.txt"]
    assert "Disallow: /my%20art/%C3%A9/" in wished["robots.txt"]


def test_meta_tags_are_escaped() -> None:
    tags = files(Preferences(policy_url="https://a.example/?a=1&b=2"))["meta-tags.html"]
    assert tags.splitlines() == [
        '<meta name="tdm-reservation" content="1">',
        '<meta name="tdm-policy" content="https://a.example/?a=1&amp;b=2">',
        '<meta name="robots" content="noai, noimageai">',
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"uses": {"cawg.ai_trainin": "allowed"}}, "Did you mean 'cawg.ai_training'"),
        ({"uses": {"cawg.ai_training": "notallowed"}}, "Did you mean 'notAllowed'"),
        ({"path": "art"}, "cannot be a path"),
        ({"path": ""}, "cannot be a path"),
        ({"path": "/a b"}, "cannot be a path"),
        ({"path": "/a\nAllow: /"}, "cannot be a path"),
        ({"path": '/a"'}, "cannot be a path"),
        ({"path": "/a%22"}, "cannot be a path"),
        ({"path": "/a%0aAllow:%20/"}, "cannot be a path"),
        ({"path": "/a%5C"}, "cannot be a path"),
        ({"path": "/a%23"}, "cannot be a path"),
        ({"path": "/a%FF"}, "cannot be a path"),
        ({"path": "/a{b}"}, "cannot be a path"),
        ({"path": "/a$b"}, "cannot be a path"),
        ({"path": "/" + "a" * 1000}, "cannot be a path"),
        ({"policy_url": "javascript:alert(1)"}, "cannot be the address"),
        ({"policy_url": 'https://a.example/"'}, "cannot be the address"),
        ({"policy_url": "https://a.example/\nX: y"}, "cannot be the address"),
        ({"policy_url": "https://a.example/$host"}, "cannot be the address"),
        ({"contact": "Ann\nDisallow: /"}, "not one line"),
        ({"contact": "a" * 1001}, "not one line"),
        ({"constraints": "a\rb"}, "not one line"),
    ],
)
def test_what_could_break_out_of_a_file_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(RakkanError, match=message):
        Preferences(**given)  # type: ignore[arg-type]


def test_the_table_of_crawlers_is_in_order() -> None:
    names = [row.agent for row in CRAWLERS]
    assert names == sorted(set(names))
    assert all(re.fullmatch("[A-Za-z0-9_-]+", name) for name in names)
    assert {use for row in CRAWLERS for use in row.uses} <= set(USES)
    assert {row.obeys for row in CRAWLERS} <= {"yes", "no", "unclear"}
    assert all(row.source and row.uses for row in CRAWLERS)


# ---- what is written is read back


def test_the_assertion_is_as_cawg_has_it() -> None:
    wished = Preferences({MINING: "constrained", INFERENCE: "allowed"}, constraints="museums only")
    assert training_mining_assertion(wished) == {
        "entries": {
            MINING: {"use": "constrained", "constraint_info": "museums only"},
            INFERENCE: {"use": "allowed"},
            GENERATIVE: {"use": "notAllowed"},
            TRAINING: {"use": "notAllowed"},
        }
    }
    assert training_mining_assertion(Preferences({MINING: "constrained"}))["entries"][MINING] == {
        "use": "constrained"
    }


@given(wishes)
def test_the_assertion_is_read_back(wished: Preferences) -> None:
    reading = read_assertion(json.dumps(training_mining_assertion(wished)))
    assert {use for use in USES if reading.reserves(use)} == {use for use in USES if not wished.allows(use)}


@given(wishes)
def test_tdmrep_is_read_back(wished: Preferences) -> None:
    reading = read_tdmrep(files(wished)["tdmrep.json"].encode(), "/a.png")
    expected = "notAllowed" if wished.reserves_mining else "allowed"
    assert reading.uses == dict.fromkeys(SAID_BY_TDM, expected)


@given(wishes)
def test_what_is_reserved_is_read_back_from_robots_and_what_is_allowed_is_not_reserved(
    wished: Preferences,
) -> None:
    reading = read_robots(files(wished)["robots.txt"], "/a.png")
    for use in (MINING, INFERENCE, GENERATIVE):
        assert wished.allows(use) or reading.reserves(use)
    if all(wished.allows(use) for use in USES):
        assert reading.uses == {GENERATIVE: "allowed"}


@given(wishes)
def test_headers_tags_and_ai_txt_are_read_back(wished: Preferences) -> None:
    published = files(wished)
    for reading in (
        read_headers(headers(wished)),
        read_html(published["meta-tags.html"]),
        read_ai_txt(published["ai.txt"], "/a.png"),
    ):
        assert reading.reserves(GENERATIVE) == wished.reserves_mining
        assert reading.reserves(MINING) == wished.reserves_mining


paths = some.text("ab/.*-", min_size=1, max_size=8).map(lambda text: "/" + text)


@given(paths, paths)
def test_servers_and_robots_mean_the_same_by_a_path(pattern: str, path: str) -> None:
    path = path.replace("*", "")
    text = files(Preferences(path=pattern))["nginx.conf"]
    expression = re.search('"~([^"]*)"', text)
    assert expression
    spoken = bool(read_tdmrep(files(Preferences(path=pattern))["tdmrep.json"], path).uses)
    assert bool(re.match(expression[1], path, re.DOTALL)) == spoken
