"""The paper's reward of an image network: its validation accuracy, cubed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas_env.errors import InvalidValue
from nas_env.objectives._base import Objective
from search_spaces._settings import above


@dataclass(frozen=True)
class AccuracyCubed(Objective):
    """A power of the task's metric (Zoph & Le 2017, section 4.1).

    Attributes:
        exponent: Power of the accuracy; the paper has 3.
    """

    exponent: float = 3.0

    def __post_init__(self) -> None:
        above(self, exponent=0)
        if not self.metric.maximise:
            raise InvalidValue(
                f"objective {self.name} is for a metric of which more is better, less of "
                f"{self.metric.name} is; try inverse_square"
            )

    def value(self, measured: Mapping[str, Any]) -> Any:
        """Return accuracy^exponent."""
        return measured[self.metric.name] ** self.exponent
