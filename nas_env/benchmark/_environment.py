"""The environment of a benchmark, and the knowledge of its function beyond the reward."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium
import numpy as np

import agents
import nas_env  # noqa: F401 - registers the environments
from nas_env import ENTRY_POINT
from nas_env.benchmark._anytime import LARGEST
from nas_env.errors import InvalidValue, NASError
from nas_env.evaluation._answers import Answers
from nas_env.table.format import Split
from search_spaces import SearchSpace


class Truth:
    """The knowledge of a function, of a table or another, beyond the reward.

    Args:
        answers: Answers of the function to an environment's problem.

    Attributes:
        has_test: Whether there is a test metric.
        maximise: Whether a higher metric is better.
    """

    def __init__(self, answers: Answers):
        self.answers, self.function = answers, answers.function
        self.has_test = self.function.test(self.function.examples()[:1]) is not None
        self.maximise: bool = self.function.maximise

    def networks(self, tokens: np.ndarray) -> np.ndarray:
        """Return a number for each sequence, equal where two share an answer: int64 (n,)."""
        return self.function.networks(tokens)

    def test(self, tokens: Any) -> np.ndarray:
        """Return the test metric of sequences, (n, decisions), at the highest fidelity: (n,)."""
        found = self.function.test(np.asarray(tokens, dtype=np.int64))
        assert found is not None, "there is no test metric"
        return found

    def seconds(self, tokens: Any) -> np.ndarray:
        """Return the seconds of training at the searched fidelity; NaN if they are unknown."""
        return self.answers.seconds(tokens)

    @property
    def optimum(self) -> dict[str, float]:
        """The best of all sequences by the searched validation metric and by the test metric.

        One that is unknown is left out.
        """
        splits: tuple[Split, ...] = ("validation", "test") if self.has_test else ("validation",)
        best = {split: self.answers.optimum(split) for split in splits}
        return {split: value for split, value in best.items() if value is not None}


def verify(id: str, make: Mapping[str, Any]) -> None:
    """Check that an environment is one of architectures, and that its data is there.

    Raises:
        InvalidValue: If it is not.
        DataNotFound: If data is missing.
    """
    with contextlib.closing(make_vector(id, make, 1)) as environment:
        if gymnasium.spec(id.rpartition(":")[2]).entry_point != ENTRY_POINT:
            raise InvalidValue(f"{id} is not an environment of architectures")
        environment.unwrapped.problem.verify_data()


def truth_of(environment: Any) -> Truth | None:
    """Return the knowledge of an environment's function; None if its children are trained."""
    answers: Answers | None = environment.unwrapped.problem.answers
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
