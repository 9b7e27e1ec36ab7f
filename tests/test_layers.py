"""Who may import whom: read from the source, and tried by importing."""

import ast
import statistics
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from search_spaces import _catalogue

ROOT = Path(__file__).parent.parent
PACKAGES = ("search_spaces", "nas_env", "agents")
OURS = (*PACKAGES, "train_agent")
#: The installed commands, which connect the packages.
COMMANDS = ("nas_env.command_line", "nas_env.benchmark", "nas_env.controls")
#: A command under the name of the family that does its work: no part of the family itself.
PROGRAM = "nas_env.final.__main__"
#: The command of the package as a whole.
WHOLE = "nas_env.__main__"
TESTING = "nas_env.testing"


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
        if inside(module, importers)
        and (module not in (PROGRAM, WHOLE) or importers == module)
        and not inside(name, *allowed)
        and f"{name}.__init__" not in allowed
    ]


SPACES = [f"search_spaces.{name}" for name in _catalogue.names("search_spaces")]
SPACE_PROTOCOL = [m for m in FILES if m.startswith("search_spaces._")]
AGENT_PROTOCOL = [m for m in FILES if m.startswith("agents._") and m.count(".") == 1]
AGENT_PROTOCOL = [m for m in AGENT_PROTOCOL if FILES[m].name != "__init__.py"]
BELOW = ["nas_env.files", "nas_env.machine"]
RECORDS = ["nas_env.records", "nas_env.errors", "nas_env.metrics"]
TASKS = ["nas_env.tasks", "nas_env.training", "nas_env.table"]
STORE = ["nas_env.run.store", "nas_env.run.ledger", "nas_env.run.owners"]
EVALUATION = ["nas_env.evaluation", "nas_env.run.states", *TASKS, *STORE]

#: What the modules of a name may import; ``__init__`` stands for a package without its modules.
#: Each family of ``nas_env`` has a line.
LAYERS = {
    "search_spaces": ["search_spaces"],
    **{space: [space, *SPACE_PROTOCOL] for space in SPACES},
    **dict.fromkeys(SPACE_PROTOCOL, SPACE_PROTOCOL),
    "agents": ["agents", "search_spaces"],
    "agents._controller": ["agents._controller", *AGENT_PROTOCOL, "search_spaces"],
    "agents._gradient": ["agents._gradient", *AGENT_PROTOCOL, "search_spaces"],
    "agents._sb3": ["agents._sb3", *AGENT_PROTOCOL, "search_spaces"],
    **{module: [*AGENT_PROTOCOL, "search_spaces"] for module in AGENT_PROTOCOL},
    "nas_env": ["nas_env", "agents", "search_spaces"],  # agents: see the commands below
    "nas_env.errors": ["search_spaces"],
    "nas_env.records": ["search_spaces"],
    "nas_env._version": [],
    "nas_env.metrics": [],
    "nas_env.files": ["nas_env.errors", "search_spaces"],
    "nas_env.machine": [],
    "nas_env.statistics": ["nas_env.statistics"],
    "nas_env.objectives": ["nas_env.objectives", *RECORDS, "search_spaces"],
    "nas_env.training": ["nas_env.training", "search_spaces"],
    "nas_env.drawing": ["nas_env.drawing", "nas_env.files", "search_spaces"],
    "nas_env.handover": [
        "nas_env.handover",
        "nas_env.training",
        "nas_env.drawing",
        "nas_env.files",
        "nas_env.errors",
        "search_spaces",
    ],
    "nas_env.tracking": ["nas_env.tracking", "nas_env.files", "search_spaces"],
    "nas_env.run": ["nas_env.run", "nas_env.files", *RECORDS, "search_spaces._json"],
    "nas_env.run.store": [*RECORDS, *STORE, "nas_env.run.paths", "nas_env.files"],
    "nas_env.table": ["nas_env.table", "nas_env.errors", "search_spaces"],
    "nas_env.table._entries": ["nas_env.errors", "search_spaces"],
    "nas_env.data": ["nas_env.data", *BELOW, "nas_env.errors", "search_spaces"],
    "nas_env.data.images.decode": [],  # a program of its own, which starts fast
    "nas_env.tasks": [*TASKS, "nas_env.data", "nas_env.metrics", "nas_env.errors", "search_spaces"],
    "nas_env.evaluation": [*EVALUATION, *BELOW, *RECORDS, "search_spaces"],
    "nas_env.parts": [*EVALUATION, "nas_env.objectives", *RECORDS, "search_spaces"],
    "nas_env.problem": [
        "nas_env.parts",
        *EVALUATION,
        "nas_env.objectives",
        *RECORDS,
        "search_spaces",
    ],
    "nas_env.env": [
        "nas_env.env",
        "nas_env.parts",
        "nas_env.problem",
        "nas_env.evaluation",
        "nas_env.table",
        "nas_env.run.store",
        "nas_env.drawing",
        *RECORDS,
        "search_spaces",
    ],
    "nas_env.search": [
        "nas_env.search",
        "nas_env.problem",
        *EVALUATION,
        "nas_env.run",
        *BELOW,
        "nas_env.drawing",
        "nas_env.tracking",
        "nas_env._version",
        *RECORDS,
        "search_spaces",
    ],
    "nas_env.final": [
        "nas_env.final",
        "nas_env.statistics",
        "nas_env.problem",
        *EVALUATION,
        "nas_env.handover",
        "nas_env.search",
        "nas_env.run.folder",
        "nas_env.tracking",
        *RECORDS,
        "search_spaces",
    ],
    "nas_env.report": [
        "nas_env.report",
        "nas_env.final.intervals",
        "nas_env.search",
        "nas_env.run",
        "nas_env.drawing",
        "nas_env._version",
        *BELOW,
        *RECORDS,
        "search_spaces",
    ],
    "nas_env.testing": ["nas_env", "agents", "search_spaces"],
    "nas_env.command_line": ["nas_env", "agents", "search_spaces"],
    PROGRAM: ["nas_env.command_line"],
    WHOLE: ["nas_env.command_line"],
    "nas_env.benchmark": ["nas_env", "agents", "search_spaces"],
    "nas_env.controls": [
        "nas_env.controls",
        "nas_env.benchmark",
        "nas_env.command_line",
        "nas_env.tasks",
        "nas_env.run",
        "nas_env.drawing",
        *BELOW,
        *RECORDS,
    ],
}


