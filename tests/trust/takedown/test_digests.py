"""The line of digests: worked out at home, read as if an enemy had written it."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some
from tests.trust.takedown.drawn import figure, known, png, release

from rakkan.errors import RakkanError
from rakkan.trust.provenance import digest_of_file, pixel_digest
from rakkan.trust.takedown.digests import MOST_BYTES, digests_of_path, from_line, to_line


def test_a_line_is_read_back() -> None:
    found = known(png(figure(1)))
    line = to_line(found)
    again = from_line(line)
    assert again.exact == found.exact
    assert [one.hashes for one in again.looks] == [one.hashes for one in found.looks]
    assert [one.layout for one in again.looks] == [one.layout for one in found.looks]
    assert "\n" not in line and len(line) < MOST_BYTES


def test_the_exact_digests_are_those_the_ledger_knows(tmp_path: Path) -> None:
    path = release(tmp_path / "a.png", figure(1))
    data = path.read_bytes()
    assert digests_of_path(path).exact == {
        "file": hashlib.sha256(data).hexdigest(),
        "sha256": digest_of_file(data),
        "pixels": pixel_digest(figure(1)),
    }


def test_working_it_out_needs_no_vault_ledger_or_network(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(figure(1)))
    code = (
        "import socket, sys\n"
        "def none(*_, **__): raise SystemExit('network')\n"
        "socket.socket.connect = none\n"
        "from rakkan.cli import entry\n"
        "status = entry(['takedown', 'digest', 'a.png'])\n"
        "heavy = {'rakkan.assemble', 'sqlalchemy', 'c2pa', 'openvino'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert from_line(done.stdout).exact == known(png(figure(1))).exact
    home = Path(environment["RAKKAN_HOME"])
    assert not home.exists() and sorted(tmp_path.iterdir()) == [tmp_path / "a.png"]


def value() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(to_line(known(png(figure(1)))))
    return made


def changed(**changes: Any) -> str:
    return json.dumps({**value(), **changes})


def look(**changes: Any) -> list[Any]:
    return [{**value()["looks"][0], **changes}]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "not the JSON"),
        ("[]", "exactly the fields"),
        ("{}", "exactly the fields"),
        ("null", "exactly the fields"),
        ("[" * 20_000, "nested too deep"),
        ("x" * 10_000_000, "10000000 characters"),
        ('{"rakkan":"a","rakkan":"b"}', "twice"),
        (lambda: changed(rakkan="rakkan digests 2"), "another version"),
        (lambda: changed(rakkan=["rakkan digests 1"]), "another version"),
        (lambda: changed(more=1), "exactly the fields"),
        (lambda: changed(exact=[]), "names a digest"),
        (lambda: changed(exact={"md5": "0" * 32}), "names a digest"),
        (lambda: changed(exact={"sha256": "0" * 63}), "32 bytes"),
        (lambda: changed(exact={"sha256": "G" * 64}), "32 bytes"),
        (lambda: changed(exact={"sha256": "A" * 64}), "32 bytes"),
        (lambda: changed(exact={"sha256": 7}), "32 bytes"),
        (lambda: changed(exact={"sha256": "0" * 63 + "\n"}), "32 bytes"),
        (lambda: changed(looks={}), "a list of at most"),
        (lambda: changed(looks=value()["looks"] * 9), "a list of at most"),
        (lambda: changed(looks=[1]), "fields quality"),
        (lambda: changed(looks=look(quality=101)), "quality"),
        (lambda: changed(looks=look(quality=True)), "quality"),
        (lambda: changed(looks=look(quality=60.5)), "whole number"),
        (lambda: changed(looks=look(pdq="00")), "its pdq"),
        (lambda: changed(looks=look(pdq="zz" * 256)), "its pdq"),
        (lambda: changed(looks=look(layout="00" * 255)), "its layout"),
        (lambda: changed(looks=look(layout=None)), "its layout"),
        (lambda: changed(exact={}, looks=[]), "can find no picture"),
        (lambda: changed(exact={}, looks=look(quality=49)), "can find no picture"),
        (lambda: changed(exact={}, looks=look(pdq="00" * 256)), "can find no picture"),
        (lambda: changed(exact={}, looks=look(layout="10" * 256)), "can find no picture"),
    ],
    ids=str,
)
def test_what_is_no_such_line_is_refused_in_one_line(line: Any, reason: str) -> None:
    with pytest.raises(RakkanError, match=reason) as caught:
        from_line(line if isinstance(line, str) else line())
    assert "takedown digest" in str(caught.value) or "not blank" in str(caught.value)
    assert len(str(caught.value)) < 300


@given(some.text(max_size=300) | some.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    with pytest.raises(RakkanError):
        from_line(text)


@given(some.integers(0, 2000), some.characters())
def test_no_changed_sign_makes_the_reader_fail(place: int, sign: str) -> None:
    line = to_line(known(png(figure(1))))
    place %= len(line)
    try:
        found = from_line(line[:place] + sign + line[place + 1 :])
    except RakkanError:
        return
    assert found.exact and all(len(one.hashes) == 8 for one in found.looks)


def test_a_picture_that_is_blank_has_no_looks_in_its_line() -> None:
    found = known(png(numpy.full((90, 90, 3), 7, numpy.uint8)))
    assert found.looks == () and set(found.exact) == {"file", "sha256", "pixels"}
