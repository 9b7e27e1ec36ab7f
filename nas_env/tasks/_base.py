"""The protocol of a task: data with a three-way split, recipes, and the reward."""

from __future__ import annotations

import contextlib
import contextvars
import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from nas_env.errors import TestSetSealed
from nas_env.training.recipe import Recipe
from search_spaces import _catalogue
from search_spaces._settings import at_least

_sealed: contextvars.ContextVar[bool] = contextvars.ContextVar("test_set_sealed", default=False)


@contextlib.contextmanager
def sealed_test_set() -> Iterator[None]:
    """Within this block no task gives its test split away; every evaluation runs in one."""
    token = _sealed.set(True)
    try:
        yield
    finally:
        _sealed.reset(token)


def data_folder() -> Path:
    """Where data sets lie: ``NAS_DATA``, else ``~/.cache/nas-env``."""
    return Path(os.environ.get("NAS_DATA") or Path.home() / ".cache" / "nas-env").expanduser()


@dataclass(frozen=True)
class Task(ABC):
    """Whose metric the search is after, and how it becomes a reward.

    A task is a frozen dataclass; its fields are its settings, plain JSON values.
    """

    #: Raised whenever the split, or anything else that moves a child's number, changes.
    version: ClassVar[int]
    #: The name of the metric that the reward is made of.
    metric: ClassVar[str]
    #: The recipes by name.
    recipes: ClassVar[Mapping[str, Recipe]]
    #: The recipe's name for each kind of device; ``"cpu"`` serves those not named.
    default_recipes: ClassVar[Mapping[str, str]]
    #: The environments: for each id the keyword arguments that ``gym.make`` gets.
    environments: ClassVar[Mapping[str, Mapping[str, Any]]]
    #: What an evaluation that is not ``ok`` is rewarded with.
    failure_reward: ClassVar[float] = 0.0
    #: What a report compares the best child with: labels, and :mod:`nas_env.references`' names.
    references: ClassVar[Mapping[str, str]] = {}
    #: Who evaluates, where nobody is asked for.
    default_evaluator: ClassVar[str] = "in_process"

    @property
    def limits(self) -> Mapping[str, int]:
        """The settings that bound a child, by name; none where nothing is trained."""
        return {}

    @abstractmethod
    def verify(self) -> None:
        """Check that the data is there and whole; fetch it where that is possible.

        Raises:
            DataNotFound: Saying which files were looked for, where, and how to get them.
            DataCorrupt: Naming the file and its checksum.
        """

    @abstractmethod
    def reward(self, score: float) -> float:
        """The reward of a validation metric."""

    @classmethod
    def identity(cls) -> dict[str, Any]:
        """What moves a child's number and is no setting: a spec with another one is refused."""
        return {"version": cls.version}

    def figures(self, score: float) -> dict[str, float]:
        """What else a report says of a validation metric, by names that begin as the metric's."""
        return {}

    @property
    def space(self) -> Mapping[str, Any] | None:
        """The search space's name and settings, where the task is of one space alone."""
        return None

    def default_recipe(self, device: str) -> str:
        """The name of the recipe for a kind of device."""
        return self.default_recipes.get(device, self.default_recipes["cpu"])

    @cached_property
    def name(self) -> str:
        """The name by which :func:`nas_env.tasks.make_task` finds the task."""
        return _catalogue.name_of(type(self), "nas_env.tasks")

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Name, identity and settings as plain JSON values."""
        return {"name": self.name, **self.identity(), **asdict(self)}

    @cached_property
    def request_spec(self) -> dict[str, Any]:
        """The spec without the limits: what a child's number depends on."""
        return {name: value for name, value in self.spec.items() if name not in self.limits}


@dataclass(frozen=True)
class TrainingTask(Task):
    """A data set with a three-way split, on which children are really trained.

    Attributes:
        max_parameters: Parameters that a child may have; a larger one is not trained.
        max_flops: FLOPs that one example may cost in a child; a costlier one is not trained.
    """

    # The paper's largest have 54 million (section 4.2) and 37.4 million (section 4.1).
    max_parameters: int = field(default=100_000_000, kw_only=True)
    max_flops: int = field(default=100_000_000_000, kw_only=True)

    #: The shape of one example, without the batch.
    input_shape: ClassVar[tuple[int, ...]]
    #: How many classes, or symbols, there are.
    outputs: ClassVar[int]

    def __post_init__(self) -> None:
        at_least(self, max_parameters=1, max_flops=1)

    @property
    def limits(self) -> Mapping[str, int]:
        """``max_parameters`` and ``max_flops``."""
        return {"max_parameters": self.max_parameters, "max_flops": self.max_flops}

    @abstractmethod
    def search_data(self) -> Any:
        """The training and validation splits, on the CPU, checked where that is possible.

        Raises:
            DataInvalid: If they do not fit the task.
        """

    @abstractmethod
    def _read_test_data(self) -> Any:
        """The test split."""

    @abstractmethod
    def score(self, curves: Mapping[str, Sequence[float]]) -> float:
        """The validation metric of a child's curves."""

    def test_data(self) -> Any:
        """The test split: for the final training, never for the search.

        Raises:
            TestSetSealed: While a child is being evaluated.
        """
        if _sealed.get():
            raise TestSetSealed("the test split is out of reach while a child is evaluated")
        return self._read_test_data()
