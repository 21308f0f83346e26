"""Characters: any history survives the journey, and no changed file is believed."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

from cases import Case, check
from PIL import Image

from rakkan import assemble
from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.formats import bundle
from rakkan.studio.characters import file, records
from rakkan.studio.characters.keeping import Kept
from rakkan.studio.characters.records import Character
from rakkan.trust.seal.authority import Authority, authority, make_authority


@cache
def _somebody() -> Authority:
    return authority(make_authority("Somebody"))


def _packed(random: Random) -> tuple[bytes, list[Character]]:
    """A character's file with a random history."""
    pictures = {}
    for _ in range(random.randrange(3)):
        memory = io.BytesIO()
        figure = render(attributes.sample(random), random.getrandbits(32), 0.25)
        Image.fromarray(figure).save(memory, "PNG")
        pictures[_sha256(memory.getvalue())] = memory.getvalue()
    version = Character("Mika", 1, "", "", random.randrange(2**31), references=tuple(pictures))
    versions = [version]
    for number in range(2, random.randrange(2, 9)):
        version = replace(
            version,
            number=number,
            parent=records.digest(version),
            tags=", ".join(random.choice(("hat", "smile", "é", "雪")) for _ in range(random.randrange(6))),
            seed=str(random.randrange(2**53 - 1)),
        )
        versions.append(version)
    history = [Kept(one, records.digest(one)) for one in reversed(versions)]
    (pieces,) = file.departure(history, pictures, _somebody(), "local").files.values()
    return b"".join(pieces()), versions


def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def a_changed_file_is_refused_in_one_line(random: Random, folder: Path) -> None:
    data, versions = _packed(random)
    check(list(file.opened(data, "it", []).versions) == versions, "a version did not come over")
    changed = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(changed))
        how = random.randrange(4)
        if how == 0:
            changed[place] ^= 1 << random.randrange(8)
        elif how == 1:
            del changed[place : place + random.randrange(1, 64)]
        elif how == 2:
            changed[place:place] = random.randbytes(random.randrange(1, 64))
        else:
            files = bundle.unpack(data, "it")
            name = random.choice(sorted(files))
            files[name] = random.choice((b"", files[name][:-1], files[name] + b" ", random.randbytes(99)))
            changed = bytearray(b"".join(bundle.pack(files)))
            break
    if bytes(changed) == data:
        return
    try:
        file.opened(bytes(changed), "it", [])
    except RakkanError as error:
        check("\n" not in str(error), "an error of two lines")
    else:
        check(False, "a changed file was believed")


def no_revision_is_lost(random: Random, folder: Path) -> None:
    settings = dict(os.environ)
    os.environ |= {"RAKKAN_HOME": str(folder / "home"), "RAKKAN_KEY": str(folder / "key")}
    assemble.forget()
    try:
        shelf = assemble.casting().characters
        kept = [shelf.new("Mika", tags="0").version.tags]
        for number in range(1, 12):
            read = shelf.find("Mika").version.tags
            if random.random() < 0.4:  # somebody else's comes in between

                def late(before: Character, number: int = number) -> Character:
                    kept.append(
                        shelf.revise("Mika", lambda one: replace(one, tags=f"{number}a")).version.tags
                    )
                    return replace(before, tags=f"{number}b")

                try:
                    shelf.revise("Mika", late)
                    check(False, "a revision was made upon an old version")
                except RakkanError:
                    continue
            check(read == kept[-1], "the newest is not the newest")
            kept.append(shelf.revise("Mika", lambda one, n=number: replace(one, tags=f"{n}")).version.tags)
        found = [one.version.tags for one in shelf.history("Mika")]
        check(found == kept[::-1], "a revision was lost")
    finally:
        assemble.forget()
        os.environ.clear()
        os.environ.update(settings)


CASES = (
    Case("a_changed_character_file_is_refused", 1.0, a_changed_file_is_refused_in_one_line),
    Case("no_revision_of_a_character_is_lost", 0.3, no_revision_is_lost),
)
