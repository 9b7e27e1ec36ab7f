"""The source of a language model: the cell's equations as lines of PyTorch, and what is around."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from search_spaces._source import Source, block
from search_spaces.recurrent_cell._cell import RecurrentCell
from search_spaces.recurrent_cell._dropout import Masks
from search_spaces.recurrent_cell._network import LanguageModel
from search_spaces.recurrent_cell._tree import Operation, children

NETWORK = """
    class Network(nn.Module):
        \"\"\"Embeddings, recurrent layers, the logits of the next symbol.\"\"\"

        def __init__(self, outputs: int = {outputs}):
            super().__init__()
            self.embedding = nn.Embedding(outputs, {inputs})
{note}            self.core = {core}
            self.dropout = {dropout}
{projection}            self.softmax = nn.Linear({read}, outputs)
{tied}            for parameter in self.parameters():
                nn.init.uniform_(parameter, -{init_range}, {init_range})

        def forward(self, symbols: Tensor, state: State) -> tuple[Tensor, State]:
            \"\"\"Read symbols (steps, batch); return logits (steps, batch, outputs), state.\"\"\"
            x = self.dropout(self.embedding(symbols))
            h, state = self.core(x, state)
            return self.softmax({projected}), state

        def initial_state(self, batch: int) -> State:
            \"\"\"Return zeros for h and for c, (layers, batch, units) each.\"\"\"
            weight = self.embedding.weight
            zeros = weight.new_zeros({layers}, batch, {hidden})
            return zeros, zeros.clone()
"""
CORE = """
    class Core(nn.Module):
        \"\"\"Layers of one cell, with dropout between them.\"\"\"

        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(
                [
{makes}
                ]
            )
            self.dropout = {dropout}

        def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
            \"\"\"Read (steps, batch, inputs); return each step's last h, and the state.\"\"\"
            last = []
            for number, layer in enumerate(self.layers):
                h, c = state[0][number], state[1][number]
                x, h, c = layer(self.dropout(x) if number else x, h, c)
                last.append((h, c))
            return x, (torch.stack([h for h, _ in last]), torch.stack([c for _, c in last]))


    class CellLayer(nn.Module):
        \"\"\"The cell, applied to a sequence.

        The matrices W of the {base} leaves lie one below the other in `input_weights`, the
        matrices U in `recurrent_weights`.
        \"\"\"

        def __init__(self, inputs: int, units: int):
            super().__init__()
            self.input_weights = nn.Parameter(torch.empty({base} * units, inputs))
            self.recurrent_weights = nn.Parameter(torch.empty({base} * units, units))

        def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
            \"\"\"Read (steps, batch, inputs); return h of each step, the last h and c.\"\"\"
            outputs = []
{mask}            for w in functional.linear(x, self.input_weights).unbind():
                u = functional.linear({kept}, self.recurrent_weights)
                h, c = self.step(w.chunk({base}, dim=1), u.chunk({base}, dim=1), c)
                outputs.append(h)
            return torch.stack(outputs), h, c

        def step(self, w: Parts, u: Parts, c: Tensor) -> tuple[Tensor, Tensor]:
            \"\"\"Return the new h and c: w[i] is W_i x and u[i] is U_i h of leaf i.\"\"\"
"""
SEQUENCE_DROPOUT = """
    class SequenceDropout(nn.Module):
        \"\"\"Drops the same numbers at all steps: one mask for each text of a batch.\"\"\"

        def __init__(self, rate: float):
            super().__init__()
            self.rate = rate

        def forward(self, x: Tensor) -> Tensor:
            if not self.training:
                return x
            return x * functional.dropout(torch.ones_like(x[:1]), self.rate)
