"""The environment of a benchmark, and the knowledge of its table beyond the reward."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium
import numpy as np

import agents
import nas_env  # noqa: F401 - registers the environments
from nas_env.benchmark._anytime import LARGEST
from nas_env.errors import InvalidValue, NASError
from search_spaces import SearchSpace


class Truth:
    """The knowledge of a table about architectures, beyond their reward.

    Args:
        answers: Answers of the table to an environment's problem.

    Attributes:
        has_test: Whether there is a test metric.
        maximise: Whether a higher metric is better.
    """

    def __init__(self, answers: Any):
        self.answers, self.table = answers, answers.table
        self.has_test = self.table.has("test")
        self.maximise: bool = self.table.header.maximise

    def rows(self, tokens: Sequence[Sequence[int]]) -> np.ndarray:
        """Return the row of each sequence, -1 for those that the table does not list: int (n,)."""
        return np.array([self.answers.row(sequence) for sequence in tokens], dtype=np.int64)

    def test(self, rows: np.ndarray) -> np.ndarray:
        """Return the test metric of rows at the longest training, averaged over its seeds."""
        return self.table.mean("test", rows)

    def seconds(self, rows: np.ndarray) -> np.ndarray:
        """Return the seconds of training at the searched fidelity; NaN if they are unknown."""
        return self.table.seconds(rows, self.answers.recipe.fidelity)

    @property
    def optimum(self) -> dict[str, float]:
        """The best of all rows, by the searched validation metric and by the test metric."""
        searched = self.answers.metric
        best = np.nanmax(searched) if self.maximise else np.nanmin(searched)
        test = {"test": float(self.table.optimum("test"))} if self.has_test else {}
        return {"validation": float(best), **test}


def verify(id: str, make: Mapping[str, Any]) -> None:
    """Check that an environment is one of architectures, and that its data is there.

    Raises:
        InvalidValue: If it is not.
        DataNotFound: If data is missing.
    """
    with contextlib.closing(make_vector(id, make, 1)) as environment:
        if not hasattr(environment.unwrapped, "problem"):
            raise InvalidValue(f"{id} is not an environment of architectures")
        environment.unwrapped.problem.verify_data()


def truth_of(environment: Any) -> Truth | None:
    """Return the knowledge of an environment's table; None if its children are trained."""
    answers = getattr(environment.unwrapped.problem, "answers", None)
    return None if answers is None else Truth(answers)


def make_environment(
    id: str, make: Mapping[str, Any], agent: Mapping[str, Any], episodes: int
) -> Any:
    """Make the environment that an agent plays; see :func:`agents.make_environment`.

    Args:
        id: Id of the environment, ``module:ID`` for one from outside.
        make: Further keyword arguments of the environment.
        agent: Spec of the agent.
        episodes: Budget; no more episodes are played at once.
    """
    return _made(lambda: agents.make_environment(agent, id, episodes, **make), id)


def make_vector(id: str, make: Mapping[str, Any], count: int) -> Any:
    """The vector environment of an environment, ``count`` episodes at once."""
    how = {"num_envs": count, "vectorization_mode": "vector_entry_point"}
    return _made(lambda: gymnasium.make_vec(id, **how, **make), id)


def all_sequences(space: SearchSpace) -> tuple[np.ndarray, np.ndarray] | None:
    """Return every complete sequence, and its probability under uniform choices.

    Returns:
        Sequences, int64 (n, decisions), and probabilities (n,); None if there are too many.
    """
    if not space.size <= LARGEST:
        return None
    tokens, probability = np.zeros((1, 0), dtype=np.int64), np.ones(1)
    for _ in range(space.length()):
        mask = space.open_mask(tokens)
        parent, option = np.nonzero(mask)
        probability = (probability / mask.sum(axis=1))[parent]
        tokens = np.concatenate([tokens[parent], option[:, None]], axis=1)
    return tokens, probability


def _made(make: Callable[[], Any], id: str) -> Any:
    try:
        return make()
    except (InvalidValue, NASError):
        raise
    except (gymnasium.error.Error, ImportError, TypeError) as error:
        raise InvalidValue(f"cannot make {id}: {str(error).splitlines()[0]}") from None
