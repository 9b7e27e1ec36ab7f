"""The loop that lets an agent play until the budget is spent."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nas_env.errors import ChildrenFail, InvalidValue
from nas_env.evaluation._usage import Usage
from nas_env.problem import Problem, total_seconds
from nas_env.run.folder import Run
from nas_env.search.checkpoint import Checkpoint, write_checkpoint
from nas_env.search.failures import fault_of_the_beginning
from nas_env.search.history import last_checkpoint
from nas_env.search.order import Finished, check_order
from nas_env.search.protocols import AgentState, Observer, Player
from nas_env.search.summary import best_of, better, summarise
from search_spaces import SearchSpace
from search_spaces._settings import at_least, at_most

CHECKPOINT_EVERY = 1.0  # seconds at most; what came after is replayed from the store for nothing

STOP_AFTER_FAILURES = 8  # children; fewer may fail for one reason by chance


@dataclass(frozen=True)
class Depth:
    """A schedule of depths (Zoph & Le 2017, section 4.1: 6, and 2 more every 1,600 samples).

    Attributes:
        first: Layers of the first episodes; 0 for the space's full depth at all times.
        step: Layers that are added each time.
        every: Episodes after which they are.
    """

    first: int = 0
    step: int = 2
    every: int = 1_600

    def __post_init__(self) -> None:
        at_least(self, first=0, step=1, every=1)
        at_most(self, first=10**6, step=10**6, every=10**9)

    def at(self, episodes: int, most: int | None) -> tuple[dict[str, Any], int]:
        """The reset options after that many episodes, and for how many more they hold.

        Example:
            >>> Depth(first=6).at(1_700, most=20)
            ({'layers': 8}, 1500)
        """
        if self.first == 0 or most is None:
            return {}, 2**62
        layers = min(most, self.first + self.step * (episodes // self.every))
        return {"layers": layers}, self.every - episodes % self.every


def check_depth(depth: Depth, space: SearchSpace) -> None:
    """Check that a schedule begins at a depth that the space has.

    Raises:
        InvalidValue: If it does not.
    """
    if depth.first and space.depth is None:
        raise InvalidValue(f"--depth.first is {depth.first}, but space {space.name} has no depth")
    if space.depth is not None and depth.first > space.depth:
        raise InvalidValue(f"--depth.first is {depth.first}, the space has {space.depth} layers")


class Search:
    """Lets an agent play an environment, and keeps the run on disk.

    Args:
        agent: Agent that plays ``problem``'s environment.
        problem: Problem to search; its store holds the evaluations and the history.
        run: Held by this process; goes on from its last checkpoint.
        children: The budget, in episodes.
        minutes: The most minutes of the search, all its legs together: after them no batch of
            children begins. None: any number.
        depth: The depth schedule.
        observers: Told of each episode and update.
        order: Order in which the agent is handed its children: ``"submitted"``, in which it
            proposed them, or ``"finished"``.
        stop_after_failures: Children at the beginning that may all fail for one reason (see
            :func:`~nas_env.search.failures.fault_of_the_beginning`); then the search stops.
            0: any number.

    Raises:
        InvalidValue: If the agent has a loop of its own, and the order is ``"finished"``.
    """

    def __init__(
        self,
        agent: Player,
        problem: Problem,
        run: Run,
        *,
        children: int,
        minutes: float | None = None,
        depth: Depth | None = None,
        observers: Sequence[Observer] = (),
        stop_after_failures: int = STOP_AFTER_FAILURES,
        order: str = "submitted",
    ):
        check_order(order, agent, agent.spec["name"])
        self.agent, self.problem, self.run = agent, problem, run
        self.children, self._observers = children, [*observers]
        self.minutes = math.inf if minutes is None else minutes
        self.depth, self.order = depth or Depth(), order
        self.stop_after_failures = stop_after_failures
        self.records: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        self.seconds = 0.0
        self._used_before, self._used_at_start = Usage(), problem.evaluator.usage()
        self.known = len(problem.store.episodes())  # those that are not restored are only replayed
        self._restore()
        self._arriving = self._arriving_again() if order == "finished" else None
        self._started = self._saved = time.perf_counter()

    def observe(self, observer: Observer) -> None:
        """Tell an observer of each episode and update from now on."""
        self._observers.append(observer)

    def play(self) -> dict[str, Any]:
        """Play until the budget is spent; the figures of the whole search.

        It may be interrupted at any instant: what was evaluated is in the store, and the search
        goes on from the last checkpoint, through the same architectures.

        Raises:
            ChildrenFail: If the first children all failed for one reason; what was played is kept.
        """
        while len(self.records) < self.children and not self._is_late:
            self._stop_where_all_fail()
            self._advance() if self._arriving is None else self._take(self._arriving)
            is_due = time.perf_counter() - self._saved > CHECKPOINT_EVERY
            if is_due and self.problem.evaluator.simulation() is None:
                self.save()
        self.save()
        return summarise(self.records, self.problem, self.seconds, self.usage)

    @property
    def usage(self) -> Usage:
        """The seconds of the evaluator's slots during the search, all its legs together."""
        return self._used_before.plus(self.problem.evaluator.usage().since(self._used_at_start))

    @property
    def seconds_left(self) -> float:
        """Seconds until its minutes are over, infinite where it may take as long as it takes."""
        return max(0.0, 60 * self.minutes - self.seconds - (time.perf_counter() - self._started))

    @property
    def _is_late(self) -> bool:
        """Return whether no more children may begin; what was played before is played again."""
        return len(self.records) >= self.known and not self.seconds_left

    def layers(self, episode: int) -> int | None:
        """Return the layers of an episode's child, counted from 0; None for the full depth."""
        return self._options(episode)[0].get("layers")

    def _options(self, episode: int) -> tuple[dict[str, Any], int]:
        """Return the reset options of an episode, and for how many from there on they hold."""
        return self.depth.at(episode, self.problem.space.depth)

    def save(self) -> None:
        """Write a checkpoint."""
        now = time.perf_counter()
        self.seconds += now - self._started
        self._started = self._saved = now
        state: AgentState = self.agent.state()
        search = {"seconds": self.seconds, "usage": asdict(self.usage)}
        checkpoint = Checkpoint(len(self.records), state.tensors, state.values, search)
        write_checkpoint(self.run.checkpoints, checkpoint)

    @property
    def rewards(self) -> list[float]:
        """The reward of each child; NaN of one that failed."""
        return [r["reward"] if r["status"] == "ok" else math.nan for r in self.records]

    def _stop_where_all_fail(self) -> None:
        if self.problem.answers is not None:  # nothing was built: they are not in the table
            return
        fault = fault_of_the_beginning(self.records, self.stop_after_failures)
        if fault:
            self.save()
            raise ChildrenFail(
                f"stopped, because the first {self.stop_after_failures} children all failed for "
                f"the same reason: {fault}"
            )

    def _restore(self) -> None:
        checkpoint = last_checkpoint(self.run.checkpoints, self.problem.store, self.known)
        if checkpoint is None:
            return
        if self.problem.evaluator.simulation() is not None:  # its clock begins anew, and so do we
            self.seconds = checkpoint.search["seconds"]
            return
        if checkpoint.episodes:  # else all is played again, with another budget
            self.agent.load_state(checkpoint)
        self.records = self.problem.store.episodes(before=checkpoint.episodes)
        self.best = best_of(self.records)
        self.seconds = checkpoint.search["seconds"]
        self._used_before = Usage(**checkpoint.search.get("usage", {}))  # an older one has none

    def _arriving_again(self) -> Finished:
        """Return the children that are on their way; they arrive as the history says from here."""
        self.problem.verify_data()
        known = self.problem.store.episodes()[len(self.records) :]
        return Finished(self.agent, self.problem, self.records, known)

    def _advance(self) -> None:
        """Let the agent play a batch and learn from it."""
        done = len(self.records)
        self.agent.options, holds = self._options(done)
        episodes, log = self.agent.advance(min(self.children - done, holds))
        records = [self._record(episode) for episode in episodes]
        self.problem.store.record_episodes(done, records)
        self._note(records, log)

    def _take(self, arriving: Finished) -> None:
        """Hand the agent what has finished, once it is in the history."""
        done = len(self.records)
        self.agent.options, holds = self._options(done)
        end = min(self.children, done + holds)
        arrivals, records = arriving.arrivals(end)
        if not records:
            records = [{**self._record(each), **arriving.note(each)} for each in arrivals]
            self.problem.store.record_episodes(done, records)
        self._note(records, arriving.take(arrivals, last=done + len(records) == end))

    def _note(self, records: Sequence[dict[str, Any]], log: Mapping[str, float]) -> None:
        """Remember episodes, and tell the observers of them."""
        for record in records:
            self.records.append(record)
            if better(record, self.best):
                self.best = record
            for observer in self._observers:
                observer.child(len(self.records), record, self.best)
        if log:
            for observer in self._observers:
                observer.update(len(self.records), log)

    def _record(self, episode: Any) -> dict[str, Any]:
        """An episode as the history keeps it."""
        architecture = self.problem.space.parse(episode.architecture)
        request = self.problem.request(architecture)
        evaluation = episode.evaluation
        parts = self.problem.parts(episode.tokens, request)
        simulation = self.problem.evaluator.simulation()
        return {
            "tokens": list(episode.tokens),
            "reward": episode.reward,
            "status": evaluation["status"],
            "error": evaluation["error"],
            "metrics": dict(evaluation["metrics"]),
            "parameters": evaluation.get("parameters"),
            "flops": evaluation.get("flops"),
            "architecture": dict(episode.architecture),
            "canonical": json.dumps(request.architecture, sort_keys=True),
            "seconds": total_seconds(parts),
            "parts": parts,
            "pieces": self.problem.pieces(request),
            **({} if simulation is None else {"at": round(simulation.seconds, 3)}),
        }
