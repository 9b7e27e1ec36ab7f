"""The installed command ``nas-retrain``: from a search to a network one can use.

nas-retrain runs/NAS-Digits-v0-reinforce-1
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from nas_env.command_line.outcomes import called
from nas_env.command_line.retraining import Retraining, read_line
from nas_env.files import read_json, write_json
from nas_env.final.network import NETWORK, hand_over
from nas_env.final.rank import known, rank
from nas_env.final.report import RESULT, report, result_table
from nas_env.final.tracked import Origin, show_final
from nas_env.final.training import WEIGHTS, FinalTraining
from nas_env.final.verdict import summary
from nas_env.problem import Problem
from nas_env.run.folder import Run
from nas_env.tracking import make_trackers

PROGRAM = "nas-retrain"
LARGEST = 2**26  # bytes of a result that is read again


def main(line: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        line: The words after the program's name; None for those that this process was given.

    Returns:
        0; 1 where no child could be trained, 2 for bad input, 130 when interrupted.
    """
    words = sys.argv[1:] if line is None else line
    return called(PROGRAM, lambda: read_line(words, PROGRAM), _hold)


def _hold(wanted: Retraining) -> None:
    """Hold the run's folder, which an architecture that is named may not have yet."""
    wanted.place.folder.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Run(wanted.place.folder)) as run:
        _retrain(wanted, run, Console(quiet=wanted.quiet, highlight=False, markup=False))


def _retrain(wanted: Retraining, run: Run, console: Console) -> None:
    """Choose, train to the end, test once, write what came of it, and hand the network over."""
    place = wanted.place
    file = place.final / RESULT
    before = _network_before(file)
    origin = Origin(run, place.id, place.env, wanted.make)
    trackers = make_trackers([*origin.config["track"], *wanted.track])
    for line in wanted.notes:
        console.print(line, soft_wrap=True)
    with contextlib.closing(place.open()) as store:
        problem = Problem(**wanted.make, store=store)
        with contextlib.closing(problem.evaluator):
            final = FinalTraining(problem, wanted.plan, place.final, console)
            final.check()
            final.compare()
            tested = final.test()
            others = final.test_control(), final.test_beside(tested.candidate)
            found = report(final, tested, *others)
            order = rank(known(problem, wanted.different), problem.task)
            result = {"env": place.env, **found, "rank": order if wanted.different else None}
            write_json(file, {**result, "network": before or None})
            console.print(result_table(result))
            if wanted.different:
                console.print(summary(order, f"nas-rank {place.folder}"), soft_wrap=True)
            if wanted.network:
                network = hand_over(final, tested, result, before, wanted.with_preprocessing)
                write_json(file, {**result, "network": network})
                for line in network["left_out"]:
                    console.print(line, soft_wrap=True)
            with trackers:
                show_final(trackers, final, result, origin)
    left = [RESULT, WEIGHTS, *([NETWORK] if wanted.network else [])]
    console.print(f"{place.final}: {', '.join(left)}", soft_wrap=True)


def _network_before(file: Path) -> Mapping[str, Any]:
    """Return what the last result says of the network's folder; nothing where there is none."""
    if not file.is_file():
        return {}
    return read_json(file, {}, most=LARGEST).get("network") or {}


if __name__ == "__main__":
    sys.exit(main())
