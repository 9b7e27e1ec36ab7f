"""The recurrent cells of Zoph & Le 2017, section 3.4, as layers of a language model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from search_spaces._architecture import Architecture, Reference
from search_spaces._base import SearchSpace
from search_spaces._decisions import Decision, Vertex
from search_spaces._errors import InvalidArchitecture, InvalidTokens, InvalidValue, UnknownName
from search_spaces._published import published_architecture
from search_spaces._settings import at_least, at_most, between
from search_spaces._source import Normalisation, Source
from search_spaces.recurrent_cell._cell import (
    ACTIVATIONS,
    COMBINATIONS,
    MAX_BASE,
    RecurrentCell,
    parse_cell,
)
from search_spaces.recurrent_cell._dropout import Masks
from search_spaces.recurrent_cell._graph import cell_graph, tree_graph
from search_spaces.recurrent_cell._layer import State
from search_spaces.recurrent_cell._network import LanguageModel, cell_model, reference_model
from search_spaces.recurrent_cell._reference import NATIVE, Native, parse_native
from search_spaces.recurrent_cell._source import Settings, write_source

__all__ = ["RecurrentCell", "RecurrentCellSpace"]


@dataclass(frozen=True)
class RecurrentCellSpace(SearchSpace):
    """Cells that are a binary tree of operations and a memory (Zoph & Le 2017, section 3.4).

    The tree has ``base`` leaves. Leaf i combines W_i x_t and U_i h_{t-1}, an inner node its two
    children; then comes an activation. Inner nodes have no parameters, and nothing has a bias.
    The decisions are a combination and an activation of each node, row by row from the leaves to
    the root; a combination and an activation for the memory ("Cell Inject"); and two nodes ("Cell
    Indices"): the value of the first before its activation becomes c_t; the output of the second
    is replaced by activation(combination(output, c_{t-1})). The root's output is h_t. What has a
    single option is no decision.

    What the paper leaves open, and what is done here: both indices may name any node, the root
    and one another included; memory comes in after a node's own activation and c_t is taken
    before it, so with equal indices c_t is what the node was before memory came in; with the
    root as the second, h_t is what the injection makes of its output. The child's dropout is that
    of Zaremba et al. 2014, or with ``masks`` that of Gal & Ghahramani 2016; see
    :class:`~search_spaces.recurrent_cell._network.LanguageModel`.

    The child is a language model: ``child(symbols, state)`` takes int64 (steps, batch) and gives
    logits (steps, batch, outputs) and the new state; ``child.initial_state(batch)`` is the first.

    Attributes:
        base: Number of leaves of the tree, a power of two.
        combinations: Options of a combination: of add, elem_mult, and max. All three are the
            paper's larger set.
        activations: Options of an activation: of identity, tanh, sigmoid, relu, and sin. All five
            are the paper's larger set.
        hidden: Units of each layer; 0: as many as ``parameters`` allow.
        parameters: The most trainable numbers of a child, where ``hidden`` is 0; by default those
            of Zaremba's medium LSTM, for which the paper fits its children's size.
        cell_layers: Layers of the cell in a child; the paper has 2.
        embedding: Numbers of a symbol's embedding; 0: as many as a layer has units. The paper's
            character models have 128.
        dropout: Rate of dropout on embeddings, between layers and before the softmax; by default
            that of Zaremba's medium LSTM.
        tied: Whether softmax and embeddings share their weights; h is projected to the length of
            an embedding where ``embedding`` says it.
        init_range: Weights start uniform in plus or minus this much.
        masks: ``"step"``: dropout draws a mask for each step; ``"sequence"``: one for all steps of
            a stretch (Gal & Ghahramani 2016, 1512.05287).
        recurrent_dropout: Rate of dropout on h_{t-1}, as the paper has it (section 4.2), of one
            mask for all steps of a stretch (1512.05287).

    Example:
        The paper's worked example, at base 2:

        >>> space = RecurrentCellSpace(base=2)
        >>> cell = space.decode((0, 1, 1, 3, 1, 2, 0, 3, 1, 0))
        >>> print(cell.equations())
        a0 = tanh(W0 x + U0 h)
        a0' = relu(a0 + c)
        a1 = relu(W1 x * U1 h)
        a2 = sigmoid(a0' * a1)
        c_t = W1 x * U1 h
        h_t = a2
        >>> RecurrentCellSpace().size == 8**15 * 8 * 15**2
        True
    """

    base: int = 8
    combinations: tuple[str, ...] = ("add", "elem_mult")
    activations: tuple[str, ...] = ("identity", "tanh", "sigmoid", "relu")
    hidden: int = 0
    parameters: int = 19_775_200
    cell_layers: int = 2
    embedding: int = 0
    dropout: float = 0.5
    tied: bool = False
    init_range: float = 0.05
    masks: Masks = "step"
    recurrent_dropout: float = 0.0

    construction_fields: ClassVar[tuple[str, ...]] = (
        "hidden",
        "parameters",
        "cell_layers",
        "embedding",
        "dropout",
        "tied",
        "init_range",
        "masks",
        "recurrent_dropout",
    )
    later_fields: ClassVar[frozenset[str]] = frozenset({"masks", "recurrent_dropout"})
    carried_fields: ClassVar[tuple[str, ...] | None] = ()
    task_modules: ClassVar[tuple[str, ...]] = ("embedding", "softmax")

    input_names: ClassVar[tuple[str, ...]] = ("symbols", "h", "c")
    output_names: ClassVar[tuple[str, ...]] = ("logits", "next_h", "next_c")

    def __post_init__(self) -> None:
        if not 2 <= self.base <= MAX_BASE or self.base & (self.base - 1):
            raise InvalidValue(f"base is {self.base}, expected a power of two, 2 to {MAX_BASE}")
        for name, known in (("combinations", COMBINATIONS), ("activations", ACTIVATIONS)):
            options = getattr(self, name)
            if not options or len(set(options)) < len(options):
                raise InvalidValue(f"{name} is {options}, expected different names")
            for option in options:
                if option not in known:
                    raise UnknownName(name.removesuffix("s"), option, known)
        at_least(self, hidden=0, parameters=1, cell_layers=1, embedding=0)
        at_most(self, hidden=100_000, cell_layers=100, embedding=100_000)
        between(self, 0, 1, "dropout", "recurrent_dropout")
        if not self.init_range > 0:
            raise InvalidValue(f"init_range is {self.init_range}, expected more than 0")

    # -- decisions and tokens --------------------------------------------------------------------
    def _decide(self) -> Iterator[Decision]:
        for name, kind, options in self._choices():
            if len(options) > 1:
                yield Decision(name, kind, options)

    def _choices(self) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
        """Yield name, kind and options of all that makes a cell, in the order of figure 5."""
        nodes = range(2 * self.base - 1)
        for place in (*(f"node {node}" for node in nodes), "inject"):
            yield f"{place} combination", "combination", self.combinations
            yield f"{place} activation", "activation", self.activations
        for name in ("memory from", "inject at"):
            yield name, "cell index", tuple(nodes)

    def decode(self, tokens: Sequence[int]) -> RecurrentCell:
        """Return the cell of a complete sequence of tokens."""
        self.check_tokens(tokens)
        if len(tokens) != self.length():
            raise InvalidTokens(f"{len(tokens)} tokens, expected {self.length()}")
        remaining = iter(tokens)
        *chosen, memory_from, inject_at = (
            options[next(remaining) if len(options) > 1 else 0] for _, _, options in self._choices()
        )
        *nodes, inject = zip(chosen[::2], chosen[1::2], strict=True)
        return RecurrentCell(tuple(nodes), inject, memory_from, inject_at)

    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """Return the tokens of a cell that this space can express."""
        if not isinstance(architecture, RecurrentCell):
            raise InvalidArchitecture(
                f"expected a RecurrentCell, got {type(architecture).__name__}"
            )
        if architecture.base != self.base:
            raise InvalidArchitecture(
                f"the cell has {architecture.base} leaves, this space has base {self.base}"
            )
        chosen = [name for pair in (*architecture.nodes, architecture.inject) for name in pair]
        values = (*chosen, architecture.memory_from, architecture.inject_at)
        tokens = []
        for value, (name, _, options) in zip(values, self._choices(), strict=True):
            if value not in options:
                raise InvalidArchitecture(f"{name} is {value}, this space has {list(options)}")
            if len(options) > 1:
                tokens.append(options.index(value))
        return tuple(tokens)

    def parse(self, description: Mapping[str, Any]) -> RecurrentCell | Native:
        """Return the cell of a dictionary as :meth:`RecurrentCell.to_dict` gives it.

        A network that cells are compared with, ``{"native": "lstm"}``, is parsed too.
        """
        return parse_native(description) if "native" in description else parse_cell(description)

    def graph_prefix(self, tokens: Sequence[int]) -> tuple[tuple[Vertex, ...], int]:
        """Return the tree with the nodes that are decided, and at the end the whole cell."""
        if len(tokens) == self.length():
            return self.graph(self.decode(tokens)), len(tokens)
        left = {decision.name for decision in self.decisions[len(tokens) :]}
        nodes = range(2 * self.base - 1)
        decided = [not left & {f"node {n} combination", f"node {n} activation"} for n in nodes]
        known = sum(decided)  # they come first
        drawn = {f"node {n} {kind}" for n in range(known) for kind in ("combination", "activation")}
        cell = self.decode([*tokens, *[0] * (self.length() - len(tokens))])
        used = sum(decision.name in drawn for decision in self.decisions[: len(tokens)])
        return tree_graph(cell, known), used

    def graph(self, architecture: Architecture) -> tuple[Vertex, ...]:
        """Return the tree, with the memory that comes in and the one that leaves."""
        if isinstance(architecture, Native):
            return architecture.graph
        assert isinstance(architecture, RecurrentCell)
        return cell_graph(architecture)

    # -- children --------------------------------------------------------------------------------
    def _build(
        self, architecture: RecurrentCell | Native, input_shape: tuple[int, ...], outputs: int
    ) -> LanguageModel:
        if isinstance(architecture, Native):
            return reference_model(architecture.name, vocabulary=outputs, **self.child_settings)
        return cell_model(architecture, vocabulary=outputs, **self.child_settings)

    def _write_source(
        self,
        architecture: RecurrentCell | Native,
        input_shape: tuple[int, ...],
        outputs: int,
        normalisation: Normalisation,
    ) -> Source:
        with torch.device("meta"):
            model = self._build(architecture, input_shape, outputs)
        cell = None if isinstance(architecture, Native) else architecture
        settings = Settings(
            self.dropout, self.tied, self.init_range, self.masks, self.recurrent_dropout
        )
        return write_source(cell, model, settings)

    @property
    def child_settings(self) -> dict[str, Any]:
        """The settings of ``cell_model`` and its like, apart from the cell."""
        return {
            "hidden": self.hidden,
            "parameters": self.parameters,
            "layers": self.cell_layers,
            "embedding": self.embedding,
            "dropout": self.dropout,
            "tied": self.tied,
            "init_range": self.init_range,
            "masks": self.masks,
            "recurrent_dropout": self.recurrent_dropout,
        }

    def reference(self, name: str, outputs: int) -> Reference:
        """Return a published cell; or after ``native:`` a network of torch, as large as a cell."""
        if not name.startswith(NATIVE):
            return Reference(self.construction, self.parse(published_architecture(name)))
        space = self
        if self.hidden:  # all cells of a base are of one size
            cost = self.cost(self.decode((0,) * self.length()), (), outputs)
            space = replace(self, hidden=0, parameters=cost.parameters)
        return Reference(space.construction, Native(name.removeprefix(NATIVE)))

    def try_out(
        self, child: nn.Module, input_shape: tuple[int, ...], count: int = 1, device: str = "meta"
    ) -> Tensor:
        """Read one symbol of each text: its cost is what counts for a language model."""
        assert isinstance(child, LanguageModel)
        symbols = torch.zeros(1, count, dtype=torch.int64, device=device)
        return child(symbols, child.initial_state(count))[0][-1]

    def examples(
        self,
        child: nn.Module,
        input_shape: tuple[int, ...],
        count: int,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, State]:
        """Return one random symbol of each text, int64 (1, count), and a random state."""
        assert isinstance(child, LanguageModel)
        outputs = child.softmax.out_features
        symbols = torch.randint(outputs, (1, count), generator=generator)
        h, c = (torch.rand(x.shape, generator=generator) for x in child.initial_state(count))
        return symbols, (h, c)
