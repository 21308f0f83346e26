"""Contact sheets, against a layout worked out by hand."""

from __future__ import annotations

import numpy
import pytest

from rakkan.errors import RakkanError
from rakkan.formats.sheet import MARGIN, PAPER, contact_sheet


def flat(height: int, width: int, value: int) -> numpy.ndarray:
    return numpy.full((height, width, 3), value, numpy.uint8)


def test_three_pictures_in_two_columns_lie_where_they_should() -> None:
    sheet = contact_sheet([flat(2, 3, 1), flat(4, 3, 2), flat(2, 3, 3)], columns=2)
    assert sheet.shape == (MARGIN * 3 + 4 + 2, MARGIN * 3 + 3 + 3, 3)
    top, left = MARGIN, MARGIN
    assert (sheet[top + 2 : top + 4, left : left + 3] == 1).all()  # stands on the bottom of its row
    assert (sheet[top : top + 2, left : left + 3] == PAPER).all()
    assert (sheet[top : top + 4, left + 3 + MARGIN : left + 6 + MARGIN] == 2).all()
    assert (sheet[top + 4 + MARGIN : top + 6 + MARGIN, left : left + 3] == 3).all()
    assert (sheet[:, :MARGIN] == PAPER).all()


def test_no_more_columns_than_pictures() -> None:
    assert contact_sheet([flat(2, 3, 1)], columns=6).shape == (2 + 2 * MARGIN, 3 + 2 * MARGIN, 3)


def test_an_empty_sheet_is_refused() -> None:
    with pytest.raises(RakkanError):
        contact_sheet([], columns=2)
    with pytest.raises(RakkanError):
        contact_sheet([flat(1, 1, 1)], columns=0)
