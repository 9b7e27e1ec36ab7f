"""The endings of episodes, reward and ``info``, for one episode and for many at once."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nas_env.evaluation._answers import Answers
from nas_env.problem import Problem
from nas_env.records import Evaluation
from search_spaces import Architecture, SearchSpace

Info = dict[str, Any]
AddInfo = Callable[[Info, Info, int], Info]
KNOWN = 2**17  # endings that are kept


def make_endings(problem: Problem) -> TrainedEndings | TableEndings:
    """Make the endings of a problem's episodes."""
    if problem.answers is None:
        return TrainedEndings(problem)
    assert problem.table_rewards is not None
    failure_reward = problem.objective.failure_reward
    return TableEndings(problem.space, problem.answers, problem.table_rewards, failure_reward)


def terminal_info(architecture: Architecture, evaluation: Evaluation) -> Info:
    """Return the ``info`` of an episode's end: fresh, plain, the same in every run."""
    return {"evaluation": evaluation.public(), "architecture": architecture.to_dict()}


def stacked(infos: Sequence[Info], add_info: AddInfo) -> Info:
    """Join many infos into one vector info, by Gymnasium's own rules."""
    info: Info = {}
    for index, each in enumerate(infos):
        info = add_info(info, each, index)
    return info


class TrainedEndings:
    """Endings whose children are trained, m of them as one batch."""

    def __init__(self, problem: Problem):
        self.problem = problem

    def one(self, tokens: Sequence[int]) -> tuple[float, Info]:
        """Reward and info of one episode."""
        ((architecture, evaluation),) = self.problem.evaluate([tokens])
        return self.problem.objective.reward(evaluation), terminal_info(architecture, evaluation)

    def many(self, tokens: np.ndarray, add_info: AddInfo) -> tuple[np.ndarray, Info]:
        """Rewards (m,) and the vector info of m episodes, int64 (m, decisions)."""
        results = self.problem.evaluate(tokens.tolist())
        objective = self.problem.objective
        rewards = np.array([objective.reward(e) for _, e in results], dtype=np.float64)
        return rewards, stacked([terminal_info(*result) for result in results], add_info)


class TableEndings:
    """Endings that are looked up; the infos are made once for each architecture.

    Once their architectures have been seen, m episodes end without a loop: the values of all infos
    are kept in one array for each key, from which m are taken.
    """

    def __init__(
        self, space: SearchSpace, answers: Answers, rewards: np.ndarray, failure_reward: float
    ):
        self.space, self.answers = space, answers
        self.rewards, self.failure_reward = rewards, failure_reward
        self._known: dict[tuple[int, ...], tuple[float, bytes]] = {}
        count = len(answers.table.tokens)
        self._seen = np.zeros(count, dtype=bool)
        self._shape: Any = None
        self._columns: dict[tuple[str, ...], np.ndarray] = {}

    def one(self, tokens: Sequence[int]) -> tuple[float, Info]:
        """Reward and info of one episode."""
        key = tuple(tokens)
        found = self._known.get(key)
        if found is None:
            row = self.answers.row(key)
            reward = float(self.rewards[row]) if row >= 0 else self.failure_reward
            info = terminal_info(self.space.decode(key), self.answers.evaluation(row))
            found = reward, marshal.dumps(info)
            if len(self._known) < KNOWN:
                self._known[key] = found
        reward, info = found
        return reward, marshal.loads(info)  # a fresh copy, at once

    def many(self, tokens: np.ndarray, add_info: AddInfo) -> tuple[np.ndarray, Info]:
        """Rewards (m,) and the vector info of m episodes, int64 (m, decisions)."""
        table = self.answers.table
        if tokens.shape[1] == self.answers.decisions:
            positions = table.positions(tokens)
            if positions.min() >= 0 and (self._seen[positions].all() or self._learn(positions)):
                ones = np.ones(len(positions), dtype=bool)
                info = self._taken(self._shape, (), positions, ones)
                return self.rewards[table.row_of[positions]], info
        endings = [self.one(row) for row in tokens.tolist()]
        rewards = np.array([reward for reward, _ in endings], dtype=np.float64)
        return rewards, stacked([info for _, info in endings], add_info)

    def _learn(self, positions: np.ndarray) -> bool:
        """Keep the infos of new architectures; return False if one has another shape."""
        for position in positions[~self._seen[positions]].tolist():
            _, info = self.one(self.answers.table.tokens[position].tolist())
            leaves = dict(_leaves(info))
            if self._shape is None:
                self._shape = info
                self._columns = {
                    path: np.zeros(len(self._seen), _dtype(v)) for path, v in leaves.items()
                }
            if leaves.keys() != self._columns.keys():
                return False
            for path, value in leaves.items():
                self._columns[path][position] = value
            self._seen[position] = True
        return True

    def _taken(self, shape: Info, path: tuple[str, ...], at: np.ndarray, ones: np.ndarray) -> Info:
        """Return the vector info of the architectures at those positions, in fresh arrays."""
        info: Info = {}
        for key, value in shape.items():
            here = (*path, key)
            info[key] = (
                self._taken(value, here, at, ones)
                if isinstance(value, dict)
                else self._columns[here][at]
            )
            info[f"_{key}"] = ones.copy()
        return info

    def __reduce__(self) -> Any:
        return TableEndings, (self.space, self.answers, self.rewards, self.failure_reward)


def _leaves(info: Info, path: tuple[str, ...] = ()) -> Any:
    """Yield each value of nested dictionaries with its path."""
    for key, value in info.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _dtype(value: Any) -> Any:
    """Return the type of the array that Gymnasium would put such values into."""
    return type(value) if type(value) in (int, float, bool) else object
