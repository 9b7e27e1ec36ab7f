"""The source of a language model: the cell's equations as lines of PyTorch, and what is around."""

from __future__ import annotations

from collections.abc import Iterator

from search_spaces._source import Source, block
from search_spaces.recurrent_cell._cell import RecurrentCell
from search_spaces.recurrent_cell._network import LanguageModel
from search_spaces.recurrent_cell._tree import Operation, children

NETWORK = """
    class Network(nn.Module):
        \"\"\"Embeddings, recurrent layers, the logits of the next symbol.\"\"\"

        def __init__(self, outputs: int = {outputs}):
            super().__init__()
            self.embedding = nn.Embedding(outputs, {inputs})
            self.core = {core}
            self.dropout = nn.Dropout({dropout})
            self.softmax = nn.Linear({hidden}, outputs)
{tied}            for parameter in self.parameters():
                nn.init.uniform_(parameter, -{init_range}, {init_range})

        def forward(self, symbols: Tensor, state: State) -> tuple[Tensor, State]:
            \"\"\"Read symbols (steps, batch); return logits (steps, batch, outputs), state.\"\"\"
            x = self.dropout(self.embedding(symbols))
            h, state = self.core(x, state)
            return self.softmax(self.dropout(h)), state

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
            self.dropout = nn.Dropout({dropout})

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
            for w in functional.linear(x, self.input_weights).unbind():
                u = functional.linear(h, self.recurrent_weights)
                h, c = self.step(w.chunk({base}, dim=1), u.chunk({base}, dim=1), c)
                outputs.append(h)
            return torch.stack(outputs), h, c

        def step(self, w: Parts, u: Parts, c: Tensor) -> tuple[Tensor, Tensor]:
            \"\"\"Return the new h and c: w[i] is W_i x and u[i] is U_i h of leaf i.\"\"\"
"""
COMBINED = {"add": "{} + {}", "elem_mult": "{} * {}", "max": "torch.maximum({}, {})"}
STATE = "State = tuple[Tensor, Tensor]  # h and c, each (layers, batch, units)"
PARTS = "Parts = tuple[Tensor, ...]  # one for each leaf, (batch, units)"


def write_source(
    cell: RecurrentCell | None, model: LanguageModel, tied: bool, init: float
) -> Source:
    """Return the source of a language model.

    Args:
        cell: The cell of all layers; None if the layers are torch's LSTM.
        model: The model, from which the sizes are read; it may lie on ``meta``.
        tied: True if embeddings and softmax share their weights.
        init: Every weight starts uniform in plus or minus this much.
    """
    core, outputs = model.core, model.softmax.out_features
    inputs, units, layers = core.input_size, core.hidden_size, core.num_layers
    dropout = model.dropout.p
    between = f", dropout={dropout}" if layers > 1 else ""
    made = "Core()" if cell else f"nn.LSTM({inputs}, {units}, {layers}{between})"
    weight = "            self.softmax.weight = self.embedding.weight\n" if tied else ""
    network = block(
        NETWORK.format(
            outputs=outputs,
            inputs=inputs,
            hidden=units,
            layers=layers,
            core=made,
            dropout=dropout,
            init_range=init,
            tied=weight,
        )
    )
    definitions, parts = [STATE, network], [("layers", "network.core")]
    if cell:
        makes = "\n".join(
            f"                    CellLayer({units if number else inputs}, {units}),"
            f"  # layer {number + 1}"
            for number in range(layers)
        )
        core = block(CORE.format(makes=makes, base=cell.base, dropout=dropout))
        lines = "\n".join(f"        {line}" for line in _step(cell))
        definitions = [f"{STATE}\n{PARTS}", network, f"{core}\n{lines}"]
        parts = [(f"layer {n + 1}", f"network.core.layers[{n}]") for n in range(layers)]
    what = "a found cell" if cell else "the LSTM of torch"
    return Source(
        f"A language model of {layers} layer{'s' * (layers > 1)} of {what}, {outputs:,} symbols",
        ("from torch.nn import functional",) if cell else (),
        "\n\n\n".join(definitions),
        ("torch.zeros(3, 2, dtype=torch.int64)", "network.initial_state(2)"),
        (("embedding", "network.embedding"), *parts, ("softmax", "network.softmax")),
    )


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
