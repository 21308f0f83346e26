"""Signs picture files as any C2PA tool would, with a throw-away certificate."""

from __future__ import annotations

import datetime
import io
import json
from functools import cache

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

MANIFEST = {
    "claim_generator_info": [{"name": "a test", "version": "1"}],
    "assertions": [
        {
            "label": "c2pa.actions.v2",
            "data": {
                "actions": [
                    {
                        "action": "c2pa.created",
                        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/"
                        "trainedAlgorithmicMedia",
                    }
                ]
            },
        }
    ],
}


@cache
def _chain() -> tuple[ec.EllipticCurvePrivateKey, str]:
    """A signing key and its certificate chain, as PEM, under a root made for this."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = _name("Test root")
    now = datetime.datetime.now(datetime.UTC)

    def certificate(name: x509.Name, public: ec.EllipticCurvePublicKey, root: bool) -> x509.Certificate:
        usage = dict.fromkeys(
            (
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(root_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=9))
            .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=not root, key_cert_sign=root, crl_sign=root, **usage),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False
            )
        )
        if not root:
            purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
            builder = builder.add_extension(purposes, critical=False)
        return builder.sign(root_key, hashes.SHA256())

    leaf = certificate(_name("Test signer"), key.public_key(), False)
    root = certificate(root_name, root_key.public_key(), True)
    return key, "".join(one.public_bytes(serialization.Encoding.PEM).decode("ascii") for one in (leaf, root))


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def sign(data: bytes, media_type: str) -> bytes:
    """``data`` with a C2PA manifest in it."""
    key, chain = _chain()

    def signature(message: bytes) -> bytes:
        left, right = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return left.to_bytes(32, "big") + right.to_bytes(32, "big")

    signer = c2pa.Signer.from_callback(signature, c2pa.C2paSigningAlg.ES256, chain)
    signed = io.BytesIO()
    with c2pa.Builder(json.dumps(MANIFEST)) as builder:
        builder.sign(signer, media_type, io.BytesIO(data), signed)
    return signed.getvalue()


def state(data: bytes, media_type: str) -> str:
    """What the C2PA library makes of the manifest in ``data``: ``Valid`` or ``Invalid``."""
    with c2pa.Reader(media_type, io.BytesIO(data)) as reader:
        return str(json.loads(reader.json())["validation_state"])
