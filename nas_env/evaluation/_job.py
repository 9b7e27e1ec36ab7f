"""A request as a process works on it: each of its parts is parsed once, when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from nas_env.errors import InvalidValue
from nas_env.evaluation._data import splits, training_task
from nas_env.evaluation._start import Start
from nas_env.records import Request
from nas_env.tasks import Task, TrainingTask, sealed_test_set
from nas_env.training.data import FinalData
from nas_env.training.recipe import ChildRecipe, Recipe
from search_spaces import Architecture, Cost, SearchSpace, make_space
from search_spaces._settings import from_mapping


@dataclass(frozen=True)
class Job:
    """A child to be trained.

    Attributes:
        request: What is wanted, as JSON values; the properties are what it says.
    """

    request: Request

    @cached_property
    def task(self) -> TrainingTask:
        """The task.

        Raises:
            InvalidValue: If nothing can be trained on it.
        """
        return training_task(self.request.task_spec)

    @cached_property
    def recipe(self) -> ChildRecipe:
        """The recipe.

        Raises:
            InvalidValue: If a setting is wrong, or children cannot be trained by it.
        """
        recipe = task_recipe(self.task, self.request.recipe)
        if not isinstance(recipe, ChildRecipe):
            name = type(recipe).__name__
            raise InvalidValue(f"a recipe of task {self.task.name} is {name}, no ChildRecipe")
        return recipe

    @cached_property
    def space(self) -> SearchSpace:
        """The search space that builds the child."""
        return make_space(self.request.space)

    @cached_property
    def architecture(self) -> Architecture:
        """The architecture of the child."""
        return self.space.parse(self.request.architecture)

    @cached_property
    def cost(self) -> Cost:
        """The cost of the child, counted without building it."""
        return self.space.cost(self.architecture, self.task.input_shape, self.task.outputs)

    @property
    def kept_numbers(self) -> int:
        """The numbers that a forward pass over one example keeps for the backward pass."""
        task = self.task
        return self.space.kept_numbers(self.architecture, task.input_shape, task.outputs)

    @property
    def start(self) -> Start | None:
        """The weights from which the training starts; None for those that are built."""
        digest, file = self.request.start, self.request.start_file
        return None if digest is None or file is None else Start(digest, file)

    def build(self) -> nn.Module:
        """Build the child on the CPU."""
        return self.space.build(self.architecture, self.task.input_shape, self.task.outputs)

    def with_test_split(self, data: FinalData) -> FinalData:
        """Open the test split, as nothing else does: the final training's last step is done."""
        with sealed_test_set(False):
            return data.tested_on(self.task.test_data())

    def data(self, device: torch.device) -> Any:
        """Return the task's data for the request on a device, which is read once a process."""
        return splits(self.request.task_spec, device, self.request.split)


def task_recipe(task: Task, settings: Any) -> Recipe:
    """Return the recipe of plain JSON values, of the kind that the task trains by."""
    kind = type(next(iter(task.recipes.values())))
    return from_mapping(kind, settings, "recipe setting")
