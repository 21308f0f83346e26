"""A passkey in software: ES256 over what Web Authentication (level 2, sections 6.1 and 6.5) says is
signed."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Device:
    """One credential. ``count`` is that of its signatures; ``step`` is 0 for a device that does not count."""

    origin: str = "http://localhost:8000"
    count: int = 0
    step: int = 1
    attestation: str = "none"
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user: str = ""

    def register(self, options: dict[str, Any]) -> dict[str, Any]:
        """What a browser answers to the options of a registration."""
        self.user = options["user"]["id"]
        client = self._client("webauthn.create", options["challenge"])
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(15) + b"\1" + len(self.credential).to_bytes(2, "big") + self.credential
        data = self._data(options["rp"]["id"], ATTESTED) + attested + cbor2.dumps(public)
        statement: dict[str, Any] = {}
        if self.attestation == "packed":
            statement = {"alg": -7, "sig": self._sign(data, client)}
        whole = cbor2.dumps({"fmt": self.attestation, "attStmt": statement, "authData": data})
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(whole)})

    def sign_in(self, options: dict[str, Any]) -> dict[str, Any]:
        """What a browser answers to the options of signing in."""
        client = self._client("webauthn.get", options["challenge"])
        data = self._data(options["rpId"], 0)
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(self._sign(data, client)),
                "userHandle": self.user,
            }
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _data(self, party: str, flags: int) -> bytes:
        self.count += self.step
        whose = hashlib.sha256(party.encode()).digest()
        return whose + bytes([PRESENT | VERIFIED | flags]) + self.count.to_bytes(4, "big")

    def _sign(self, data: bytes, client: bytes) -> bytes:
        return self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        name = text(self.credential)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}
