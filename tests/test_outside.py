"""Members of a package outside the repository, one file each: checked, listed and searched with."""

import json
import shutil

import pytest

from tests._fresh import ROOT, run

#: What checks each member, and an option of the command line that its settings become.
MEMBERS = {
    "space": ("check_space('elsewhere.widths:Widths', (1,), 1)", "--space.stages"),
    "task": ("check_task('elsewhere.sine:Sine', 'elsewhere.widths:Widths')", "--task.points"),
    "agent": ("check_agent('elsewhere.cautious:Cautious')", "--agent.daring"),
    "evaluator": ("check_evaluator('elsewhere.beside:Beside')", "--evaluator.label"),
    "objective": ("check_objective('elsewhere.frugal:Frugal')", "--objective.price"),
}
CHOSEN = {
    "env": "elsewhere.sine:Sine-v0",
    "space": "elsewhere.widths:Widths",
    "agent": "elsewhere.cautious:Cautious",
    "evaluator": "elsewhere.beside:Beside",
    "objective": "elsewhere.frugal:Frugal",
}
LINE = [word for name, member in CHOSEN.items() for word in (f"--{name}", member)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that holds the package and nothing else."""
    folder = tmp_path_factory.mktemp("somewhere")
    shutil.copytree(ROOT / "tests" / "elsewhere", folder / "elsewhere")
    return folder


@pytest.mark.parametrize("member", MEMBERS)
def test_each_keeps_its_contract(member, folder):
    check, _ = MEMBERS[member]
    run(folder, "-c", f"from nas_env.testing import *\n{check}\n")


def test_a_function_keeps_its_contract(folder):
    program = "from nas_env.testing import check_function\nfrom elsewhere import share\n"
    task = {"name": "function", "function": "elsewhere.share:share", "space": "SPACE"}
    task |= {"metric_name": "validation_share", "optimum": 1.0}
    named = repr(task).replace("'SPACE'", "share.SPACE")
    run(folder, "-c", f"{program}check_function({named})\n")


def test_help_lists_the_settings_of_each(folder):
    shown = run(folder, "-m", "train_agent", *LINE, "--help-all")
    for name, (_, option) in MEMBERS.items():
        assert option in shown, name
    assert "Share of samples that are new altogether." in shown
    assert "Price of 1,000 parameters." in shown


def test_they_search_together_and_nothing_else_is_touched(folder):
    settings = ["--space.widths", "2", "4", "--agent.daring", "0.3", "--objective.price", "1"]
    settings += ["--evaluator.label", "mine", "--children", "8", "--quiet", "--run", "together"]
    run(folder, "-m", "train_agent", *LINE, *settings)
    summary = json.loads((folder / "together" / "summary.json").read_text())
    assert summary["children"] == 8 and not summary["failed"]
    best = summary["best"]
    assert best["reward"] == pytest.approx(-best["validation_error"] - best["parameters"] / 1_000)
    assert set(best["architecture"]["stack"]) <= {2, 4}


def test_an_agent_of_the_repository_searches_the_function(folder):
    settings = ["--env", "elsewhere.share:Share-v0", "--agent", "evolution", "--children", "40"]
    run(folder, "-m", "train_agent", *settings, "--quiet", "--run", "function")
    summary = json.loads((folder / "function" / "summary.json").read_text())
    assert summary["children"] == 40 and 0.3 < summary["best"]["validation_share"] <= 1
