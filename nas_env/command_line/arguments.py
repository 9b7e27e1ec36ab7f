"""The command line of a search, made of dataclasses; one clear line for a bad argument.

What can be set depends on the environment's task and space and on the agent, so that these are
looked for first; then one dataclass is made of all, whose defaults are what would really be used.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from nas_env.command_line._choices import (
    AGENT,
    ENVIRONMENT,
    Choices,
    ConfigMaker,
    choose,
    first_look,
    spelled_out,
)
from nas_env.command_line._help import Entry, entries, nested, readable, show_help, whole
from nas_env.command_line._parsing import parse_all
from nas_env.command_line.resuming import choose_again
from nas_env.evaluation import task_recipe
from nas_env.evaluation.in_process import InProcessEvaluator
from nas_env.evaluation.workers import WorkerSettings, WorkersEvaluator
from nas_env.problem import choose_device
from nas_env.search.loop import STOP_AFTER_FAILURES, Depth
from nas_env.search.summary import device_name, versions
from nas_env.tasks import Task, make_task
from search_spaces import make_space
from search_spaces._settings import at_least, at_most, from_mapping

ABOUT = "Let an agent search, and keep the run in a folder."
#: What ``--help`` shows; ``--help-all`` shows the rest too.
FIRST = (
    "env", "agent", "children", "seed", "run", "resume", "control", "track", "device", "workers",
    "recipe",
)  # fmt: skip
MORE = """\
--help-all shows the rest: limits, the store, and every setting of the agent, the recipe, the task and the space.
--version prints the versions and the device."""  # noqa: E501 - wrapped in the terminal's width

#: How ``--help`` shows an option that may stand without a value.
BARE = {"metavar": "[auto]", "help_behavior_hint": ""}


@dataclass(frozen=True)
class Main:
    """Let an agent search an environment, and keep the run in a folder.

    Attributes:
        env: The environment's id; ``module:ID`` imports a module that registers it.
        agent: The agent's name, or ``module:NAME``.
        children: The budget in episodes; each designs and trains one child.
        seed: Seed of the agent and its sampling.
        run: The run's folder; by default the next free ``runs/<env>-<agent>-<n>``.
        resume: Continue the run in ``--run``, by the same command or a shorter one; a larger
            ``--children`` lengthens it. ``auto``: begin the run if it is not there.
        control: ``random``: afterwards a random search at equal budget in ``<run>/control``.
        track: Services that show the search: ``wandb``, ``tensorboard``, both.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``.
        workers: Children trained at once, each in a process of its own with one thread; ``auto``:
            one a core, or as ``--children-per-gpu`` says. 0 trains in this process.
        recipe: Name of one of the task's recipes, by which the children are trained; by default
            the task's own for the device.
        space: Another search space than the environment's.
        agent_preset: Name of some settings of the agent: ``default``, ``paper``.
        time_limit: Seconds that a child may take in a worker; by default there is no limit.
        memory_limit: Gigabytes that a worker may take on a CPU; ``auto``: an equal share.
        children_per_gpu: Children at once on each GPU, where ``--workers`` is ``auto``.
        evaluation_seed: Seed of the children, together with their architecture.
        store: The file of evaluations; by default ``results.sqlite`` in the run's folder.
        references: Afterwards train, by the same recipe, what the task compares its best with
            (language tasks: the published NASCell and an LSTM of the same size).
        stop_after_failures: Children at the beginning of a search that may all fail for the same
            reason; then it stops, since its data or settings are at fault. 0, or
            ``--keep-going``: any number.
        depth: The schedule of depths.
        quiet: Print nothing but errors.
    """

    env: str = ENVIRONMENT
    agent: str = AGENT
    children: int = 120
    seed: int = 0
    run: Path | None = None
    resume: Literal["no", "yes", "auto"] = field(default="no", metadata=BARE)
    control: Literal["random"] | None = None
    track: tuple[str, ...] = ()
    device: str = "auto"
    workers: int | Literal["auto"] = "auto"
    recipe: str | None = None
    space: str | None = None
    agent_preset: str | None = field(default=None, metadata={"name": "agent.preset"})
    time_limit: float | None = None
    memory_limit: float | Literal["auto"] = "auto"
    children_per_gpu: int = 1
    evaluation_seed: int = 0
    store: Path | None = None
    references: bool = True
    stop_after_failures: int = STOP_AFTER_FAILURES
    depth: Depth = field(default_factory=Depth)
    quiet: bool = False


@dataclass(frozen=True)
class Arguments:
    """The command line, checked, with nothing left to decide.

    Attributes:
        env: The environment's id.
        agent: Name and settings of the agent.
        make: The keyword arguments of ``gym.make_vec``.
    """

    env: str
    agent: dict[str, Any]
    make: dict[str, Any]
    children: int
    seed: int
    run: Path | None
    control: str | None
    track: tuple[str, ...]
    store: Path | None
    references: bool
    stop_after_failures: int
    depth: Depth
    quiet: bool

    def config(self) -> dict[str, Any]:
        """Return the configuration as a run keeps it, but for its ``id``: JSON values."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        del values["run"], values["quiet"]
        store = None if self.store is None else str(self.store.absolute())
        return {**values, "track": list(self.track), "depth": asdict(self.depth), "store": store}


