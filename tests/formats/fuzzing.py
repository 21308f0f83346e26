"""Damages and lies: files made from sound ones by a seeded source, and what must hold of each.

``broken(random)`` makes a file, ``hold(data)`` inspects it: an answer must agree with what Pillow and the
safetensors library find in the same bytes, anything else must be a RakkanError of one line.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable
from random import Random

import numpy
from PIL import Image
from tests.formats import ordinary

from rakkan.errors import RakkanError
from rakkan.formats import jpeg, png, webp
from rakkan.formats.caps import MOST_PIXELS
from rakkan.formats.inspect import Inspected, deep_pixels, inspect, pixels

#: What repeating a part may add to a file, in bytes: enough for every cap on numbers, and no more.
_LARGEST = 4 * 1024 * 1024

Mutation = Callable[[bytes, Random], bytes]


def broken(random: Random) -> bytes:
    """One file with one to three things wrong with it."""
    data = random.choice(_sound())
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        data = random.choice(_MUTATIONS)(data, random)
    return data


def hold(data: bytes) -> str:
    """``accepted`` or ``refused``; AssertionError when an answer is wrong or a fault is not in words."""
    try:
        found = inspect(data)
    except RakkanError as fault:
        if "\n" in str(fault) or not fault.message or "its reader" in fault.message:
            raise AssertionError(f"an odd fault: {fault}") from fault
        return "refused"
    if found.kind == "safetensors":
        _check_model(found, data)
    else:
        _check_picture(found, data)
    return "accepted"


def _check_model(found: Inspected, data: bytes) -> None:
    from safetensors import deserialize

    tensors = dict(deserialize(data))
    _check(found.tensors == len(tensors), "another number of tensors")
    elements = sum(int(numpy.prod(tensor["shape"], dtype=object)) for tensor in tensors.values())
    _check(found.parameters == elements, "another number of parameters")


def _check_picture(found: Inspected, data: bytes) -> None:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        stored = image.size
        _check(image.format == {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP"}[found.kind], "another kind")
    _check(sorted(stored) == sorted((found.width, found.height)), "another size")
    _check(found.width * found.height <= MOST_PIXELS, "too many pixels")
    try:
        shown = pixels(data)
    except RakkanError as fault:
        # What inspecting does not try: converting colours.
        _check("colour profile" in fault.message or "16 bits" in fault.message, f"no pixels: {fault}")
        return
    _check(shown.shape == (found.height, found.width, 4 if found.has_alpha else 3), "other pixels")
    deep = deep_pixels(data)
    upper = deep >> 8 if deep.dtype == numpy.uint16 else deep
    _check(numpy.array_equal(upper, shown), "other pixels than the inspectors are shown")


def _check(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _sound() -> list[bytes]:
    return [*ordinary.pictures().values(), *ordinary.models().values()]


# ---- bytes, whatever they mean


def _flip(data: bytes, random: Random) -> bytes:
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        if made:
            made[random.randrange(len(made))] ^= 1 << random.randrange(8)
    return bytes(made)


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _splice(data: bytes, random: Random) -> bytes:
    other = random.choice(_sound())
    return data[: random.randrange(len(data) + 1)] + other[random.randrange(len(other)) :]


def _repeat(data: bytes, random: Random) -> bytes:
    start = random.randrange(len(data) + 1)
    end = min(len(data), start + random.randrange(200))
    return data[:end] + data[start:]


def _overwrite(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    value = random.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0", random.randbytes(4)))
    return data[:place] + value + data[place + 4 :]


def _append(data: bytes, random: Random) -> bytes:
    return data + random.choice((b"\0", b"PK\x05\x06" + bytes(18), random.choice(_sound()), b"<script>"))


def _prepend(data: bytes, random: Random) -> bytes:
    return random.choice((b"\0", b"GIF89a", b"%PDF-1.4\n", b"\xef\xbb\xbf")) + data


# ---- with an understanding of the format: checksums and sizes put right again


def _pieces(data: bytes) -> tuple[bytes, list[bytes], bytes]:
    """A picture as start, parts, end; one part where it cannot be taken apart."""
    for begin, length, walk, end in (
        (png.SIGNATURE, 8, png.chunks, b""),
        (b"\xff\xd8", 2, jpeg.segments, b"\xff\xd9"),
        (b"RIFF", 12, webp.chunks, b""),
    ):
        if data.startswith(begin):
            try:
                parts = [data[part.start : part.end] for part in walk(data)]  # type: ignore[operator]
            except RakkanError:
                break
            if parts:
                return data[:length], parts, end
    return b"", [data], b""


def _joined(start: bytes, parts: list[bytes], end: bytes) -> bytes:
    body = b"".join(parts)
    if start.startswith(b"RIFF"):
        start = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP"
    return start + body + end


def _shuffle_parts(data: bytes, random: Random) -> bytes:
    start, parts, end = _pieces(data)
    one, other = random.randrange(len(parts)), random.randrange(len(parts))
    how = random.randrange(4)
    if how == 0:
        parts[one], parts[other] = parts[other], parts[one]
    elif how == 1:
        parts.insert(other, parts[one])
    elif how == 2:
        del parts[one]
    else:
        foreign = _pieces(random.choice(_sound()))[1]
        parts.insert(one, random.choice(foreign))
    return _joined(start, parts, end)


def _damage_part(data: bytes, random: Random) -> bytes:
    """Change a part's inside and, in a PNG, make its checksum right."""
    start, parts, end = _pieces(data)
    place = random.randrange(len(parts))
    part = parts[place]
    if start == png.SIGNATURE:
        body = random.choice((_flip, _overwrite, _cut, _repeat))(part[8:-4], random)
        parts[place] = ordinary.chunk(part[4:8], body)
    elif start:
        parts[place] = part[:8] + _flip(part[8:], random)
    return _joined(start, parts, end)


