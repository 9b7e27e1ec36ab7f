"""Who may import whom: read from the source, and tried by importing."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("search_spaces", "nas_env", "agents")
OURS = (*PACKAGES, "train_agent")


def source_files():
    """Each module of ours by its dotted name."""
    files = {"train_agent": ROOT / "train_agent.py"}
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            files[".".join(part for part in parts if part != "__init__")] = file
    return files


FILES = source_files()


def imports(module):
    """The modules of ours that a module names, wherever in its source."""
    found = set()
    for node in ast.walk(ast.parse(FILES[module].read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in FILES else node.module)
    return {name for name in found if name.partition(".")[0] in OURS}


IMPORTS = {module: imports(module) for module in FILES}


def inside(module, *packages):
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def outside(importers, *allowed):
    """What the modules of ``importers`` import beside ``allowed``: for a message that says it."""
    return [
        f"{module} imports {name}"
        for module, names in IMPORTS.items()
        for name in sorted(names)
        if inside(module, importers) and not inside(name, *allowed)
    ]


@pytest.mark.parametrize(
    "importers, allowed",
    [
        ("search_spaces", ["search_spaces"]),
        ("agents", ["agents", "search_spaces"]),
        ("nas_env", ["nas_env", "search_spaces"]),
        ("nas_env.training", ["nas_env.training", "search_spaces"]),
        ("nas_env.records", ["search_spaces"]),
        ("nas_env.rewards", []),
        ("nas_env.store", ["nas_env.records", "nas_env.errors", "nas_env.paths"]),
        ("nas_env.drawing", ["nas_env.drawing", "search_spaces"]),
        (
            "nas_env.tasks",
            [
                "nas_env.tasks",
                "nas_env.training",
                "nas_env.rewards",
                "nas_env.table",
                "nas_env.errors",
                "search_spaces",
            ],
        ),
        ("nas_env.table", ["nas_env._table_entries", "nas_env.errors", "search_spaces"]),
        ("nas_env._table_entries", ["nas_env.errors", "search_spaces"]),
    ],
)
def test_no_import_runs_upward(importers, allowed):
    assert any(inside(module, importers) for module in IMPORTS)
    assert outside(importers, *allowed) == []


def test_the_door_is_imported_by_nobody():
    assert [m for m, names in IMPORTS.items() if "train_agent" in names] == []


def test_task_training_and_store_meet_in_the_evaluation_alone():
    parts = ("nas_env.tasks", "nas_env.training", "nas_env.store")
    meeting = [
        module
        for module, names in IMPORTS.items()
        if all(any(inside(name, part) for name in names) for part in parts)
    ]
    assert all(inside(module, "nas_env.evaluation") for module in meeting), meeting


def test_what_is_imported_is_there():
    known = {name for names in IMPORTS.values() for name in names}
    assert known <= set(FILES)


def test_no_import_goes_in_a_circle():
    try:
        TopologicalSorter(IMPORTS).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_is_quiet_and_light(package):
    """Optional tools, and what draws and reads data, are imported where they are used."""
    heavy = ["matplotlib", "sklearn", "torchvision", "wandb", "rich", "tyro", "tensorboard"]
    heavy += ["stable_baselines3", "sb3_contrib", "pandas", "scipy"]
    program = (
        f"import sys, threading, {package}\n"
        f"loaded = set({heavy}) & set(sys.modules)\n"
        "sys.exit(f'loads {loaded}' if loaded or threading.active_count() > 1 else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
