"""The walks of docs/your_data.md, from nothing to the drawing of the best network, really run."""

import json
import re
import shlex

import pytest

from tests._fresh import ROOT, run

PAGE = (ROOT / "docs" / "your_data.md").read_text()
#: What makes a search short; the rest of the command is the page's.
IMAGES = ["--space.layers", "2", "--space.filters", "4", "8", "--recipe.epochs", "1"]
TEXT = ["--space.hidden", "4", "--recipe.epochs", "1", "--task.train-size", "2000"]
TEXT += ["--no-references"]
SHORT = ["--children", "2", "--workers", "0"]


def section(title):
    return re.split(r"^## ", PAGE.split(f"\n## {title}\n")[1], flags=re.MULTILINE)[0]


def commands(text):
    """The commands of a section, in order; a block of Python is one."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        if language == "python":
            yield ["python", "-c", block]
        for line in block.splitlines() if not language else ():
            if line.startswith(("python ", "nas-train ")):
                yield shlex.split(line)


@pytest.mark.parametrize(
    "title, shorter", [("A folder of images", IMAGES), ("Arrays", IMAGES), ("A text", TEXT)]
)
def test_a_walk_ends_with_the_drawing_of_the_best_network(title, shorter, tmp_path, monkeypatch):
    monkeypatch.setenv("NAS_DATA", str(tmp_path / "data"))
    folder = None
    for program, *words in commands(section(title)):
        if program == "python":
            run(tmp_path, *words)
            continue
        printed = run(tmp_path, "-m", "train_agent", *words, *shorter, *SHORT)
        folder = tmp_path / words[words.index("--run") + 1]
        assert " by " in printed.splitlines()[0]  # what was taken for what
    assert folder is not None
    assert (folder / "best.png").stat().st_size > 1_000
    assert json.loads((folder / "data.json").read_text())["content"]
    assert json.loads((folder / "summary.json").read_text())["children"] == 2
