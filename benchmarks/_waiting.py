"""An evaluator whose children only wait, some 20 times as long as others."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from nas_env.evaluation import Evaluator
from nas_env.records import Evaluation, Request
from search_spaces._settings import above, at_least

LONGEST = 20  # times as long as the shortest


@dataclass(frozen=True)
class WaitingSettings:
    """Settings of the children.

    Attributes:
        workers: Children at once.
        shortest: Seconds of the shortest child.
    """

    workers: int = 4
    shortest: float = 0.01

    def __post_init__(self) -> None:
        at_least(self, workers=1)
        above(self, shortest=0)


class WaitingEvaluator(Evaluator):
    """Waits for a child in a thread instead of training it.

    How long, and the reward, depend on its architecture alone. Seconds are log-uniform between the
    shortest and 20 times as much. Since nothing is computed, a busy machine does not matter.
    """

    Settings = WaitingSettings
    background = True

    def __init__(self, *arguments: Any):
        super().__init__(*arguments)
        self._pool = ThreadPoolExecutor(self.settings.workers)

    @property
    def capacity(self) -> int:
        """The number of children that wait at the same time."""
        return self.settings.workers

    def _train(self, request: Request) -> Future[Evaluation]:
        return self._pool.submit(self._wait, request)

    def _wait(self, request: Request) -> Evaluation:
        cost, accuracy = chances(request)
        seconds = self.settings.shortest * LONGEST**cost
        time.sleep(seconds)
        return Evaluation("ok", {"validation_accuracy": accuracy}, seconds={"train": seconds})

    def close(self) -> None:
        """Stop the threads."""
        super().close()
        self._pool.shutdown(cancel_futures=True)


def chances(request: Request) -> tuple[float, float]:
    """Return two numbers between 0 and 1 that depend on the architecture alone."""
    text = json.dumps(request.architecture, sort_keys=True)
    digest = hashlib.sha256(text.encode()).digest()
    return tuple(int.from_bytes(part, "big") / 2**32 for part in (digest[:4], digest[4:8]))  # type: ignore[return-value]
