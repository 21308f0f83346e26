"""Sealed files, judged by c2pa's own Reader and by what becomes of the bytes."""

from __future__ import annotations

import io
import json
import os
import signal
import threading
from dataclasses import replace
from typing import Any

import c2pa
import pytest
from PIL import Image
from tests.trust.seal import samples
from tests.trust.seal.samples import JPEG, MEDIA_TYPES, PNG, SEALING, WEBP, request, sealed, without_seal

from rakkan.errors import RakkanError
from rakkan.trust.seal import authority
from rakkan.trust.seal.sign import seal, settings


def judged(data: bytes, media_type: str, roots: bytes = b"") -> tuple[str, dict[str, Any]]:
    """c2pa's verdict with settings of the test's own making."""
    trust = {"trust_anchors": roots.decode()} if roots else {}
    context = c2pa.Context.from_dict({"version": 1, "trust": trust})
    with c2pa.Reader(media_type, io.BytesIO(data), context=context) as reader:
        return str(reader.get_validation_state()), json.loads(reader.json())


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("operation", SEALING)
def test_c2pa_trusts_it_with_our_root_and_calls_it_valid_without(operation: str, media_type: str) -> None:
    data = sealed(media_type, operation)
    assert judged(data, media_type, samples.keys().root_certificate)[0] == "Trusted"
    state, report = judged(data, media_type)
    assert state == "Valid"
    assert [status["code"] for status in report["validation_status"]] == ["signingCredential.untrusted"]


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("operation", SEALING)
def test_without_its_seal_the_file_is_what_it_was(operation: str, media_type: str) -> None:
    assert without_seal(sealed(media_type, operation), media_type) == samples.picture(media_type)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("size", [(1, 1), (33, 17)])
def test_the_pixels_stay(media_type: str, mode: str, size: tuple[int, int]) -> None:
    if (mode, media_type) == ("RGBA", JPEG):
        mode = "CMYK"
    memory = io.BytesIO()
    Image.new(mode, size, 90 if mode == "L" else (90, 120, 30, 77)[: len(mode)]).save(
        memory, format=media_type.removeprefix("image/")
    )
    data = seal(memory.getvalue(), request(media_type=media_type), samples.signer())
    assert without_seal(data, media_type) == memory.getvalue()
    with Image.open(io.BytesIO(data)) as after, Image.open(io.BytesIO(memory.getvalue())) as before:
        assert after.mode == before.mode and after.tobytes() == before.tobytes()


def test_a_seal_carries_no_thumbnail_no_remote_address_and_no_time_stamp() -> None:
    _, report = judged(sealed(PNG), PNG)
    text = json.dumps(report)
    assert "thumbnail" not in text and "http://localhost" not in text
    (manifest,) = report["manifests"].values()
    assert "time" not in manifest["signature_info"]
    assert len(sealed(PNG)) - len(samples.picture(PNG)) < 20_000


def test_settings_of_the_process_are_left_alone() -> None:
    before = judged(sealed(PNG), PNG)[0]
    seal(samples.picture(PNG), request(), samples.signer())
    assert judged(sealed(PNG), PNG)[0] == before == "Valid"
    closed = settings(b"")
    assert closed["core"]["allowed_network_hosts"] == []
    assert closed["verify"] == {"remote_manifest_fetch": False, "ocsp_fetch": False}


def test_the_key_may_lie_elsewhere() -> None:
    asked: list[bytes] = []

    def far_away(data: bytes) -> bytes:
        asked.append(data)
        return samples.signer().sign(data)

    data = seal(samples.picture(PNG), request(), replace(samples.signer(), sign=far_away))
    assert judged(data, PNG, samples.keys().root_certificate)[0] == "Trusted"
    assert len(asked) == 1 and b"Signature1" in asked[0]


def test_a_key_that_does_not_sign_or_is_another_makes_no_seal() -> None:
    def refuses(data: bytes) -> bytes:
        raise OSError("no such key")

    for sign in (refuses, lambda data: b"", lambda data: b"x" * 64, samples.signer("Another").sign):
        with pytest.raises(RakkanError, match="could not be sealed"):
            seal(samples.picture(PNG), request(), replace(samples.signer(), sign=sign))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", samples.picture(WEBP)])
def test_what_is_not_the_stated_picture_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(RakkanError, match="could not be sealed"):
        seal(data, request(media_type=PNG), samples.signer())


def test_a_damaged_ingredient_is_refused_in_words() -> None:
    broken = samples.ingredient("inputTo", b"\x89PNG\r\n\x1a\n" + b"\0" * 5)
    with pytest.raises(RakkanError, match="could not be sealed"):
        seal(samples.picture(PNG), request(ingredients=(broken,)), samples.signer())


def test_a_renewed_leaf_seals_under_the_same_root() -> None:
    renewed = authority.authority(authority.renew(samples.keys()))
    assert renewed.chain != samples.signer().chain
    data = seal(samples.picture(PNG), request(), renewed)
    assert judged(data, PNG, samples.keys().root_certificate)[0] == "Trusted"


def test_a_seal_of_someone_elses_is_kept_when_the_file_is_given_as_its_own_parent() -> None:
    foreign = sealed(PNG, "create", "Another")
    parent = samples.ingredient("parentOf", foreign, outside=True)
    data = seal(foreign, request("protect", ingredients=(parent,), recipe=None, model=None), samples.signer())
    state, report = judged(data, PNG, samples.keys().root_certificate)
    assert state == "Trusted" and len(report["manifests"]) == 2
    assert data.count(b"caBX") == 1
    assert without_seal(data, PNG) == samples.picture(PNG)


def test_many_threads_seal_at_once() -> None:
    made: list[bytes] = []

    def work() -> None:
        for _ in range(5):
            made.append(seal(samples.picture(PNG), request(), samples.signer()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 20
    assert {judged(data, PNG, samples.keys().root_certificate)[0] for data in made} == {"Trusted"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_seals_too() -> None:
    seal(samples.picture(PNG), request(), samples.signer())  # the parent has its context by now
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            data = seal(samples.picture(PNG), request(), samples.signer())
            os.write(writer, judged(data, PNG, samples.keys().root_certificate)[0].encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        assert answer.read() == b"Trusted"
    os.waitpid(child, 0)


def test_ctrl_c_while_the_seal_is_set_is_neither_lost_nor_a_fault() -> None:
    own = samples.signer("Ctrl-C")

    def pressed(data: bytes) -> bytes:
        signal.raise_signal(signal.SIGINT)
        return own.sign(data)

    before = signal.getsignal(signal.SIGINT)
    interrupted = replace(own, sign=pressed)
    with pytest.raises(KeyboardInterrupt):
        seal(samples.picture("image/png"), request("create", "image/png"), interrupted)
    assert signal.getsignal(signal.SIGINT) is before
    assert seal(samples.picture("image/png"), request("create", "image/png"), own)
