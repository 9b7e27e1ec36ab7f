"""Recipes: the settings by which a child is trained, frozen and converted to JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import torch
from torch import nn

from nas_env.training.precision import fast_bfloat16


@dataclass(frozen=True)
class Recipe:
    """The base of all recipes; a member adds its settings."""

    #: The function that trains by this recipe, as ``package.module:NAME``.
    engine: ClassVar[str]
    #: Whether the engine has a keyword argument ``checkpoints``, to continue where it was killed.
    continues: ClassVar[bool] = False
    #: Settings that the recipe was given after evaluations by it had been stored.
    later: ClassVar[frozenset[str]] = frozenset()

    def resolved(self, device: str) -> Recipe:
        """Return the complete recipe for a type of device (``"cpu"``, ``"cuda"``)."""
        return self

    @cached_property
    def spec(self) -> dict[str, Any]:
        """The recipe as plain JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @cached_property
    def request_spec(self) -> dict[str, Any]:
        """The spec as a request has it: without those of ``later`` that have their default.

        A later setting changes nothing where it has its default, so that such a request has the
        key that it had before there was the setting: what a store holds still answers it.
        """
        defaults = self.later_defaults()
        return {
            name: value
            for name, value in self.spec.items()
            if name not in defaults or value != defaults[name]
        }

    @classmethod
    def later_defaults(cls) -> dict[str, Any]:
        """Return the defaults of the settings of ``later``, which older specs do not name."""
        return {field.name: field.default for field in fields(cls) if field.name in cls.later}


class ChildRecipe(Recipe, ABC):
    """The base of recipes by which a child is really trained.

    No dataclass itself: the fields are a member's own, so that they are listed in its order.
    """

    epochs: int
    #: Examples of one step, or columns of a text, where a batch can be cut (``most_pieces``).
    batch_size: int
    precision: Literal["auto", "float32", "bfloat16"]
    #: CPU threads of one child.
    threads: int

    def resolved(self, device: str) -> Self:
        """Return the recipe with its precision decided."""
        if self.precision != "auto":
            return self
        return replace(self, precision="bfloat16" if fast_bfloat16(device) else "float32")

    @abstractmethod
    def steps_an_epoch(self, examples: int) -> int:
        """Return how many steps an epoch has, with so many training examples: images or symbols."""

    @abstractmethod
    def examples_of(self, steps: int) -> int:
        """Return how many training examples it takes to make so many steps in an epoch."""

    def validated(self, examples: int) -> int:
        """Return how many of so many validation examples are used after each epoch."""
        return examples

    @property
    def most_pieces(self) -> int:
        """The most parts into which the engine can cut a batch that does not fit the memory.

        1: it takes a batch whole. An engine that cuts batches has a keyword argument ``pieces``.
        """
        return 1

    def shorter(self) -> dict[str, Any]:
        """Return settings, each with a value that makes training about half as long."""
        return {"epochs": self.epochs // 2} if self.epochs > 1 else {}

    def set_up(self, network: nn.Module) -> None:
        """Set what this recipe changes of a network itself, before it is trained or used."""

    @property
    def autocast(self) -> torch.dtype | None:
        """The type in which autocast runs; None if everything is float32."""
        return torch.bfloat16 if self.precision == "bfloat16" else None
