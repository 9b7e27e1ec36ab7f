"""The endings of episodes that a function answers: m of them as arrays, whatever the function."""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from typing import Any

import numpy as np

from nas_env.env._columns import AddInfo, Info, KeptInfos, joined, stacked
from nas_env.evaluation._answers import Answers
from nas_env.problem import Problem
from nas_env.table.function import COSTS, Figures

KNOWN = 2**17  # endings of single episodes that are kept
STATUS = np.array(["ok", "failed"], dtype=object)


class FunctionEndings:
    """Endings that a function answers; those of sequences that it lists are made once."""

    def __init__(self, problem: Problem, answers: Answers):
        self.problem, self.answers = problem, answers
        self._known: dict[tuple[int, ...], tuple[float, bytes]] = {}
        self._kept = KeptInfos(answers.function.listed)
        self._rewards = np.zeros(answers.function.listed)

    def one(self, tokens: Sequence[int]) -> tuple[float, Info]:
        """Reward and info of one episode."""
        key = tuple(tokens)
        found = self._known.get(key)
        if found is None:
            figures = self.answers.measure([key])
            (reward,) = self.problem.rewards(figures, self.answers).tolist()
            (evaluation,) = self.answers.evaluated(figures)
            architecture = self.problem.space.decode(key).to_dict()
            info = {"evaluation": evaluation.public(), "architecture": architecture}
            found = reward, marshal.dumps(info)
            if len(self._known) < KNOWN:
                self._known[key] = found
        reward, info = found
        return reward, marshal.loads(info)  # a fresh copy, at once

    def many(self, tokens: np.ndarray, add_info: AddInfo) -> tuple[np.ndarray, Info]:
        """Rewards (m,) and the vector info of m episodes, int64 (m, decisions)."""
        places = self.answers.function.positions(tokens)
        if places is None or places.min() < 0:
            return self._computed(tokens, add_info)
        seen = self._kept.seen[places]
        if not seen.all():
            new = places[~seen]
            self._rewards[new], info = self._computed(tokens[~seen], add_info)
            self._kept.put(new, info)
        return self._rewards[places], self._kept.take(places)

    def _computed(self, tokens: np.ndarray, add_info: AddInfo) -> tuple[np.ndarray, Info]:
        figures = self.answers.measure(tokens)
        each = self.problem.space.describe(tokens)
        info = {
            "evaluation": evaluations(self.answers, figures),
            "architecture": joined(each) or stacked(each, add_info),
        }
        return self.problem.rewards(figures, self.answers), _masked(info, len(tokens))

    def __reduce__(self) -> Any:
        return FunctionEndings, (self.problem, self.answers)


def evaluations(answers: Answers, figures: Figures) -> Info:
    """Return the evaluations of a vector info, each as ``Evaluation.public`` has it.

    Args:
        answers: Answers that the figures are of.
        figures: Figures of m episodes.
    """
    failed = answers.failed(figures)
    known = np.ones(len(failed), dtype=bool) if figures.known is None else figures.known
    metrics: Info = {}
    info = {
        "status": STATUS[failed.view(np.int8)],
        "metrics": metrics,
        "curves": {},
        "error": np.array(answers.errors, dtype=object)[failed.view(np.int8) + ~known],
    }
    info = _masked(info, len(failed))
    for name, values in figures.values.items():
        if name not in COSTS:
            _put(metrics, name, values, ~failed)
        elif name != "seconds":  # no evaluation tells its timings
            _put(info, name, values, known)
    return info


def _masked(info: Info, count: int) -> Info:
    """Return a vector info with a mask for each key: all of the episodes have it."""
    return info | {f"_{key}": np.ones(count, dtype=bool) for key in info}


def _put(info: Info, name: str, values: np.ndarray, present: np.ndarray) -> None:
    """Put a column into a vector info: zeros and a False in the mask where an episode has none."""
    if present.all():
        info[name], info[f"_{name}"] = values, present.copy()
    elif present.any():
        info[name], info[f"_{name}"] = np.where(present, values, 0), present.copy()