def _lie_about_a_length(data: bytes, random: Random) -> bytes:
    start, parts, end = _pieces(data)
    place = random.randrange(len(parts))
    part = parts[place]
    value = random.choice((0, 1, 2, 2**31 - 1, 2**31, 2**32 - 1, len(data), random.getrandbits(32)))
    if start == png.SIGNATURE:
        parts[place] = struct.pack(">I", value) + part[4:]
    elif start.startswith(b"RIFF"):
        if random.random() < 0.3:
            return b"RIFF" + struct.pack("<I", value) + data[8:]
        parts[place] = part[:4] + struct.pack("<I", value) + part[8:]
    else:
        parts[place] = part[:2] + struct.pack(">H", value & 0xFFFF) + part[4:]
    return _joined(start, parts, end)


def _lie_about_the_size(data: bytes, random: Random) -> bytes:
    """Another width and height, from none to as many as the header can say."""
    width, height = (random.choice((0, 1, 29, 37, 4096, 16383, 16384, 65535, 2**31 - 1)) for _ in range(2))
    if data.startswith(png.SIGNATURE):
        header = struct.pack(">II", width, height) + data[24:29]
        return png.SIGNATURE + ordinary.chunk(b"IHDR", header) + data[33:]
    start, parts, end = _pieces(data)
    for place, part in enumerate(parts):
        if len(part) < 18:
            continue
        if start == b"\xff\xd8" and part[1] in (0xC0, 0xC1, 0xC2):
            parts[place] = part[:5] + struct.pack(">HH", height & 0xFFFF, width & 0xFFFF) + part[9:]
        elif part[:4] == b"VP8X":
            sizes = struct.pack("<I", width & 0xFFFFFF)[:3] + struct.pack("<I", height & 0xFFFFFF)[:3]
            parts[place] = part[:12] + sizes + part[18:]
        elif part[:4] == b"VP8 " and random.random() < 0.7:
            parts[place] = part[:14] + struct.pack("<HH", width & 0x3FFF, height & 0x3FFF) + part[18:]
        elif part[:4] == b"VP8L" and random.random() < 0.7:
            bits = (
                struct.unpack("<I", part[9:13])[0] & 0xF0000000 | (height & 0x3FFF) << 14 | (width & 0x3FFF)
            )
            parts[place] = part[:9] + struct.pack("<I", bits) + part[13:]
    return _joined(start, parts, end)


