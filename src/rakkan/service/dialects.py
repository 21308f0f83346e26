"""How a fault reads to the client that asked: in the API's own shape, or as the doors' clients know them."""

from __future__ import annotations

from typing import Any


def told(code: str, message: str, hint: str = "", **more: Any) -> dict[str, Any]:
    """The one shape of a fault."""
    return {"error": {"code": code, "message": message, "hint": hint, **more}}


def reads_programs(path: str) -> bool:
    """Whether a path is for programs, which are never answered with a page."""
    return path == "/api/v1" or path.startswith(("/api/", "/sdapi/", "/v1/"))


def shaped(path: str, status: int, code: str, message: str, hint: str = "", **more: Any) -> dict[str, Any]:
    """A fault as whoever asks for ``path`` reads it."""
    if path.startswith("/sdapi/"):
        return _of_a1111(code, message, hint)
    if path.startswith("/v1/"):
        return _of_openai(status, code, message, hint)
    return told(code, message, hint, **more)


def _of_a1111(code: str, message: str, hint: str) -> dict[str, Any]:
    """As Stable Diffusion web UI's ``api_middleware`` tells of an exception, in one line."""
    line = _line(message, hint)
    return {"error": code, "detail": line, "body": "", "errors": line}


def _of_openai(status: int, code: str, message: str, hint: str) -> dict[str, Any]:
    """As OpenAI's reference has it ("Error codes"): what its clients raise their typed errors from."""
    kinds = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "server_error" if status >= 500 else "invalid_request_error")
    return {"error": {"message": _line(message, hint), "type": kind, "param": None, "code": code}}


def _line(message: str, hint: str) -> str:
    return f"{message}. {hint}." if hint else f"{message}."
