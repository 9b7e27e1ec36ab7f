"""The protocol of an objective, which makes a reward of what was measured of a child."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NoReturn

import numpy as np

from nas_env.errors import InvalidValue
from nas_env.metrics import Metric
from nas_env.records import Evaluation
from search_spaces import _catalogue


class Measured(dict[str, Any]):
    """The figures that were measured, by name.

    They are each metric, ``parameters``, ``flops`` of one example and ``seconds`` of training: of
    one child numbers, of many arrays with a number for each.
    """

    def __missing__(self, name: str) -> Any:
        raise InvalidValue(f"{name!r} was not measured, only {', '.join(self)}")


@dataclass(frozen=True)
class Objective(ABC):
    """Makes a reward of an evaluation.

    An objective is a frozen dataclass; its fields are its settings, plain JSON values, and the
    metric that it is about. A member defines :meth:`value`.

    Attributes:
        failure_reward: Reward of a child that failed.
        metric_name: Name of the task's metric that the reward is made of; by default the main one.
        metric: The metric of that name; it is not a setting.
    """

    failure_reward: float = field(default=0.0, kw_only=True)
    metric_name: str | None = field(default=None, kw_only=True)
    metric: Metric = field(kw_only=True, metadata={"setting": False})

    @abstractmethod
    def value(self, measured: Mapping[str, Any]) -> Any:
        """Return the reward of what was measured: of numbers a number, of arrays an array.

        Args:
            measured: Each metric by its name, ``self.metric.name`` among them; ``parameters``;
                ``flops`` of one example; and ``seconds`` of training.
        """

    @property
    def name(self) -> str:
        """The name by which :func:`nas_env.objectives.make_objective` finds the member."""
        return _catalogue.name_of(type(self), "nas_env.objectives")

    @classmethod
    def setting_names(cls) -> tuple[str, ...]:
        """Return the names of the settings."""
        return tuple(f.name for f in fields(cls) if f.metadata.get("setting", True))

    @property
    def spec(self) -> dict[str, Any]:
        """Name and settings as plain JSON values."""
        return {"name": self.name, **{name: getattr(self, name) for name in self.setting_names()}}

    def reward(self, evaluation: Evaluation) -> float:
        """Return the reward of one child.

        Raises:
            InvalidValue: If the objective gives no finite number for it.
        """
        if evaluation.status != "ok":
            return self.failure_reward
        measured = _measured(evaluation)
        try:
            reward = float(self.value(measured))
        except (ArithmeticError, ValueError) as error:
            self._refuse(error, measured)
        if not math.isfinite(reward):
            self._refuse(reward, measured)
        return reward

    def rewards(self, measured: Mapping[str, np.ndarray], failed: np.ndarray) -> np.ndarray:
        """Return the rewards of many children at once: float64 (n,).

        Args:
            measured: Figures that were measured of them, each (n,).
            failed: Whether each of them failed: bool (n,).

        Raises:
            InvalidValue: If the objective gives no finite number for one of them.
        """
        known = Measured(measured)
        with np.errstate(all="ignore"):  # of those that failed
            rewards = np.where(failed, self.failure_reward, self.value(known)).astype(np.float64)
        if (strange := np.flatnonzero(~np.isfinite(rewards))).size:
            first = int(strange[0])
            self._refuse(rewards[first], {name: v[first].item() for name, v in known.items()})
        return rewards

    def _refuse(self, found: Any, measured: Mapping[str, Any]) -> NoReturn:
        figures = ", ".join(f"{name} {value:g}" for name, value in measured.items())
        raise InvalidValue(
            f"objective {self.name} gives {found} for {figures}; expected a finite number"
        ) from None


def _measured(evaluation: Evaluation) -> Measured:
    """Return what was measured of one child; what is not known of it is left out."""
    figures = {
        **evaluation.metrics,
        "parameters": evaluation.parameters,
        "flops": evaluation.flops,
        "seconds": evaluation.seconds.get("train"),
    }
    return Measured({name: value for name, value in figures.items() if value is not None})
