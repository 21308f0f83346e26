"""Downloads against a server on this machine: broken off, lying, redirecting, and sound."""

from __future__ import annotations

import errno
import hashlib
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.formats.checkpoints.tables import checkpoint_file
from tests.models.servers import Answer, Host, breaks_off, serving, status

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1
from rakkan.models import answers, download
from rakkan.models.download import discard, fetch

DATA = checkpoint_file(SD1, title="x")
SHA256 = hashlib.sha256(DATA).hexdigest()
#: Beyond the header, so that some of the weights have come.
HEADER = 8 + int.from_bytes(DATA[:8], "little")


@pytest.fixture
def host() -> Iterator[Host]:
    with serving(m__safetensors=DATA) as made:
        yield made


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "_PIECE", 16 * 1024)


def get(host: Host, folder: Path, path: str = "/m.safetensors", **more: Any) -> Path:
    return fetch(host.address + path, folder, pause=lambda seconds: None, **more)


def refused(match: str, call: Callable[[], object]) -> RakkanError:
    with pytest.raises(RakkanError, match=match) as caught:
        call()
    assert "\n" not in str(caught.value)
    return caught.value


def left(folder: Path) -> int:
    """Bytes of models that lie about."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix != ".json")


def ranges(host: Host) -> list[str]:
    return [headers.get("range", "") for path, headers in host.asked]


def test_a_file_comes_whole_with_progress(host: Host, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = get(host, tmp_path, sha256=SHA256.upper(), progress=lambda done, of: told.append((done, of)))
    assert path.read_bytes() == DATA and path.name == "m.safetensors"
    assert path.stat().st_mode & 0o077 == 0 and path.parent.stat().st_mode & 0o077 == 0
    assert told[-1] == (len(DATA), len(DATA)) and told == sorted(told) and len(told) > 3
    discard(path)
    assert left(tmp_path) == 0


def test_dropped_connections_are_gone_on_with(host: Host, tmp_path: Path) -> None:
    host.tricks["/m.safetensors"] = [breaks_off(HEADER + 100), breaks_off(0), breaks_off(5000)]
    assert get(host, tmp_path).read_bytes() == DATA
    assert ranges(host) == [
        "",
        f"bytes={HEADER + 100}-",
        f"bytes={HEADER + 100}-",
        f"bytes={HEADER + 5100}-",
    ]
    assert all(headers.get("if-range") for _, headers in host.asked[1:])


def test_the_next_run_goes_on_where_the_last_broke_off(host: Host, tmp_path: Path) -> None:
    host.tricks["/m.safetensors"] = [breaks_off(HEADER + 7), *[breaks_off(0)] * 5]
    error = refused("keeps breaking off", lambda: get(host, tmp_path))
    assert f"{HEADER + 7} of {len(DATA)} bytes" in str(error) and "goes on" in error.hint
    assert left(tmp_path) == HEADER + 7
    host.asked.clear()
    assert get(host, tmp_path).read_bytes() == DATA
    assert ranges(host) == [f"bytes={HEADER + 7}-"]


def test_what_came_whole_but_was_not_used_is_not_fetched_again(host: Host, tmp_path: Path) -> None:
    seen: list[int] = []

    def stop(done: int, of: int) -> None:
        if done == of:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get(host, tmp_path, progress=stop)
    assert get(host, tmp_path, agree=lambda metadata, total: seen.append(total)).read_bytes() == DATA
    assert ranges(host)[-1] == f"bytes={len(DATA)}-" and seen == [len(DATA)]


def test_a_file_that_changed_on_the_server_is_fetched_anew(host: Host, tmp_path: Path) -> None:
    host.tricks["/m.safetensors"] = [breaks_off(HEADER + 7), *[breaks_off(0)] * 5]
    refused("keeps breaking off", lambda: get(host, tmp_path))
    other = checkpoint_file(SD1, title="y, another one")
    host.files["/m.safetensors"] = other
    assert get(host, tmp_path).read_bytes() == other


def test_without_an_etag_nothing_is_put_together_unless_the_hash_is_known(host: Host, tmp_path: Path) -> None:
    host.etags = False
    host.tricks["/m.safetensors"] = [breaks_off(HEADER + 7)]
    assert get(host, tmp_path / "a").read_bytes() == DATA
    assert ranges(host) == ["", ""]
    host.asked.clear()
    host.tricks["/m.safetensors"] = [breaks_off(HEADER + 7)]
    assert get(host, tmp_path / "b", sha256=SHA256).read_bytes() == DATA
    assert ranges(host) == ["", f"bytes={HEADER + 7}-"]


def test_a_server_that_gives_another_part_than_was_asked_for_is_started_anew(
    host: Host, tmp_path: Path
) -> None:
    def elsewhere(answer: Answer) -> bool:
        told = f"bytes 0-{len(DATA) - 1}/{len(DATA)}"
        answer.begin(206, {"Content-Length": str(len(DATA)), "Content-Range": told})
        answer.wfile.write(DATA)
        return True

    host.tricks["/m.safetensors"] = [breaks_off(HEADER + 7), elsewhere]
    assert get(host, tmp_path).read_bytes() == DATA


@pytest.mark.parametrize("where", ["given", "told by the hub"])
def test_a_wrong_hash_is_refused_and_nothing_kept(where: str, host: Host, tmp_path: Path) -> None:
    wrong = "0" * 64
    if where == "given":
        error = refused("SHA-256", lambda: get(host, tmp_path, sha256=wrong))
    else:
        found = status(302, Location="/m.safetensors", X_Linked_ETag=f'"{wrong}"')
        host.tricks["/hub"] = [found]
        error = refused("SHA-256", lambda: get(host, tmp_path, "/hub"))
    assert SHA256 in str(error) and wrong in str(error)
    assert left(tmp_path) == 0


def test_the_hash_that_the_hub_tells_is_held_to(host: Host, tmp_path: Path) -> None:
    host.tricks["/hub"] = [status(302, Location="/m.safetensors", X_Linked_ETag=f'"{SHA256}"')]
    assert get(host, tmp_path, "/hub").read_bytes() == DATA


@pytest.mark.parametrize("change", [-1000, 1000, 10**15])
def test_a_lying_length_is_found_out_before_the_bulk(change: int, host: Host, tmp_path: Path) -> None:
    def lying(answer: Answer) -> bool:
        answer.begin(200, {"Content-Length": str(len(DATA) + change)})
        answer.wfile.write(DATA)
        return True

    host.tricks["/m.safetensors"] = [lying]
    match = "disk is full" if change == 10**15 else "follow its header"
    refused(match, lambda: get(host, tmp_path))
    assert left(tmp_path) == 0 and len(host.asked) == 1


def test_a_file_of_no_announced_length_must_be_whole_by_its_header(host: Host, tmp_path: Path) -> None:
    def without(data: bytes) -> Callable[[Answer], bool]:
        def trick(answer: Answer) -> bool:
            answer.begin(200, {})
            answer.wfile.write(data)
            return True

        return trick

    host.tricks["/m.safetensors"] = [without(DATA)]
    assert get(host, tmp_path).read_bytes() == DATA
    host.tricks["/m.safetensors"] = [without(DATA[:-1])]
    refused("follow its header", lambda: get(host, tmp_path))


OTHERS = {
    "a page": (b"<!DOCTYPE html><html>please sign in</html>" * 10, "sends a web page"),
    "a pickle": (pickle.dumps({"a": 1}, 2) + bytes(99), "is a pickle"),
    "a torch file": (b"PK\3\4" + bytes(999), "is a pickle"),
    "nonsense": (bytes(99), "header would have 0 bytes"),
    "nothing": (b"", "cut short"),
    "a few bytes": (b"abc", "cut short"),
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_is_no_safetensors_file_is_given_up(what: str, host: Host, tmp_path: Path) -> None:
    data, match = OTHERS[what]
    host.files["/m.safetensors"] = data
    refused(match, lambda: get(host, tmp_path))
    assert left(tmp_path) == 0


def test_whoever_does_not_agree_gets_nothing(host: Host, tmp_path: Path) -> None:
    def agree(metadata: Any, total: int) -> None:
        assert (metadata, total) == ({"title": "x"}, len(DATA))
        raise RakkanError("no, thank you")

    refused("no, thank you", lambda: get(host, tmp_path, agree=agree))
    assert left(tmp_path) == 0


@pytest.mark.parametrize(
    ("number", "match"),
    [
        (401, "does not give it out"),
        (403, "HF_TOKEN"),
        (404, "no such file"),
        (418, "answers 418"),
    ],
)
def test_refusals_are_told_at_once(number: int, match: str, host: Host, tmp_path: Path) -> None:
    host.tricks["/m.safetensors"] = [status(number)]
    refused(match, lambda: get(host, tmp_path))
    assert len(host.asked) == 1


def test_a_busy_server_is_asked_again(host: Host, tmp_path: Path) -> None:
    host.tricks["/m.safetensors"] = [status(503), status(429)]
    assert get(host, tmp_path).read_bytes() == DATA


def test_a_file_that_is_encoded_is_refused(host: Host, tmp_path: Path) -> None:
    host.tricks["/m.safetensors"] = [status(200, b"x", Content_Encoding="gzip")]
    refused("encoded", lambda: get(host, tmp_path))


# ---- redirects and tokens


def test_a_token_never_follows_to_another_host(host: Host, tmp_path: Path) -> None:
    with serving(m__safetensors=DATA) as other:
        host.tricks["/a"] = [status(307, Location="/b")]
        host.tricks["/b"] = [status(302, Location=f"{other.address}/m.safetensors")]
        assert get(host, tmp_path, "/a", token="secret").read_bytes() == DATA
    assert [headers.get("authorization") for _, headers in host.asked] == ["Bearer secret"] * 2
    assert [headers.get("authorization") for _, headers in other.asked] == [None]


def test_a_token_does_not_come_back_by_another_way_than_its_own_host(host: Host, tmp_path: Path) -> None:
    with serving() as other:
        host.tricks["/a"] = [status(307, Location=f"{other.address}/b")]
        other.tricks["/b"] = [status(302, Location=f"{host.address}/m.safetensors")]
        get(host, tmp_path, "/a", token="secret")
    assert "authorization" not in other.asked[0][1]


def test_the_hash_is_taken_from_the_first_host_alone(host: Host, tmp_path: Path) -> None:
    with serving(m__safetensors=DATA) as other:
        found = status(302, Location=f"{host.address}/m.safetensors", X_Linked_ETag=f'"{"1" * 64}"')
        other.tricks["/b"] = [found]
        host.tricks["/a"] = [status(302, Location=f"{other.address}/b")]
        assert get(host, tmp_path, "/a").read_bytes() == DATA


def test_redirects_end(host: Host, tmp_path: Path) -> None:
    host.tricks["/a"] = [status(302, Location="/a")] * 50
    refused("without end", lambda: get(host, tmp_path, "/a"))
    assert len(host.asked) == answers.MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    "target",
    [
        "ftp://example.org/x",
        "file:///etc/passwd",
        "http://example.org/x",
        "https://u:p@example.invalid/",
        "//",
    ],
)
def test_a_redirect_leads_nowhere_that_is_not_https(target: str, host: Host, tmp_path: Path) -> None:
    host.tricks["/a"] = [status(302, Location=target)]
    with pytest.raises(RakkanError):
        get(host, tmp_path, "/a")
    assert left(tmp_path) == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/m.safetensors",
        "ftp://example.org/m",
        "file:///etc/passwd",
        "m.safetensors",
        "https://",
        "https://user:pass@example.invalid/m",
        "https://exa mple.org/",
        "https://example.org:99999/",
        "https://example.org/\n",
        "http://127.0.0.1.example.org/m",
        "https://[::1",
    ],
)
def test_addresses_that_nothing_is_fetched_from(url: str, tmp_path: Path) -> None:
    with pytest.raises(RakkanError):
        fetch(url, tmp_path, pause=lambda seconds: None)
    assert not list(tmp_path.iterdir())


# ---- this machine


def test_a_full_disk_keeps_what_has_come(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def write(self, data: bytes) -> int:
            if self._file.tell() + len(data) > HEADER + 20_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(self._file.write(data))

        def __getattr__(self, name: str) -> Any:
            return getattr(self._file, name)

    receive = download._receive

    def full(answer: Any, part: Any, *rest: Any) -> None:
        part.file = Full(part.file)
        receive(answer, part, *rest)

    monkeypatch.setattr(download, "_receive", full)
    error = refused("disk is full", lambda: get(host, tmp_path))
    assert "goes on" in error.hint and left(tmp_path) > HEADER
    monkeypatch.setattr(download, "_receive", receive)
    assert get(host, tmp_path).read_bytes() == DATA
    assert ranges(host)[1].startswith("bytes=")


def test_two_processes_do_not_fetch_the_same_file(host: Host, tmp_path: Path) -> None:
    def again(metadata: Any, total: int) -> None:
        refused("Another process is fetching", lambda: get(host, tmp_path))

    assert get(host, tmp_path, agree=again).read_bytes() == DATA


def test_a_folder_that_cannot_be_written_to_is_told(host: Host, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused("cannot be written to", lambda: get(host, tmp_path / "file"))


def test_a_host_that_is_not_there_is_told_without_waiting(tmp_path: Path) -> None:
    url = "https://nowhere.invalid/m.safetensors"
    refused("nowhere.invalid cannot be reached", lambda: fetch(url, tmp_path))
