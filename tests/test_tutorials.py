"""The tutorials work from their first to their last block, in an empty folder."""

import pytest

from tests._fresh import ROOT
from tests._tutorials import PROGRAMS, play, steps

TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))
#: The last words that each tutorial should have printed or left.
LEFT = {
    "first_search": ["runs/first/report.html", "runs/first/final/network/network.py"],
    "own_agent": ["runs/climber/summary.json", "runs/climbed"],
    "own_images": ["runs/pictures/data.json", "runs/pictures/final/network/README.md"],
    "own_objective": ["runs/priced/summary.json"],
    "own_space": ["runs/widths/summary.json"],
    "own_table": ["one_convolution.npz", "runs/table"],
    "own_text": ["runs/manual/best.svg"],
}


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_tutorial(page, tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    play(page, tmp_path)
    for name in LEFT[page.stem]:
        assert (tmp_path / name).exists()


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_commands_of_a_tutorial_are_programs_of_the_package(page):
    for kind, text in steps(page):
        if kind == "sh":
            for line in text.splitlines():
                assert line.startswith(" ") or line.split()[0] in PROGRAMS
