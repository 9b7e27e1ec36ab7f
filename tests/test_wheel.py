"""A wheel holds all that the installed commands need: they run away from the clone."""

import re
import shutil
import subprocess
import sys

import pytest

from tests import _fresh
from tests._pages import ROOT, blocks

pytest.importorskip("setuptools", minversion="77")  # what builds the wheel

COPIED = ("agents", "nas_env", "search_spaces", "pyproject.toml", "README.md", "LICENSE")
#: Runs an installed command by its name, as its script in ``bin`` does.
COMMAND = """
import sys
from importlib.metadata import entry_points

del sys.argv[0]
(command,) = entry_points(group="console_scripts", name=sys.argv[0])
sys.exit(command.load()())
"""
FEW = {
    "nas-train": "--children 2 --task.train-size 64 --recipe.epochs 1 --workers 0 --quiet",
    "nas-retrain": "--top 1 --grid none --seeds 1 --recipe.epochs 1 --workers 0 --quiet",
    "run": "--agents random_search evolution --seeds 2 --episodes 5 --workers 1 --quiet",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder into which nothing but the wheel is installed."""
    clone, target = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("installed")
    for name in COPIED:  # a copy, since building leaves files
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, clone / name)
    quiet = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-index"]
    wheels = ["--no-build-isolation", "--wheel-dir", str(clone / "wheels")]
    subprocess.run([*quiet, "wheel", *alone, *wheels, str(clone)], check=True)
    (wheel,) = (clone / "wheels").iterdir()
    subprocess.run([*quiet, "install", *alone, "--target", str(target), str(wheel)], check=True)
    shutil.rmtree(clone)
    return target


def called(installed, folder, *words, status=0):
    return _fresh.run(folder, "-c", COMMAND, *words, home=installed, status=status)


def commands():
    """The installed commands of the README, each as its words."""
    lines = [line for block in blocks("README.md") for line in block.splitlines()]
    return [re.sub(r" +#.*", "", line).split() for line in lines if line.startswith("nas-")]


def test_a_wheel_holds_the_packages_alone(installed, tmp_path):
    packages = {path.name for path in installed.iterdir() if not path.name.endswith("-info")}
    assert packages == {"agents", "nas_env", "search_spaces", "bin"}
    made = {path.name for path in (installed / "bin").iterdir()}
    names = {
        "benchmark",
        "controls",
        "list",
        "rank",
        "report",
        "retrain",
        "show",
        "store",
        "train",
        "watch",
    }
    assert made == {f"nas-{name}" for name in names}
    found = _fresh.run(tmp_path, "-c", "import nas_env; print(nas_env.__file__)", home=installed)
    assert found.strip() == str(installed / "nas_env" / "__init__.py")


def test_every_command_of_the_readme_runs(installed, tmp_path, monkeypatch):
    """One after the other in one folder; then a submission of what was played."""
    monkeypatch.setenv("NAS_DATA", str(tmp_path))
    programs = set()
    for program, *words in commands():
        few = FEW.get(program) or FEW.get(words[0], "")
        missing = "NAS-CIFAR10-v0" in words  # its data is not here
        printed = called(installed, tmp_path, program, *words, *few.split(), status=2 * missing)
        assert "NAS_DATA" in printed or not missing
        programs.add(program)
    assert programs == {"nas-train", "nas-retrain", "nas-benchmark"}
    made = ["runs/benchmark.sqlite", "--agent", "evolution", "--out", "evolution.json"]
    made += ["--environment", "NAS-Bench-Digits-v0"]
    for words, says in {
        ("export", *made): "2 searches of evolution",
        ("validate", "evolution.json"): "is valid",
        ("table", "evolution.json"): "| `evolution` | 2 |",
    }.items():
        assert says in called(installed, tmp_path, "nas-benchmark", *words)


def test_a_search_leaves_its_report(installed, tmp_path):
    """Its templates and its script are in the wheel."""
    line = ["--env", "NAS-Bench-Digits-v0", "--children", "4", "--run", "run"]
    assert "run: report.html, " in called(installed, tmp_path, "nas-train", *line)
    assert (tmp_path / "run" / "report.html").read_text().startswith("<!DOCTYPE html>")


def test_what_the_readme_does_not_name_runs_too(installed, tmp_path):
    few = ["--agents", "evolution", "--trials", "2", "--seeds", "1", "--best", "1", "--marks", "3"]
    few += ["--fresh-seeds", "1", "--episodes", "3", "--workers", "1", "--quiet"]
    called(installed, tmp_path, "nas-benchmark", "tune", *few)
    assert "nas-benchmark {export," in called(installed, tmp_path, "nas-benchmark", "--help")
    for program in sorted(path.name for path in (installed / "bin").iterdir()):
        assert f"usage: {program}" in called(installed, tmp_path, program, "--help")
