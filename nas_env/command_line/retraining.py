"""Reads the command line of a final training; one clear line for a bad argument."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nas_env.command_line._beside import networks_beside
from nas_env.command_line._help import Entry, entries, nested, show_help, whole
from nas_env.command_line._subjects import Place, Subject, of_architecture, of_run
from nas_env.command_line._tab import print_completion
from nas_env.command_line._tyro import parse_all
from nas_env.command_line._words import first_values, with_run
from nas_env.errors import InvalidValue
from nas_env.evaluation._data import training_task
from nas_env.evaluation._start import Start
from nas_env.final.filters import Filters
from nas_env.final.grid import GRIDS, Grid, make_grid
from nas_env.final.plan import Plan
from nas_env.final.top import Found
from nas_env.tasks import TrainingTask
from nas_env.tracking import make_trackers
from search_spaces import SearchSpace, make_space
from search_spaces._settings import at_least, at_most

ABOUT = "Train the best of a search by a final recipe, and test it once."
DECIDING = ("run", "architecture", "env", "recipe", "grid", "device")


@dataclass(frozen=True)
class Options:
    """Train the best of a search by a final recipe, and test it once.

    Attributes:
        run: The run's folder; its name may also stand alone, as the first word.
        top: Architectures of the search, the best by validation, that are compared once more; as
            many of its random control.
        architecture: Architecture that no search found: a file of JSON, or ``published:`` with
            ``zoph-v1``, ``zoph-v1-dense``, ``zoph-v1-chain``, ``airbench94``, ``airbench95``,
            ``nascell`` or ``lstm``; or the folder of a network or a run, whose network is taken to
            another task. It needs ``--env``; ``--run`` is then where all is kept, by default
            ``runs/<env>-<name>``.
        fine_tune: Start from the weights of the folder that ``--architecture`` names, as far as
            they fit; the classifier, or the embeddings and the softmax, are new.
        add_filters: Filters that each layer has more than was found; all networks get them.
        scale_filters: Factor of the filters of each layer, before those are added.
        env: The environment whose task the architecture is trained on.
        grid: Name of a grid of the recipe's settings, which are compared too: ``none``, ``small``,
            ``paper``; by default ``small`` for a run, ``none`` for an architecture.
        recipe: Name of one of the task's recipes; by default ``paper``, if the task has it.
        beside: Further networks, trained by the chosen recipe and tested likewise:
            ``published:NAME``, ``random:N`` (so many of the space), ``native:lstm`` (that of torch,
            with as many parameters), ``scratch`` (of ``--fine-tune``, without the weights), a file
            of JSON or a folder.
        seeds: Trainings of what is chosen, on training and validation split, each then tested.
        again: Use the test set though another network or recipe was tested on it.
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``; by default the
            run's.
        network: Write the folder of the network, by which it is handed over.
        with_preprocessing: Put the preprocessing into its programs, so that they take images of
            bytes.
        track: Services that show it at its end: ``wandb``, ``tensorboard``, both, beside those of
            the search.
        quiet: Print nothing but errors.
    """

    run: Path | None = None
    top: int = 3
    architecture: str | None = None
    fine_tune: bool = False
    add_filters: int = 0
    scale_filters: float = 1.0
    env: str | None = None
    grid: str | None = field(default=None, metadata={"metavar": f"{{{','.join(GRIDS)}}}"})
    recipe: str | None = None
    beside: tuple[str, ...] = ()
    seeds: int = 5
    again: bool = False
    device: str | None = None
    network: bool = True
    with_preprocessing: bool = False
    track: tuple[str, ...] = ()
    quiet: bool = False


@dataclass(frozen=True)
class Retraining:
    """A final training that a command line asks for, checked.

    Attributes:
        place: Where all is found and kept.
        make: Keyword arguments of :class:`~nas_env.problem.Problem`.
        plan: What is compared, and how often the best is trained.
        notes: Lines that a person is told before it begins.
        different: All different architectures of the search, whose order is compared.
        network: Whether the folder of the network is written.
        with_preprocessing: Whether its programs take images of bytes.
        track: Names of the trackers beside those of the search.
        quiet: Whether nothing but errors is printed.
    """

    place: Place
    make: dict[str, Any]
    plan: Plan
    notes: Sequence[str]
    different: list[Found]
    network: bool
    with_preprocessing: bool
    track: Sequence[str]
    quiet: bool


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
    print_completion(line)
    words = with_run(line)
    chosen, help = first_values(words, DECIDING), bool({"-h", "--help"} & set(words))
    if chosen.architecture is not None:
        name = chosen.architecture
        subject = of_architecture(name, chosen.env, chosen.run, words, program)
    elif chosen.run is not None:
        subject = of_run(chosen.run)
    elif help:
        show_help(entries(Options()), program, ABOUT, "With a run: every setting of its recipe.")
        raise SystemExit(0)
    else:
        raise InvalidValue(f"a run is missing: {program} RUN, the folder of a search")
    options = _options(subject, chosen)
    if help:
        show_help(options, program, ABOUT, "")
        raise SystemExit(0)
    return _checked(parse_all(whole(options), words, program), subject)


def _options(subject: Subject, chosen: argparse.Namespace) -> list[Entry]:
    """Return all options, with the values that they have where they are not given."""
    grid = make_grid(chosen.grid or subject.grid)
    return [
        *entries(Options()),
        *subject.training_options(chosen.recipe, chosen.device),
        nested("grid_settings", grid, "Values to compare.", "grid"),
        *subject.options(),
    ]


def _checked(values: Any, subject: Subject) -> Retraining:
    """Return what tyro found, once it is checked by what it is about."""
    at_least(values, top=1, seeds=1)
    at_most(values, top=10_000, seeds=1_000)
    make, task = subject.problem(values), training_task(subject.task.spec)
    space = make_space(make["space"])
    plan = _plan(values, subject, space)
    make_trackers(values.track)  # refuses a wrong name
    if values.with_preprocessing:
        _check_preprocessing(values, task)
    told = list(_notes(plan, space, task)), subject.different()
    network = values.network, values.with_preprocessing
    shown = values.track, values.quiet
    return Retraining(subject.place, make, plan, *told, *network, *shown)


def _notes(plan: Plan, space: SearchSpace, task: TrainingTask) -> Iterator[str]:
    """Yield what a person is told of the weights that training starts from."""
    for each in plan.found:
        if each.start is not None:
            own = space if each.space is None else make_space(each.space)
            architecture = own.parse(each.architecture)
            yield each.start.told(own, architecture, task.input_shape, task.outputs)


def _plan(values: Any, subject: Subject, space: SearchSpace) -> Plan:
    """Return what is compared and trained, each network with the filters that are wanted."""
    found, control = subject.found(values.top), subject.control(values.top)
    for each in found:
        space.parse(each.architecture)
    if values.fine_tune:
        start = Start.of(subject.weights())
        found = [each._replace(start=start) for each in found]
    beside = networks_beside(values.beside, space, training_task(subject.task.spec), found)
    filters = Filters(values.add_filters, values.scale_filters)
    found, control, beside = (
        [filters.of(each, space) for each in networks] for networks in (found, control, beside)
    )
    grid = Grid(**asdict(values.grid_settings))
    return Plan(found, grid, values.seeds, control, beside, values.again)


def _check_preprocessing(values: Any, task: TrainingTask) -> None:
    """Check that there are programs that can take images of bytes."""
    if not values.network:
        raise InvalidValue("--with-preprocessing is for programs, which --no-network leaves out")
    if not task.input_shape:
        raise InvalidValue(f"--with-preprocessing is for images: task {task.name} reads a text")
