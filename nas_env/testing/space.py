"""Checks of a search space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nas_env.testing import _architectures, _decisions
from nas_env.testing._broken import run_checks
from nas_env.testing._sampled import Sampled
from search_spaces import SearchSpace, make_space

#: What every space keeps, one function for each part of the contract.
SPACE_CHECKS = (*_decisions.CHECKS, *_architectures.CHECKS)


def check_space(
    space: SearchSpace | str | Mapping[str, Any],
    input_shape: tuple[int, ...] = (3, 8, 8),
    outputs: int = 10,
) -> None:
    """Check that a search space keeps its contract.

    Args:
        space: A space, its name (``"package.module:NAME"``), or a mapping of name and settings.
            A space whose children are small is checked in a second.
        input_shape: Shape of one example that a child is built for, without the batch.
        outputs: Number of classes or symbols that a child is built for.

    Raises:
        ContractBroken: If it does not; the message says what was expected of which method.

    Example:
        >>> check_space({"name": "convolutional", "layers": 2, "filters": [2, 4]})
    """
    made = make_space(space) if isinstance(space, str | Mapping) else space
    run_checks(SPACE_CHECKS, Sampled(made, input_shape, outputs))
