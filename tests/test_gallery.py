"""The gallery of the documentation: the pictures that the code of today makes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.gallery import FOLDER, GROUPS, PAGE, draw, pieces
from nas_env.drawing import to_svg

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_shows_ten_of_each_space_and_each_file_is_there():
    shown = re.findall(r'src="([^"]+)"', (DOCS / PAGE).read_text())
    assert set(shown) == {f"{FOLDER}/{file.name}" for file in (DOCS / FOLDER).iterdir()}
    for group in GROUPS:
        assert sum(name.startswith(f"{FOLDER}/{group.name}-") for name in shown) == 10
    assert re.findall(r'alt=""|<img(?![^>]* alt=)', (DOCS / PAGE).read_text()) == []


def test_all_pictures_together_are_small():
    assert sum(file.stat().st_size for file in (DOCS / FOLDER).iterdir()) < 3_000_000


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_the_pictures_are_those_of_today(group):
    for piece in list(pieces(group))[::4]:
        there = (DOCS / FOLDER / piece.file).read_text(encoding="utf-8")
        assert to_svg(draw(piece)) == there, "python -m benchmarks.gallery draws them anew"
