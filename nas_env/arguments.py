"""The command line of a search, made of dataclasses; one clear line for a bad argument.

What can be set depends on the environment's task and space and on the agent, so that these are
looked for first; then one dataclass is made of all, whose defaults are what would really be used.
"""

from __future__ import annotations

import argparse
import importlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import gymnasium
import tyro
from gymnasium.envs.registration import EnvSpec

from nas_env import ENTRY_POINT
from nas_env._command_line import parse_all
from nas_env.errors import InvalidValue, UnknownName
from nas_env.evaluation.in_process import InProcessEvaluator
from nas_env.evaluation.workers import WorkerSettings, WorkersEvaluator
from nas_env.problem import choose_device
from nas_env.search import Depth
from nas_env.tasks import Task, make_task
from search_spaces import make_space
from search_spaces._settings import at_least, at_most, from_mapping, named

#: The command-line options that may stand beside ``--resume``: the others are the run's own.
WITH_RESUME = frozenset({"resume", "no-resume", "run", "control", "track", "quiet", "no-quiet"})

#: The keyword arguments of an id that are not settings of its space.
PROBLEM = frozenset({"task", "space", "recipe", "device", "evaluator", "evaluation_seed", "store"})

#: Settings so common that they have a short name.
SHORT = {
    "--avoid-repeats": "--agent.avoid-repeats",
    "--no-avoid-repeats": "--agent.no-avoid-repeats",
}

ConfigMaker = Callable[[Mapping[str, Any]], tuple[str, Any]]


@dataclass(frozen=True)
class Main:
    """Let an agent search an environment, and keep the run in a folder.

    Attributes:
        env: The environment's id; ``module:ID`` imports a module that registers it.
        children: The budget in episodes; each designs and trains one child.
        seed: Of the agent and its sampling.
        run: The run's folder; by default the next free ``runs/<env>-<agent>-<n>``.
        resume: Go on with the run in ``--run``, with its own configuration.
        control: ``random``: afterwards a random search at equal budget in ``<run>/control``.
        track: Where to follow it: ``wandb``, ``tensorboard``, both.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``.
        workers: Children trained at once, each in a process of its own with one thread; ``auto``:
            one a core, or as ``--children-per-gpu`` says. 0 trains in this process.
        time_limit: Seconds that a child may take in a worker.
        memory_limit: Gigabytes that a worker may take on a CPU; ``auto``: an equal share.
        children_per_gpu: Children at once on each GPU, where ``--workers`` is ``auto``.
        evaluation_seed: Of the children, together with their architecture.
        store: The file of evaluations; by default ``results.sqlite`` in the run's folder.
        references: Afterwards train, by the same recipe, what the task compares its best with
            (language tasks: the published NASCell and an LSTM of the same size).
        depth: The schedule of depths.
        quiet: Print nothing but errors.
    """

    env: str = "NAS-Digits-v0"
    children: int = 120
    seed: int = 0
    run: Path | None = None
    resume: bool = False
    control: Literal["random"] | None = None
    track: tuple[str, ...] = ()
    device: str = "auto"
    workers: int | Literal["auto"] = "auto"
    time_limit: float | None = None
    memory_limit: float | Literal["auto"] = "auto"
    children_per_gpu: int = 1
    evaluation_seed: int = 0
    store: Path | None = None
    references: bool = True
    depth: Depth = field(default_factory=Depth)
    quiet: bool = False


@dataclass(frozen=True)
class Arguments:
    """The command line, checked, with nothing left to decide.

    Attributes:
        env: The environment's id.
        agent: Name and settings.
        make: The keyword arguments of ``gym.make_vec``.
    """

    env: str
    agent: dict[str, Any]
    make: dict[str, Any]
    children: int
    seed: int
    run: Path | None
    resume: bool
    control: str | None
    track: tuple[str, ...]
    store: Path | None
    references: bool
    depth: Depth
    quiet: bool

    def config(self) -> dict[str, Any]:
        """The configuration as a run keeps it: JSON values."""
        return {
            "id": secrets.token_hex(8),
            "env": self.env,
            "agent": self.agent,
            "children": self.children,
            "seed": self.seed,
            "make": self.make,
            "depth": asdict(self.depth),
            "control": self.control,
            "track": list(self.track),
            "references": self.references,
            "store": None if self.store is None else str(self.store.absolute()),
        }


