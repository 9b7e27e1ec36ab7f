"""An evaluator whose first child waits for others."""

import time

from benchmarks._waiting import WaitingEvaluator


class Held(WaitingEvaluator):
    """Its first child does not finish before its store has what :meth:`freed` waits for."""

    held = False

    def freed(self):
        raise NotImplementedError

    def _train(self, request):
        first, self.held = not self.held, True
        return self._pool.submit(self._hold if first else self._wait, request)

    def _hold(self, request):
        while not self.freed():
            time.sleep(0.005)
        return self._wait(request)
