"""A function as one problem sees it: a fidelity, and the mean or a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nas_env.records import Evaluation
from nas_env.table.format import Split
from nas_env.table.function import COSTS, Figures, Function
from nas_env.tasks._functions import FunctionRecipe


class Answers:
    """The evaluations that a function gives: of a table, or of code.

    Args:
        function: The function.
        recipe: Fidelity, and whether a sample is drawn.
        seed: Evaluation seed; with the architecture it determines the sample.
    """

    def __init__(self, function: Function, recipe: FunctionRecipe, seed: int):
        self.function, self.fidelity = function, recipe.fidelity
        self.seed = seed if recipe.noise == "sample" else None

    @property
    def decisions(self) -> int:
        """The number of decisions of a sequence."""
        return self.function.space.length()

    def measure(self, tokens: Any) -> Figures:
        """Return the figures of many sequences of one length, int (m, t)."""
        tokens = np.asarray(tokens, dtype=np.int64)
        return self.function.measure(tokens, self.fidelity, self.seed)

    def failed(self, figures: Figures) -> np.ndarray:
        """Return True for each sequence without a value of the main metric: bool (m,)."""
        return np.isnan(figures.values[self.function.metric])

    @property
    def errors(self) -> tuple[str, str, str]:
        """The errors of a child that succeeded, that has no value, and that is not known."""
        return "", self.function.reason, f"not in {self.function.name}"

    def evaluations(self, sequences: Sequence[Sequence[int]]) -> list[Evaluation]:
        """Return the evaluation of each sequence."""
        if len({len(tokens) for tokens in sequences}) > 1:  # of several depths
            return [self.evaluations([tokens])[0] for tokens in sequences]
        return self.evaluated(self.measure(sequences)) if sequences else []

    def evaluated(self, figures: Figures) -> list[Evaluation]:
        """Return the evaluations that figures stand for."""
        failed = self.failed(figures)
        return [self._evaluation(figures, i, bool(f)) for i, f in enumerate(failed)]

    def _evaluation(self, figures: Figures, index: int, failed: bool) -> Evaluation:
        if figures.known is not None and not figures.known[index]:
            return Evaluation("failed", error=self.errors[2])
        values = {name: column[index].item() for name, column in figures.values.items()}
        cost: Any = {name: values.get(name) for name in ("parameters", "flops")}
        if failed:
            return Evaluation("failed", error=self.errors[1], **cost)
        seconds = values.get("seconds", np.nan)
        taken = {} if np.isnan(seconds) else {"train": seconds}
        metrics = {name: value for name, value in values.items() if name not in COSTS}
        return Evaluation("ok", metrics, **cost, seconds=taken)

    def seconds(self, tokens: Any) -> np.ndarray:
        """Return the seconds of training of many sequences: float64 (m,), NaN where unknown."""
        values = self.measure(tokens).values
        return values.get("seconds", np.full(len(tokens), np.nan))

    def optimum(self, split: Split) -> float | None:
        """Return the best metric of any sequence in a split, None if it is unknown.

        The validation metric is that of this fidelity, the test metric that of the highest.
        """
        if split == "test":
            return self.function.optimum("test")
        return self.function.optimum("validation", self.fidelity, self.seed)

    def figures(self, tokens: Sequence[int]) -> dict[str, float]:
        """Return test metric and regret of an architecture, for a report.

        The test metric is that of the highest fidelity, whatever the search was rewarded with.
        Without a test metric, the regret is that of the validation metric.
        """
        one = np.asarray([tokens], dtype=np.int64)
        if (test := self.function.test(one)) is None:
            value = float(self.measure(one).values[self.function.metric][0])
            found, best = {}, self.optimum("validation")
        else:
            value = float(test[0])
            found, best = {self.function.test_metric: value}, self.optimum("test")
        if np.isnan(value):
            return {}
        return found if best is None else {**found, "regret": abs(best - value)}

    def __reduce__(self) -> Any:
        return _again, (self.function, self.fidelity, self.seed)


def _again(function: Function, fidelity: int, seed: int | None) -> Answers:
    recipe = FunctionRecipe(fidelity=fidelity, noise="mean" if seed is None else "sample")
    return Answers(function, recipe, seed or 0)
