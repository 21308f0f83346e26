"""Reading what others publish: the examples of the specifications, and what cannot be read."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rakkan.trust.policy.words import USES
from rakkan.trust.preferences import (
    Reading,
    combine,
    read_ai_txt,
    read_assertion,
    read_content_usage,
    read_headers,
    read_html,
    read_robots,
    read_tdmrep,
)
from rakkan.trust.preferences.fields import dictionary
from rakkan.trust.preferences.patterns import match_length, normal
from rakkan.trust.preferences.wishes import GENERATIVE, INFERENCE, MINING, TRAINING

NO, YES = "notAllowed", "allowed"
ALL = dict.fromkeys(USES, NO)
BY_TDM = (MINING, GENERATIVE, TRAINING)

# ---- paths: RFC 9309, sections 2.2.2 and 2.2.3, and Google's table of examples that TDMRep refers to


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%E3%83%84", "/foo/bar/ツ"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/foo/%7e", "/foo/~"),
        ("/foo/%2a", "/foo/%2A"),
        ("/", "/anything"),
        ("/fish", "/fishheads/yummy.html"),
        ("/fish*", "/fish.html"),
        ("/*.php", "/folder/any.php.file.html"),
        ("/*.php", "/filename.php?parameters"),
        ("/*.php$", "/folder/filename.php"),
        ("/fish*.php", "/fishheads/catfish.php?parameters"),
        ("/this/path/exactly$", "/this/path/exactly"),
        ("/a*b*b$", "/abb"),
        ("/a*", "/a"),
        ("/a*$", "/abc"),
    ],
)
def test_a_pattern_matches(pattern: str, path: str) -> None:
    assert match_length(pattern, normal(path)) == len(normal(pattern))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/fish", "/Fish.asp"),
        ("/fish", "/catfish"),
        ("/fish/", "/fish"),
        ("/*.php$", "/filename.php?parameters"),
        ("/*.php$", "/filename.php/"),
        ("/fish*.php", "/Fish.PHP"),
        ("/this/path/exactly$", "/this/path/exactly/not"),
        ("/a*b*b$", "/ab"),
        ("/ab*b$", "/ab"),
        ("/foo/%2A", "/foo/*"),
    ],
)
def test_a_pattern_does_not_match(pattern: str, path: str) -> None:
    assert match_length(pattern, normal(path)) is None


# ---- tdmrep.json: the report's examples

EXAMPLE = json.dumps(
    [
        {"location": "/directory-a/", "tdm-reservation": 1},
        {"location": "/directory-b/html/", "tdm-reservation": 1, "tdm-policy": "https://provider.com/p.json"},
        {"location": "/directory-b/images/*.jpg", "tdm-reservation": 0},
    ]
)


@pytest.mark.parametrize(
    ("path", "choice"),
    [
        ("/directory-a/x.pdf", NO),
        ("/directory-b/html/index.html", NO),
        ("/directory-b/images/a.jpg", YES),
        ("/directory-b/images/a.png", None),
        ("/elsewhere", None),
    ],
)
def test_the_example_of_the_report_is_read(path: str, choice: str | None) -> None:
    assert read_tdmrep(EXAMPLE, path).uses == (dict.fromkeys(BY_TDM, choice) if choice else {})


def test_the_first_match_decides() -> None:
    rules = [{"location": "/a/b", "tdm-reservation": 0}, {"location": "/a", "tdm-reservation": 1}]
    assert not read_tdmrep(json.dumps(rules), "/a/b").reserves(MINING)
    assert read_tdmrep(json.dumps(rules[::-1]), "/a/b").reserves(MINING)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"location": "/", "tdm-reservation": 0}',
        b"<!DOCTYPE html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b'[{"location": "/", "tdm-reservation": "0"}]',
        b'[{"location": "/", "tdm-reservation": false}]',
        b'[{"location": "/", "tdm-reservation": 2}]',
        b'[{"location": "/", "tdm-reservation": 0.0}]',
        b'[{"tdm-reservation": 0}]',
        b'[{"location": 1, "tdm-reservation": 0}]',
        b'[{"location": "/", "tdm-reservation": 0}, null]',
        b"[" + b",".join([b'{"location": "/", "tdm-reservation": 0}'] * 5001) + b"]",
        b'[{"location": "/", "tdm-reservation": 0}' + b" " * 600_000 + b"]",
        b'[{"location": "/", "tdm-reservation": ' + b"1" * 5000 + b"}]",
    ],
)
def test_a_broken_tdmrep_reserves(data: bytes) -> None:
    assert read_tdmrep(data, "/a.png").uses == ALL


def test_a_byte_order_mark_breaks_nothing() -> None:
    assert not read_tdmrep(b"\xef\xbb\xbf" + EXAMPLE.encode(), "/directory-b/images/a.jpg").reserves(MINING)


# ---- Content-Usage: the examples of the AIPREF drafts


@pytest.mark.parametrize(
    ("value", "uses"),
    [
        ("train-ai=n", {GENERATIVE: NO}),
        ("train-ai=y", {GENERATIVE: YES}),
        ("train-ai=y, search=n", {GENERATIVE: YES}),
        ("search=y", {}),
        ("", {}),
        ("train-ai;allow=n, train-ai=y", {GENERATIVE: YES}),
        ("train-ai=n, train-ai=y", {GENERATIVE: YES}),
        ('train-ai=y;because="it, is; fine", other=(a b);q=1', {GENERATIVE: YES}),
        ("  train-ai=n \t,\t search=y  ", {GENERATIVE: NO}),
        ("train-genai=n", {GENERATIVE: NO}),
        ("bots=n", ALL),
        ("bots=y", {}),
        ("bots=n, train-ai=y", ALL),
        ("tdm=n", dict.fromkeys(BY_TDM, NO)),
        ("ai-output=n, train-ai=y", {GENERATIVE: YES, INFERENCE: NO}),
    ],
)
def test_content_usage_is_read(value: str, uses: dict[str, str]) -> None:
    assert read_content_usage(value).uses == uses


@pytest.mark.parametrize("value", ["train-ai=N", 'train-ai="y"', "train-ai", "train-ai=?1", "train-ai=(y)"])
def test_a_preference_that_is_neither_reserves_what_it_names(value: str) -> None:
    assert read_content_usage(value).uses == {GENERATIVE: NO}


def test_the_last_of_a_repeated_key_counts_and_is_no_token() -> None:
    assert read_content_usage('train-ai=y, train-ai, search=n, search="n"').uses == {GENERATIVE: NO}


@pytest.mark.parametrize(
    "value",
    ["Train-AI=n", "train-ai=y,", "train-ai=y search=n", "train-ai==y", "é=y", "a=" + "b" * 9000, ",", "="],
)
def test_what_is_no_dictionary_reserves_all(value: str) -> None:
    assert read_content_usage(value).uses == ALL


@pytest.mark.parametrize(
    ("value", "members"),
    [
        # RFC 9651, section 3.2, and one of every bare item of section 3.3.
        ('en="Applepie", da=:w4ZibGV0w6ZydGU=:', {"en": '"Applepie"', "da": ":w4ZibGV0w6ZydGU=:"}),
        ("a=?0, b, c; foo=bar", {"a": "?0", "b": "", "c": ""}),
        ("rating=1.5, feelings=(joy sadness)", {"rating": "1.5", "feelings": ""}),
        ("a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid", {"a": "", "b": "3", "c": "4", "d": ""}),
        ('a=-12, b=@1659578233, c=*x/y:z, d=%"f%c3%bc"', None),
        ('a="\\"\\\\"', {"a": '"\\"\\\\"'}),
        ("a=()", {"a": ""}),
        ('a="\\x"', None),
        ("a=1.2345", None),
        ("a=1.", None),
        ("a=(1 2", None),
        ("1=a", None),
    ],
)
def test_dictionaries_are_parsed_as_the_standard_has_them(value: str, members: dict[str, str] | None) -> None:
    if value.startswith("a=-12"):
        members = {"a": "-12", "b": "@1659578233", "c": "*x/y:z", "d": '%"f%c3%bc"'}
    assert dictionary(value) == members


# ---- robots.txt

ATTACHED = """\
User-Agent: *
Allow: /
Disallow: /never/
Content-Usage: train-ai=n
Content-Usage: /ai-ok/ train-ai=y

