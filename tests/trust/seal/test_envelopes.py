"""Statements signed with the seal's key: whose they are, and what is not believed."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from rakkan.errors import RakkanError
from rakkan.trust.seal.authority import authority, fingerprint, make_authority
from rakkan.trust.seal.envelopes import check, sign

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KEYS = make_authority("Studio Kaede", NOW)
OURS = authority(KEYS)
SAID = {"a": [1, "é"]}


def test_what_is_signed_reads_back_with_who_signed_it() -> None:
    told, signer = check(sign(SAID, OURS), OURS.chain, OURS.root, [], NOW)
    assert told == SAID
    assert (signer.name, signer.root, signer.trusted) == ("Studio Kaede", fingerprint(OURS.root), False)
    assert check(sign(SAID, OURS), OURS.chain, OURS.root, [OURS.root], NOW)[1].trusted


def test_the_signature_is_dsse_over_the_payload() -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    envelope = json.loads(sign(SAID, OURS))
    payload = base64.b64decode(envelope["payload"])
    kind = b"application/vnd.in-toto+json"
    message = b"DSSEv1 28 " + kind + b" " + str(len(payload)).encode() + b" " + payload
    raw = base64.b64decode(envelope["signatures"][0]["sig"])
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = x509.load_pem_x509_certificate(OURS.chain).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(der, message, ec.ECDSA(hashes.SHA256()))


def test_a_certificate_that_its_root_did_not_issue_is_not_believed() -> None:
    other = authority(make_authority("Studio Kaede", NOW))
    for chain, root in ((OURS.chain, other.root), (other.chain, OURS.root), (OURS.root, OURS.root)):
        with pytest.raises(RakkanError, match="certificate"):
            check(sign(SAID, OURS), chain, root, [OURS.root], NOW)


def test_a_signature_of_another_key_or_on_other_words_is_not_believed() -> None:
    other = authority(make_authority("Studio Kaede", NOW))
    with pytest.raises(RakkanError, match="signature"):
        check(sign(SAID, other), OURS.chain, OURS.root, [OURS.root], NOW)
    envelope = json.loads(sign(SAID, OURS))
    envelope["payload"] = base64.b64encode(b'{"a":[2]}').decode()
    with pytest.raises(RakkanError, match="signature"):
        check(json.dumps(envelope).encode(), OURS.chain, OURS.root, [], NOW)


@pytest.mark.parametrize("days", [-1, 365 * 31])
def test_a_certificate_out_of_date_is_not_believed(days: int) -> None:
    with pytest.raises(RakkanError, match="out of date"):
        check(sign(SAID, OURS), OURS.chain, OURS.root, [], NOW + timedelta(days=days))


@pytest.mark.parametrize("pem", [b"", b"no", b"x" * 20_000, b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_told_in_a_line(pem: bytes) -> None:
    with pytest.raises(RakkanError, match="certificate"):
        check(sign(SAID, OURS), pem, OURS.root, [], NOW)
