"""Which pictures look alike: numbers that say what a picture shows, and the nearest of those published.

Every vector is held in memory and looked at in turn, which is exact and, for a hundred thousand, faster than
a person notices; ``docs/measurements/hub.json`` has the figures. They are kept as float32, twice as large as
they are in the database: a processor multiplies those as they are, and turning float16 into them takes five
times as long as the products.
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
Rows = NDArray[numpy.float32]

#: How much of the likeness who is shown makes, and the colours of the whole; they add up to 1.
_WHO, _COLOURS = 0.8, 0.2
#: Steps of each axis of OKLab that colours are counted in.
_STEPS = 3
#: Pixels of the longer side that colours are counted at.
_COUNTED = 64
#: Rows of a block: there is never more room than for one block too many, and none is copied to make room.
_BLOCK = 4096
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
        self._blocks: list[Rows] = []
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
        most = max(1, min(most, MOST_NEAR))
        with self._lock:
            if not self._names:
                return ()
            if vector.shape != self._blocks[0].shape[1:]:
                raise RakkanError("These numbers are of another reader", "Read the picture again")
            scores = self._products(vector.astype(numpy.float32))
            count = min(len(scores), most + len(without))
            best = numpy.argpartition(scores, -count)[-count:]
            ordered = best[numpy.argsort(-scores[best], kind="stable")]
            found = [(self._names[at], float(scores[at])) for at in ordered.tolist()]
        return tuple([one for one in found if one[0] not in without][:most])

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
                self._row(at)[:] = self._row(len(self._names))
                self._names[at], self._rows[last] = last, at
            del self._blocks[len(self._names) // _BLOCK + 2 :]
            return
        made = numpy.frombuffer(vector, numpy.float16)
        if at is None:
            at = len(self._names)
            if at == len(self._blocks) * _BLOCK:
                self._blocks.append(numpy.zeros((_BLOCK, len(made)), numpy.float32))
            self._names.append(name)
            self._rows[name] = at
        self._row(at)[:] = made

    def _row(self, at: int) -> Rows:
        row: Rows = self._blocks[at // _BLOCK][at % _BLOCK]
        return row

    def _products(self, vector: Rows) -> Rows:
        """The product of every row with a vector."""
        scores = numpy.empty(len(self._names), numpy.float32)
        for number, block in enumerate(self._blocks):
            part = scores[number * _BLOCK : (number + 1) * _BLOCK]
            numpy.dot(block[: len(part)], vector, out=part)
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
