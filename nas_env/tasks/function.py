"""A user's function: a benchmark in one line, whose answers are computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nas_env.errors import InvalidValue
from nas_env.metrics import Metric
from nas_env.table.called import PREFIXES, Called
from nas_env.table.format import Split
from nas_env.tasks._functions import FunctionTask
from search_spaces import _catalogue, make_space


@dataclass(frozen=True)
class AnyFunction(FunctionTask):
    """A Python function of many sequences at once (docs/functions.md has an example).

    Attributes:
        function: Name of the function, as ``package.module:NAME``.
        space: Search space of the sequences: its name, or name and settings.
        metric_name: Name of the metric that the reward is made of, among those that the function
            returns.
        maximise: Whether more of the metric is better.
        fidelities: Fidelities, the highest last; empty if there is only one. The function gets the
            one that is wanted as ``fidelity``.
        noisy: Whether the function gets a ``seed``: that of a noise, or None for the mean.
        optimum: The best value of the metric, if it is known.
        test_optimum: The best value of the test metric, if it is known.
        failure_reward: Reward of a child whose metric is NaN; 0 if it is not given, which is only
            possible if more is better.
    """

    function: str
    space: Any = None  # type: ignore[assignment]
    metric_name: str = "validation_accuracy"
    maximise: bool = True
    fidelities: tuple[int, ...] = ()
    noisy: bool = False
    optimum: float | None = None
    test_optimum: float | None = None
    failure_reward: float | None = None

    def __post_init__(self) -> None:
        if not self.metric_name.startswith(PREFIXES[0]):
            name = f"{PREFIXES[0]}{self.metric_name}"
            raise InvalidValue(f"metric_name is {self.metric_name!r}, expected {name!r}")
        if list(self.fidelities) != sorted({f for f in self.fidelities if f > 0}):
            raise InvalidValue(f"fidelities are {self.fidelities}, expected ascending, above 0")
        if not self.maximise and self.failure_reward is None:
            raise InvalidValue("failure_reward is missing: less is better, so 0 may be the best")
        if self.space is None:
            raise InvalidValue("space is missing: the function needs the space of its sequences")

    @property
    def metric(self) -> Metric:  # type: ignore[override]
        """The metric that the reward is made of."""
        return Metric(self.metric_name, self.maximise)

    @property
    def objective(self) -> Mapping[str, Any]:  # type: ignore[override]
        """The metric itself."""
        return {"name": "metric_itself", "failure_reward": self.failure_reward or 0.0}

    @cached_property
    def _made(self) -> Called:
        optima: dict[Split, float | None] = {
            "validation": self.optimum,
            "test": self.test_optimum,
        }
        call = _catalogue.resolve(self.function)
        if not isinstance(call, Callable):
            raise InvalidValue(f"{self.function} is a {type(call).__name__}, expected a function")
        return Called(
            name=self.function,
            space=make_space(self.space),
            call=call,
            metric=self.metric_name,
            maximise=self.maximise,
            fidelities=self.fidelities,
            noisy=self.noisy,
            optima={split: best for split, best in optima.items() if best is not None},
        )

    def make_function(self) -> Called:
        """Return the function."""
        return self._made
