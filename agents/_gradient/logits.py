"""Policies that are tables of logits, with their gradients in closed form: numpy, no autograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from search_spaces import SearchSpace


class Distributions(NamedTuple):
    """Distributions of the decisions along sequences, (m, decisions, options).

    Closed options have probability 0.
    """

    chances: np.ndarray
    logs: np.ndarray  # their logarithms; -1e9 for none

    @property
    def entropies(self) -> np.ndarray:
        """The entropies in nats, (m, decisions)."""
        return -(self.chances * self.logs).sum(axis=2)

    def taken(self, tokens: np.ndarray) -> np.ndarray:
        """Return log-probabilities of the tokens taken: int (m, decisions) -> (m, decisions)."""
        return np.take_along_axis(self.logs, tokens[:, :, None], axis=2)[:, :, 0]


def inverted(scores: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the options that points select: the first whose cumulative sum exceeds the point.

    Args:
        scores: Logits, (…, options); closed options have -inf, and add nothing.
        points: Numbers from 0 to 1, (…, 1).
    """
    below = np.exp(scores - scores.max(axis=-1, keepdims=True)).cumsum(axis=-1)
    return (below > points * below[..., -1:]).argmax(axis=-1)


class Logits:
    """A table: logits of decision d = b_d + sum over earlier decisions j of W_jd[token of j].

    All numbers are zero at first, so that every choice is uniform over its open options.

    Args:
        space: Search space whose decisions it takes.
        rng: Generator of the samples.
        learning_rate: Learning rate of b.
        weights_learning_rate: Learning rate of W; None for independent decisions, without W.
    """

    def __init__(
        self,
        space: SearchSpace,
        rng: np.random.Generator,
        learning_rate: float,
        weights_learning_rate: float | None = None,
    ):
        self.space, self.rng = space, rng
        self.learning_rate, self.weights_learning_rate = learning_rate, weights_learning_rate
        count, options = len(space.decisions), space.max_options
        self.b = np.zeros((count, options))
        #: W[j, token of j] is added to the logits of every decision; it is zero for earlier ones.
        self.w = np.zeros(
            (count if weights_learning_rate is not None else 0, options, count, options)
        )
        self.later = np.arange(count) > np.arange(count)[:, None]

    def sample(self, count: int, length: int) -> np.ndarray:
        """Sample complete sequences by inversion of the distributions: int64 (m, length)."""
        tokens = np.zeros((count, length), dtype=np.int64)
        start = np.where(self.space.option_mask[:length], self.b[:length], -np.inf)
        logits = np.repeat(start[None], count, axis=0)
        points = self.rng.random((length, count, 1))
        if self.space.masks_are_static and not len(self.w):  # no decision depends on another
            return inverted(logits, points.swapaxes(0, 1))
        for index in range(length):
            scores = logits[:, index]
            if not self.space.masks_are_static:
                scores = np.where(self.space.open_mask(tokens[:, :index]), scores, -np.inf)
            tokens[:, index] = inverted(scores, points[index])
            if len(self.w):
                logits += self.w[index, tokens[:, index], :length]
        return tokens

    def evaluate(self, tokens: np.ndarray) -> Distributions:
        """Return the distributions that complete sequences were taken from: int64 (m, t)."""
        t = tokens.shape[1]
        logits = np.repeat(self.b[None, :t], len(tokens), axis=0)
        if len(self.w):
            logits += self.w[np.arange(t), tokens, :t].sum(axis=1)
        logits = np.where(self.space.open_masks(tokens), logits, -np.inf)
        logits -= logits.max(axis=2, keepdims=True)
        logs = np.maximum(logits - np.log(np.exp(logits).sum(axis=2, keepdims=True)), -1e9)
        return Distributions(np.exp(logs), logs)

    def log_probabilities(self, tokens: np.ndarray) -> np.ndarray:
        """Return the log-probability of each token, both (m, decisions)."""
        return self.evaluate(tokens).taken(tokens)

    def ascend(self, tokens: np.ndarray, weights: np.ndarray, entropy: float) -> dict[str, float]:
        """Take a plain gradient step up the mean of ``weight · log π(sequence) + entropy · H``.

        H is the sum of the entropies along the sequence. With p the probabilities of a decision,
        the derivatives by its logits are d log p[a] = onehot(a) - p and dH = -p (log p + H).

        Args:
            tokens: Complete sequences, int64 (m, t).
            weights: Weight of each sequence, (m,).
            entropy: Weight of the entropies.

        Returns:
            Figures for the log.
        """
        policy = self.evaluate(tokens)
        p, logs, entropies = *policy, policy.entropies
        slopes = weights[:, None, None] * (np.eye(p.shape[2])[tokens] - p)
        slopes -= entropy * p * (logs + entropies[:, :, None])
        slopes /= len(tokens)
        self.follow(tokens, slopes)
        return {
            "loss": float(-(weights * policy.taken(tokens).sum(axis=1)).mean()),
            "entropy": float(entropies.mean()),
        }

    def follow(self, tokens: np.ndarray, slopes: np.ndarray) -> None:
        """Take a step along the gradient by the logits of each sequence, (m, t, options)."""
        t = tokens.shape[1]
        self.b[:t] += self.learning_rate * slopes.sum(axis=0)
        if self.weights_learning_rate is None:
            return
        later = self.later[:t, :t, None]
        for row, slope in zip(tokens, slopes, strict=True):
            self.w[np.arange(t), row, :t] += self.weights_learning_rate * slope * later

    def state(self) -> dict[str, Tensor]:
        """Return copies of b and W; the random state belongs to the agent."""
        tables = {"b": self.b, "w": self.w} if len(self.w) else {"b": self.b}
        return {name: torch.from_numpy(table.copy()) for name, table in tables.items()}

    def load_state(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore what :meth:`state` returned."""
        self.b[:] = tensors["b"].numpy()
        if len(self.w):
            self.w[:] = tensors["w"].numpy()
