"""An evaluator of someone outside the repository: it trains as this process does, and counts."""

from dataclasses import dataclass

from nas_env.errors import InvalidValue
from nas_env.evaluation.in_process import InProcessEvaluator, InProcessSettings

trained = []


@dataclass(frozen=True)
class Rounds(InProcessSettings):
    """Settings of the counting evaluator.

    Attributes:
        rounds: Number that is counted for each child.
        seed: A name that the command line has too.
    """

    rounds: int = 1
    seed: int = 5

    def __post_init__(self):
        super().__post_init__()
        if self.rounds < 1:
            raise InvalidValue(f"rounds is {self.rounds}, expected at least 1")


class Counting(InProcessEvaluator):
    """Counts what it trains."""

    Settings = Rounds

    def _train(self, request):
        trained.append(self.settings)
        return super()._train(request)
