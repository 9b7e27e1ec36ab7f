"""An objective: the metric, less a price of the parameters."""

from dataclasses import dataclass

from nas_env.objectives import Objective


@dataclass(frozen=True)
class Frugal(Objective):
    """Rewards small networks.

    Attributes:
        price: Price of 1,000 parameters.
    """

    price: float = 0.1

    def value(self, measured):
        metric = measured[self.metric.name]
        good = metric if self.metric.maximise else -metric
        return good - self.price * measured["parameters"] / 1_000
