"""What the best child is compared with: known networks under the same recipe, at equal size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from nas_env.problem import Problem
from nas_env.records import Evaluation, Request
from search_spaces import Architecture, published_architecture
from search_spaces._recurrent_network import reference_model
from search_spaces.recurrent_cell import RecurrentCellSpace

#: Marks a network that is no architecture of the space, as torch has it.
NATIVE = "native:"


def evaluate_references(problem: Problem) -> dict[str, dict[str, Any]]:
    """Train the references of a problem's task, or find them in its store.

    Args:
        problem: Whose recipe, seed and budget of parameters they get.

    Returns:
        The figures of each by its label; none where the space is not that of the references.
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
    """The request to evaluate a published architecture, or a network behind ``native:``."""
    assert isinstance(problem.space, RecurrentCellSpace)
    if not name.startswith(NATIVE):
        return problem.request(problem.space.parse(published_architecture(name)))
    native = Native(name.removeprefix(NATIVE))
    space = NativeSpace(**_construction(problem))
    return problem.request(native, space=space.construction)


def figures(problem: Problem, evaluation: Evaluation) -> dict[str, Any]:
    """What a report says of an evaluation."""
    metric = evaluation.metric
    return {
        "status": evaluation.status,
        "reward": evaluation.reward,
        problem.task.metric: metric,
        **({} if metric is None else problem.task.figures(metric)),
        "parameters": evaluation.parameters,
    }


def _construction(problem: Problem) -> dict[str, Any]:
    """The settings of the space's children, their size given by parameters, not by units."""
    space = problem.space
    assert isinstance(space, RecurrentCellSpace)
    settings = {k: v for k, v in space.construction.items() if k != "name"}
    if space.hidden:  # all cells of a base are of one size
        tokens = (0,) * space.length()
        cost = space.cost(space.decode(tokens), (), problem.task.outputs)  # type: ignore[attr-defined]
        settings |= {"hidden": 0, "parameters": cost.parameters}
    return settings


@dataclass(frozen=True)
class Native(Architecture):
    """A network by its name alone."""

    name: str

    def to_dict(self) -> dict[str, Any]:
        """``{"native": "lstm"}``."""
        return {"native": self.name}

    def canonical(self) -> Native:
        """Itself."""
        return self


@dataclass(frozen=True)
class NativeSpace(RecurrentCellSpace):
    """Builds the networks of :func:`search_spaces._recurrent_network.reference_model`."""

    def parse(self, description: Mapping[str, Any]) -> Any:
        """The network of ``{"native": name}``."""
        return Native(description["native"])

    def _build(self, architecture: Any, input_shape: tuple[int, ...], outputs: int) -> nn.Module:  # type: ignore[override]
        return reference_model(architecture.name, vocabulary=outputs, **self.child_settings)
