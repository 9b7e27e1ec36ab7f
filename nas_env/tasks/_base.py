"""The protocol of a task: data with a three-way split, recipes, and what is measured."""

from __future__ import annotations

import contextlib
import contextvars
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Self

from nas_env.errors import InvalidValue, TestSetSealed
from nas_env.metrics import Metric
from nas_env.table.function import Function
from nas_env.training.data import FinalData, TrainingData
from nas_env.training.preprocessing import Preprocessing
from nas_env.training.recipe import Recipe
from search_spaces import Architecture, Reference, SearchSpace, Vertex, _catalogue
from search_spaces._json import plain
from search_spaces._settings import at_least

LAST_EPOCHS = 5  # the best value of these counts (Zoph & Le 2017, section 4.1)

_sealed: contextvars.ContextVar[bool] = contextvars.ContextVar("test_set_sealed", default=False)


@contextlib.contextmanager
def sealed_test_set(sealed: bool = True) -> Iterator[None]:
    """Keep every task's test split out of reach within the block; evaluations run in one.

    Args:
        sealed: False opens it again, for the final training when its last step is done.
    """
    token = _sealed.set(sealed)
    try:
        yield
    finally:
        _sealed.reset(token)


@dataclass(frozen=True)
class Task(ABC):
    """A metric that a search improves, and the objective that makes a reward of it.

    A task is a frozen dataclass; its fields are its settings, plain JSON values.
    """

    #: Raised whenever the split changes, or anything else that alters a child's result.
    version: ClassVar[int]
    #: The main metric, which the objectives are about.
    metric: ClassVar[Metric]
    #: The objective if none is chosen: its name, or name and settings.
    objective: ClassVar[str | Mapping[str, Any]] = "metric_itself"
    #: The recipes by name.
    recipes: ClassVar[Mapping[str, Recipe]]
    #: The recipe's name for each type of device; ``"cpu"`` serves those not named.
    default_recipes: ClassVar[Mapping[str, str]]
    #: The environments: for each id the keyword arguments that ``gym.make`` gets.
    environments: ClassVar[Mapping[str, Mapping[str, Any]]]
    #: Networks to compare the best child with: labels, and their names for the ``reference`` of a
    #: search space.
    references: ClassVar[Mapping[str, str]] = {}
    #: The setting that identifies the data that was read, if there is one; None is not read yet.
    content_setting: ClassVar[str | None] = None
    #: The settings that are only told of the data: a child's result does not depend on them.
    told: ClassVar[frozenset[str]] = frozenset()
    #: Whether children are trained; otherwise a function answers.
    trains: ClassVar[bool] = True
    #: The evaluator if none is chosen.
    default_evaluator: ClassVar[str] = "in_process"

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every metric that an objective can take; the main one comes first."""
        return (self.metric,)

    @property
    def limits(self) -> Mapping[str, int]:
        """The settings that limit a child, by name; none if nothing is trained."""
        return {}

    @property
    def source(self) -> Mapping[str, Any]:
        """The settings that say where the data lies and how it is read, by name.

        A child's result depends on the content of the data, not on these: a task that has some
        identifies the content by ``content_setting``.
        """
        return {}

    def settled(self) -> Self:
        """Return the same task with nothing left open: one that reads data identifies its content.

        Raises:
            NASError: If the data is missing, damaged or unfit; one line says which.
        """
        return self

    @property
    def notes(self) -> Sequence[str]:
        """The lines on the data that a person should read before a search begins."""
        return ()

    @property
    def facts(self) -> Mapping[str, Any]:
        """The facts of the data that a run keeps beside its settings: plain JSON values."""
        return {}

    @property
    def checksums(self) -> Mapping[str, str]:
        """The checksums of the data by the names of its files or parts, as far as they are known.

        By default, that of ``content_setting`` where there is one.
        """
        name = self.content_setting
        return {} if name is None else {name: str(self.spec[name])}

    @property
    def guessing(self) -> Mapping[str, float]:
        """The metrics of a guess that ignores the examples, as far as they are known, by name."""
        return {}

    def interval(self, metrics: Mapping[str, float]) -> tuple[float, float] | None:
        """Return the 95% interval of the main metric, which the validation set's size leaves open.

        Args:
            metrics: Metrics that were measured of a child.

        Returns:
            The lowest and the highest value; None if nothing can be said.
        """
        return None

    @abstractmethod
    def verify(self) -> None:
        """Check that the data is there and whole; fetch it where that is possible.

        Raises:
            DataNotFound: If files are missing; the message says which, where, and how to get them.
            DataCorrupt: If a file is not the published one; the message names its checksum.
        """

    def make_function(self) -> Function | None:
        """Return the function that answers instead of training; None if children are trained."""
        return None

    @classmethod
    def identity(cls) -> dict[str, Any]:
        """Return what alters a child's result without being a setting; specs must agree in it."""
        return {"version": cls.version}

    @property
    def space(self) -> Mapping[str, Any] | None:
        """The name and settings of the search space, if the task belongs to a single one."""
        return None

    def compared(self, space: SearchSpace) -> Mapping[str, Reference]:
        """Return the references that a search space knows, by their labels."""
        return {}

    def graph(self, space: SearchSpace, architecture: Architecture) -> tuple[Vertex, ...]:
        """Return the boxes of a drawing of an architecture, with what is known of their sizes."""
        return space.graph(architecture)

    def default_recipe(self, device: str) -> str:
        """Return the name of the recipe for a type of device."""
        return self.default_recipes.get(device, self.default_recipes["cpu"])

    @cached_property
    def name(self) -> str:
        """The name by which :func:`nas_env.tasks.make_task` finds the task."""
        return _catalogue.name_of(type(self), "nas_env.tasks")

    @cached_property
    def spec(self) -> dict[str, Any]:
        """Name, identity and settings as plain JSON values."""
        return {"name": self.name, **self.identity(), **plain(asdict(self))}

    @cached_property
    def request_spec(self) -> dict[str, Any]:
        """The spec without the settings on which a child's result does not depend."""
        apart = {*self.limits, *self.source, *self.told}
        return {name: value for name, value in self.spec.items() if name not in apart}


