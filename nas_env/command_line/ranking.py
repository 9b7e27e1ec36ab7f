"""Reads the command line of a rank check; one clear line for a bad argument."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_env.command_line._help import Entry, entries, show_help, whole
from nas_env.command_line._subjects import Place, SearchedRun, of_run
from nas_env.command_line._tab import print_completion
from nas_env.command_line._tyro import parse_all
from nas_env.command_line._words import first_values, with_run
from nas_env.errors import InvalidValue
from nas_env.evaluation._data import training_task
from nas_env.final.rank import TOP, spread
from nas_env.final.top import Found
from nas_env.final.verdict import FEWEST
from search_spaces import make_space
from search_spaces._settings import at_least, at_most

ABOUT = "Train networks spread over a search by the final recipe, and compare the two orders."
DECIDING = ("run", "recipe", "device")


@dataclass(frozen=True)
class Options:
    """Train networks spread over a search by the final recipe, and compare the two orders.

    Attributes:
        run: The run's folder; its name may also stand alone, as the first word.
        networks: Different architectures of the search to train, the best of each of so many
            parts of its order.
        top: Number of the best in each order, whose overlap is told.
        recipe: Name of one of the task's recipes; by default ``paper``, if the task has it.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``; by default the
            run's.
        quiet: Print nothing but errors.
    """

    run: Path | None = None
    networks: int = 12
    top: int = TOP
    recipe: str | None = None
    device: str | None = None
    quiet: bool = False


@dataclass(frozen=True)
class Ranking:
    """A rank check that a command line asks for, checked.

    Attributes:
        place: Where all is found and kept.
        make: Keyword arguments of :class:`~nas_env.problem.Problem`.
        found: Architectures to train, the best of the search first.
        top: Number of the best whose overlap is told.
        quiet: Whether nothing but errors is printed.
    """

    place: Place
    make: dict[str, Any]
    found: list[Found]
    top: int
    quiet: bool


def read_line(line: Sequence[str], program: str) -> Ranking:
    """Return the rank check that a command line asks for.

    Args:
        line: The words after the program's name.
        program: Name of the program.

    Raises:
        InvalidValue: In one line, with the nearest right name.
        NASError: If the run's task cannot be made any more, or its store cannot be used.
        SystemExit: After ``--help``.
    """
    print_completion(line)
    words = with_run(line)
    chosen, help = first_values(words, DECIDING), bool({"-h", "--help"} & set(words))
    if chosen.run is None and not help:
        raise InvalidValue(f"a run is missing: {program} RUN, the folder of a search")
    if chosen.run is None:
        show_help(entries(Options()), program, ABOUT, "With a run: every setting of its recipe.")
        raise SystemExit(0)
    subject = of_run(chosen.run)
    training_task(subject.task.spec)  # one that trains
    options = _options(subject, chosen)
    if help:
        show_help(options, program, ABOUT, "")
        raise SystemExit(0)
    return _checked(parse_all(whole(options), words, program), subject)


def _options(subject: SearchedRun, chosen: argparse.Namespace) -> list[Entry]:
    """Return all options, with the values that they have where they are not given."""
    return [*entries(Options()), *subject.training_options(chosen.recipe, chosen.device)]


def _checked(values: Any, subject: SearchedRun) -> Ranking:
    """Return what tyro found, once it is checked by what it is about."""
    at_least(values, networks=FEWEST, top=1)
    at_most(values, networks=10_000, top=values.networks - 1)
    make, found = subject.problem(values), spread(subject.different(), values.networks)
    if len(found) < FEWEST:
        raise InvalidValue(
            f"{subject.place.folder} has {len(found)} different architectures that succeeded, "
            f"expected at least {FEWEST}: fewer have no order to compare"
        )
    space = make_space(make["space"])
    for each in found:
        space.parse(each.architecture)
    return Ranking(subject.place, make, found, values.top, values.quiet)
