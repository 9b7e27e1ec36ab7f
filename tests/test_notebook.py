"""A search in a notebook: one output that changes, however long it takes."""

import re

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

#: A search whose display changes as often as it can.
SEARCH = """
from nas_env.search import _outputs, display
from nas_env.command_line.train import main

_outputs.CELL_EVERY, display.TICK = 0.0, 0.001
main("--env NAS-Bench-Digits-v0 --agent random_search --children 400 --run run".split())
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The outputs of a cell that searches, as the notebook keeps them."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SEARCH)])
    folder = tmp_path_factory.mktemp("notebook")
    where = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=120, resources=where).execute()
    return notebook.cells[0].outputs


def test_the_progress_is_one_output(outputs):
    texts = ["".join(o.get("data", {}).get("text/plain", "")) for o in outputs]
    lines = [text for text in texts if re.search(r"\d+/400 ", text)]
    assert len(lines) == 1, lines
    assert lines[0].startswith("NAS-Bench-Digits-v0 random_search  400/400  best 0.9")
    assert texts[-1] == "0"


def test_nothing_is_said_of_a_missing_library(outputs):
    assert not [o for o in outputs if o.output_type == "stream" and o.name == "stderr"]
