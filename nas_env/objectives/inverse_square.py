"""The paper's reward of a language model: c over the square of its validation perplexity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas_env.errors import InvalidValue
from nas_env.objectives._base import Objective
from search_spaces._settings import above


@dataclass(frozen=True)
class InverseSquare(Objective):
    """c / metric^2, where less of the task's metric is better (Zoph & Le 2017, section 4.2).

    Attributes:
        scale: c; the paper has 80.
    """

    scale: float = 80.0

    def __post_init__(self) -> None:
        above(self, scale=0)
        if self.metric.maximise:
            raise InvalidValue(
                f"objective {self.name} is for a metric of which less is better, more of "
                f"{self.metric.name} is; try accuracy_cubed"
            )

    def value(self, measured: Mapping[str, Any]) -> Any:
        """Return c / perplexity^2."""
        perplexity = measured[self.metric.name]
        return self.scale / perplexity / perplexity