def parse(line: Sequence[str], make_config: ConfigMaker) -> Arguments:
    """Return the checked arguments of a command line.

    Args:
        line: The command line's words, without the program's name.
        make_config: From an agent's spec to its name and configuration.

    Raises:
        InvalidValue: In one line, with the nearest right name.
        SystemExit: After ``--help``.
    """
    line = [SHORT.get(word, word) for word in line]
    chosen = _first_look(line)
    if chosen.resume:
        _only_with_resume(line)
    settings = _settings(chosen, make_config)
    values = parse_all(_whole(settings), line, "train_agent.py")
    at_least(values, children=1, seed=0, evaluation_seed=0)
    at_most(values, children=10**9, seed=2**63 - 1, evaluation_seed=2**63 - 1)
    if values.resume and values.run is None:
        raise InvalidValue("--resume needs --run, the folder of the run to go on with")
    # Once more by the specs: what the command line let through (a NaN, a range) is refused here.
    agent_name, agent = make_config({"name": chosen.agent, **asdict(values.agent_settings)})
    task = make_task({"name": settings["task"].name, **asdict(values.task)})
    space = make_space({"name": settings["space"].name, **asdict(values.space_settings)})
    device = choose_device(values.device)
    make = {
        "task": task.spec,
        "space": space.spec,
        "recipe": values.recipe_settings.resolved(device.type).spec,
        "device": str(device),
        "evaluation_seed": values.evaluation_seed,
        "evaluator": _evaluator(values, task),
    }
    names = [each.name for each in fields(Arguments) if each.name not in ("env", "agent", "make")]
    return Arguments(
        env=values.env,
        agent={"name": agent_name, **asdict(agent)},
        make=make,
        **{name: getattr(values, name) for name in names},
    )


def _evaluator(values: Any, task: Task) -> dict[str, Any]:
    """Who evaluates: the task's table, this process, or workers."""
    if task.default_evaluator != InProcessEvaluator.name():
        return {"name": task.default_evaluator}
    if values.workers == 0:
        return {"name": InProcessEvaluator.name()}
    settings = {field.name: getattr(values, field.name) for field in fields(WorkerSettings)}
    from_mapping(WorkerSettings, settings, "evaluator setting")
    return {"name": WorkersEvaluator.name(), **settings}


def _first_look(line: Sequence[str]) -> argparse.Namespace:
    """Return the values that decide which further command-line options there are."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--env", default=Main.env, nargs="?")
    parser.add_argument("--agent", default="reinforce", nargs="?")
    parser.add_argument("--agent.preset", dest="preset", default="default", nargs="?")
    parser.add_argument("--recipe", default=None, nargs="?")
    parser.add_argument("--space", default=None, nargs="?")
    parser.add_argument("--device", default="auto", nargs="?")
    parser.add_argument("--resume", action="store_true")
    return parser.parse_known_args(list(line))[0]


def _only_with_resume(line: Sequence[str]) -> None:
    for argument in line:
        name = argument.removeprefix("--").partition("=")[0]
        if argument.startswith("--") and name not in WITH_RESUME:
            raise InvalidValue(
                f"--{name} contradicts --resume: a run goes on with its own configuration"
            )


def _settings(chosen: argparse.Namespace, make_config: ConfigMaker) -> dict[str, Any]:
    """The settings that the chosen environment, recipe and agent have, with their defaults."""
    keywords = dict(_spec(chosen.env).kwargs)
    task = make_task(keywords["task"])
    if chosen.space:
        name, space = chosen.space, {}
    else:
        name, space = named(keywords.get("space") or task.space or "", "space")
        space |= {key: value for key, value in keywords.items() if key not in PROBLEM}
    device = choose_device(chosen.device or "").type
    recipe = chosen.recipe or task.default_recipe(device)
    if recipe not in task.recipes:
        raise UnknownName("recipe", recipe, task.recipes)
    agent = make_config({"name": chosen.agent or "", "preset": chosen.preset or ""})[1]
    return {
        "agent": agent,
        "task": task,
        "space": make_space({"name": name, **space}),
        "recipe": task.recipes[recipe],
    }


def _spec(env: str | None) -> EnvSpec:
    """The registration of an id of our environment."""
    module, colon, name = (env or "").rpartition(":")
    if colon:
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise InvalidValue(f"cannot import {module!r} of --env {env}: {error}") from None
    known = {id for id, spec in gymnasium.registry.items() if spec.entry_point == ENTRY_POINT}
    if name not in known:
        raise UnknownName("environment", env or "", known)
    return gymnasium.spec(name)


def _whole(settings: Mapping[str, Any]) -> type:
    """Return the dataclass of all command-line options."""

    def nested(name: str, description: str) -> Any:
        kind = type(settings[name])
        return Annotated[kind, tyro.conf.arg(name=name, help=description)]

    def named(name: str, description: str) -> Any:
        return Annotated[str | None, tyro.conf.arg(name=name, help=description)]

    fields = [
        ("agent", str, field(default="reinforce")),
        (
            "agent_preset",
            named("agent.preset", "Named settings of the agent."),
            field(default=None),
        ),
        ("agent_settings", nested("agent", "The agent."), field(default=settings["agent"])),
        ("recipe", named("recipe", "Named recipe of the task."), field(default=None)),
        ("recipe_settings", nested("recipe", "Training."), field(default=settings["recipe"])),
        ("task", nested("task", "The task."), field(default=settings["task"])),
        ("space", named("space", "Another search space than the id's."), field(default=None)),
        ("space_settings", nested("space", "The search space."), field(default=settings["space"])),
    ]
    whole = make_dataclass("Search", fields, bases=(Main,), frozen=True)
    whole.__doc__ = (Main.__doc__ or "").replace(
        "        children:",
        "        agent: The agent's name, or ``module:NAME``.\n        children:",
    )
    return whole
