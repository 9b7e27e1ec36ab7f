"""Known networks that the best child is compared with: same recipe, seed and size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from search_spaces import Architecture, published_architecture
from search_spaces.recurrent_cell import RecurrentCellSpace
from search_spaces.recurrent_cell._network import reference_model

#: Prefix of a network of torch itself, which is not an architecture of the space.
NATIVE = "native:"


def evaluate_references(problem: Problem) -> dict[str, dict[str, Any]]:
    """Train the references of a problem's task, or find them in its store.

    Args:
        problem: Problem whose recipe, seed and budget of parameters they get.

    Returns:
        The figures of each reference by its label; empty for a space that has none.
    """
    if not isinstance(problem.space, RecurrentCellSpace):
        return {}
    wanted = problem.task.references
    requests = {label: request(problem, name) for label, name in wanted.items()}
    found = problem.evaluator.submit_batch(list(requests.values()))
    return {
        label: figures(problem, future.result())
        for label, future in zip(requests, found, strict=True)
    }


def request(problem: Problem, name: str) -> Request:
    """Return the request to evaluate a published architecture, or one after ``native:``."""
    assert isinstance(problem.space, RecurrentCellSpace)
    if not name.startswith(NATIVE):
        return problem.request(problem.space.parse(published_architecture(name)))
    native = Native(name.removeprefix(NATIVE))
    space = NativeSpace(**_construction(problem))
    return problem.request(native, space=space.construction)


def figures(problem: Problem, evaluation: Evaluation) -> dict[str, Any]:
    """Return the figures of an evaluation for a report."""
    metric = evaluation.metric
    return {
        "status": evaluation.status,
        "reward": evaluation.reward,
        problem.task.metric: metric,
        **({} if metric is None else problem.task.figures(metric)),
        "parameters": evaluation.parameters,
    }


def _construction(problem: Problem) -> dict[str, Any]:
    """Return the settings of the space's children, with their size given in parameters."""
    space = problem.space
    assert isinstance(space, RecurrentCellSpace)
    settings = {k: v for k, v in space.construction.items() if k != "name"}
    if space.hidden:  # all cells of a base are of one size
        cell = space.decode((0,) * space.length())
        cost = space.cost(cell, (), problem.task.outputs)  # type: ignore[attr-defined]
        settings |= {"hidden": 0, "parameters": cost.parameters}
    return settings


@dataclass(frozen=True)
class Native(Architecture):
    """A network that is known only by its name."""

    name: str

    def to_dict(self) -> dict[str, Any]:
        """Return ``{"native": "lstm"}``."""
        return {"native": self.name}

    def canonical(self) -> Native:
        """Return the network itself."""
        return self


@dataclass(frozen=True)
class NativeSpace(RecurrentCellSpace):
    """Builds the networks of :func:`search_spaces.recurrent_cell._network.reference_model`."""

    def parse(self, description: Mapping[str, Any]) -> Any:
        """Return the network of ``{"native": name}``."""
        return Native(description["native"])

    def _build(self, architecture: Any, input_shape: tuple[int, ...], outputs: int) -> nn.Module:  # type: ignore[override]
        return reference_model(architecture.name, vocabulary=outputs, **self.child_settings)
