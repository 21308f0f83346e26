"""The seal: whatever was sealed, any bit flipped anywhere is found, and no bytes make the reader fail."""

from __future__ import annotations

import io
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random

from cases import Case, check
from PIL import Image

from rakkan.errors import RakkanError
from rakkan.records import Recipe
from rakkan.trust.seal import authority, disclosure
from rakkan.trust.seal.manifest import MEDIA_TYPES, PERMISSIONS, Ingredient, SealRequest
from rakkan.trust.seal.operations import OPERATIONS
from rakkan.trust.seal.read import read_seal
from rakkan.trust.seal.sign import seal


@cache
def _keys(name: str) -> authority.AuthorityKeys:
    return authority.make_authority(name)


def _file(random: Random, media_type: str) -> bytes:
    width, height = random.randint(1, 40), random.randint(1, 40)
    memory = io.BytesIO()
    pixels = random.randbytes(width * height * 3)
    Image.frombytes("RGB", (width, height), pixels).save(memory, format=media_type.removeprefix("image/"))
    return memory.getvalue()


def _sealed(random: Random, name: str, generations: int = 2) -> tuple[bytes, str, disclosure.Disclosure]:
    """A sealed file, its media type and the opening of its recipe; some with sealed ingredients."""
    operation = random.choice([name for name, row in OPERATIONS.items() if row.actions])
    media_type = random.choice(MEDIA_TYPES)
    ingredients = []
    for relationship, (fewest, most) in OPERATIONS[operation].ingredients.items():
        for _ in range(random.randint(fewest, min(most, max(fewest, 2)))):
            kind, data = random.choice(MEDIA_TYPES), None
            if generations and random.random() < 0.5:
                data, kind, _ = _sealed(random, random.choice(["ours", "theirs"]), generations - 1)
            digest = sha256(random.randbytes(8)).hexdigest()
            ingredients.append(Ingredient(relationship, digest, kind, data, outside=random.random() < 0.5))
    prompt = "".join(chr(random.choice([random.randrange(32, 0xD800), 10, 0x1F600])) for _ in range(20))
    size = random.randint(1, 4096)
    recipe = Recipe(prompt, "", "m", "0" * 64, "euler", "linear", 4, random.random() + 1, 7, size, size)
    shown, opening = disclosure.disclose(recipe, random.choice(disclosure.LEVELS))
    request = SealRequest(
        operation,
        media_type,
        random.randrange(2**31),
        "soak",
        recipe=shown,
        ingredients=tuple(ingredients),
        uses={"cawg.ai_training": random.choice(PERMISSIONS)},
        maker=random.choice(["", "落款"]),
    )
    return seal(_file(random, media_type), request, authority.authority(_keys(name))), media_type, opening


def a_flipped_bit_in_a_sealed_file_is_found(random: Random, folder: Path) -> None:
    data, media_type, opening = _sealed(random, "ours")
    roots = [_keys("ours").root_certificate]
    honest = read_seal(data, roots)
    check(
        honest is not None and honest.state == "trusted", f"an honest {media_type} is not trusted: {honest}"
    )
    if honest is not None and honest.recipe is not None:
        disclosure.open_with(honest.recipe, opening)
    for _ in range(150):
        place, bit = random.randrange(len(data)), random.randrange(8)
        changed = bytearray(data)
        changed[place] ^= 1 << bit
        try:
            found = read_seal(bytes(changed), roots)
        except RakkanError:
            continue  # another kind of file
        check(found is None or found.state == "invalid", f"bit {bit} of byte {place} of a {media_type}")


def no_bytes_make_the_reader_of_seals_fail(random: Random, folder: Path) -> None:
    data, media_type, _ = _sealed(random, "ours")
    roots = [_keys("ours").root_certificate]
    for _ in range(100):
        changed = bytearray(data)
        for _ in range(random.randint(1, 40)):
            place = random.randrange(min(len(changed), 6000))
            kind = random.randrange(4)
            if kind == 0:
                changed[place] = random.randrange(256)
            elif kind == 1:
                changed[place : place + 4] = random.randrange(2**32).to_bytes(4, "big")
            elif kind == 2:
                del changed[place : place + random.randint(1, 30)]
            else:
                changed[place:place] = changed[: random.randint(1, 60)]
        try:
            found = read_seal(bytes(changed), roots)
        except RakkanError as fault:
            check(bool(fault.message), "a fault without words")
            continue
        sound = found is None or found.state == "invalid" or bytes(changed) == data
        check(sound, f"a mangled {media_type} passed: {found}")


CASES = (
    Case("a_flipped_bit_in_a_sealed_file_is_found", 2, a_flipped_bit_in_a_sealed_file_is_found),
    Case("no_bytes_make_the_reader_of_seals_fail", 1, no_bytes_make_the_reader_of_seals_fail),
)
