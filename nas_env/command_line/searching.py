"""The searches of a run: the agent's, its random control, and what is shown and kept of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console

from agents import AgentConfig, make_agent, make_config, make_environment
from nas_env import drawing, read_run
from nas_env.command_line.arguments import Arguments
from nas_env.command_line.closing import closing_tables
from nas_env.command_line.outcomes import NONE_SUCCEEDED
from nas_env.errors import InvalidArchitecture, InvalidValue, NASError
from nas_env.problem import Problem
from nas_env.report import REPORT, write_report
from nas_env.run.folder import CONTROL, SUMMARY_FILE, Run, holds_run, open_store_of, store_of
from nas_env.run.store import censored
from nas_env.search.album import Album
from nas_env.search.display import Display
from nas_env.search.estimate import Estimate, estimate
from nas_env.search.failures import failure_line
from nas_env.search.loop import Depth, Search
from nas_env.search.observers import (
    Pictures,
    SmallerBatches,
    Tracking,
    draw_best,
    save_picture,
)
from nas_env.search.summary import device_name, versions
from nas_env.search.tracked import show_end, show_start
from nas_env.tasks import Task, task_class
from nas_env.tracking import Trackers, make_trackers

FILES = (REPORT, SUMMARY_FILE, "best.png", "curve.png")  # what a search leaves for a person


def search_and_control(run: Run, arguments: Arguments) -> int:
    """Play what is still to be played, and show the figures; return the exit status."""
    config = run.config
    console = Console(quiet=arguments.quiet, highlight=False, markup=False, emoji=False)
    summary = run.summary
    played = summary is None or (config["control"] and not summary["random_search"])
    if summary is None or played:
        summary = _searches(run, config, console)
    for table in closing_tables(summary):
        console.print(table)
    store = store_of(run.folder, config)
    for figures in (summary, summary["random_search"]):
        if figures and (line := failure_line(figures, store)):
            console.print(line, soft_wrap=True)
    if played or not (run.folder / REPORT).exists():
        _leave_report(run, console)
    found = [name for name in FILES if (run.folder / name).exists()]
    console.print(f"{run.folder}: {', '.join(found)}", soft_wrap=True)
    if summary["best"] and task_class(config["make"]["task"]["name"]).trains:
        line = f"train the best to the end, and test it: nas-retrain {run.folder}"
        console.print(line, soft_wrap=True)
    return NONE_SUCCEEDED if summary["best"] is None else 0


def _leave_report(run: Run, console: Console) -> None:
    """Write the report of a run; a search does not fail because its report does."""
    try:
        write_report(read_run(run.folder))
    except Exception as error:
        ours = isinstance(error, (NASError, InvalidValue, InvalidArchitecture))
        name = "" if ours else f"{type(error).__name__}: "
        line = f"{REPORT} is not made: {name}{error}; try again: nas-report {run.folder}"
        console.print(censored(line), soft_wrap=True)


def _searches(run: Run, config: dict[str, Any], console: Console) -> dict[str, Any]:
    """Run the search and, where it is asked for, its control; write the summary and the curve."""
    with _environment(run, config) as environment, make_trackers(config["track"]) as trackers:
        problem: Problem = environment.unwrapped.problem
        _tell_of_data(problem.task, run, console)
        figures, rewards = _search(run, config, environment, trackers, console)
        control_rewards, random_search = None, None
        if config["control"]:
            random_search, control_rewards = _control(run, config, console)
        guessing = dict(problem.task.guessing)
        summary = {
            "env": config["env"],
            "agent": config["agent"]["name"],
            "seed": config["seed"],
            **figures,
            **({"guessing": guessing} if guessing else {}),
            "random_search": random_search,
            "references": _references(config, problem, console),
            "device": device_name(problem.device),
            "versions": versions(),
        }
        curve, name = run.folder / "curve.png", config["agent"]["name"]
        save_picture(drawing.draw_curve(rewards, control_rewards, name), curve)
        show_end(trackers, run, summary, curve)
    run.write_summary(summary)
    return summary


def _tell_of_data(task: Task, run: Run, console: Console) -> None:
    """Show a task's notes on its data, and keep its facts in the run."""
    for note in task.notes:
        console.print(note, soft_wrap=True)
    if task.facts:
        run.write_facts({**task.facts, "notes": [*task.notes]})