@dataclass(frozen=True)
class TrainingTask(Task):
    """A data set with a three-way split, on which children are really trained.

    Attributes:
        max_parameters: Largest number of parameters of a child; a larger child is not trained.
        max_flops: Largest number of FLOPs per example; a costlier child is not trained.
    """

    # The paper's largest have 54 million (section 4.2) and 37.4 million (section 4.1).
    max_parameters: int = field(default=100_000_000, kw_only=True)
    max_flops: int = field(default=100_000_000_000, kw_only=True)

    #: The shape of one example, without the batch.
    input_shape: ClassVar[tuple[int, ...]]
    #: The number of classes or symbols.
    outputs: ClassVar[int]
    #: The licence of the data and where that is said, in a line; empty if it is not stated.
    licence: ClassVar[str] = ""
    #: The setting that says how many training examples are used, if there is one.
    train_size_setting: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        at_least(self, max_parameters=1, max_flops=1)

    @property
    def limits(self) -> Mapping[str, int]:
        """The settings ``max_parameters`` and ``max_flops``."""
        return {"max_parameters": self.max_parameters, "max_flops": self.max_flops}

    def cheaper(self) -> Mapping[str, tuple[Any, float]]:
        """Return settings that make a child cheaper, beside the number of examples.

        Returns:
            For each, a value that does so, and the share of the seconds of training and validating
            that is left: ``{"size": (32, 0.25)}``.
        """
        return {}

    def compared(self, space: SearchSpace) -> Mapping[str, Reference]:
        """Return the references that a search space knows, by their labels."""
        found = {n: space.reference(name, self.outputs) for n, name in self.references.items()}
        return {label: reference for label, reference in found.items() if reference is not None}

    def graph(self, space: SearchSpace, architecture: Architecture) -> tuple[Vertex, ...]:
        """Return the boxes of a drawing, with shapes and parameters where the space knows them."""
        return space.sized_graph(architecture, self.input_shape, self.outputs)

    @abstractmethod
    def search_data(self) -> TrainingData:
        """Return the training and validation splits, on the CPU, checked as far as possible.

        Raises:
            DataInvalid: If they do not fit the task.
        """

    def final_data(self) -> FinalData:
        """Return the data of the final training, which still lacks the test split.

        It is trained on the examples of the training split and then of the validation split.

        Raises:
            InvalidValue: If the task defines none.
        """
        raise InvalidValue(f"task {self.name} has no final training: it defines no final_data")

    def preprocessing(self, data: Any, recipe: Any) -> Preprocessing | None:
        """Return how examples become what a network reads; None if that is not known.

        Args:
            data: Data of the task, on the CPU.
            recipe: Recipe by which the network was trained.
        """
        return None

    def check_test_split(self) -> None:
        """Check that there is a test split, without reading it.

        Raises:
            DataNotFound: If there is none.
        """

    @abstractmethod
    def _read_test_data(self) -> Any:
        """Read the test split."""

    def measure(self, curves: Mapping[str, Sequence[float]]) -> dict[str, float]:
        """Return the metrics of a child whose training gave these curves, one value an epoch.

        Returns:
            The best value of each metric in the last 5 epochs (section 4.1 of the paper).
        """
        return {each.name: each.best(curves[each.name][-LAST_EPOCHS:]) for each in self.metrics}

    def measure_tested(self, tested: Mapping[str, float]) -> dict[str, float]:
        """Return the metrics of a final training, of what its engine measured on the test split."""
        return dict(tested)

    def test_data(self) -> Any:
        """Return the test split, which is for the final training and never for the search.

        Raises:
            TestSetSealed: If a child is being evaluated.
        """
        if _sealed.get():
            raise TestSetSealed("the test split is out of reach while a child is evaluated")
        return self._read_test_data()
