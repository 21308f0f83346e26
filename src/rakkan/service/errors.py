"""What a request can be refused for, besides being of no use: each with its status of HTTP (RFC 9110)."""

from __future__ import annotations

from rakkan.errors import RakkanError


class Refusal(RakkanError):
    """A refusal with a status of its own; ``code`` is what programs read."""

    status = 400
    code = "refused"


class Unauthenticated(Refusal):
    """Nobody is signed in, or what signs them in does not hold."""

    status = 401
    code = "unauthenticated"


class Forbidden(Refusal):
    """Whoever asks may not do this."""

    status = 403
    code = "forbidden"


class NotFound(Refusal):
    """It is not there, or not for whoever asks: these two look the same."""

    status = 404
    code = "not_found"


class Conflict(Refusal):
    """It cannot be as things stand: a name is taken, a thing has changed meanwhile."""

    status = 409
    code = "conflict"


class TooLarge(Refusal):
    """More was sent than is taken."""

    status = 413
    code = "too_large"


class TooSlow(Refusal):
    """What was sent did not come in within its time."""

    status = 408
    code = "too_slow"


class TooMany(Refusal):
    """A budget is used up; ``retry_after`` is in seconds, None when waiting does not help."""

    status = 429
    code = "too_many"

    def __init__(self, message: str, hint: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class Busy(Refusal):
    """There is more to do than can be done; ``retry_after`` is in seconds."""

    status = 503
    code = "busy"

    def __init__(self, message: str, hint: str = "", retry_after: float = 5.0) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after
