"""The networks of a search space: how they are built, what they cost, and their source.

A member whose architectures are networks defines :meth:`Networks._build`; and
:meth:`~Networks._write_source`, if a file of PyTorch alone can be written for them.
"""

from __future__ import annotations

from abc import ABC
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from search_spaces._architecture import Architecture, Reference
from search_spaces._counting import count_cost, count_kept
from search_spaces._decisions import Cost
from search_spaces._errors import InvalidValue
from search_spaces._source import USUAL, Normalisation, Source


class Networks(ABC):
    """The part of the protocol of a search space that is about networks."""

    #: The name by which :func:`search_spaces.make_space` finds the space.
    name: Any
    #: The names of a child's inputs and outputs, one for each tensor.
    input_names: ClassVar[tuple[str, ...]] = ("images",)
    output_names: ClassVar[tuple[str, ...]] = ("logits",)
    #: The modules of a child that are about the classes or the symbols of its task: a training that
    #: starts from the weights of another task begins them anew.
    task_modules: ClassVar[tuple[str, ...]] = ()

    # -- what a member defines -------------------------------------------------------------------
    def _build(self, architecture: Any, input_shape: tuple[int, ...], outputs: int) -> nn.Module:
        """Build the child of a canonical architecture; a space without networks has no such method.

        Raises:
            InvalidValue: If the space describes no networks.
        """
        raise InvalidValue(
            f"space {self.name} describes no networks: nothing of it can be built or trained, "
            "a table or a function answers"
        )

    def _write_source(
        self,
        architecture: Any,
        input_shape: tuple[int, ...],
        outputs: int,
        normalisation: Normalisation,
    ) -> Source:
        """Write the source of a canonical architecture's network; not every space can.

        The names and the order of the parameters are those of the child that :meth:`_build` makes.

        Raises:
            InvalidValue: If the space writes no source.
        """
        raise InvalidValue(f"space {self.name} writes no source of its networks")

    def examples(
        self,
        child: nn.Module,
        input_shape: tuple[int, ...],
        count: int,
        generator: torch.Generator | None = None,
    ) -> tuple[Any, ...]:
        """Return random arguments of a call of a child on the CPU, a batch of so many examples.

        A space whose children take something else than a batch of examples overrides it.
        """
        return (torch.randn(count, *input_shape, generator=generator),)

    # -- what follows from it ---------------------------------------------------------------------
    @cached_property
    def buildable(self) -> bool:
        """True if architectures are networks, which can be built and trained."""
        return type(self)._build is not Networks._build

    @cached_property
    def writes_source(self) -> bool:
        """True if :meth:`source` writes the source of a network."""
        return type(self)._write_source is not Networks._write_source

    def build(
        self, architecture: Architecture, input_shape: tuple[int, ...], outputs: int
    ) -> nn.Module:
        """Build the child, which is the network of the architecture's canonical form.

        Args:
            architecture: Architecture of this space, of any depth.
            input_shape: Shape of one example, without the batch.
            outputs: Number of classes or symbols.

        Raises:
            InvalidValue: If the space is not :attr:`buildable`.
        """
        return self._build(architecture.canonical(), input_shape, outputs)

    def source(
        self,
        architecture: Architecture,
        input_shape: tuple[int, ...],
        outputs: int,
        normalisation: Normalisation = USUAL,
    ) -> Source:
        """Write the source of the network that :meth:`build` makes, in PyTorch alone.

        Args:
            architecture: Architecture of this space, of any depth.
            input_shape: Shape of one example, without the batch.
            outputs: Number of classes or symbols.
            normalisation: Settings of its batch normalisation.

        Raises:
            InvalidValue: If the space is not one that :attr:`writes_source`.
        """
        canonical = architecture.canonical()
        return self._write_source(canonical, input_shape, outputs, normalisation)

    def cost(self, architecture: Architecture, input_shape: tuple[int, ...], outputs: int) -> Cost:
        """Count parameters and forward FLOPs exactly, on ``meta``: nothing is allocated."""
        with torch.device("meta"):
            child = self.build(architecture, input_shape, outputs).eval()
        return count_cost(child, lambda: self.try_out(child, input_shape))

    def kept_numbers(
        self, architecture: Architecture, input_shape: tuple[int, ...], outputs: int
    ) -> int:
        """Count the numbers that a forward pass over one example keeps for the backward pass.

        They are counted on ``meta``: nothing is allocated. Weights count too, once.
        """
        with torch.device("meta"):
            child = self.build(architecture, input_shape, outputs)
        return count_kept(lambda: self.try_out(child, input_shape))

    def try_out(
        self, child: nn.Module, input_shape: tuple[int, ...], count: int = 1, device: str = "meta"
    ) -> Tensor:
        """Call a child with examples of zeros, and return its logits, (count, outputs).

        A space whose children take something else than a batch of examples overrides it.
        """
        return child(torch.zeros(count, *input_shape, device=device))

    def reference(self, name: str, outputs: int) -> Reference | None:
        """Return a known network to compare the best child with; None if there is none so named.

        Args:
            name: Name among the ``references`` of a task.
            outputs: Number of classes or symbols.
        """
        return None