def parse(
    line: Sequence[str],
    make_config: ConfigMaker,
    program: str,
    config: Mapping[str, Any] | None = None,
) -> Arguments:
    """Return the checked arguments of a command line.

    Args:
        line: The command line's words, without the program's name.
        make_config: Function from an agent's spec to its name and configuration.
        program: How the program was called.
        config: Configuration of the run to resume, which has the values that are not given.

    Raises:
        InvalidValue: In one line, with the nearest right name.
        SystemExit: After ``--help`` and ``--version``.
    """
    line = spelled_out(line)
    if "--version" in line:
        _show_versions()
    chosen = first_look(line)
    if config is None:
        main, choices = Main(), choose(chosen, make_config)
    else:
        main, choices = _main_of(config), choose_again(chosen, make_config, config)
    options = _options(main, choices)
    if {"-h", "--help", "--help-all"} & set(line):
        _show_help(options, program, everything="--help-all" in line)
    return _checked(parse_all(whole(options), line, program), choices, make_config)


def _options(main: Main, choices: Choices) -> list[Entry]:
    """Return all command-line options, with the values that they have where they are not given."""
    return [
        *entries(main),
        nested("agent_settings", choices.agent, "Settings of the agent.", "agent"),
        nested("recipe_settings", choices.recipe, "How children are trained.", "recipe"),
        nested("task_settings", choices.task, "Settings of the task.", "task"),
        nested("space_settings", choices.space, "Settings of the search space.", "space"),
    ]


def _main_of(config: Mapping[str, Any]) -> Main:
    """Return the values of a run's own command line."""
    make = config["make"]
    evaluator = dict(make["evaluator"])
    if evaluator["name"] == InProcessEvaluator.name():
        evaluator["workers"] = 0
    values = {
        **evaluator,
        **config,
        "device": make["device"],
        "evaluation_seed": make["evaluation_seed"],
        "agent": config["agent"]["name"],
        "track": tuple(config["track"]),
        "store": config["store"] and Path(config["store"]),
        "depth": from_mapping(Depth, config["depth"], "depth setting"),
    }
    return Main(**{e.name: values[e.name] for e in fields(Main) if e.name in values})


def _checked(values: Any, choices: Choices, make_config: ConfigMaker) -> Arguments:
    """Return the arguments that tyro found, once they are checked by what they are settings of."""
    at_least(values, children=1, seed=0, evaluation_seed=0, stop_after_failures=0)
    at_most(values, children=10**9, seed=2**63 - 1, evaluation_seed=2**63 - 1)
    name, agent = make_config({"name": choices.agent_name, **asdict(values.agent_settings)})
    task = make_task({"name": choices.task.name, **asdict(values.task_settings)})
    space = make_space({"name": choices.space.name, **asdict(values.space_settings)})
    device = choose_device(values.device)
    recipe = task_recipe(task, asdict(values.recipe_settings))
    made: dict[str, Any] = {
        "agent": {"name": name, **asdict(agent)},
        "make": {
            "task": task.spec,
            "space": space.spec,
            "recipe": recipe.resolved(device.type).spec,
            "device": str(device),
            "evaluation_seed": values.evaluation_seed,
            "evaluator": _evaluator(values, task),
        },
        "depth": Depth(**asdict(values.depth)),
    }
    same = [each.name for each in fields(Arguments) if each.name not in made]
    return Arguments(**made, **{each: getattr(values, each) for each in same})


def _evaluator(values: Any, task: Task) -> dict[str, Any]:
    """Return who evaluates: the task's table, this process, or workers."""
    if task.default_evaluator != InProcessEvaluator.name():
        return {"name": task.default_evaluator}
    if values.workers == 0:
        return {"name": InProcessEvaluator.name()}
    settings = {field.name: getattr(values, field.name) for field in fields(WorkerSettings)}
    from_mapping(WorkerSettings, settings, "evaluator setting")
    return {"name": WorkersEvaluator.name(), **settings}


def _show_help(options: Sequence[Entry], program: str, *, everything: bool) -> None:
    first = [option for option in options if option.name in FIRST]
    show_help(options if everything else first, program, ABOUT, "" if everything else MORE)
    raise SystemExit(0)


def _show_versions() -> None:
    with readable():
        for name, version in {**versions(), "device": device_name(choose_device("auto"))}.items():
            sys.stdout.write(f"{name} {version}\n")
    raise SystemExit(0)
