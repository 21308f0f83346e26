"""Settings: a TOML file, overridden by the environment.

The file is ``$RAKKAN_CONFIG``, or ``rakkan/config.toml`` under ``$XDG_CONFIG_HOME`` (``~/.config``);
it need not exist. Each setting has an environment variable, ``RAKKAN_`` and its name in capitals.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rakkan.errors import RakkanError

ENGINES = ("openvino", "fake")


@dataclass(frozen=True)
class Config:
    """``pictures``: the folder new pictures go to. ``weights``: the starter model's weights, or None for
    those of the package. ``threads``: processor threads to compute with, 0 for one a core. ``engine``:
    ``openvino``, or ``fake`` for the test pictures of an engine without a model."""

    pictures: Path = Path("pictures")
    weights: Path | None = None
    threads: int = 0
    engine: str = "openvino"


def load(environment: Mapping[str, str] | None = None) -> Config:
    """The settings in force. Raises RakkanError for an unreadable file, an unknown name or a bad value."""
    known = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    path = _file(known)
    if path is not None:
        values = _read(path)
    for name in _names():
        given = known.get(f"RAKKAN_{name.upper()}")
        if given:
            values[name] = given
    return _checked(values)


def _file(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("RAKKAN_CONFIG")
    if named:
        return Path(named)
    home = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "~")) / ".config")
    path = Path(home) / "rakkan" / "config.toml"
    return path if path.is_file() else None


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
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name == "threads":
            try:
                made[name] = int(value)
            except (TypeError, ValueError):
                made[name] = -1
            if not 0 <= made[name] <= 1024:
                raise RakkanError(f"threads is {value!r}", "Set a whole number from 0 (one a core) to 1024")
        elif name == "engine":
            if value not in ENGINES:
                raise RakkanError(f"engine is {value!r}", f"Set one of {', '.join(ENGINES)}")
            made[name] = value
        elif isinstance(value, str) and value and "\0" not in value:
            made[name] = Path(value).expanduser()
        else:
            raise RakkanError(f"{name} is {value!r}", "Set the path of a folder")
    return Config(**made)


def _names() -> list[str]:
    return [part.name for part in fields(Config)]
