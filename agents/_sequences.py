"""Changes of token sequences that keep every token an open option."""

from __future__ import annotations

import numpy as np

from search_spaces import SearchSpace


def choose(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose one of the True columns of each row, uniformly: bool (m, n) -> int64 (m,).

    Example:
        >>> choose(np.array([[False, True], [True, False]]), np.random.default_rng(0)).tolist()
        [1, 0]
    """
    rank = rng.integers(mask.sum(axis=1))
    return np.argmax(mask.cumsum(axis=1) > rank[:, None], axis=1)


def repaired(space: SearchSpace, tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose each token anew, uniformly, that its prefix closes.

    Args:
        space: Search space of the sequences.
        tokens: Sequences, int64 (m, t).
        rng: Generator of the new choices.
    """
    if space.masks_are_static:
        return tokens
    tokens = tokens.copy()
    for index in range(tokens.shape[1]):
        mask = space.open_mask(tokens[:, :index])
        closed = np.flatnonzero(~mask[np.arange(len(tokens)), tokens[:, index]])
        if len(closed):
            tokens[closed, index] = choose(mask[closed], rng)
    return tokens


def mixed(
    space: SearchSpace,
    tokens: np.ndarray,
    others: np.ndarray,
    shares: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Replace decisions of sequences at random by those of other sequences.

    Args:
        space: Search space of the sequences.
        tokens: Sequences, int64 (m, t).
        others: Other sequences, int64 (m, t).
        shares: Probability of taking a decision from ``others``, (m, 1).
        rng: Generator of all choices.
    """
    return repaired(space, np.where(rng.random(tokens.shape) < shares, others, tokens), rng)


def moves(space: SearchSpace, tokens: np.ndarray) -> np.ndarray:
    """Return all changes of one decision of a sequence, (t,), to another open option.

    Returns:
        int64 (n, 2): decision and option.
    """
    mask = space.open_masks(tokens[None])[0].copy()
    mask[np.arange(len(tokens)), tokens] = False
    return np.argwhere(mask)


def moved(
    space: SearchSpace, tokens: np.ndarray, move: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return a sequence, (t,), after a move; later decisions that it closes are chosen anew."""
    neighbour = tokens.copy()
    neighbour[move[0]] = move[1]
    return repaired(space, neighbour[None], rng)[0]


def mutated(space: SearchSpace, tokens: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change one decision of a sequence, (t,), uniform over decisions, then over options.

    The sequence is returned unchanged if no decision has another open option.
    """
    possible = moves(space, tokens)
    if not len(possible):
        return tokens
    decisions = np.unique(possible[:, 0])
    ours = possible[possible[:, 0] == decisions[rng.integers(len(decisions))]]
    return moved(space, tokens, ours[rng.integers(len(ours))], rng)


def fitted(
    space: SearchSpace, tokens: np.ndarray, fresh: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Cut or continue a sequence of another depth, (s,), to the length of a fresh one, (t,)."""
    if len(tokens) >= len(fresh):
        return tokens[: len(fresh)]
    return repaired(space, np.concatenate([tokens, fresh[len(tokens) :]])[None], rng)[0]
