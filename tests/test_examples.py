"""The examples, the Python of the documentation and the members of CONTRIBUTING.md really run."""

import json
import re

import numpy as np
import pytest
from matplotlib.image import imread

from tests._fresh import ROOT, run

EXAMPLES = {
    "gymnasium_loop": [],
    "vector_environment": ["--episodes", "2"],
    "stable_baselines": ["--rollouts", "1", "--episodes", "2"],
    "maskable_ppo": ["--rollouts", "1", "--episodes", "2"],
    "cleanrl_ppo": ["--num-iterations", "1", "--num-envs", "2"],
    "cleanrl_dqn": ["--total-timesteps", "40", "--learning-starts", "20", "--batch-size", "4"],
    "draw_episode": ["episode.svg"],
    "draw_published": ["published.png"],
    "draw_shapes": ["shapes"],
}
OF_LIBRARIES = {"torchrl_ppo", "tianshou_dqn", "rllib_ppo"}  # tests/test_libraries.py runs them
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def python_of(page):
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)


def test_every_example_is_listed():
    files = {file.stem for file in (ROOT / "examples").glob("[!_]*.py")}
    assert files == set(EXAMPLES) | OF_LIBRARIES


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, tmp_path):
    assert run(tmp_path, "-m", f"examples.{name}", *EXAMPLES[name])
    for picture in tmp_path.glob("*.png"):
        drawn, kept = imread(picture), imread(ROOT / "docs" / picture.name)
        assert drawn.shape == kept.shape and np.abs(drawn - kept).mean() < 0.01


@pytest.mark.parametrize("page", [p for p in PAGES if python_of(p)], ids=lambda page: page.name)
def test_python_of_a_page_runs_from_top_to_bottom(page, tmp_path):
    code = "\n".join(python_of(page))
    for folder in re.findall(r"read_run\(\"(.+?)\"\)", code):  # a reader has played it
        table = ["--env", "NAS-Bench-Digits-v0", "--children", "4", "--quiet"]
        run(tmp_path, "-m", "nas_env.command_line.train", *table, "--run", folder)
    run(tmp_path, "-c", code)


def test_links_between_pages_lead_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def checks_of(page):
    """The checks of a page's members: its lines that name one of ``mine``."""
    imported = [line for block in python_of(page) for line in block.splitlines()]
    checks = [line for line in imported if re.match(r"check_\w+\(", line)]
    assert len(checks) == 5
    return ["from nas_env.testing import *", *checks]


def test_members_of_contributing_work_from_outside_the_repository(tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    for block in python_of(ROOT / "CONTRIBUTING.md"):
        if named := re.match(r"# \S*?(\w+\.py)\n", block):
            (mine / named[1]).write_text(block)
    run(tmp_path, "-c", "".join(f"{line}\n" for line in checks_of(ROOT / "CONTRIBUTING.md")))
    settings = ["--children", "7", "--space.hidden", "1", "--agent.samples", "3", "--quiet"]
    members = ["--agent", "mine.one_change:OneChange", "--track", "mine.json_lines:JSONLines"]
    members += ["--objective", "mine.accuracy_less_size:AccuracyLessSize"]
    where = ["--env", "mine:NAS-Mine-v0", "--run", "run"]
    run(tmp_path, "-m", "train_agent", *where, *members, *settings)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["children"] == 7 and not summary["failed"]
    rows = [json.loads(row) for row in (tmp_path / "run" / "tracked.jsonl").open()]
    assert [r["children"] for r in rows if "search/reward" in r] == [*range(1, 8)]
    assert rows[-1]["summary/children"] == 7 and "| child |" in str(rows)

    program = (
        "import gymnasium\n"
        "env = gymnasium.make('mine:NAS-Mine-v0', evaluator='mine.thread:ThreadEvaluator')\n"
        "env.reset()\n"
        "while not env.step(0)[2]: pass\n"
        "print(env.unwrapped.problem.store.evaluations()[0][1].status)\n"
        "env.close()\n"
    )
    assert run(tmp_path, "-c", program) == "ok\n"