def _references(config: Mapping[str, Any], problem: Problem, console: Console) -> dict[str, Any]:
    """Return the figures of what the task compares its best with; none where none is wanted."""
    if not problem.task.references or not config.get("references"):
        return {}
    from nas_env.search.references import evaluate_references

    names, work = problem.task.references, problem.evaluator.work
    console.print(f"by the same recipe: {', '.join(names)}")
    with Display(console, "references", len(names), work=work, metric=problem.task.metric):
        return evaluate_references(problem)


def _search(
    run: Run, config: Mapping[str, Any], environment: Any, trackers: Trackers, console: Console
) -> tuple[dict[str, Any], list[float]]:
    """Run one search to its end; return its figures, and the rewards of its episodes."""
    problem: Problem = environment.unwrapped.problem
    agent = make_agent(config["agent"], environment, config["seed"])
    search = Search(
        agent,
        problem,
        run,
        children=config["children"],
        minutes=config.get("minutes"),
        depth=Depth(**config["depth"]),
        observers=[
            Pictures(run.folder, problem, trackers),
            SmallerBatches(console, problem),
        ],
        stop_after_failures=config["stop_after_failures"],
        order=config["order"],
    )
    search.observe(Tracking(trackers, lambda: search.usage))
    search.observe(album := Album(trackers, problem, lambda: search.records))
    show_start(trackers, run, config, problem, resume_from=len(search.records))
    if search.best is not None:
        draw_best(search.best, problem, run.folder / "best.png")
    if not problem.answers_at_once and config["order"] == "submitted":
        _warn_of_idle_workers(problem, agent.config, console)
    expected = None if console.quiet else _estimate(search, agent.config, console)
    display = Display(
        console,
        f"{config['env']} {config['agent']['name']}",
        config["children"],
        search.known,
        work=problem.evaluator.work,
        metric=problem.task.metric,
        expected=expected.total if expected else None,
        seconds_left=search.seconds_left,
        usage=lambda: search.usage,
        workers=problem.evaluator.capacity,
        folder=run.folder,
    )
    with display:
        search.observe(display)
        figures = search.play()
    album.show(len(search.records), last=True)
    figures["estimated_seconds_a_child"] = round(expected.seconds, 3) if expected else None
    return figures, search.rewards


def _estimate(search: Search, agent: AgentConfig, console: Console) -> Estimate | None:
    """Estimate what the children after those that are done will cost, and say so."""
    at_once = search.problem.evaluator.capacity
    if search.order == "submitted":
        at_once = min(at_once, agent.children_at_once)
    children = range(search.known, search.children)
    found = estimate(search.problem, children, search.layers, at_once, search.seconds_left)
    for line in found.lines(datetime.now(), begins=search.known == 0) if found else ():
        console.print(line, soft_wrap=True)
    return found


def _warn_of_idle_workers(problem: Problem, agent: AgentConfig, console: Console) -> None:
    """Say where the agent asks for fewer children at once than could be trained."""
    workers, children = problem.evaluator.capacity, agent.children_at_once
    if children < workers:
        options = " or ".join(f"--agent.{name.replace('_', '-')}" for name in agent.busier)
        console.print(f"{workers} workers, {children} at work: more with {options}", markup=False)


def _control(
    run: Run, config: Mapping[str, Any], console: Console
) -> tuple[dict[str, Any], list[float]]:
    """Run a random search at equal budget, over the same store."""
    folder = run.folder / CONTROL
    name, settings = make_config("random_search")
    changed = {
        **config,
        "agent": {"name": name, **asdict(settings)},
        "id": f"{config['id']}-{CONTROL}",
        "control": None,
        "track": [],
    }
    control = Run.resume(folder) if holds_run(folder) else Run.create(folder)
    with contextlib.closing(control):
        control.write_config(changed)
        with _environment(run, changed) as environment:
            return _search(control, changed, environment, Trackers(), console)


@contextlib.contextmanager
def _environment(run: Run, config: Mapping[str, Any]) -> Iterator[Any]:
    """Make the environment of a run, or of its control, over the run's store."""
    where = store_of(run.folder, config)
    with contextlib.closing(open_store_of(run.folder, where, config["id"])) as opened:
        make = {"store": opened, **config["make"]}
        environment = make_environment(config["agent"], config["env"], config["children"], **make)
        with contextlib.closing(environment):
            yield environment
