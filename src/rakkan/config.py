"""Settings: a TOML file, overridden by the environment.

The file is ``$RAKKAN_CONFIG``, or ``rakkan/config.toml`` under ``$XDG_CONFIG_HOME`` (``~/.config``);
it need not exist. Each setting has an environment variable, ``RAKKAN_`` and its name in capitals.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rakkan.errors import RakkanError

ENGINES = ("openvino", "torch", "fake")
DISCLOSURES = ("full", "redacted", "digest")

#: What ``key`` is set to when the vault opens with a passphrase.
PASSPHRASE = "passphrase"


@dataclass(frozen=True)
class Config:
    """``pictures``: the folder new pictures go to. ``weights``: the starter model's weights, or None for
    those of the package. ``threads``: processor threads to compute with, 0 for one a core. ``engine``:
    ``openvino``, or ``fake`` for the test pictures of an engine without a model. ``disclosure``: how much
    of its recipe a picture tells. ``home``: the folder of vault, ledger, keys and database. ``vault``: an
    S3 address for the vault's bytes, "" for a folder in ``home``. ``key``: the file of the master key, or
    ``passphrase``; it lies apart from ``home``, so that a copy of one is of no use without the other.
    ``wildcards``: the folder of text files that prompts draw from. ``database``: the address of a PostgreSQL
    database (``postgresql+psycopg://…``), "" for a SQLite file in ``home``."""

    pictures: Path = Path("pictures")
    weights: Path | None = None
    threads: int = 0
    engine: str = "openvino"
    disclosure: str = "full"
    home: Path = Path(".local/share/rakkan")
    vault: str = ""
    key: str = ".config/rakkan/master.key"
    wildcards: Path = Path(".config/rakkan/wildcards")
    database: str = ""


def load(environment: Mapping[str, str] | None = None) -> Config:
    """The settings in force. Raises RakkanError for an unreadable file, an unknown name or a bad value."""
    known = os.environ if environment is None else environment
    values: dict[str, Any] = {
        "home": str(_base(known, "XDG_DATA_HOME", ".local/share")),
        "key": str(_base(known, "XDG_CONFIG_HOME", ".config") / "master.key"),
        "wildcards": str(_base(known, "XDG_CONFIG_HOME", ".config") / "wildcards"),
    }
    path = _file(known)
    if path is not None:
        values |= _read(path)
    for name in _names():
        given = known.get(f"RAKKAN_{name.upper()}")
        if given:
            values[name] = given
    return _checked(values)


def _file(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("RAKKAN_CONFIG")
    if named:
        return Path(named)
    path = _base(environment, "XDG_CONFIG_HOME", ".config") / "config.toml"
    return path if path.is_file() else None


def _base(environment: Mapping[str, str], variable: str, usual: str) -> Path:
    """Rakkan's folder under a base directory of the XDG specification."""
    named = environment.get(variable)
    return (Path(named) if named else Path(environment.get("HOME", "~")) / usual) / "rakkan"


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RakkanError(
            f"The settings file {path} cannot be read: {(error.strerror or str(error)).lower()}",
            "Correct RAKKAN_CONFIG",
        ) from error
    except ValueError as error:  # TOML and UTF-8 faults alike
        raise RakkanError(f"The settings file {path} is not valid TOML: {error}", "Correct it") from error
    for name in values:
        if name not in _names():
            near = get_close_matches(name, _names(), 1, 0)
            raise RakkanError(f"{path} sets {name!r}, which is no setting", f"Did you mean {near[0]!r}?")
    return values


def _checked(values: dict[str, Any]) -> Config:
    made: dict[str, Any] = {name: _READERS[name](name, value) for name, value in values.items()}
    return Config(**made)


def _threads(name: str, value: Any) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = -1
    if not 0 <= number <= 1024:
        raise RakkanError(f"{name} is {value!r}", "Set a whole number from 0 (one a core) to 1024")
    return number


def _one_of(*choices: str) -> Callable[[str, Any], str]:
    def read(name: str, value: Any) -> str:
        if value not in choices:
            raise RakkanError(f"{name} is {value!r}", f"Set one of {', '.join(choices)}")
        return str(value)

    return read


def _address(name: str, value: Any) -> str:
    if not isinstance(value, str) or "\0" in value or ("://" in value and not value.startswith("s3://")):
        raise RakkanError(f"{name} is {value!r}", "Set a folder or an address such as s3://bucket/prefix")
    return value


def _database(name: str, value: Any) -> str:
    # The value is not repeated: it may hold a password.
    if not isinstance(value, str) or not value.startswith(("postgresql+psycopg://", "sqlite:///")):
        raise RakkanError(f"{name} is no address of a database", "Set postgresql+psycopg://… or leave it out")
    return value


def _key(name: str, value: Any) -> str:
    return PASSPHRASE if value == PASSPHRASE else str(_path(name, value))


def _path(name: str, value: Any) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise RakkanError(f"{name} is {value!r}", "Set the path of a folder or file")
    return Path(value).expanduser()


_READERS: dict[str, Callable[[str, Any], Any]] = {
    "pictures": _path,
    "weights": _path,
    "home": _path,
    "threads": _threads,
    "engine": _one_of(*ENGINES),
    "disclosure": _one_of(*DISCLOSURES),
    "vault": _address,
    "key": _key,
    "wildcards": _path,
    "database": _database,
}


def _names() -> list[str]:
    return [part.name for part in fields(Config)]


def ask_passphrase() -> str:
    """The passphrase from the environment, or from whoever sits at the terminal."""
    import getpass
    import sys

    given = os.environ.get("RAKKAN_PASSPHRASE")
    if given:
        return given
    if not sys.stdin.isatty():
        raise RakkanError(
            "The vault opens with a passphrase and there is nobody to ask", "Set RAKKAN_PASSPHRASE"
        )
    return getpass.getpass("Passphrase of the vault: ")
