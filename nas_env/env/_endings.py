"""The endings of episodes, reward and ``info``, for one episode and for many at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nas_env.env._answered import FunctionEndings
from nas_env.env._columns import AddInfo, Info, stacked
from nas_env.problem import Problem
from nas_env.records import Evaluation
from search_spaces import Architecture

__all__ = ["FunctionEndings", "TrainedEndings", "make_endings", "terminal_info"]


def make_endings(problem: Problem) -> TrainedEndings | FunctionEndings:
    """Make the endings of a problem's episodes."""
    answers = problem.answers_at_once
    return TrainedEndings(problem) if answers is None else FunctionEndings(problem, answers)


def terminal_info(architecture: Architecture, evaluation: Evaluation) -> Info:
    """Return the ``info`` of an episode's end: fresh, plain, the same in every run."""
    return {"evaluation": evaluation.public(), "architecture": architecture.to_dict()}


class TrainedEndings:
    """Endings of children that the evaluator is asked for, m of them as one batch."""

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
