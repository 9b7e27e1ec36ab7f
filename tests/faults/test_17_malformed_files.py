"""Row 17: files of every format, changed at random: typed errors alone, and bounded memory."""

import json

import pytest

from nas_env.errors import DataCorrupt
from nas_env.table.format import read_table
from search_spaces import InvalidArchitecture, make_space

pytest.importorskip("hypothesis", reason="Hypothesis is wanted: make test installs it")

from tests.fuzz.__main__ import FORMATS, examples
from tests.fuzz.tables_json import ENTRIES

CASES = 200  # of each format; ten times as many by FAULTS=10


@pytest.mark.parametrize("name", FORMATS)
def test_no_file_of_a_format_does_harm(name, tmp_path, times, bounded, figures):
    examples(name, CASES * times, 0, tmp_path, same=True)
    figures(format=name, cases=CASES * times)


def test_a_message_is_short_whatever_was_given():
    """Found by 2,000 cases: an operation of 5,000 digits was repeated."""
    space = make_space("nas_bench_201")
    cell = json.loads(space.decode([0] * space.length()).to_json())
    edge = next(iter(cell["edges"]))
    text = json.dumps({**cell, "edges": {**cell["edges"], edge: "9" * 5_000}})
    with pytest.raises(InvalidArchitecture) as error:
        space.from_json(text)
    assert len(str(error.value)) <= 1_001


@pytest.mark.parametrize("entry", ["tokens", "rows", "parameters"])
@pytest.mark.parametrize("value", [0.5, 2**70, float("nan"), None, "1"], ids=str)
def test_whole_numbers_of_a_table_are_none_else(tmp_path, entry, value):
    """A number that is rounded in silence would answer for another network."""
    wrong = [[value, 0]] if entry == "tokens" else [value]
    right = ENTRIES[entry][1:]
    path = tmp_path / "table.json"
    path.write_text(json.dumps({**ENTRIES, entry: [*wrong, *right]}))
    with pytest.raises(DataCorrupt):
        read_table(path)
