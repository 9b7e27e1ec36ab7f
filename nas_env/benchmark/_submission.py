"""A submission to the leaderboard: the content of its file, and the checks of its form."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas_env import environment_ids
from nas_env.benchmark._job import Budget
from nas_env.errors import InvalidValue, UnknownName
from nas_env.files import read_json
from search_spaces._settings import from_mapping

FORMAT = 1
TOLERANCE = 1e-6  # of a figure, relative; a table's environment gives every digit again
LARGEST = 64 * 2**20  # bytes of a file


@dataclass(frozen=True)
class Run:
    """One search: every episode in order."""

    seed: int
    tokens: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, values: Any) -> Run:
        """Read a run from JSON values, and check it."""
        if not isinstance(values, Mapping) or set(values) != {"seed", "tokens"}:
            raise InvalidValue("a run has seed and tokens, and nothing else")
        return from_mapping(cls, values, "part of a run")


@dataclass(frozen=True)
class Submission:
    """The content of a submission's file.

    Attributes:
        format: Version of the file's format, 1.
        environment: Id of the environment.
        make: Further keyword arguments of the environment.
        problem: Complete settings of the problem that was searched, with its version.
        agent: Name and every setting of the agent.
        label: Name of the agent on the leaderboard.
        budget: Length of each search, ``{"kind": "episodes", "amount": 300}``.
        runs: The searches.
        figures: The claimed results; validation derives them again.
    """

    format: int
    environment: str
    make: Any
    problem: Any
    agent: Any
    label: str
    budget: Any
    runs: Any
    figures: Any


def read(path: Path) -> Submission:
    """Read the submission in a file.

    Raises:
        InvalidValue: If something is wrong; the message is one line that says what.
    """
    values = read_json(path, {}, most=LARGEST)
    if values.get("format") != FORMAT:
        raise InvalidValue(f"format is {values.get('format')!r}, this validates format {FORMAT}")
    return from_mapping(Submission, values, "part of a submission")


def compare(claimed: Any, derived: Any, where: str = "figures") -> None:
    """Check that the claimed figures are those that were derived.

    Raises:
        InvalidValue: If one differs; the message names the first that does.
    """
    if isinstance(derived, Mapping):
        same = isinstance(claimed, Mapping) and set(claimed) == set(derived)
        pairs = [(claimed[k], derived[k], f"{where}.{k}") for k in derived] if same else []
    elif isinstance(derived, list):
        same = isinstance(claimed, list) and len(claimed) == len(derived)
        numbered = enumerate(zip(claimed, derived, strict=True)) if same else ()
        pairs = [(a, b, f"{where}[{i}]") for i, (a, b) in numbered]
    else:
        same, pairs = _equal(claimed, derived), []
    if not same:
        raise InvalidValue(f"{where} is claimed as {_brief(claimed)}, it is {_brief(derived)}")
    for part in pairs:
        compare(*part)


def harmless(submission: Submission, trusted: Collection[str] = ()) -> None:
    """Check that making the environment imports nothing else and writes nothing.

    Args:
        submission: The submission.
        trusted: Modules that the environment may come from.

    Raises:
        InvalidValue: If a name is ``module:NAME``, or a file or an evaluator is chosen.
    """
    module, _, id = submission.environment.rpartition(":")
    if module and module not in trusted:
        raise InvalidValue(
            f"environment {id} comes from the module {module!r}: if you trust it, --trust {module}"
        )
    if not module and id not in environment_ids():
        raise UnknownName("environment", id, environment_ids())
    for name in ("store", "evaluator"):
        if name in submission.make:
            raise InvalidValue(f"make has {name}, which a submission must not choose")
    if ":" in "".join(_texts(submission.make)):
        raise InvalidValue("make names something from outside the package")


def _texts(value: Any) -> Iterator[str]:
    """Yield every text in JSON values, except the names of settings."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for part in value.values() for text in _texts(part))
    elif isinstance(value, list):
        yield from (text for part in value for text in _texts(part))


def checked(submission: Submission, trusted: Collection[str] = ()) -> tuple[Budget, list[Run]]:
    """Return budget and runs, after checking their form and that they keep the budget."""
    for name in ("make", "problem", "agent", "budget", "figures"):
        if not isinstance(getattr(submission, name), dict):
            raise InvalidValue(f"{name} is not a mapping")
    harmless(submission, trusted)
    budget = from_mapping(Budget, submission.budget, "part of a budget")
    if budget.amount < 1:
        raise InvalidValue(f"the budget is {budget.amount}, expected at least 1")
    if not isinstance(submission.runs, list) or not submission.runs:
        raise InvalidValue("runs is not a list of at least one run")
    runs = [Run.of(values) for values in submission.runs]
    seeds = [run.seed for run in runs]
    if len(set(seeds)) < len(seeds):
        raise InvalidValue("two runs have the same seed")
    for run in runs:
        if not 0 < len(run.tokens) <= budget.most:
            raise InvalidValue(
                f"seed {run.seed} has {len(run.tokens)} episodes, the budget is 1 to {budget.most}"
            )
    return budget, runs


def _equal(claimed: Any, derived: Any) -> bool:
    if type(derived) is float:
        number = type(claimed) in (int, float)
        return number and math.isclose(claimed, derived, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return type(claimed) is type(derived) and claimed == derived


def first_difference(theirs: Any, ours: Any, where: str = "problem") -> str:
    if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
        for name in sorted({*theirs, *ours}, key=str):
            if theirs.get(name) != ours.get(name):
                return first_difference(theirs.get(name), ours.get(name), f"{where}.{name}")
    return f"{where} is {_brief(theirs)} in the file, {_brief(ours)} here"


def _brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