def _bomb(data: bytes, random: Random) -> bytes:
    """A PNG in which something unpacks to far more than it may."""
    packed = zlib.compress(bytes(random.choice((2, 8, 40)) * 1024 * 1024), 9)
    name, head = random.choice(
        ((b"IDAT", b""), (b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\x01\0\0\0"), (b"iCCP", b"a\0\0"))
    )
    bomb = ordinary.chunk(name, head + packed)
    start, parts, end = _pieces(random.choice([one for one in _sound() if one.startswith(png.SIGNATURE)]))
    parts.insert(random.randrange(1, len(parts)), bomb)
    return _joined(start, parts, end)


def _many_parts(data: bytes, random: Random) -> bytes:
    start, parts, end = _pieces(data)
    place = random.randrange(len(parts))
    times = min(random.choice((3, 70, 5000)), 1 + _LARGEST // (len(parts[place]) + 1))
    return _joined(start, [*parts[:place], *[parts[place]] * times, *parts[place:]], end)


def _lie_in_a_model(data: bytes, random: Random) -> bytes:
    """A model whose header lies: offsets, shapes, dtypes, duplicates, odd JSON, deep JSON."""
    whole = random.choice(list(ordinary.models().values()))
    length = int.from_bytes(whole[:8], "little")
    table = json.loads(whole[8 : 8 + length])
    names = [name for name in table if name != "__metadata__"]
    if names:
        entry = table[random.choice(names)]
        lie = random.randrange(5)
        if lie == 0:
            entry["data_offsets"][random.randrange(2)] += random.choice((-1, 1, 4, 10**6, 2**63))
        elif lie == 1:
            entry["shape"].append(random.choice((0, 1, 2, -1, 2**62, 1.5, True, None)))
        elif lie == 2:
            entry["dtype"] = random.choice(("F64", "U8", "F4", "Q7", 5, None, []))
        elif lie == 3:
            table[random.choice(("a", "", "__metadata__", "é\0"))] = random.choice((entry, {}, {"a": 1}, []))
        else:
            entry[random.choice(("dtype", "extra"))] = [dict(entry)]
    text = json.dumps(table)
    how = random.randrange(8)
    if how == 0 and len(text) > 2:
        text = text[:-1] + "," + text[1:]  # everything twice
    elif how == 1:
        depth = random.choice((50, 900, 100_000))
        text = '{"a":' + "[" * depth + "]" * depth + "}"
    elif how == 2:
        text = text.replace("0", random.choice(("1" * 5000, "1e9", "NaN", "-0", "00", "0.0")), 1)
    elif how == 3:
        text += " " * random.randrange(9)
    header = text.encode("utf-8", "surrogatepass")
    if how == 4:
        header = _flip(header, random)
    claimed = random.choice((len(header),) * 6 + (len(header) + 1, 2**63, 100_000_000))
    return claimed.to_bytes(8, "little") + header + whole[8 + length :]


_MUTATIONS: list[Mutation] = [
    _flip,
    _cut,
    _splice,
    _repeat,
    _overwrite,
    _append,
    _prepend,
    _shuffle_parts,
    _shuffle_parts,
    _damage_part,
    _damage_part,
    _damage_part,
    _lie_about_a_length,
    _lie_about_the_size,
    _bomb,
    _many_parts,
    _lie_in_a_model,
    _lie_in_a_model,
]
