"""An architecture that no search found, to be trained on an environment's task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

from agents import make_config
from nas_env.command_line._choices import Choices, choose
from nas_env.command_line._help import Entry, nested
from nas_env.command_line._subjects.base import Place, Subject
from nas_env.command_line._subjects.named import Named, named_architecture
from nas_env.command_line._task import task_options
from nas_env.errors import InvalidValue
from nas_env.final.top import Found
from nas_env.run.folder import holds_run, store_of
from nas_env.run.paths import check_folder
from search_spaces import SearchSpace, make_space


@dataclass(frozen=True)
class NamedArchitecture(Subject):
    """An architecture that no search found.

    Attributes:
        named: The architecture.
        default_space: The search space, where the command line changes nothing of it.
    """

    named: Named
    default_space: SearchSpace

    grid: ClassVar[str] = "none"

    def found(self, count: int) -> list[Found]:
        """Return the architecture."""
        return [Found(self.named.name, self.named.architecture)]

    def weights(self) -> Path:
        """Return the file of the weights of the folder."""
        if self.named.weights is not None:
            return self.named.weights
        if self.named.space is None:
            return super().weights()
        raise InvalidValue(
            f"--fine-tune: {self.named.name} has no trained network: nas-retrain makes one of a run"
        )

    def options(self) -> Sequence[Entry]:
        """Return the options of the task and of the search space."""
        space, about = self.default_space, "Settings of the search space."
        return [task_options(self.task), nested("space_settings", space, about, "space")]

    def space(self, values: Any) -> SearchSpace:
        """Return the search space, with what the values of the command line change of it."""
        return make_space({"name": self.default_space.name, **asdict(values.space_settings)})


def of_architecture(
    text: str, env: str | None, run: str | None, line: Sequence[str], program: str
) -> NamedArchitecture:
    """Return an architecture that no search found.

    Args:
        text: ``published:NAME``, a file of JSON, or the folder of a network or a run.
        env: Id of the environment on whose task it is trained.
        run: Folder in which all is kept; None for one that is named after both.
        line: The command line's words; the settings of the task count here.
        program: Name of the program.

    Raises:
        InvalidValue: If one of them is wrong, or the environment is missing.
    """
    if env is None:
        raise InvalidValue(
            "--architecture needs --env, the environment whose task it is trained on"
        )
    named = named_architecture(text)
    choices = choose(line, make_config, program, {})
    folder = Path(run) if run is not None else Path("runs") / f"{env.split(':')[-1]}-{named.name}"
    check_folder(folder, "a run's folder")
    if holds_run(folder):
        raise InvalidValue(f"{folder} is the run of a search: name another --run")
    space = named.built_by(choices.space)
    place = Place(folder, env, store_of(folder, {"store": None}), f"final-{named.name}")
    parts = _make(choices), choices.task, choices.evaluator
    return NamedArchitecture(place, *parts, named, space)


def _make(choices: Choices) -> Mapping[str, Any]:
    """Return the keyword arguments of a problem, as a run's configuration has them."""
    return {
        "task": choices.task.spec,
        "space": choices.space.spec,
        "objective": choices.objective.spec,
        "device": "auto",
    }
