"""An evaluator: it trains in a thread."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from nas_env.evaluation import Evaluator, evaluate


@dataclass(frozen=True)
class BesideSettings:
    """Settings of the evaluator.

    Attributes:
        label: Name of the thread.
    """

    label: str = "children"


class Beside(Evaluator):
    """Trains beside the caller, one child after the other."""

    Settings = BesideSettings
    background = True

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.pool = ThreadPoolExecutor(1, self.settings.label)

    def _train(self, request):
        return self.pool.submit(evaluate, request, self.device)

    def close(self):
        super().close()
        self.pool.shutdown(cancel_futures=True)
