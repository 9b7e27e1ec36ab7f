"""Checks of a sequence of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral

import numpy as np

from search_spaces._decisions import Decision
from search_spaces._errors import InvalidTokens


def check_tokens(
    tokens: Sequence[int],
    decisions: Sequence[Decision],
    open_mask: Callable[[np.ndarray], np.ndarray],
    static: np.ndarray | None = None,
) -> None:
    """Check that each token is an open option of its decision.

    Args:
        tokens: A sequence that may be unfinished.
        decisions: The decisions at full depth.
        open_mask: The masks of prefixes, (m, t) -> (m, options).
        static: The masks of all decisions, (decisions, options), where no choice closes another.

    Raises:
        InvalidTokens: If one is not; the message names the first.
    """
    if len(tokens) > len(decisions):
        raise InvalidTokens(f"{len(tokens)} tokens, expected at most {len(decisions)}")
    checked = np.zeros((1, len(tokens)), dtype=np.int64)
    for index, token in enumerate(tokens):
        mask = open_mask(checked[:, :index])[0] if static is None else static[index]
        if not (isinstance(token, Integral) and 0 <= token < len(mask) and mask[token]):
            open_tokens = ", ".join(map(str, np.flatnonzero(mask)))
            raise InvalidTokens(
                f"token {index} ({decisions[index].name}) is {token}, expected one of {open_tokens}"
            )
        checked[0, index] = token
