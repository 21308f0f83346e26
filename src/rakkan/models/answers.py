"""Asking a server for something over HTTPS: addresses, redirects, tokens, and what refusals mean.

A token goes to the host it was given for, and to no other that this one redirects to.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import urllib.request
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from rakkan import __version__
from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.files import shown

MOST_REDIRECTS = 8
_SECONDS = 30.0


class Broken(Exception):
    """The connection broke off; another may do."""


def read_text(url: str, token: str, most: int) -> bytes:
    """A small document of at most ``most`` bytes. Raises RakkanError."""
    check_address(url)
    try:
        with answered(url, {"Accept": "*/*"}, token)[0] as answer:
            refuse_status(answer, url)
            data: bytes = answer.read(most + 1)
    except (Broken, OSError, http.client.HTTPException) as error:
        raise RakkanError(
            f"{host_of(url)} cannot be reached: {reason_of(error)}", "Check the network"
        ) from error
    if len(data) > most:
        raise RakkanError(f"What {host_of(url)} answers is longer than {most} bytes", "Check the address")
    return data


def check_address(url: str) -> None:
    """Raises RakkanError for an address that nothing is fetched from: not HTTPS (plain HTTP is for this very
    machine alone), or with a name and password in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise RakkanError(f"{shown(url)} is no address", "Give https://… or hf:owner/name") from error
    if not url.isprintable() or " " in url or not host:
        raise RakkanError(f"{shown(url)} is no address", "Give https://… or hf:owner/name")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_here(host)):
        raise RakkanError(f"{shown(url)} is not fetched: it is not https", "Give an address with https://")
    if parts.username or parts.password:
        raise RakkanError("The address holds a password", "Give it without; a token is read from HF_TOKEN")


def answered(url: str, headers: Mapping[str, str], token: str) -> tuple[Any, str]:
    """The answer after all redirects, and the SHA-256 that the first host gave on the way."""
    opener = urllib.request.OpenerDirector()
    for handler in (urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
        opener.add_handler(handler())
    first, here = _origin(url), url
    told = ""
    for _ in range(MOST_REDIRECTS + 1):
        sent = {"User-Agent": f"rakkan/{__version__}", **headers}
        if token and _origin(here) == first:
            sent["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(_quoted(here), headers=sent)
        try:
            answer = opener.open(fullurl=request, timeout=_SECONDS)
        except OSError as error:
            if isinstance(getattr(error, "reason", None), socket.gaierror | ssl.SSLCertVerificationError):
                raise RakkanError(
                    f"{host_of(here)} cannot be reached: {reason_of(error)}",
                    "Check the address and the network",
                ) from error
            raise
        if answer is None:
            raise RakkanError(f"{shown(here)} cannot be fetched", "Give an address with https://")
        if _origin(here) == first:
            told = told or _linked_digest(answer)
        if answer.status not in (301, 302, 303, 307, 308):
            return answer, told
        target = urljoin(here, answer.headers.get("Location", ""))
        answer.close()
        check_address(target)
        if urlsplit(target).scheme == "http" and urlsplit(url).scheme != "http":
            raise RakkanError(
                f"{host_of(url)} leads to {shown(target)}, which is not https", "Do not trust it"
            )
        here = target
    raise RakkanError(f"{host_of(url)} leads from one address to the next without end", "Check the address")


def refuse_status(answer: Any, url: str) -> None:
    status = answer.status
    if status in (200, 206):
        if answer.headers.get("Content-Encoding", "identity") not in ("", "identity"):
            raise RakkanError(
                f"{host_of(url)} sends the file encoded", "Get it another way, and rakkan model add"
            )
        return
    if status in (408, 429) or status >= 500:
        raise Broken(f"it answers {status}")
    if status in (401, 403):
        raise RakkanError(
            f"{host_of(url)} does not give it out ({status})",
            "Accept its terms on its page, and set HF_TOKEN to a token of yours",
        )
    if status in (404, 410):
        raise RakkanError(f"{host_of(url)} has no such file ({status})", "Check the address")
    raise RakkanError(f"{host_of(url)} answers {status}", "Check the address")


def host_of(url: str) -> str:
    return shown(urlsplit(url).hostname or url)


def reason_of(error: Exception) -> str:
    inner = getattr(error, "reason", error)
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    return shown(str(text).lower())


def _linked_digest(answer: Any) -> str:
    """What a hub says a large file's SHA-256 is (Hugging Face: ``X-Linked-ETag``)."""
    told = answer.headers.get("X-Linked-ETag", "").strip().removeprefix("W/").strip('"').lower()
    return told if re.fullmatch("[0-9a-f]{64}", told) else ""


def _quoted(url: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.encode("idna").decode() if not parts.netloc.isascii() else parts.netloc
    path, query = (
        quote(parts.path, safe="/%:@!$&'()*+,;=~-._"),
        quote(parts.query, safe="/%:@!$&'()*+,;=~-._?"),
    )
    return urlunsplit((parts.scheme, host, path, query, ""))


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
