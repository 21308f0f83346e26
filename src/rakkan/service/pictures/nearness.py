"""Which pictures look alike: numbers that say what a picture shows, and the nearest of those published.

Every vector is held in memory as float16 and looked at in turn, which is exact and, for a hundred thousand,
faster than a person notices; ``docs/measurements/hub.json`` has the figures.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from typing import Any

import numpy
from numpy.typing import NDArray
from sqlalchemy import Engine, select, tuple_
from sqlalchemy.sql.expression import literal

from rakkan.errors import RakkanError
from rakkan.service.pictures.tables import embeddings, pictures
from rakkan.store.database import transaction

Vector = NDArray[numpy.float16]

#: How much of the likeness who is shown makes, and the colours of the whole; they add up to 1.
_WHO, _COLOURS = 0.8, 0.2
#: Steps of each axis of OKLab that colours are counted in.
_STEPS = 3
#: Pixels of the longer side that colours are counted at.
_COUNTED = 64
#: Rows that are turned into float32 at once: they fit a processor's cache.
_CHUNK = 512
#: A transaction may end this long after the time it wrote, in milliseconds.
_LATE = 10_000
_AT_ONCE = 5000
MOST_NEAR = 200


def embedding(pixels: NDArray[numpy.uint8]) -> Vector:
    """What a picture, uint8 [height, width, 3], shows: float16 [n] of unit length, n about 150.

    Four fifths of it is who is shown: the figure reader's embedding, the square roots of its probabilities
    for each value of hair, eyes, skin, face and what is worn on the head, so that a product says how much two
    readings overlap (Bhattacharyya 1943) and pose, outfit and background hardly count. One fifth is the share
    of each of 27 colours of OKLab in the whole, which tells apart what the reader cannot see. Both are there
    for the safety of pictures and the studio already: nothing more is loaded. Raises RakkanError as
    ``features.figures.reading.read`` does.
    """
    from rakkan.features.figures.reading import read

    who = read(pixels).embedding
    made = numpy.concatenate([numpy.sqrt(_WHO) * who, numpy.sqrt(_COLOURS) * _colours(pixels)])
    return made.astype(numpy.float16)


def reader() -> str:
    """What an embedding depends on; two are compared only when this is the same."""
    from rakkan.features.figures import reading

    return f"{reading.digest()[:32]} {_WHO} {_STEPS}"


class Nearness:
    """The published pictures' embeddings, kept up with the database as it is asked. ``by`` is the ``reader``
    whose embeddings count."""

    def __init__(self, engine: Engine, by: str = "") -> None:
        self._engine = engine
        self._by = by or reader()
        self._lock = threading.Lock()
        self._names: list[str] = []
        self._rows: dict[str, int] = {}
        self._matrix: Vector = numpy.zeros((0, 0), numpy.float16)
        self._seen = -1

    def __len__(self) -> int:
        return len(self._names)

    def refresh(self) -> int:
        """Take in what was published, and let go what no longer is; how many pictures are held."""
        with self._lock:
            place, newest = (self._seen - _LATE, ""), self._seen
            while True:
                rows = self._changed(place)
                for name, changed, state, vector in rows:
                    self._put(name, vector if state == "published" else None)
                    newest = max(newest, changed)
                if len(rows) < _AT_ONCE:
                    break
                place = rows[-1].changed, rows[-1].identifier
            self._seen = newest
            return len(self._names)

    def nearest(
        self, vector: Vector, most: int = 24, without: Collection[str] = ()
    ) -> tuple[tuple[str, float], ...]:
        """The pictures nearest to an embedding, by the cosine (-1 to 1, 1 for the same), the nearest first;
        200 at most. Raises RakkanError for a vector of another length than theirs."""
        self.refresh()
        with self._lock:
            names, held = list(self._names), self._matrix[: len(self._names)]
            if not names:
                return ()
            if vector.shape != held.shape[1:]:
                raise RakkanError("These numbers are of another reader", "Read the picture again")
            scores = _products(held, vector)
        count = min(len(names), max(1, min(most, MOST_NEAR)) + len(without))
        best = numpy.argpartition(scores, -count)[-count:]
        ordered = best[numpy.argsort(-scores[best], kind="stable")]
        found = [(names[at], float(scores[at])) for at in ordered if names[at] not in without]
        return tuple(found[: max(1, min(most, MOST_NEAR))])

    def vector(self, picture: str) -> Vector | None:
        """The embedding of any picture in the database, None when it has none of this reader."""
        wanted = select(embeddings.c.vector).where(
            embeddings.c.picture == picture, embeddings.c.reader == self._by
        )
        with transaction(self._engine) as connection:
            found = connection.scalar(wanted)
        return None if found is None else numpy.frombuffer(found, numpy.float16)

    def forget(self, picture: str) -> None:
        """Let go of a picture that is deleted; other processes do when they look it up and find nothing."""
        with self._lock:
            self._put(picture, None)

    def _changed(self, place: tuple[int, str]) -> Sequence[Any]:
        wanted = (
            select(pictures.c.identifier, pictures.c.changed, pictures.c.state, embeddings.c.vector)
            .select_from(pictures.join(embeddings, embeddings.c.picture == pictures.c.identifier))
            .where(tuple_(pictures.c.changed, pictures.c.identifier) > tuple_(*map(literal, place)))
            .where(embeddings.c.reader == self._by)
            .order_by(pictures.c.changed, pictures.c.identifier)
            .limit(_AT_ONCE)
        )
        with transaction(self._engine) as connection:
            return connection.execute(wanted).all()

    def _put(self, name: str, vector: bytes | None) -> None:
        """Set, add or take out a row; the last one moves into a gap."""
        at = self._rows.get(name)
        if vector is None:
            if at is None:
                return
            last = self._names.pop()
            del self._rows[name]
            if last != name:
                self._matrix[at] = self._matrix[len(self._names)]
                self._names[at], self._rows[last] = last, at
            return
        made = numpy.frombuffer(vector, numpy.float16)
        if at is None:
            at = len(self._names)
            self._make_room(at + 1, len(made))
            self._names.append(name)
            self._rows[name] = at
        self._matrix[at] = made

    def _make_room(self, rows: int, length: int) -> None:
        if rows <= len(self._matrix):
            return
        grown = numpy.zeros((max(1024, rows + rows // 4), length), numpy.float16)
        grown[: len(self._matrix)] = self._matrix if len(self._matrix) else 0
        self._matrix = grown


def _products(matrix: Vector, vector: Vector) -> NDArray[numpy.float32]:
    """The product of every row with a vector: numpy multiplies float32 many times as fast as float16."""
    scores = numpy.empty(len(matrix), numpy.float32)
    asked, room = vector.astype(numpy.float32), numpy.empty((_CHUNK, matrix.shape[1]), numpy.float32)
    for start in range(0, len(matrix), _CHUNK):
        stop = min(start + _CHUNK, len(matrix))
        part = room[: stop - start]
        numpy.copyto(part, matrix[start:stop])
        numpy.dot(part, asked, out=scores[start:stop])
    return scores


def _colours(pixels: NDArray[numpy.uint8]) -> NDArray[numpy.float32]:
    """Square roots of the share that each of 27 colours has in a picture."""
    from rakkan.features.oklab import oklab

    step = max(1, -(-max(pixels.shape[:2]) // _COUNTED))
    lab = oklab(pixels[::step, ::step].reshape(-1, 3))
    edges = ((0.45, 0.75), (-0.03, 0.06), (-0.03, 0.06))
    bins = [numpy.digitize(lab[:, axis], cuts) for axis, cuts in enumerate(edges)]
    numbers = (bins[0] * _STEPS + bins[1]) * _STEPS + bins[2]
    shares = numpy.bincount(numbers, minlength=_STEPS**3) / len(numbers)
    return numpy.sqrt(shares).astype(numpy.float32)
