"""Reads the command line of a final training; one clear line for a bad argument."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nas_env.command_line._evaluators import choose_evaluator, evaluator_spec, short_names
from nas_env.command_line._help import Entry, entries, nested, show_help, whole
from nas_env.command_line._tyro import parse_all
from nas_env.command_line.resuming import CONTROL
from nas_env.errors import InvalidValue
from nas_env.evaluation import task_recipe
from nas_env.files import read_json
from nas_env.final.grid import GRIDS, Grid, make_grid
from nas_env.final.plan import Plan
from nas_env.final.top import Found, top
from nas_env.parts import choose_device, chosen_recipe
from nas_env.run.folder import CONFIG, evaluations_file, holds_run
from nas_env.run.paths import check_name
from nas_env.run.store import Store
from nas_env.tasks import Task, make_task
from search_spaces._settings import at_least, at_most

ABOUT = "Train the best of a search by a final recipe, and test it once."
FINAL = "final"  # the folder of what comes of it, in the run's
RECIPE = "paper"  # the recipe where none is named, if the task has it
DECIDING = ("run", "recipe", "grid", "device")


@dataclass(frozen=True)
class Options:
    """Train the best of a search by a final recipe, and test it once.

    Attributes:
        run: The run's folder; its name may also stand alone, as the first word.
        top: Architectures of the search, the best by validation, that are compared once more.
        grid: Name of a grid of the recipe's settings, which are compared too: ``none``, ``small``,
            ``paper``.
        recipe: Name of one of the task's recipes; by default ``paper``, if the task has it.
        seeds: Trainings of what is chosen, on training and validation split, each then tested.
        again: Use the test set though another network or recipe was tested on it.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``; by default the
            run's. None for that.
        quiet: Print nothing but errors.
    """

    run: Path | None = None
    top: int = 3
    grid: str = field(default="small", metadata={"metavar": f"{{{','.join(GRIDS)}}}"})
    recipe: str | None = None
    seeds: int = 5
    again: bool = False
    device: str | None = None
    quiet: bool = False


@dataclass(frozen=True)
class Retraining:
    """A final training that a command line asks for, checked.

    Attributes:
        folder: The run's folder.
        env: Id of its environment.
        id: Name of the run in its store.
        store: File of its evaluations.
        make: The keyword arguments of :class:`~nas_env.problem.Problem`.
        plan: What is compared, and how often the best is trained.
        quiet: Whether nothing but errors is printed.
    """

    folder: Path
    env: str
    id: str
    store: Path
    make: dict[str, Any]
    plan: Plan
    quiet: bool

    @property
    def final(self) -> Path:
        """The folder of what comes of it."""
        return self.folder / FINAL


def read_line(line: Sequence[str], program: str) -> Retraining:
    """Return the final training that a command line asks for.

    Args:
        line: The words after the program's name.
        program: Name of the program.

    Raises:
        InvalidValue: In one line, with the nearest right name.
        NASError: If the run's task cannot be made any more, or its store cannot be used.
        SystemExit: After ``--help``.
    """
    words = ["--run", *line] if line and not line[0].startswith("-") else list(line)
    chosen = _first_look(words)
    if {"-h", "--help"} & set(words) and chosen.run is None:
        show_help(entries(Options()), program, ABOUT, "With a run: every setting of its recipe.")
        raise SystemExit(0)
    if chosen.run is None:
        raise InvalidValue(f"a run is missing: {program} RUN, the folder of a search")
    folder = check_name(chosen.run, "a run's folder")
    if not holds_run(folder):
        raise InvalidValue(f"{folder} holds no run: it has no config.json")
    config = read_json(folder / "config.json", CONFIG)
    task = make_task(config["make"]["task"])
    options = _options(config, task, chosen)
    if {"-h", "--help"} & set(words):
        show_help(options, program, ABOUT, "")
        raise SystemExit(0)
    return _checked(parse_all(whole(options), words, program), folder, config, task)


def _first_look(words: Sequence[str]) -> argparse.Namespace:
    """Return the values that decide which further options there are."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for name in DECIDING:
        parser.add_argument(f"--{name}", nargs="?")
    return parser.parse_known_args(words)[0]


def _options(config: Mapping[str, Any], task: Task, chosen: argparse.Namespace) -> list[Entry]:
    """Return all options, with the values that they have where they are not given."""
    device = choose_device(chosen.device or config["make"]["device"])
    name = chosen.recipe or (RECIPE if RECIPE in task.recipes else None)
    recipe = chosen_recipe(task, name, device)
    _, evaluator = choose_evaluator(None, config["make"]["evaluator"])
    grid = make_grid(chosen.grid or Options.grid)
    short = short_names(evaluator)
    return [
        *entries(Options()),
        nested("evaluator_settings", evaluator, "Settings of the evaluator.", "evaluator", short),
        nested("recipe_settings", recipe, "How the networks are trained.", "recipe"),
        nested("grid_settings", grid, "Values to compare.", "grid"),
    ]


def _checked(values: Any, folder: Path, config: Mapping[str, Any], task: Task) -> Retraining:
    """Return what tyro found, once it is checked by what it is about."""
    at_least(values, top=1, seeds=1)
    at_most(values, top=10_000, seeds=1_000)
    device = choose_device(values.device or config["make"]["device"])
    store = evaluations_file(folder, config)
    with_control = holds_run(folder / CONTROL)
    control = _found(store, f"{config['id']}-{CONTROL}", task, 1) if with_control else []
    found = _found(store, config["id"], task, values.top)
    if not found:
        raise InvalidValue(f"{folder} has no child that succeeded: nothing to train")
    make = {
        **config["make"],
        "recipe": task_recipe(task, asdict(values.recipe_settings)).spec,
        "device": str(device),
        "evaluator": evaluator_spec(None, values.evaluator_settings, task),
    }
    grid = Grid(**asdict(values.grid_settings))
    plan = Plan(found, grid, values.seeds, control[0] if control else None, values.again)
    return Retraining(folder, config["env"], config["id"], store, make, plan, values.quiet)


def _found(store: Path, run: str, task: Task, count: int) -> list[Found]:
    """Return the best architectures of a search that is in a store."""
    if not store.is_file():
        raise InvalidValue(f"{store} is missing: the evaluations of the run")
    opened = Store(store, run)
    try:
        return top(opened.episodes(), task.metric, count)
    finally:
        opened.close()
