"""Rows of the queue as records: sealing and opening."""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from rakkan.errors import RakkanError
from rakkan.service.jobs.records import PRIORITIES, Job, Leased
from rakkan.store.sealing import derive, seal, unseal


@dataclass(frozen=True)
class Seals:
    """What is sealed in a row, and how. ``key`` is 32 bytes, for nothing but the queue."""

    key: bytes

    @cached_property
    def _sealing(self) -> bytes:
        return derive(self.key, "rakkan jobs sealing")

    @cached_property
    def _digesting(self) -> bytes:
        return derive(self.key, "rakkan jobs digests")

    def seal(self, what: str, identifier: str, plain: bytes) -> bytes:
        """Sealed to its place: of another job or column it does not open."""
        return seal(self._sealing, plain, f"job {what} {identifier}".encode())

    def open(self, what: str, identifier: str, sealed: bytes) -> bytes:
        """What was sealed. Raises Damaged."""
        about = f"job {what} {identifier}".encode()
        return unseal(self._sealing, sealed, about, f"The {what} of job {identifier}")

    def digest(self, purpose: str, *parts: bytes) -> str:
        """64 characters that are equal for equal parts and tell nothing without the key."""
        lengths = b"".join(len(part).to_bytes(8, "big") for part in parts)
        return hmac.new(
            self._digesting, purpose.encode() + b"\0" + lengths + b"".join(parts), sha256
        ).hexdigest()

    def fault(self, identifier: str, error: RakkanError) -> bytes:
        """What went wrong, sealed: a message may quote a prompt."""
        text = json.dumps([error.message, error.hint])
        return self.seal("error", identifier, text.encode())

    def job(self, row: Row[Any], *, whole: bool = True) -> Job:
        """A row as a record, without payload and result unless ``whole``. Raises Damaged."""
        error, hint = "", ""
        if row.error is not None:
            error, hint = json.loads(self.open("error", row.identifier, row.error))
        return Job(
            row.identifier,
            row.account,
            row.organisation,
            row.kind,
            PRIORITIES[row.rank],
            row.state,
            row.created,
            row.started,
            row.finished,
            row.done,
            row.total,
            row.cost,
            row.attempts,
            row.crashes,
            row.state == "running" and row.stop != "",
            error,
            hint,
            self.open("payload", row.identifier, row.payload) if whole else None,
            self.open("result", row.identifier, row.result) if whole and row.result is not None else None,
        )

    def leased(self, row: Row[Any], token: str, worker: str) -> Leased:
        """A row that has just been leased. Raises Damaged."""
        return Leased(
            row.identifier,
            row.account,
            row.organisation,
            row.kind,
            PRIORITIES[row.rank],
            row.compatibility,
            self.open("payload", row.identifier, row.payload),
            row.cost,
            row.attempts + 1,
            token,
            worker,
        )
