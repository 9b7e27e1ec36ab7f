"""The notebooks run from their first to their last cell, and are kept without outputs."""

import json
import os
import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests._fresh import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
#: Settings at the top of a notebook, for a test.
SMALLER = {"CHILDREN": 3, "EPOCHS": 1, "SEEDS": 2, "EPISODES": 20}
every_notebook = pytest.mark.parametrize("file", NOTEBOOKS, ids=lambda file: file.stem)


@every_notebook
def test_notebook(file, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        for name, value in SMALLER.items():
            cell.source = re.sub(rf"^{name} = \d+", f"{name} = {value}", cell.source, flags=re.M)
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()


@every_notebook
def test_notebook_is_kept_without_outputs(file):
    for cell in json.loads(file.read_text())["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count")
