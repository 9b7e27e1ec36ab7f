"""Checks of a benchmark that is a function: a table, or a function of a user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from nas_env.errors import InvalidValue
from nas_env.table.function import Figures, Function
from nas_env.tasks import make_task
from nas_env.testing._broken import Case, expect, run_checks

COUNT = 64  # sequences that a function is tried with


@dataclass(frozen=True)
class Tried(Case):
    """A function under test, with sequences to call it with.

    Attributes:
        function: The function.
    """

    function: Function

    @property
    def title(self) -> str:
        """The name of the function."""
        return self.function.name

    @cached_property
    def tokens(self) -> np.ndarray:
        """Sequences that have an answer: int64 (m, decisions)."""
        examples = self.function.examples()
        if self.function.listed:
            return examples[:: max(1, len(examples) // COUNT)]
        return self.function.space.sample_batch(np.random.default_rng(1), COUNT)

    @cached_property
    def figures(self) -> Figures:
        """The figures of the sequences."""
        return self.function.measure(self.tokens)


def it_answers_the_same_again(tried: Tried) -> None:
    """Sequences have the same figures as often as they are asked for."""
    again = tried.function.measure(tried.tokens)
    expect(_equal(again, tried.figures), tried.function.name, "the same figures a second time")


def one_sequence_does_not_change_another(tried: Tried) -> None:
    """A sequence has the same figures alone, among others, and in another order."""
    name = tried.function.name
    backwards = tried.function.measure(tried.tokens[::-1].copy())
    turned = {key: values[::-1] for key, values in backwards.values.items()}
    same = _equal(Figures(turned), tried.figures)
    expect(same, name, "figures that do not depend on the order of the sequences")
    for index in range(min(4, len(tried.tokens))):
        alone = tried.function.measure(tried.tokens[index : index + 1])
        among = {key: values[index : index + 1] for key, values in tried.figures.values.items()}
        same = _equal(alone, Figures(among))
        expect(same, name, f"the same figures for {tried.tokens[index].tolist()} alone", alone)


def something_succeeds(tried: Tried) -> None:
    """The main metric is a finite number for some sequences, and never infinite."""
    main = tried.figures.values[tried.function.metric]
    where = f"{tried.function.name}, {tried.function.metric}"
    expect(not np.isinf(main).any(), where, "numbers, or NaN for a failure", "an infinite one")
    expect(np.isfinite(main).any(), where, "a number for some sequences", "NaN for all")


def nothing_is_better_than_the_optimum(tried: Tried) -> None:
    """No sequence exceeds the optimum, if one is stated, in either split."""
    main = tried.figures.values[tried.function.metric]
    found = {"validation": main, "test": tried.function.test(tried.tokens)}
    for split, values in found.items():
        best = tried.function.optimum(split)  # type: ignore[arg-type]
        if best is None or values is None:
            continue
        reached = np.nanmax(values) if tried.function.maximise else np.nanmin(values)
        better = reached > best if tried.function.maximise else reached < best
        close = np.isclose(reached, best, rtol=1e-9, atol=1e-12)
        where = f"{tried.function.name}, optimum in the {split} split"
        expect(close or not better, where, f"nothing better than {best}", float(reached))


#: What every function keeps, one function for each part of the contract.
FUNCTION_CHECKS = (
    it_answers_the_same_again,
    one_sequence_does_not_change_another,
    something_succeeds,
    nothing_is_better_than_the_optimum,
)


def check_function(task: str | Mapping[str, Any]) -> None:
    """Check that a benchmark that is a function keeps its contract.

    Args:
        task: Name of its task, or name and settings: ``{"name": "function", "function":
            "my_module:fitness", "space": …, "metric_name": …}`` for a function of your own.

    Raises:
        ContractBroken: If it does not; the message says what was expected.

    Example:
        >>> check_function("nk_landscape")
    """
    function = make_task(task).make_function()
    if function is None:
        raise InvalidValue(f"task {task} trains its children: it is no function")
    run_checks(FUNCTION_CHECKS, Tried(function))


def check_table(path: str | Path) -> None:
    """Check a table's file, and that looking up in it keeps the contract of a function.

    Args:
        path: File of the table.

    Raises:
        DataNotFound: If there is no such file.
        DataCorrupt: If something is wrong with its form.
        ContractBroken: If it breaks the contract; the message says what was expected.
    """
    check_function({"name": "table", "path": str(path)})


def _equal(one: Figures, other: Figures) -> bool:
    """Tell whether figures are equal, up to the rounding of sums in another order."""
    return one.values.keys() == other.values.keys() and all(
        np.allclose(values, other.values[name], rtol=1e-9, atol=1e-12, equal_nan=True)
        for name, values in one.values.items()
    )