"""
MASK = "            mask = functional.dropout(torch.ones_like(h), {rate}, self.training)\n"
PROJECTION = "            self.projection = nn.Linear({hidden}, {read}, bias=False)\n"
NOTE = "            # it was trained with dropout of one mask a sequence, which nn.LSTM lacks\n"
TIED = "            self.softmax.weight = self.embedding.weight\n"
FUNCTIONAL = "from torch.nn import functional"
COMBINED = {"add": "{} + {}", "elem_mult": "{} * {}", "max": "torch.maximum({}, {})"}
STATE = "State = tuple[Tensor, Tensor]  # h and c, each (layers, batch, units)"
PARTS = "Parts = tuple[Tensor, ...]  # one for each leaf, (batch, units)"


class Settings(NamedTuple):
    """The settings of the space that the source has; see :class:`RecurrentCellSpace`."""

    dropout: float
    tied: bool
    init_range: float
    masks: Masks
    recurrent_dropout: float

    @property
    def usual(self) -> bool:
        """True if all dropout draws a mask for each step."""
        return self.masks == "step" and self.recurrent_dropout == 0


def write_source(cell: RecurrentCell | None, model: LanguageModel, settings: Settings) -> Source:
    """Return the source of a language model.

    Args:
        cell: The cell of all layers; None if the layers are torch's LSTM.
        model: The model, from which the sizes are read; it may lie on ``meta``.
        settings: Settings of the space.
    """
    layers, outputs = model.core.num_layers, model.softmax.out_features
    definitions = [_network(cell, model, settings)]
    if cell:
        definitions.append(_layers(cell, model, settings))
    if settings.masks == "sequence":
        definitions.append(block(SEQUENCE_DROPOUT))
    parts = [(f"layer {n + 1}", f"network.core.layers[{n}]") for n in range(layers)]
    what = "a found cell" if cell else "the LSTM of torch"
    return Source(
        f"A language model of {layers} layer{'s' * (layers > 1)} of {what}, {outputs:,} symbols",
        (FUNCTIONAL,) if cell or settings.masks == "sequence" else (),
        "\n\n\n".join([f"{STATE}\n{PARTS}" if cell else STATE, *definitions]),
        ("torch.zeros(3, 2, dtype=torch.int64)", "network.initial_state(2)"),
        (
            ("embedding", "network.embedding"),
            *(parts if cell else [("layers", "network.core")]),
            ("softmax", "network.softmax"),
        ),
    )


def _network(cell: RecurrentCell | None, model: LanguageModel, settings: Settings) -> str:
    """Return the class of the network."""
    core, read = model.core, model.softmax.in_features
    projected = settings.tied and read != core.hidden_size
    projection = PROJECTION.format(hidden=core.hidden_size, read=read)
    return block(
        NETWORK.format(
            outputs=model.softmax.out_features,
            inputs=core.input_size,
            hidden=core.hidden_size,
            layers=core.num_layers,
            note="" if cell or settings.usual else NOTE,
            core="Core()" if cell else _lstm(model, settings),
            dropout=_dropout(settings),
            projection=projection if projected else "",
            projected="self.projection(self.dropout(h))" if projected else "self.dropout(h)",
            read=read,
            init_range=settings.init_range,
            tied=TIED if settings.tied else "",
        )
    )


def _lstm(model: LanguageModel, settings: Settings) -> str:
    """Return torch's LSTM, which has no masks of a sequence; these are for training alone."""
    core, usual = model.core, settings.usual
    between = f", dropout={settings.dropout}" if usual and core.num_layers > 1 else ""
    return f"nn.LSTM({core.input_size}, {core.hidden_size}, {core.num_layers}{between})"


def _layers(cell: RecurrentCell, model: LanguageModel, settings: Settings) -> str:
    """Return the classes of the recurrent layers."""
    core, rate = model.core, settings.recurrent_dropout
    sizes = (core.input_size, *(core.hidden_size,) * (core.num_layers - 1))
    space = " " * 20
    makes = [f"{space}CellLayer({size}, {core.hidden_size})," for size in sizes]
    text = CORE.format(
        makes="\n".join(f"{make}  # layer {n}" for n, make in enumerate(makes, start=1)),
        base=cell.base,
        dropout=_dropout(settings),
        mask=MASK.format(rate=rate) if rate else "",
        kept="h * mask" if rate else "h",
    )
    return "\n".join([block(text), *(f"        {line}" for line in _step(cell))])


def _dropout(settings: Settings) -> str:
    name = "SequenceDropout" if settings.masks == "sequence" else "nn.Dropout"
    return f"{name}({settings.dropout})"


def _step(cell: RecurrentCell) -> Iterator[str]:
    """Yield the lines of one step: those of :meth:`RecurrentCell.equations`, in PyTorch."""
    names: list[str] = []
    memory = ""
    for node, operation in enumerate(cell.nodes):
        if node < cell.base:
            operands = (f"w[{node}]", f"u[{node}]")
        else:
            left, right = children(node, cell.base)
            operands = (names[left], names[right])
        formula = COMBINED[operation[0]].format(*operands)
        if node == cell.memory_from:
            memory = "memory"
            yield f"memory = {formula}"
            formula = memory
        yield f"a{node} = {_activated(operation, formula)}"
        names.append(f"a{node}")
        if node == cell.inject_at:
            formula = COMBINED[cell.inject[0]].format(f"a{node}", "c")
            yield f"b{node} = {_activated(cell.inject, formula)}"
            names[-1] = f"b{node}"
    yield f"return {names[-1]}, {memory}"


def _activated(operation: Operation, formula: str) -> str:
    activation = operation[1]
    return formula if activation == "identity" else f"torch.{activation}({formula})"