User-Agent: ExampleBot
Allow: /
Content-Usage: train-ai=y
"""


@pytest.mark.parametrize(
    ("path", "agent", "uses"),
    [
        ("/test", "*", {GENERATIVE: NO}),
        ("/never/test", "*", ALL),
        ("/ai-ok/test", "*", {GENERATIVE: YES}),
        ("/never/test", "ExampleBot", {GENERATIVE: YES}),
        ("/test", "examplebot", {GENERATIVE: YES}),
        ("/test", "OtherBot", {GENERATIVE: NO}),
    ],
)
def test_the_example_of_the_draft_is_read(path: str, agent: str, uses: dict[str, str]) -> None:
    assert read_robots(ATTACHED, path, agent).uses == uses


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("", {}),
        ("User-agent: *\nDisallow:\n", {}),
        ("User-agent: *\nDisallow: /a\nAllow: /a.png\n", {}),
        ("User-agent: *\nAllow: /a\nDisallow: /a.png\n", ALL),
        ("User-agent: *\nDisallow: /a.png\nAllow: /a.png\n", {}),
        ("User-agent: *\r\nDisallow: /*.png$ # no pictures\r\n", ALL),
        ("USER-AGENT : *\rdisallow\t:\t/\r", ALL),
        ("Disallow: /\nUser-agent: *\nAllow: /\n", {}),
        ("User-agent: other\nDisallow: /\n", {}),
        ("User-agent: other\nUser-agent: *\nDisallow: /\n", ALL),
        ("User-agent: *\nDisallow: /b\n\nUser-agent: *\nDisallow: /a\n", ALL),
        ("User-agent: *\nContent-Usage: /a train-ai=y\nContent-Usage: /a train-ai=n\n", {GENERATIVE: NO}),
        ("User-agent: *\nContent-Usage: /a.p train-ai=y\nContent-Usage: /a train-ai=n\n", {GENERATIVE: YES}),
        ("User-agent: *\nContent-Usage: /b train-ai=n\n", {}),
        ("User-agent: *\nContent-Usage: /a\ttrain-ai=n\n", {GENERATIVE: NO}),
        ("User-agent: *\nContent-Usage: /a train ai=n\n", ALL),
        ("User-agent: GPTBot\nDisallow: /\n", {GENERATIVE: NO}),
        ("User-agent: gptbot/1.1\nDisallow: /\n", {GENERATIVE: NO}),
        ("User-agent: CCBot\nDisallow: /\n", {GENERATIVE: NO, MINING: NO}),
        ("User-agent: PerplexityBot\nDisallow: /\n", {INFERENCE: NO}),
        ("User-agent: GPTBot\nDisallow: /b\n", {}),
    ],
)
def test_robots_are_read(text: str, uses: dict[str, str]) -> None:
    assert read_robots(text.encode(), "/a.png").uses == uses


@pytest.mark.parametrize("data", [b"\xff", b"User-agent: *\n" * 50_000, b"User-agent: *\n" * 5001])
def test_a_robots_that_cannot_be_read_reserves(data: bytes) -> None:
    assert read_robots(data, "/a.png").uses == ALL
    assert read_ai_txt(data, "/a.png").uses == ALL


@pytest.mark.parametrize("path", ["", "a.png", "/" + "a" * 3000])
@pytest.mark.parametrize("reader", [read_robots, read_ai_txt, lambda data, path: read_tdmrep("[]", path)])
def test_a_path_that_is_none_reserves(reader: Callable[[str, str], Reading], path: str) -> None:
    assert reader("", path).uses == ALL


@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("", {}),
        ("User-Agent: *\nDisallow: *.png\n", dict.fromkeys(BY_TDM, NO)),
        ("User-Agent: *\nDisallow: *.jpg\n", {}),
        ("User-Agent: *\nDisallow: /\n", dict.fromkeys(BY_TDM, NO)),
        ("User-Agent: *\nAllow: *.png\nDisallow: /\n", dict.fromkeys(BY_TDM, YES)),
    ],
)
def test_ai_txt_is_read(text: str, uses: dict[str, str]) -> None:
    assert read_ai_txt(text, "/art/a.png").uses == uses


# ---- headers and pages


@pytest.mark.parametrize(
    ("headers", "uses"),
    [
        ({}, {}),
        ({"TDM-Reservation": "1"}, dict.fromkeys(BY_TDM, NO)),
        ({"tdm-reservation": " 0 "}, dict.fromkeys(BY_TDM, YES)),
        ({"tdm-reservation": "maybe"}, dict.fromkeys(BY_TDM, NO)),
        (
            {"tdm-reservation": "0", "Content-Usage": "train-ai=n"},
            {**dict.fromkeys(BY_TDM, YES), GENERATIVE: NO},
        ),
        ({"tdm-reservation": "0", "X-Robots-Tag": "NoAI"}, dict.fromkeys(BY_TDM, NO)),
        ({"X-Robots-Tag": "otherbot: noindex, noimageai"}, dict.fromkeys(BY_TDM, NO)),
        ({"X-Robots-Tag": "img2dataset: noai"}, dict.fromkeys(BY_TDM, NO)),
        ({"X-Robots-Tag": "noindex"}, {}),
    ],
)
def test_headers_are_read(headers: dict[str, str], uses: dict[str, str]) -> None:
    assert read_headers(headers).uses == uses


@pytest.mark.parametrize(
    ("page", "uses"),
    [
        ("<html><head><title>x</title></head></html>", {}),
        ('<meta name="tdm-reservation" content="1">', dict.fromkeys(BY_TDM, NO)),
        ("<META CONTENT=0 NAME=TDM-Reservation />", dict.fromkeys(BY_TDM, YES)),
        ("<meta\nname='tdm-reservation'\ncontent=''>", dict.fromkeys(BY_TDM, NO)),
        ('<meta name="robots" content="noindex, noai">', dict.fromkeys(BY_TDM, NO)),
        ('<meta name="robots" content="no&#97;i">', dict.fromkeys(BY_TDM, NO)),
        ('<meta name="description" content="noai">', {}),
        (b"\xff", ALL),
        ("a" * 600_000, ALL),
    ],
)
def test_pages_are_read(page: str | bytes, uses: dict[str, str]) -> None:
    assert read_html(page).uses == uses


# ---- the assertion


def test_the_example_of_cawg_is_read() -> None:
    data = {
        "entries": {
            "cawg.ai_training": {"use": "allowed"},
            "cawg.ai_generative_training": {"use": "notAllowed"},
            "cawg.data_mining": {
                "use": "constrained",
                "constraint_info": "may only be mined on days whose names end in 'y'",
            },
        }
    }
    uses = {TRAINING: YES, GENERATIVE: NO, MINING: NO}
    assert read_assertion(data).uses == read_assertion(json.dumps(data).encode()).uses == uses


@pytest.mark.parametrize(
    ("entries", "uses"),
    [
        ({"c2pa.ai_inference": {"use": "notAllowed"}}, {INFERENCE: NO}),
        ({"c2pa.data_mining": {"use": "allowed"}, MINING: {"use": "notAllowed"}}, {MINING: NO}),
        ({MINING: {"use": "notAllowed"}, "c2pa.data_mining": {"use": "allowed"}}, {MINING: NO}),
        ({MINING: {"use": "Allowed"}}, {MINING: NO}),
        ({MINING: {}}, {MINING: NO}),
        ({MINING: "allowed"}, {MINING: NO}),
        ({"com.example.print": {"use": "notAllowed"}}, {}),
        ({"cawg.new": {"use": "allowed"}}, {}),
        ({"cawg.new": {"use": "notAllowed"}}, ALL),
        ({"c2pa.ai_trainning": {"use": "constrained"}, MINING: {"use": "allowed"}}, ALL),
        ({"com.example.print": {"use": "perhaps"}}, ALL),
        ({}, {}),
    ],
)
def test_assertions_are_read(entries: dict[str, object], uses: dict[str, str]) -> None:
    assert read_assertion({"entries": entries}).uses == uses


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"entries": []}', b"\xff", b"[" * 100_000, b"1" * 600_000]
)
def test_a_broken_assertion_reserves(data: bytes) -> None:
    assert read_assertion(data).uses == ALL


# ---- any input

some_uses = some.dictionaries(some.sampled_from(list(USES)), some.sampled_from([YES, NO]))
readings = some.builds(Reading, some_uses, some.just("x"))


@given(some.lists(readings, max_size=4), some.randoms(use_true_random=False))
def test_combining_takes_the_strictest_in_any_order(found: list[Reading], random: object) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    together = combine(*found)
    assert combine(*shuffled).uses == together.uses
    for use in USES:
        assert together.reserves(use) == any(reading.reserves(use) for reading in found)
        assert (use in together.uses) == any(use in reading.uses for reading in found)


@given(
    some.one_of(
        some.binary(max_size=200), some.text("uUser-agent:*/ \nDiallowCtnU=y,n#$%\"'<>meta", max_size=200)
    )
)
def test_no_input_makes_a_reader_fail(data: bytes | str) -> None:
    text = data if isinstance(data, str) else data.decode("latin-1")
    for reading in (
        read_robots(data, "/a.png"),
        read_ai_txt(data, "/a.png"),
        read_tdmrep(data, "/a.png"),
        read_assertion(data),
        read_html(data),
        read_content_usage(text),
        read_headers({"Content-Usage": text, "X-Robots-Tag": text, "tdm-reservation": text}),
    ):
        assert set(reading.uses) <= set(USES)
        assert set(reading.uses.values()) <= {YES, NO}


HALF_MEBIBYTE = 512 * 1024
HOSTILE: dict[str, Callable[[], object]] = {
    "many wildcards": lambda: read_robots(
        "User-agent: *\n" + "Disallow: /" + "a*" * 200_000 + "b", "/" + "a" * 2000
    ),
    "many rules": lambda: read_robots(
        "".join(f"User-agent: {name}\n" for name in ("gptbot", "ccbot", "claudebot", "*"))
        + ("Disallow: /" + "*a" * 40 + "b\n") * 4900,
        "/" + "a" * 2000,
    ),
    "many agents": lambda: read_robots("User-agent: x\nDisallow: /\n" * 2400, "/a"),
    "many rules of tdmrep": lambda: read_tdmrep(
        json.dumps([{"location": "/" + "*a" * 30 + "b", "tdm-reservation": 0}] * 4000), "/" + "a" * 2000
    ),
    "an endless tag": lambda: read_html("<meta " + "a" * (HALF_MEBIBYTE - 10) + ">"),
    "many open tags": lambda: read_html("<meta " * (HALF_MEBIBYTE // 6)),
    "an attribute without end": lambda: read_html("<meta " + "a=' " * (HALF_MEBIBYTE // 5) + ">"),
    "spaces in a tag": lambda: read_html("<meta a" + " " * (HALF_MEBIBYTE - 10) + ">"),
    "a list without end": lambda: read_content_usage("a=(" + " " * 8000),
    "many items": lambda: read_content_usage("a=(" + "a;b " * 2000),
    "a string without end": lambda: read_content_usage('a="' + '\\"' * 4000),
    "deep JSON": lambda: read_tdmrep('{"a":' * 100_000, "/a"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_soon_dealt_with(name: str) -> None:
    started = time.process_time()
    HOSTILE[name]()
    assert time.process_time() - started < 5
