"""What can be taken out of the packages is still there, and the fault matrix tells of it."""

import ast
import re
from functools import cache

import pytest

from tests._pages import ROOT, text
from tests.faults._protection import ROWS
from tests.faults._taken_out import PROTECTIONS

every = pytest.mark.parametrize(
    "protection", PROTECTIONS, ids=lambda each: f"{each.row} {each.words}"
)
MATRIX = text("docs/reliability.md").partition("## The fault matrix")[2].partition("\n### ")[0]


@every
def test_it_stands_once_in_its_file_and_can_be_taken_out(protection):
    for change in protection.changes:
        content = (ROOT / change.file).read_text()
        assert content.count(change.there) == 1
        compile(content.replace(change.there, change.instead), change.file, "exec")


@cache
def named_in(module):
    """The names of the tests of a module."""
    tree = ast.parse((ROOT / "tests" / "faults" / module).read_text())
    return {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}


@every
def test_a_test_of_its_row_is_named(protection):
    module, _, name = protection.test.partition("::")
    assert module.startswith(f"test_{protection.row:02}_")
    assert name.partition("[")[0] in named_in(module)


def test_each_row_has_some_in_order():
    rows = [each.row for each in PROTECTIONS]
    assert rows == sorted(rows) and {*rows} == {*ROWS}


@pytest.mark.parametrize("row", ROWS)
def test_the_matrix_tells_what_can_be_taken_out(row):
    """The last column has the words of all protections, and no others."""
    (line,) = re.findall(rf"^\| {row} \| .+ \| (.+) \|$", MATRIX, re.M)
    assert line == "; ".join(each.told for each in PROTECTIONS if each.row == row)
