"""A recurrent cell as plainly as it can be written: a product for each matrix, step by step."""

import torch
from torch import nn

COMBINE = {"add": lambda a, b: a + b, "elem_mult": lambda a, b: a * b, "max": torch.maximum}
ACTIVATE = {
    "identity": lambda a: a,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "relu": torch.relu,
    "sin": torch.sin,
}


class NaiveLayers(nn.Module):
    """Layers of a cell given as its JSON's dictionary; called as nn.LSTM is, without dropout."""

    def __init__(self, description, hidden, layers):
        super().__init__()
        self.cell = description
        self.base = (len(description["nodes"]) + 1) // 2

        def matrices():
            return nn.ModuleList(
                nn.ModuleList(nn.Linear(hidden, hidden, bias=False) for _ in range(self.base))
                for _ in range(layers)
            )

        self.w, self.u = matrices(), matrices()

    def forward(self, x, state):
        hs, cs = (list(part) for part in state)
        outputs = []
        for x_t in x:
            for layer in range(len(self.w)):
                hs[layer], cs[layer] = x_t, _ = self.step(layer, x_t, hs[layer], cs[layer])
            outputs.append(x_t)
        return torch.stack(outputs), (torch.stack(hs), torch.stack(cs))

    def step(self, layer, x, h, c):
        row = [(w(x), u(h)) for w, u in zip(self.w[layer], self.u[layer], strict=True)]
        number, memory = 0, None
        while True:
            outputs = []
            for left, right in row:
                combination, activation = self.cell["nodes"][number]
                before = COMBINE[combination](left, right)
                if number == self.cell["memory_from"]:
                    memory = before
                out = ACTIVATE[activation](before)
                if number == self.cell["inject_at"]:
                    combination, activation = self.cell["inject"]
                    out = ACTIVATE[activation](COMBINE[combination](out, c))
                outputs.append(out)
                number += 1
            if len(outputs) == 1:
                return outputs[0], memory
            row = list(zip(outputs[::2], outputs[1::2], strict=True))


def hand_over(fast, naive):
    """Give the naive layers the weights of a CellLayers."""
    with torch.no_grad():
        for number, layer in enumerate(fast.layers):
            for part, weights in (
                (naive.w, layer.input_weights),
                (naive.u, layer.recurrent_weights),
            ):
                for leaf, block in enumerate(weights.chunk(naive.base)):
                    part[number][leaf].weight.copy_(block)


def gradients(naive):
    """The naive gradients in the form of a CellLayers' parameters: W, U of each layer."""
    return [
        torch.cat([leaf.weight.grad for leaf in part[number]])
        for number in range(len(naive.w))
        for part in (naive.w, naive.u)
    ]
