"""The installed command ``nas-train``: let an agent search, and keep the run in a folder.

nas-train --env NAS-Digits-v0 --agent reinforce --children 120 --control random
"""

from __future__ import annotations

import contextlib
import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from agents import AgentFailed, agent_class, make_config, make_environment
from nas_env.command_line._tab import print_completion
from nas_env.command_line.arguments import Arguments
from nas_env.command_line.outcomes import BAD_INPUT, INTERRUPTED, NONE_SUCCEEDED
from nas_env.command_line.parsing import parse
from nas_env.command_line.resuming import (
    change_budget,
    check_store,
    mend_summary,
    resumed_config,
    run_to_resume,
)
from nas_env.command_line.searching import search_and_control
from nas_env.errors import ChildrenFail, InvalidArchitecture, InvalidValue, NASError
from nas_env.problem import Problem
from nas_env.run.folder import Run, check_free
from nas_env.run.paths import check_file
from nas_env.run.store import censored, is_server, open_store
from nas_env.run.store.sqlite import JOURNAL, WHAT
from nas_env.search.loop import check_depth
from nas_env.search.order import check_order
from nas_env.tasks import make_task
from nas_env.tracking import make_trackers

INSTALLED = "nas-train"  # the command of the installed package


def main(line: list[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        line: The words after the program's name; None for those that this process was given.

    Returns:
        0; 1 where no child succeeded, 2 for bad input, 130 when interrupted.
    """
    errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    run: Run | None = None
    try:
        run, arguments = _run_of(sys.argv[1:] if line is None else line)
        return search_and_control(run, arguments)
    except ChildrenFail as error:
        assert run is not None
        remedy = f"go on with: --resume --run {run.folder} --keep-going"
        errors.print(f"{_program()}: {error}; {remedy}", markup=False)
        return NONE_SUCCEEDED
    except (AgentFailed, InvalidValue, InvalidArchitecture, NASError) as error:
        errors.print(f"{_program()}: {censored(str(error))}", markup=False)
        return BAD_INPUT
    except KeyboardInterrupt:
        if run is not None:
            errors.print(f"stopped; go on with: --resume --run {run.folder}", markup=False)
        return INTERRUPTED
    finally:
        if run is not None:
            run.close()


def _program() -> str:
    """Return the name by which this command was called."""
    name = Path(sys.argv[0]).name
    return name if name == INSTALLED else "train_agent.py"


def _run_of(line: Sequence[str]) -> tuple[Run, Arguments]:
    """Return the run that a command line begins or goes on with, held, and its arguments."""
    print_completion(line)
    folder = run_to_resume(line)
    if folder is None:
        arguments = parse(line, make_config, _program())
        return _begin(arguments), arguments
    with contextlib.ExitStack() as held:
        run = held.enter_context(contextlib.closing(Run.resume(folder)))
        config = run.config
        arguments = parse(line, make_config, _program(), (run.folder / "config.json", config))
        mend_summary(run)
        task = make_task(arguments.make["task"])
        changed = resumed_config(config, arguments.config(), task)
        check_store(run, config)
        if changed != config or run.summary is None:
            _try_out(arguments)
        if _budget(changed) != _budget(config):
            change_budget(run, changed["children"])
        if changed != config:
            run.write_config(changed)
        held.pop_all()
    return run, arguments


def _budget(config: Mapping[str, Any]) -> tuple[int, float | None]:
    """Return the children and the minutes of a configuration."""
    return config["children"], config.get("minutes")


def _begin(arguments: Arguments) -> Run:
    """Return a new run, held, with its configuration in it."""
    _try_out(arguments)
    if arguments.run is not None:
        check_free(arguments.run)
    if arguments.store is not None:
        if not is_server(arguments.store):
            check_file(arguments.store, WHAT, suffix=JOURNAL)
        open_store(arguments.store).close()
    if arguments.run is None:
        stem = f"{arguments.env.split(':')[-1]}-{arguments.agent['name']}"
        run = Run.create_next(Path("runs"), stem)
    else:
        run = Run.create(arguments.run)
    run.write_config({"id": secrets.token_hex(8), **arguments.config()})
    return run


def _try_out(arguments: Arguments) -> None:
    """Find what can be wrong with a search and its data, before anything is made or played."""
    make_trackers(arguments.track)
    name = arguments.agent["name"]
    check_order(arguments.order, agent_class(name), name)
    make = {"store": ":memory:", **arguments.make}
    environment = make_environment(arguments.agent, arguments.env, 1, **make)
    try:
        problem: Problem = environment.unwrapped.problem
        check_depth(arguments.depth, problem.space)
        problem.verify_data()
        problem.verify_space()
    finally:
        environment.close()


if __name__ == "__main__":
    sys.exit(main())
