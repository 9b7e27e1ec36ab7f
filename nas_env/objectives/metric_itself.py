"""The task's metric as the reward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nas_env.objectives._base import Objective


@dataclass(frozen=True)
class MetricItself(Objective):
    """The task's metric, or minus it where less is better."""

    def value(self, measured: Mapping[str, Any]) -> Any:
        """Return the metric, or minus it."""
        value = measured[self.metric.name]
        return value if self.metric.maximise else -value