def family(module):
    """The folder that a module lies in, or itself where it lies flat in its package."""
    return module if module == PROGRAM else ".".join(module.split(".")[:2])


@pytest.mark.parametrize("importers", LAYERS)
def test_no_import_runs_upward(importers):
    assert any(inside(module, importers) for module in IMPORTS)
    assert outside(importers, *LAYERS[importers]) == []


def test_each_family_of_the_environment_has_its_layer():
    assert {family(module) for module in FILES if inside(module, "nas_env")} <= set(LAYERS)


def importers_of(*packages):
    return [m for m, names in IMPORTS.items() if any(inside(name, *packages) for name in names)]


def test_the_commands_are_imported_by_nobody():
    """Only the program at the root imports one; no module of the packages does."""
    commands = (*COMMANDS, PROGRAM, WHOLE, "train_agent")
    assert [m for m in importers_of(*commands) if not inside(m, *commands)] == []


def test_the_checks_of_the_contracts_are_imported_by_nobody():
    assert [m for m in importers_of(TESTING) if not inside(m, TESTING)] == []


def test_the_environment_knows_agents_at_its_top_alone():
    top = (*COMMANDS, TESTING, "agents")
    assert [m for m in importers_of("agents") if not inside(m, *top)] == []


def test_task_training_and_store_meet_in_the_evaluation_alone():
    parts = ("nas_env.tasks", "nas_env.training", "nas_env.run.store")
    meeting = [
        module
        for module, names in IMPORTS.items()
        if all(any(inside(name, part) for name in names) for part in parts)
    ]
    assert all(inside(module, "nas_env.evaluation") for module in meeting), meeting


def test_every_folder_is_a_package_that_says_what_its_family_is():
    for module, file in FILES.items():
        if module != "train_agent":
            init = file.parent / "__init__.py"
            assert init.is_file(), f"{init} is missing, so {module} would not be installed"
            assert ast.get_docstring(ast.parse(init.read_text())), f"{init} says nothing"


def test_no_file_is_long_and_most_are_short():
    """Three hundred lines at most, and less than 130 in the middle one."""
    others = [file for name in ("benchmarks", "examples") for file in (ROOT / name).glob("*.py")]
    lengths = {file: len(file.read_text().splitlines()) for file in (*FILES.values(), *others)}
    assert {str(file): length for file, length in lengths.items() if length > 300} == {}
    assert statistics.median(lengths.values()) < 130


def test_what_lies_flat_in_the_environment_is_little():
    assert len(list((ROOT / "nas_env").glob("*.py"))) <= 10


def test_what_is_imported_is_there():
    known = {name for names in IMPORTS.values() for name in names}
    assert known <= set(FILES)


@pytest.mark.parametrize("part", [str, family], ids=["modules", "families"])
def test_no_import_goes_in_a_circle(part):
    """Neither from module to module nor from folder to folder."""
    graph = {}
    for module, names in IMPORTS.items():
        graph.setdefault(part(module), set()).update(map(part, names))
    try:
        TopologicalSorter({m: names - {m} for m, names in graph.items()}).prepare()
    except CycleError as error:
        pytest.fail(f"a circle of imports: {' <- '.join(error.args[1])}")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_is_quiet_and_light(package):
    """Optional tools, and what draws and reads data, are imported where they are used."""
    heavy = ["matplotlib", "sklearn", "torchvision", "wandb", "rich", "tyro", "tensorboard"]
    heavy += ["stable_baselines3", "sb3_contrib", "pandas", "scipy", "PIL"]
    program = (
        f"import sys, threading, {package}\n"
        f"loaded = set({heavy}) & set(sys.modules)\n"
        "sys.exit(f'loads {loaded}' if loaded or threading.active_count() > 1 else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
