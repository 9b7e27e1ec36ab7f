"""Row 17: files of every format, changed at random: typed errors alone, and bounded memory."""

import pytest

pytest.importorskip("hypothesis", reason="Hypothesis is wanted: make test installs it")

from tests.fuzz.__main__ import FORMATS, examples

CASES = 200  # of each format; ten times as many by FAULTS=10


@pytest.mark.parametrize("name", FORMATS)
def test_no_file_of_a_format_does_harm(name, tmp_path, times, bounded, figures):
    examples(name, CASES * times, 0, tmp_path, same=True)
    figures(format=name, cases=CASES * times)
