"""Passkeys (Web Authentication, level 2): keys in a device, which no other site can ask for.

A ceremony is begun here and finished in the browser. Nothing is written down when it begins, since anybody
may begin one: its name, which goes to the browser and comes back, carries an identifier with the time in it
and a tag of what it is for and for whom, and the challenge is a keyed digest of that identifier. What was
finished has a row until its time is over, so that a response counts once.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import webauthn
from sqlalchemy import Connection, Row, and_, delete, func, insert, select, update
from webauthn.helpers import base64url_to_bytes
from webauthn.helpers.options_to_json_dict import options_to_json_dict
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from rakkan.service.accounts import wording
from rakkan.service.accounts.ground import MINUTE, Ground, Visit, encoded
from rakkan.service.accounts.sessions import Issued, Sessions
from rakkan.service.accounts.tables import ACCOUNTS, CEREMONIES, PASSKEYS, PASSWORDS
from rakkan.service.errors import Conflict, Forbidden, NotFound, Unauthenticated
from rakkan.service.schema import IDENTIFIER, is_identifier, made_at, new_identifier
from rakkan.store.database import insert_new, transaction

#: Milliseconds that a ceremony may take.
CEREMONY = 5 * MINUTE
MOST_PASSKEYS = 20
_MOST_CHARACTERS = 65_536
_LONGEST_CREDENTIAL = 1023
_REGISTER, _SIGN_IN = "register", "sign in"
_HINT = "Try again from the beginning"

_Verified = TypeVar("_Verified")


@dataclass(frozen=True)
class Party:
    """What passkeys are bound to: ``identifier`` is the domain, ``origin`` what the browser shows with it
    (``https://studio.example``), ``name`` what a device calls it."""

    identifier: str = "localhost"
    origin: str = "http://localhost:8000"
    name: str = "Rakkan"


@dataclass(frozen=True)
class Ceremony:
    """A ceremony that has begun: ``options`` go to the browser as JSON, ``identifier``, the ceremony's name,
    comes back with its response."""

    identifier: str
    options: dict[str, Any]


@dataclass(frozen=True)
class Passkey:
    """A passkey as its owner sees it; times are milliseconds since 1970."""

    identifier: str
    label: str
    backed_up: bool
    created: int
    used: int | None


@dataclass(frozen=True)
class Passkeys:
    """The passkeys in a database, for one relying party."""

    ground: Ground
    party: Party

    def begin_registration(self, account: str) -> Ceremony:
        """Begin to add a passkey to an account. Raises NotFound, and Conflict for more than 20."""
        with transaction(self.ground.engine) as connection:
            query = select(ACCOUNTS.c.handle, ACCOUNTS.c.display_name)
            person = connection.execute(query.where(ACCOUNTS.c.identifier == account)).one_or_none()
            if person is None:
                raise NotFound("There is no such account", "Sign in again")
            own = select(PASSKEYS.c.credential).where(PASSKEYS.c.account == account)
            known = [bytes(credential) for credential in connection.scalars(own)]
            if len(known) >= MOST_PASSKEYS:
                raise Conflict(f"There are {MOST_PASSKEYS} passkeys already", "Remove one that is not used")
        name = self._begin(_REGISTER, account)
        options = webauthn.generate_registration_options(
            rp_id=self.party.identifier,
            rp_name=self.party.name,
            user_name=person.handle,
            user_id=account.encode(),
            user_display_name=person.display_name,
            challenge=self._challenge(name),
            timeout=CEREMONY,
            # One that the device finds by itself: asking for those of a handle would tell whose they are.
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        )
        return Ceremony(name, options_to_json_dict(options))

    def finish_registration(
        self, account: str, ceremony: str, response: Mapping[str, Any], label: str
    ) -> Passkey:
        """Add the passkey of a browser's response. Raises Forbidden for a response that does not hold, and
        Conflict for a passkey that is known."""
        name = wording.label(label)
        self._check(ceremony, _REGISTER, account)
        made = _verified(
            lambda: webauthn.verify_registration_response(
                credential=_bounded(response),
                expected_challenge=self._challenge(ceremony),
                expected_rp_id=self.party.identifier,
                expected_origin=self.party.origin,
            )
        )
        if made is None or len(made.credential_id) > _LONGEST_CREDENTIAL:
            raise Forbidden("The passkey's response does not hold", _HINT)
        identifier, now = new_identifier(self.ground.clock()), self.ground.now()
        row = {
            "identifier": identifier,
            "account": account,
            "credential": made.credential_id,
            "public_key": made.credential_public_key,
            "sign_count": made.sign_count,
            "backed_up": made.credential_backed_up,
            "sealed": self.ground.seal(name, identifier),
            "created": now,
        }
        with transaction(self.ground.engine) as connection:
            self._finish(connection, ceremony, _REGISTER, account)
            if _find(connection, made.credential_id) is not None:
                raise Conflict(
                    "This passkey is known already", "Use another device, or sign in with this one"
                )
            connection.execute(insert(PASSKEYS).values(row))
        self.ground.audit("passkey added", account, identifier)
        return Passkey(identifier, name, made.credential_backed_up, now, None)

    def begin_sign_in(self) -> Ceremony:
        """Begin to sign in with whichever passkey the device has for this place."""
        name = self._begin(_SIGN_IN, "")
        options = webauthn.generate_authentication_options(
            rp_id=self.party.identifier, challenge=self._challenge(name), timeout=CEREMONY
        )
        return Ceremony(name, options_to_json_dict(options))

    def finish_sign_in(self, ceremony: str, response: Mapping[str, Any], visit: Visit) -> Issued:
        """Begin a session by a browser's response. Raises Unauthenticated for one that does not hold, also
        when the device has counted fewer signatures than are known of (somebody may have copied the passkey),
        and Forbidden for an account that is not active."""
        self._check(ceremony, _SIGN_IN, "")
        with transaction(self.ground.engine) as connection:
            known = _find(connection, _credential(response))
        if known is None:
            raise _refusal()
        proven = _verified(
            lambda: webauthn.verify_authentication_response(
                credential=_bounded(response),
                expected_challenge=self._challenge(ceremony),
                expected_rp_id=self.party.identifier,
                expected_origin=self.party.origin,
                credential_public_key=bytes(known.public_key),
                # Its count is compared below, where what it tells can be told on.
                credential_current_sign_count=0,
            )
        )
        if proven is None or _other_account(response, known.account):
            raise _refusal()
        count = proven.new_sign_count
        if (count or known.sign_count) and count <= known.sign_count:
            self._check(ceremony, _SIGN_IN, "")  # the same response twice at once comes of no copy
            self.ground.audit("passkey counted back", known.account, known.identifier)
            raise _refusal()
        return self._issue(ceremony, known, count, visit)

    def of(self, account: str) -> list[Passkey]:
        """The passkeys of an account, the newest first."""
        query = select(PASSKEYS).where(PASSKEYS.c.account == account).order_by(PASSKEYS.c.identifier.desc())
        with transaction(self.ground.engine) as connection:
            rows = connection.execute(query).all()
        return [
            Passkey(
                row.identifier,
                self.ground.unseal(row.sealed, row.identifier),
                row.backed_up,
                row.created,
                row.used,
            )
            for row in rows
        ]

    def remove(self, account: str, identifier: str) -> None:
        """Remove a passkey of an account. Raises NotFound, and Conflict for the last way to sign in."""
        with transaction(self.ground.engine) as connection:
            own = PASSKEYS.c.account == account
            row = and_(own, PASSKEYS.c.identifier == identifier)
            # First, since it locks: of two that are removed at once one is the last.
            connection.execute(update(PASSKEYS).where(own).values(sign_count=PASSKEYS.c.sign_count))
            if not connection.execute(delete(PASSKEYS).where(row)).rowcount:
                raise NotFound("There is no such passkey", "Look at the list of your passkeys")
            left = connection.scalar(select(func.count()).select_from(PASSKEYS).where(own)) or 0
            password = select(PASSWORDS.c.account).where(PASSWORDS.c.account == account)
            if not left and connection.scalar(password) is None:
                raise Conflict("This passkey is the only way to sign in", "Set a password first")
        self.ground.audit("passkey removed", account, identifier)

    def _issue(self, ceremony: str, known: Row[Any], count: int, visit: Visit) -> Issued:
        now = self.ground.now()
        with transaction(self.ground.engine) as connection:
            self._finish(connection, ceremony, _SIGN_IN, known.account)
            row = and_(PASSKEYS.c.identifier == known.identifier, PASSKEYS.c.sign_count == known.sign_count)
            used = update(PASSKEYS).where(row).values(sign_count=count, used=now)
            if not connection.execute(used).rowcount:
                raise _refusal()
            state = select(ACCOUNTS.c.state).where(ACCOUNTS.c.identifier == known.account)
            if connection.scalar(state) != "active":
                raise Forbidden("This account is suspended", "Ask whoever runs this instance")
            issued = Sessions(self.ground).issue(connection, known.account, "passkey", visit)
        self.ground.audit("signed in by passkey", known.account, issued.identifier)
        return issued

    def _begin(self, purpose: str, account: str) -> str:
        identifier = new_identifier(self.ground.clock())
        return identifier + self._tag(identifier, purpose, account)

    def _check(self, ceremony: str, purpose: str, account: str) -> None:
        """Raise Forbidden unless a ceremony was begun here for this, of late, and is not finished."""
        identifier = ceremony[:IDENTIFIER]
        holds = is_identifier(identifier) and hmac.compare_digest(
            encoded(ceremony[IDENTIFIER:]), self._tag(identifier, purpose, account).encode()
        )
        if not holds or made_at(identifier) + CEREMONY <= self.ground.now():
            raise _over()
        with transaction(self.ground.engine) as connection:
            done = select(CEREMONIES.c.identifier).where(CEREMONIES.c.identifier == identifier)
            if connection.scalar(done) is not None:
                raise _over()

    def _finish(self, connection: Connection, ceremony: str, purpose: str, account: str) -> None:
        """Let a ceremony that holds count no more. Raises Forbidden where somebody was faster."""
        identifier = ceremony[:IDENTIFIER]
        row = {"identifier": identifier, "purpose": purpose, "account": account}
        if not insert_new(connection, CEREMONIES, {**row, "expires": made_at(identifier) + CEREMONY}):
            raise _over()

    def _tag(self, identifier: str, purpose: str, account: str) -> str:
        return self.ground.keyed(f"ceremony {purpose}", f"{account} {identifier}").hex()

    def _challenge(self, ceremony: str) -> bytes:
        return self.ground.keyed("challenge", ceremony[:IDENTIFIER])


def _find(connection: Connection, credential: bytes) -> Row[Any] | None:
    return connection.execute(select(PASSKEYS).where(PASSKEYS.c.credential == credential)).one_or_none()


def _bounded(response: Mapping[str, Any]) -> dict[str, Any]:
    if len(json.dumps(response)) > _MOST_CHARACTERS:
        raise ValueError("too long")
    return dict(response)


def _credential(response: Mapping[str, Any]) -> bytes:
    raw = response.get("rawId") if isinstance(response, Mapping) else None
    if not isinstance(raw, str) or len(raw) > 2 * _LONGEST_CREDENTIAL:
        raise _refusal()
    try:
        return base64url_to_bytes(raw)
    except ValueError as error:
        raise _refusal() from error


def _other_account(response: Mapping[str, Any], account: str) -> bool:
    handle = response["response"].get("userHandle")
    return bool(handle) and _verified(lambda: base64url_to_bytes(handle)) != account.encode()


def _verified(verification: Callable[[], _Verified]) -> _Verified | None:
    try:
        return verification()
    except Exception:
        # The library documents one kind of exception, but its parsers of CBOR, ASN.1 and certificates have
        # their own: whatever they stumble over is a response that does not hold.
        return None


def _over() -> Forbidden:
    return Forbidden("This took too long, or was done before", _HINT)


def _refusal() -> Unauthenticated:
    return Unauthenticated("The passkey's response does not hold", _HINT)
