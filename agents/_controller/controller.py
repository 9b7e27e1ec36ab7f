"""The recurrent controller of Zoph & Le 2017, sections 3.1 and 3.3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from agents._controller.plan import Anchor, Plan, anchored_layers, make_plan
from search_spaces import SearchSpace

UNITS = 35  # of each of the two layers (section 4.1)
SPREAD = 0.08  # weights begin uniform in ±0.08 (section 4.1)


class Policy(NamedTuple):
    """The policy along a batch of sequences; both tensors are (m, decisions)."""

    log_probabilities: Tensor  # of the token that was taken
    entropies: Tensor  # of the distribution it was taken from, in nats


class Controller(nn.Module):
    """An LSTM that predicts one decision a step; each choice is the next input.

    All skip decisions of a layer are taken at one step, its anchor, by attention over the anchors
    of earlier layers: P(layer j feeds layer i) = sigmoid(v' tanh(W_prev h_j + W_curr h_i)).

    The paper leaves three things open: the first input (here a learned vector), the size of the
    embeddings (here that of the LSTM's layers), and the input after an anchor (here a learned
    vector plus the mean of the learned embeddings of the chosen layers). Since the last does not
    depend on hidden states, all inputs of a finished sequence are known, and :meth:`evaluate` runs
    the LSTM once over the whole sequence.

    Args:
        space: Search space whose decisions it takes.
        units: Number of units of each LSTM layer.
        layers: Number of LSTM layers.
        temperature: Divisor of the logits.
        decision_bias: Add a learned bias for each option of each decision to the logits of the
            shared heads and of the anchors. The paper has none; without it the LSTM must first
            learn to tell layer 3 from layer 4, which takes thousands of episodes
            (docs/learning.md).
        generator: Generator of the initial weights.
    """

    def __init__(
        self,
        space: SearchSpace,
        generator: torch.Generator,
        units: int = UNITS,
        layers: int = 2,
        temperature: float = 1.0,
        decision_bias: bool = True,
    ):
        super().__init__()
        self.space, self.temperature = space, temperature
        self.options = space.max_options
        self.anchored = anchored_layers(space.decisions)
        self._plans: dict[int, Plan] = {}
        singles = [d for d in space.decisions if d.source is None]
        kinds = {d.kind: len(d.options) for d in singles}
        first = dict(zip(kinds, np.cumsum([0, *kinds.values()]).tolist(), strict=False))
        #: Row of the embeddings and of the heads at which each decision's options begin.
        self.first_row = torch.tensor([first.get(d.kind, 0) for d in space.decisions])
        rows = sum(kinds.values())
        self.start = nn.Parameter(torch.empty(units))
        self.embeddings = nn.Parameter(torch.empty(rows, units))
        self.lstm = nn.LSTM(units, units, layers)
        # One head for each kind, its rows side by side. It needs no bias if decisions have one.
        self.heads = nn.Linear(units, rows, bias=not decision_bias)
        if self.anchored:
            self.after_anchor = nn.Parameter(torch.empty(units))
            self.layer_embeddings = nn.Parameter(torch.empty(len(self.anchored), units))
            self.w_previous = nn.Linear(units, units, bias=False)
            self.w_current = nn.Linear(units, units, bias=False)
            self.v = nn.Parameter(torch.empty(units))
        if decision_bias:
            self.bias = nn.Parameter(torch.empty(len(space.decisions), self.options))
        else:
            self.register_buffer("bias", torch.zeros(len(space.decisions), self.options))
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -SPREAD, SPREAD, generator=generator)

    # -- learning --------------------------------------------------------------------------------
    def evaluate(self, tokens: Tensor) -> Policy:
        """Return log-probabilities and entropies along complete int64 (m, decisions)."""
        plan = self.plan(tokens.shape[1])
        hidden, _ = self.lstm(self.inputs(tokens, plan))
        logits = self.logits(hidden, plan, tokens)
        chosen = logits.log_softmax(dim=2)
        taken = chosen.gather(2, tokens[:, :, None])[:, :, 0]
        entropies = -(chosen.exp() * chosen.clamp(min=-1e9)).sum(dim=2)
        return Policy(taken, entropies)

    def inputs(self, tokens: Tensor, plan: Plan) -> Tensor:
        """Return the LSTM's input at each step: (steps, m, units)."""
        m = len(tokens)
        fed = self.start.new_zeros(len(plan.steps), m, self.start.numel())
        rows = self.first_row[plan.singles] + tokens[:, plan.singles]
        fed = fed.index_copy(0, plan.single_steps, self.embeddings[rows.T])
        if plan.anchors:
            chosen = tokens.new_zeros(len(plan.anchors), m, len(self.anchored))
            chosen[plan.skip_currents, :, plan.skip_sources] = tokens[:, plan.skips].T
            fed = fed.index_copy(0, plan.anchor_steps, self.fed_after_anchor(chosen))
        return torch.cat([self.start.expand(1, m, -1), fed[:-1]])

    def fed_after_anchor(self, chosen: Tensor) -> Tensor:
        """Return the input after an anchor, (…, units), from 0 or 1 by layer, (…, anchored)."""
        share = chosen / chosen.sum(dim=-1, keepdim=True).clamp(min=1)
        return self.after_anchor + share @ self.layer_embeddings

    def logits(self, hidden: Tensor, plan: Plan, tokens: Tensor) -> Tensor:
        """Turn hidden states (steps, m, units) into logits (m, decisions, options).

        Closed options have -inf.
        """
        m, t = tokens.shape
        columns = torch.arange(self.options)
        rows = (self.first_row[plan.singles][:, None] + columns).clamp(
            max=len(self.heads.weight) - 1
        )
        scores = self.heads(hidden[plan.single_steps])
        singles = scores.gather(2, rows[:, None].expand(-1, m, -1))
        logits = hidden.new_zeros(t, m, self.options).index_copy(0, plan.singles, singles)
        if len(plan.skips):
            anchors = hidden[plan.anchor_steps]
            skips = self.attention(
                self.w_previous(anchors)[plan.skip_sources],
                self.w_current(anchors)[plan.skip_currents],
            )
            logits = logits.index_copy(0, plan.skips, self.yes_no(skips))
        masks = torch.tensor(self.space.open_masks(tokens.numpy()))
        logits = (logits.transpose(0, 1) + self.bias[:t]) / self.temperature
        return logits.masked_fill(~masks, -torch.inf)

    def attention(self, previous: Tensor, current: Tensor) -> Tensor:
        """Return v' tanh(W_prev h_j + W_curr h_i), the logit of yes (section 3.3): (…)."""
        return torch.tanh(previous + current) @ self.v

    def yes_no(self, yes: Tensor) -> Tensor:
        """Turn the logit of yes into logits of no, yes, and options that do not exist."""
        zeros = yes.new_zeros(*yes.shape, self.options - 2)
        return torch.cat([torch.zeros_like(yes)[..., None], yes[..., None], zeros], dim=-1)

    def plan(self, length: int) -> Plan:
        """Return the steps of an episode of that many decisions."""
        if length not in self._plans:
            self._plans[length] = make_plan(self.space.decisions[:length], self.anchored)
        return self._plans[length]

    # -- sampling --------------------------------------------------------------------------------
    def sample(self, count: int, length: int, generator: torch.Generator) -> Tensor:
        """Sample complete sequences, int64 (count, length); the generator has all randomness."""
        return self.sample_at(torch.rand(length, count, generator=generator))

    @torch.no_grad()
    def sample_at(self, uniform: Tensor) -> Tensor:
        """Sample complete sequences; each step of the LSTM serves all of them.

        Args:
            uniform: Uniform number from 0 to 1 by which each token is chosen, (length, m).

        Returns:
            int64 (m, length).
        """
        length, count = uniform.shape
        plan = self.plan(length)
        tokens = torch.zeros(count, length, dtype=torch.long)
        walk = _Walk(self, count)
        fed = self.start.expand(count, -1)
        for step in plan.steps:
            hidden = walk.step(fed)
            if isinstance(step, Anchor):
                for decision, yes in zip(step.decisions, walk.anchor(hidden, step), strict=True):
                    tokens[:, decision] = self.choose(self.yes_no(yes), tokens, decision, uniform)
                fed = self.fed_after_anchor(walk.chosen(tokens, step))
            else:
                first = int(self.first_row[step])
                last = first + len(self.space.decisions[step].options)
                bias = self.heads.bias[first:last] if self.heads.bias is not None else None
                scores = nn.functional.linear(hidden, self.heads.weight[first:last], bias)
                tokens[:, step] = self.choose(scores, tokens, step, uniform)
                fed = self.embeddings[first + tokens[:, step]]
        return tokens

    def choose(self, logits: Tensor, tokens: Tensor, decision: int, uniform: Tensor) -> Tensor:
        """Sample the tokens of one decision by inversion of their distribution: int64 (m,)."""
        width = logits.shape[1]
        logits = (logits + self.bias[decision, :width]) / self.temperature
        if not self.space.masks_are_static:
            mask = self.space.open_mask(tokens[:, :decision].numpy())[:, :width]
            logits = logits.masked_fill(~torch.from_numpy(mask), -torch.inf)
        else:
            width = len(self.space.decisions[decision].options)
            logits = logits[:, :width]
        cumulative = logits.softmax(dim=1).cumsum(dim=1)
        # A hair below the total, so that rounding never reaches past the last open option.
        point = uniform[decision] * cumulative[:, -1] * (1 - 1e-6)
        return (point[:, None] >= cumulative).sum(dim=1).clamp(max=width - 1)


_cell: Any = torch.lstm_cell  # whose stub takes no unpacked list


class _Walk:
    """The state that sampling carries from step to step."""

    def __init__(self, controller: Controller, count: int):
        self.controller = controller
        lstm = controller.lstm
        self.weights = [lstm._flat_weights[4 * i : 4 * i + 4] for i in range(lstm.num_layers)]
        zeros = torch.zeros(count, lstm.hidden_size)
        self.states = [(zeros, zeros) for _ in self.weights]
        self.previous: list[Tensor] = []  # W_prev h_j of each anchor so far, (m, units)

    def step(self, fed: Tensor) -> Tensor:
        """Run one step of the LSTM: (m, units) -> (m, units)."""
        for layer, weights in enumerate(self.weights):
            self.states[layer] = _cell(fed, self.states[layer], *weights)
            fed = self.states[layer][0]
        return fed

    def anchor(self, hidden: Tensor, anchor: Anchor) -> Sequence[Tensor]:
        """Return the logit of yes of each skip decision of an anchor, (m,), by one product."""
        controller = self.controller
        logits: Sequence[Tensor] = ()
        if anchor.decisions:
            previous = torch.stack([self.previous[source] for source in anchor.sources])
            logits = controller.attention(previous, controller.w_current(hidden)).unbind(0)
        self.previous.append(controller.w_previous(hidden))
        return logits

    def chosen(self, tokens: Tensor, anchor: Anchor) -> Tensor:
        """Return 1 for each layer that was chosen, else 0: (m, anchored layers)."""
        chosen = torch.zeros(len(tokens), len(self.controller.anchored))
        chosen[:, list(anchor.sources)] = tokens[:, list(anchor.decisions)].to(chosen.dtype)
        return chosen
