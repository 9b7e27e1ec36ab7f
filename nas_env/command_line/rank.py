"""The installed command ``nas-rank``: does the cheap reward of a search mean anything?

nas-rank runs/NAS-Digits-v0-reinforce-1
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from rich.console import Console

from nas_env import drawing
from nas_env.command_line.outcomes import called
from nas_env.command_line.ranking import Ranking, read_line
from nas_env.errors import ChildrenFail, InvalidValue
from nas_env.files import write_json
from nas_env.final.progress import answers, rehearsed, unknown
from nas_env.final.rank import Ranked, rank
from nas_env.final.verdict import FEWEST, rank_table
from nas_env.final.verdict import line as figures_line
from nas_env.problem import Problem
from nas_env.run.folder import Run
from nas_env.search.summary import device_name, versions

PROGRAM = "nas-rank"
RESULT, PICTURES = "rank.json", ("rank.png", "rank.svg")


def main(line: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        line: The words after the program's name; None for those that this process was given.

    Returns:
        0; 1 where no child could be trained, 2 for bad input, 130 when interrupted.
    """
    words = sys.argv[1:] if line is None else line
    return called(PROGRAM, lambda: read_line(words, PROGRAM), _hold)


def _hold(wanted: Ranking) -> None:
    """Hold the run's folder and its store, train, and leave what came of it."""
    console = Console(quiet=wanted.quiet, highlight=False, markup=False)
    place = wanted.place
    with (
        contextlib.closing(Run(place.folder)),
        contextlib.closing(place.open()) as store,
    ):
        problem = Problem(**wanted.make, store=store)
        with contextlib.closing(problem.evaluator):
            figures = rank(_trained(problem, wanted, console), problem.task, wanted.top)
    if "tau" not in figures:
        raise InvalidValue("the final recipe is the search's own: name another --recipe")
    about = {"env": place.env, "task": problem.task.spec, "recipe": problem.recipe.spec}
    _leave(place.final, {**about, **figures, "device": device_name(problem.device)}, console)


def _trained(problem: Problem, wanted: Ranking, console: Console) -> list[Ranked]:
    """Train the networks on the training split, and validate them.

    Raises:
        ChildrenFail: If too few could be trained.
    """
    problem.verify_data()
    parse, label = problem.space.parse, "rank"
    requests = [problem.request(parse(each.architecture)) for each in wanted.found]
    expected = rehearsed(problem, unknown(problem, requests), 0, console)
    evaluations = answers(problem, requests, label, console, expected, problem.task.metric)
    networks = [Ranked(*each) for each in zip(wanted.found, evaluations, strict=True)]
    for each, evaluation in networks:
        if evaluation.status != "ok":
            told = f"{each.name} {evaluation.status}: {evaluation.error}"
            console.print(told, soft_wrap=True)
    trained = sum(evaluation.is_fact for evaluation in evaluations)
    if trained < FEWEST or all(evaluation.status != "ok" for evaluation in evaluations):
        failed = next(each for each in evaluations if each.status != "ok")
        raise ChildrenFail(f"only {trained} networks could be trained: {failed.error}")
    return networks


def _leave(folder: Path, result: dict[str, Any], console: Console) -> None:
    """Write the figures and the pictures, and show them."""
    folder.mkdir(exist_ok=True)
    write_json(folder / RESULT, {**result, "versions": versions()})
    figure = _picture(result)
    for name in PICTURES:
        drawing.save(figure, folder / name)
    console.print(rank_table(result))
    for told in filter(None, (figures_line(result), result["verdict"])):
        console.print(told, soft_wrap=True)
    console.print(f"{folder}: {', '.join((RESULT, *PICTURES))}", soft_wrap=True)


def _picture(result: dict[str, Any]) -> Figure:
    """Return the picture of the two orders."""
    title, top = str(result["metric"]).replace("_", " "), result["top"]
    dots = []
    for row in result["each"]:
        best = row["search_place"] <= top, row["final_place"] <= top
        dots.append(drawing.Dot(row["name"], row["search"], row["final"], best))
    labels = f"{title} in the search", f"{title} by the final recipe"
    notes = [figures_line(result), result["verdict"]]
    return drawing.draw_order(dots, top, labels, notes, rising=result["maximise"])


if __name__ == "__main__":
    sys.exit(main())
