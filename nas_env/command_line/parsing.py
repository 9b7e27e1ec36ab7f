"""Reads the command line of a search; one clear line for a bad argument.

What can be set depends on the environment's task and space and on the agent, so that these are
looked for first, and the task's data is read; then one dataclass is made of all, whose defaults are
what would really be used.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from functools import reduce
from pathlib import Path
from typing import Any

from nas_env.command_line._choices import (
    AGENT,
    PROBLEM,
    Choices,
    ConfigMaker,
    choose,
    first_look,
    named_on,
    spelled_out,
)
from nas_env.command_line._config import merged, read_config
from nas_env.command_line._evaluators import evaluator_spec, short_names
from nas_env.command_line._help import Entry, entries, nested, readable, show_help, whole
from nas_env.command_line._task import task_options
from nas_env.command_line._tyro import parse_all
from nas_env.command_line.arguments import Arguments, Main
from nas_env.command_line.resuming import refuse_another
from nas_env.errors import InvalidValue
from nas_env.evaluation import task_recipe
from nas_env.parts import choose_device, mapping, task_objective
from nas_env.run.store import absolute
from nas_env.search.loop import Depth
from nas_env.search.summary import device_name, versions
from search_spaces import make_space
from search_spaces._settings import above, at_least, at_most, from_mapping

ABOUT = "Let an agent search, and keep the run in a folder."
#: What ``--help`` shows; ``--help-all`` shows the rest too.
FIRST = (
    "env", "agent", "children", "minutes", "seed", "run", "resume", "control", "track", "config",
    "device", "objective", "recipe", "evaluator", "workers",
)  # fmt: skip
MORE = """\
--help-all shows the rest: limits, the store, and every setting of the agent, the objective, the recipe, the task and the space.
--version prints the versions and the device; --print-completion bash, zsh or fish a script for the tab key."""  # noqa: E501 - wrapped in the terminal's width

#: What a file of settings may have.
SETTINGS = frozenset(each.name for each in fields(Arguments)) - {"run", "quiet"}


def parse(
    line: Sequence[str],
    make_config: ConfigMaker,
    program: str,
    run: tuple[Path, Mapping[str, Any]] | None = None,
) -> Arguments:
    """Return the checked arguments of a command line.

    Args:
        line: The command line's words, without the program's name.
        make_config: Function from an agent's spec to its name and configuration.
        program: How the program was called.
        run: File and configuration of the run to resume, which has the values that are not given.

    Raises:
        InvalidValue: In one line, with the nearest right name; a file that is at fault is named.
        SystemExit: After ``--help`` and ``--version``.
    """
    line = spelled_out(line)
    if "--version" in line:
        _show_versions()
    chosen = first_look(line)
    configs = [] if run is None else [run]
    if chosen.config:
        file = Path(chosen.config)
        configs.append((file, read_config(file, SETTINGS, PROBLEM - {"store"})))
    if run is not None:
        for config in (named_on(chosen), *(config for _, config in configs[1:])):
            refuse_another(config, run[1])
    try:
        return _parsed(line, make_config, program, reduce(merged, (c for _, c in configs), {}))
    except InvalidValue:
        for file, config in configs:
            try:
                _parsed([], make_config, program, config)
            except InvalidValue as error:  # the file itself is at fault
                raise InvalidValue(f"{file}: {error}") from None
        raise


def _parsed(
    line: Sequence[str], make_config: ConfigMaker, program: str, config: Mapping[str, Any]
) -> Arguments:
    """Return the arguments of a command line over a configuration, or a part of one."""
    choices = choose(line, make_config, program, config)
    main = _main_of(config)
    if "--help-all" in line:
        _show_help(_options(main, choices), program)
    if {"-h", "--help"} & set(line):
        _show_help(_first_options(main, choices), program, MORE)
    found = parse_all(whole(_options(main, choices)), line, program)
    return _checked(found, choices, make_config)


def _options(main: Main, choices: Choices) -> list[Entry]:
    """Return all command-line options, with the values that they have where they are not given."""
    return [
        *entries(main),
        nested("agent_settings", choices.agent, "Settings of the agent.", "agent"),
        _evaluator_options(choices),
        nested("objective_settings", choices.objective, "What makes the reward.", "objective"),
        nested("recipe_settings", choices.recipe, "How children are trained.", "recipe"),
        task_options(choices.task),
        nested("space_settings", choices.space, "Settings of the search space.", "space"),
    ]


def _evaluator_options(choices: Choices, only: Collection[str] | None = None) -> Entry:
    settings, text = choices.evaluator, "Settings of the evaluator."
    short = short_names(settings)
    return nested("evaluator_settings", settings, text, "evaluator", short, only)


def _first_options(main: Main, choices: Choices) -> list[Entry]:
    """Return the options that ``--help`` shows."""
    first = [option for option in entries(main) if option.name in FIRST]
    source = [task_options(choices.task, [*choices.task.source])] if choices.task.source else []
    return [*first, *source, _evaluator_options(choices, FIRST)]


def _main_of(config: Mapping[str, Any]) -> Main:
    """Return the values of a configuration, or of a part of one."""
    values = {name: value for name, value in config.items() if name not in {"id", "agent", "make"}}
    for name in {"device", "evaluation_seed"} & set(config.get("make", {})):
        values[name] = config["make"][name]
    if "agent" in config:
        values["agent"] = mapping(config["agent"]).get("name", AGENT)
    values["depth"] = from_mapping(Depth, config.get("depth", {}), "depth setting")
    return from_mapping(Main, values, "setting")


def _checked(values: Any, choices: Choices, make_config: ConfigMaker) -> Arguments:
    """Return the arguments that tyro found, once they are checked by what they are settings of."""
    at_least(values, children=1, seed=0, evaluation_seed=0, stop_after_failures=0)
    above(values, minutes=0)
    at_most(values, minutes=10**9, children=10**9, seed=2**63 - 1, evaluation_seed=2**63 - 1)
    name, agent = make_config({"name": choices.agent_name, **asdict(values.agent_settings)})
    task = choices.task  # with what the command line changes of it
    space = make_space({"name": choices.space.name, **asdict(values.space_settings)})
    settings = asdict(values.objective_settings)
    objective = task_objective(task, {"name": choices.objective.name, **settings})
    device = choose_device(values.device, choices.evaluator_name)
    recipe = task_recipe(task, asdict(values.recipe_settings))
    made: dict[str, Any] = {
        "agent": {"name": name, **asdict(agent)},
        "make": {
            "task": task.spec,
            "objective": objective.spec,
            "space": space.spec,
            "recipe": recipe.resolved(device.type).spec,
            "device": str(device),
            "evaluation_seed": values.evaluation_seed,
            "evaluator": evaluator_spec(choices.evaluator_name, values.evaluator_settings, task),
        },
        "depth": Depth(**asdict(values.depth)),
    }
    if values.store is not None:  # without its password from here on
        made["store"] = absolute(values.store)
    same = [each.name for each in fields(Arguments) if each.name not in made]
    return Arguments(**made, **{each: getattr(values, each) for each in same})


def _show_help(options: Sequence[Entry], program: str, more: str = "") -> None:
    show_help(options, program, ABOUT, more)
    raise SystemExit(0)


def _show_versions() -> None:
    with readable():
        for name, version in {**versions(), "device": device_name(choose_device("auto"))}.items():
            sys.stdout.write(f"{name} {version}\n")
    raise SystemExit(0)
