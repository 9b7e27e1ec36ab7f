"""What an episode is about: a space, a task, a recipe and an evaluator, made of plain values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from nas_env.answers import Answers
from nas_env.errors import InvalidValue, UnknownName, unknown_keyword
from nas_env.evaluation import Evaluator, make_evaluator, task_recipe
from nas_env.evaluation.table import TableEvaluator
from nas_env.records import Evaluation, Request
from nas_env.store import Store
from nas_env.table import Table
from nas_env.tasks import make_task
from nas_env.tasks._tables import TableTask
from search_spaces import Architecture, make_space, space_class
from search_spaces._settings import named

Named = str | Mapping[str, Any]


class Problem:
    """Turns finished token sequences into evaluations.

    Args:
        task: A task's name, or its name and settings.
        space: A search space's name, or its name and settings; None for the task's own.
        recipe: A recipe's name; or settings, ``"preset"`` among them naming the recipe that they
            change; None for the task's default on the device.
        device: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"cuda:1"``.
        evaluator: An evaluator's name, or its name and settings
            (``{"name": "workers", "workers": 4, "time_limit": 600}``); None for the task's own:
            training in this process, or looking up in the task's table.
        evaluation_seed: Of the children, together with their architecture.
        store: A file, an open store, or None to keep evaluations in memory.
        caller: Class whose arguments these are, to be named where one of them is unknown.
        **space_settings: The space's settings.

    Raises:
        InvalidValue: Naming what is wrong; an :class:`UnknownName` for names, and for unknown
            keyword arguments an :class:`UnknownKeyword`.
    """

    def __init__(
        self,
        task: Named,
        space: Named | None = None,
        *,
        recipe: Named | None = None,
        device: str = "auto",
        evaluator: Named | None = None,
        evaluation_seed: int = 0,
        store: str | Path | Store | None = None,
        caller: type | None = None,
        **space_settings: Any,
    ):
        self.task = make_task(task)
        name, settings = named(space or self.task.space or "", "space")
        known = {field.name for field in fields(space_class(name)) if field.init}
        for keyword in space_settings:
            if keyword not in known:
                functions = [cls.__init__ for cls in (caller or Problem, Problem)]
                raise unknown_keyword(functions, keyword, known)
        self.space = make_space({"name": name, **settings, **space_settings})
        self.device = choose_device(device)
        self.recipe = self._recipe(recipe)
        if type(evaluation_seed) is not int or evaluation_seed < 0:
            raise InvalidValue(f"evaluation_seed is {evaluation_seed!r}, expected 0 or more")
        self.evaluation_seed = evaluation_seed
        self.store = store if isinstance(store, Store) else Store(store or ":memory:")
        self.evaluator = self._evaluator(evaluator)

    def _evaluator(self, spec: Named | None) -> Evaluator:
        chosen = spec or self.task.default_evaluator
        made = make_evaluator(chosen, self.device, self.store)
        if isinstance(made, TableEvaluator) != isinstance(self.task, TableTask):
            raise InvalidValue(
                f"evaluator is {chosen!r}, task {self.task.name} wants "
                f"{self.task.default_evaluator!r}"
            )
        return made

    @cached_property
    def answers(self) -> Answers | None:
        """The table that answers, as this problem asks it; None where children are trained.

        Raises:
            DataNotFound: If the table is not there.
            InvalidValue: If it has no such fidelity, seed or space.
        """
        if not isinstance(self.task, TableTask):
            return None
        answers = Answers(self.task, self.recipe, self.evaluation_seed)
        if answers.table.space != self.space:
            raise InvalidValue(f"space is {self.space}, the table is of {answers.table.space}")
        return answers

    @property
    def table(self) -> Table | None:
        """The table that answers; None where children are trained."""
        return None if self.answers is None else self.answers.table

    def _recipe(self, recipe: Named | None) -> Any:
        settings = {"preset": recipe} if isinstance(recipe, str) else recipe or {}
        if not isinstance(settings, Mapping):
            raise InvalidValue(f"recipe is {recipe!r}, expected a name or a mapping of settings")
        settings = dict(settings)
        preset = settings.pop("preset", None) or self.task.default_recipe(self.device.type)
        if preset not in self.task.recipes:
            raise UnknownName("recipe", str(preset), self.task.recipes)
        base = self.task.recipes[preset]
        known = {field.name for field in fields(base)}
        for name in settings:
            if name not in known:
                raise UnknownName("recipe setting", name, known)
        chosen = task_recipe(self.task, {**base.spec, **settings})
        return chosen.resolved(self.device.type)

    @property
    def spec(self) -> dict[str, Any]:
        """All that decides a reward, with nothing left to decide: plain JSON values."""
        return {
            "task": self.task.spec,
            "space": self.space.spec,
            "recipe": self.recipe.spec,
            "evaluation_seed": self.evaluation_seed,
            "device": self.device.type,
        }

    def request(
        self, architecture: Architecture, *, space: Mapping[str, Any] | None = None
    ) -> Request:
        """The request to evaluate one architecture, of another space's construction if given."""
        return Request(
            task=self.task.request_spec,
            space=space or self.space.construction,
            architecture=architecture.canonical().to_dict(),
            recipe=self.recipe.spec,
            seed=self.evaluation_seed,
            device=self.device.type,
            limits=self.task.limits,
        )

    def evaluate(self, sequences: Sequence[Sequence[int]]) -> list[tuple[Architecture, Evaluation]]:
        """The architectures of complete token sequences with their evaluations, as one batch."""
        architectures = [self.space.decode(tokens) for tokens in sequences]
        if (answers := self.answers) is not None:
            found = [answers.evaluation(answers.row(tokens)) for tokens in sequences]
            return list(zip(architectures, found, strict=True))
        futures = self.evaluator.submit_batch([self.request(a) for a in architectures])
        return [(a, f.result()) for a, f in zip(architectures, futures, strict=True)]

    def announce(self, sequences: Sequence[Sequence[int]]) -> None:
        """Say which complete token sequences will be evaluated soon: workers may begin."""
        if self.answers is None:
            self.evaluator.announce(self.request(self.space.decode(s)) for s in sequences)

    def seconds(self, tokens: Sequence[int], request: Request) -> float | None:
        """What an evaluation took: as it was measured, or by the table's clock; None if unknown."""
        return total_seconds(self.parts(tokens, request))

    def parts(self, tokens: Sequence[int], request: Request) -> dict[str, float]:
        """The seconds that each part of an evaluation took; empty where that is unknown.

        Returns:
            ``"build"`` (the first time in a process with reading the data), ``"train"``,
            ``"validate"``, ``"store"``, as they were measured; or ``"train"`` by the table's clock.
        """
        if self.answers is not None:
            seconds = self.answers.seconds(self.answers.row(tokens))
            return {} if seconds is None else {"train": seconds}
        evaluation = self.evaluator.known(request)
        if evaluation is None:
            return {}
        kept = self.evaluator.kept.get(request.key)
        return {**evaluation.seconds, **({} if kept is None else {"store": kept})}

    def verify_data(self) -> None:
        """Check that the task's data is there, whole, and fits the task; or its table.

        Raises:
            DataNotFound: Saying which files were looked for, where, and how to get them.
            DataCorrupt: Naming the file and its checksum.
            DataInvalid: Saying what was found in the data and what was expected.
        """
        self.task.verify()
        if self.answers is None:  # to look for them also checks what is asked of the table
            self.evaluator.prepare(self.task.request_spec)

    def close(self) -> None:
        """Stop the evaluator and close the store."""
        self.evaluator.close()
        self.store.close()


def total_seconds(parts: Mapping[str, float]) -> float | None:
    """What all parts of an evaluation took; None where that is unknown."""
    return sum(parts.values()) if parts else None


def choose_device(name: str) -> torch.device:
    """The device of a name; ``"auto"`` is CUDA where there is one.

    Raises:
        InvalidValue: If it is not a device, or not one of this machine.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    known = re.fullmatch(r"cpu|cuda(?::(\d+))?", str(name), re.ASCII)
    if known is None:
        raise InvalidValue(f"device is {name!r}, expected auto, cpu, cuda or cuda:N")
    # By the text: torch reads an index as one byte, cuda:256 as cuda:0.
    if name != "cpu" and int(known[1] or 0) >= torch.cuda.device_count():
        raise InvalidValue(f"device is {name!r}, this machine has {torch.cuda.device_count()} GPUs")
    return torch.device(name)
