"""Settings: file, environment, and what is wrong with them in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rakkan.config import PASSPHRASE, Config, load
from rakkan.errors import RakkanError


def written(folder: Path, text: str) -> dict[str, str]:
    file = folder / "settings.toml"
    file.write_text(text)
    return {"RAKKAN_CONFIG": str(file)}


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    found = load({"HOME": str(tmp_path)})
    assert found == Config(
        home=tmp_path / ".local/share/rakkan",
        key=str(tmp_path / ".config/rakkan/master.key"),
        wildcards=tmp_path / ".config/rakkan/wildcards",
    )
    bases = {"XDG_CONFIG_HOME": str(tmp_path / "c"), "XDG_DATA_HOME": str(tmp_path / "d")}
    assert load(bases) == Config(
        home=tmp_path / "d/rakkan",
        key=str(tmp_path / "c/rakkan/master.key"),
        wildcards=tmp_path / "c/rakkan/wildcards",
    )


def test_a_file_is_found_where_settings_are_kept(tmp_path: Path) -> None:
    (tmp_path / ".config" / "rakkan").mkdir(parents=True)
    (tmp_path / ".config" / "rakkan" / "config.toml").write_text('pictures = "elsewhere"')
    assert load({"HOME": str(tmp_path)}).pictures == Path("elsewhere")


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    environment = written(tmp_path, 'pictures = "one"\nweights = "w"\nthreads = 2\nkey = "passphrase"\n')
    found = load(environment)
    assert (found.pictures, found.weights, found.threads) == (Path("one"), Path("w"), 2)
    assert found.key == PASSPHRASE
    found = load({**environment, "RAKKAN_PICTURES": "two", "RAKKAN_THREADS": "3", "RAKKAN_KEY": "k"})
    assert (found.pictures, found.threads, found.key) == (Path("two"), 3, "k")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("picture = 'x'", "'picture', which is no setting. Did you mean 'pictures'"),
        ("threads = -1", "threads is -1"),
        ("threads = 'many'", "threads is 'many'"),
        ("threads = [1]", "threads is"),
        ("engine = 'steam'", "engine is 'steam'. Set one of openvino, torch, fake"),
        ("engine = []", "engine is []"),
        ("pictures = 3", "pictures is 3"),
        ("disclosure = 'some'", "Set one of full, redacted, digest"),
        ("vault = 'ftp://a'", "vault is 'ftp://a'"),
        ("key = 5", "key is 5"),
        ("home = ''", "home is ''"),
        ("pictures = ''", "pictures is ''"),
        ("pictures = [", "not valid TOML"),
    ],
)
def test_faults_of_the_file_are_named(text: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(RakkanError) as raised:
        load(written(tmp_path, text))
    assert reason in str(raised.value)


def test_a_named_file_that_is_not_there_or_not_text_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(RakkanError, match="cannot be read"):
        load({"RAKKAN_CONFIG": str(tmp_path / "none.toml")})
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RakkanError, match="not valid TOML"):
        load({"RAKKAN_CONFIG": str(tmp_path / "binary.toml")})
