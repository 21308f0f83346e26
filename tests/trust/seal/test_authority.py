"""The instance's certificates, checked by OpenSSL and by the cryptography package, not by c2pa."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tests.trust.seal import samples

from rakkan.errors import RakkanError
from rakkan.trust.seal import authority

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def leaf() -> x509.Certificate:
    return x509.load_pem_x509_certificate(samples.keys().leaf_certificate)


def root() -> x509.Certificate:
    return x509.load_pem_x509_certificate(samples.keys().root_certificate)


def extension(certificate: x509.Certificate, kind: type[x509.ExtensionType]) -> x509.Extension:
    return certificate.extensions.get_extension_for_class(kind)


def test_the_leaf_is_issued_by_the_root_and_by_no_other() -> None:
    leaf().verify_directly_issued_by(root())
    other = x509.load_pem_x509_certificate(samples.keys("Another").root_certificate)
    with pytest.raises((ValueError, InvalidSignature)):
        leaf().verify_directly_issued_by(other)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_accepts_the_chain_for_mail_and_refuses_another_root(tmp_path: Path) -> None:
    names = {
        "root": samples.keys().root_certificate,
        "leaf": samples.keys().leaf_certificate,
        "other": samples.keys("Another").root_certificate,
    }
    for name, pem in names.items():
        (tmp_path / name).write_bytes(pem)

    def verifies(anchor: str) -> bool:
        command = ["openssl", "verify", "-x509_strict", "-purpose", "smimesign", "-CAfile", anchor, "leaf"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert verifies("root")
    assert not verifies("other")


def test_the_leaf_keeps_the_c2pa_certificate_profile() -> None:
    assert leaf().version is x509.Version.v3
    assert leaf().signature_algorithm_oid == x509.SignatureAlgorithmOID.ECDSA_WITH_SHA256
    key = leaf().public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    assert extension(leaf(), x509.BasicConstraints).value.ca is False
    usage = extension(leaf(), x509.KeyUsage)
    assert usage.critical and usage.value.digital_signature and not usage.value.key_cert_sign
    assert list(extension(leaf(), x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.EMAIL_PROTECTION]
    issuer = extension(leaf(), x509.AuthorityKeyIdentifier).value.key_identifier
    assert issuer == extension(root(), x509.SubjectKeyIdentifier).value.digest
    assert extension(leaf(), x509.SubjectKeyIdentifier).value.digest != issuer


def test_the_root_signs_certificates_only() -> None:
    constraints = extension(root(), x509.BasicConstraints)
    assert constraints.critical and constraints.value.ca and constraints.value.path_length == 0
    usage = extension(root(), x509.KeyUsage).value
    assert usage.key_cert_sign and not usage.digital_signature
    assert root().not_valid_after_utc > leaf().not_valid_after_utc


def test_certificates_bear_the_name_of_the_instance_and_nothing_else() -> None:
    for certificate in (root(), leaf()):
        names = {part.oid: part.value for part in certificate.subject}
        assert set(names) == {NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME}
        assert names[NameOID.ORGANIZATION_NAME] == "Studio 落款"


@pytest.mark.parametrize("name", ["", " x", "x" * 57, "a\nb", "a\0"])
def test_a_name_that_no_certificate_holds_is_refused(name: str) -> None:
    with pytest.raises(RakkanError, match="cannot be the name"):
        authority.make_authority(name)


def test_a_signature_is_r_and_s_of_the_leaf_key() -> None:
    signature = samples.signer().sign(b"data")
    assert len(signature) == 64
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    key = leaf().public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(encode_dss_signature(r, s), b"data", ec.ECDSA(hashes.SHA256()))


def test_a_leaf_signs_for_a_year_and_is_then_renewed_under_the_same_root() -> None:
    keys = authority.make_authority("A", NOW)
    assert not authority.needs_renewal(keys, NOW + timedelta(days=360))
    later = NOW + timedelta(days=370)
    assert authority.needs_renewal(keys, later)
    renewed = authority.renew(keys, later)
    assert not authority.needs_renewal(renewed, later)
    assert (renewed.root_certificate, renewed.root_key) == (keys.root_certificate, keys.root_key)
    assert renewed.leaf_key != keys.leaf_key
    for one in (keys, renewed):
        x509.load_pem_x509_certificate(one.leaf_certificate).verify_directly_issued_by(
            x509.load_pem_x509_certificate(keys.root_certificate)
        )


def test_no_leaf_outlives_its_root_and_a_dying_root_gets_none() -> None:
    keys = authority.make_authority("A", NOW)
    ends = x509.load_pem_x509_certificate(keys.root_certificate).not_valid_after_utc
    late = authority.renew(keys, ends - timedelta(days=400))
    assert x509.load_pem_x509_certificate(late.leaf_certificate).not_valid_after_utc == ends
    assert authority.needs_renewal(late, ends - timedelta(days=300))
    with pytest.raises(RakkanError, match="ends on"):
        authority.renew(keys, ends - timedelta(days=300))


def test_the_fingerprint_is_of_the_der_form_and_reads_in_groups() -> None:
    der = root().public_bytes(serialization.Encoding.DER)
    digest = authority.fingerprint(authority.root_pem(samples.keys()))
    assert digest == hashlib.sha256(der).hexdigest()
    assert authority.in_groups("00ff12ab") == "00FF 12AB"


def test_keys_survive_the_keyring_and_damage_is_noticed() -> None:
    secret = authority.pack(samples.keys())
    assert authority.unpack(secret) == samples.keys()
    for damaged in (b"", b"{}", b"[]", secret[:-2], b'{"name": "x", "surplus": "AAAA"}'):
        with pytest.raises(RakkanError, match="damaged"):
            authority.unpack(damaged)


def test_what_is_no_certificate_or_no_key_is_refused_in_words() -> None:
    with pytest.raises(RakkanError, match="not a certificate"):
        authority.fingerprint(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    keys = samples.keys()
    broken = authority.AuthorityKeys("A", keys.root_certificate, b"", keys.leaf_certificate, b"")
    with pytest.raises(RakkanError, match="damaged"):
        authority.authority(broken)
