"""The protocol of a subject, and the place where all of it is kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from nas_env.command_line._evaluators import evaluator_spec, short_names
from nas_env.command_line._help import Entry, nested
from nas_env.errors import InvalidValue
from nas_env.evaluation import task_recipe
from nas_env.final.top import Found
from nas_env.parts import choose_device, chosen_recipe
from nas_env.run.folder import open_store_of
from nas_env.run.store import Store
from nas_env.tasks import Task
from search_spaces import SearchSpace, make_space

FINAL = "final"  # the folder of what comes of it, in the run's
RECIPE = "paper"  # the recipe where none is named, if the task has it


@dataclass(frozen=True)
class Place:
    """The folder and the store of a run: there all is found and kept.

    Attributes:
        folder: The run's folder.
        env: Id of its environment.
        store: File or address of its evaluations.
        id: Name of the run in the store.
    """

    folder: Path
    env: str
    store: str
    id: str

    def open(self, run: str | None = None) -> Store:
        """Open the store, for the run of this place or another of its runs."""
        return open_store_of(self.folder, self.store, self.id if run is None else run)

    @property
    def final(self) -> Path:
        """The folder of what comes of a final training."""
        return self.folder / FINAL


@dataclass(frozen=True)
class Subject(ABC):
    """The architectures that are trained to the end, and the parts of their problem.

    Attributes:
        place: Where all is kept.
        make: Keyword arguments of :class:`~nas_env.problem.Problem`; a recipe is still to come.
        task: The task.
        evaluator: Settings of the evaluator.
    """

    place: Place
    make: Mapping[str, Any]
    task: Task
    evaluator: Any

    #: Name of the grid where none is given.
    grid: ClassVar[str]

    @abstractmethod
    def found(self, count: int) -> list[Found]:
        """Return at most so many architectures, the best of the search first.

        Raises:
            InvalidValue: If there is none.
        """

    def control(self, count: int) -> list[Found]:
        """Return at most so many architectures of the random control; none without one."""
        return []

    def weights(self) -> Path:
        """Return the file of trained weights from which a training can start.

        Raises:
            InvalidValue: If there is none.
        """
        raise InvalidValue("--fine-tune needs --architecture FOLDER, that of a trained network")

    def different(self) -> list[Found]:
        """Return all different architectures of the search, the best first; none without one."""
        return []

    def options(self) -> Sequence[Entry]:
        """Return the command line's options that this subject has beside those of all."""
        return ()

    def space(self, values: Any) -> SearchSpace:
        """Return the search space, with what the values of the command line change of it."""
        return make_space(self.make["space"])

    # -- how it is trained -----------------------------------------------------------------------
    def training_options(self, recipe: str | None, device: str | None) -> list[Entry]:
        """Return the options of evaluator and recipe, with the values where none are given.

        Args:
            recipe: Name of the recipe; None for the paper's, if the task has it.
            device: Name of the device; None for the run's.
        """
        default = RECIPE if RECIPE in self.task.recipes else None
        trained = chosen_recipe(self.task, recipe or default, self._device(device))
        about, short = "Settings of the evaluator.", short_names(self.evaluator)
        return [
            nested("evaluator_settings", self.evaluator, about, "evaluator", short),
            nested("recipe_settings", trained, "How the networks are trained.", "recipe"),
        ]

    def problem(self, values: Any) -> dict[str, Any]:
        """Return the keyword arguments of the problem in which the architectures are trained.

        Args:
            values: Values of the command line: those of :meth:`options` and
                :meth:`training_options`, and the device.

        Raises:
            InvalidValue: If one of them is wrong.
        """
        return {
            **self.make,
            "space": self.space(values).spec,
            "recipe": task_recipe(self.task, asdict(values.recipe_settings)).spec,
            "device": str(self._device(values.device)),
            "evaluator": evaluator_spec(None, values.evaluator_settings, self.task),
        }

    def _device(self, named: str | None) -> Any:
        return choose_device(named or self.make["device"])
