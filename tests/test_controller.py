"""The controller is the distribution it says, REINFORCE follows its gradient, agents keep theirs."""

import itertools
import json
from dataclasses import dataclass

import gymnasium
import numpy as np
import pytest
import safetensors.torch
import torch

import nas_env  # noqa: F401 - registers the environments
from agents import Episode, State, agent_class, agent_names, make_agent, make_config
from agents._baselines import BatchMean, ExponentialMovingAverage, History, NoBaseline
from agents._controller import Controller
from agents.reinforce import Reinforce, policy_loss
from search_spaces import Decision, InvalidValue, UnknownName
from search_spaces.convolutional import ConvolutionalSpace


@dataclass(frozen=True)
class Rising(ConvolutionalSpace):
    """No layer has fewer filters than the one before; the widest layers read the image alone."""

    def open_mask(self, tokens):
        mask = super().open_mask(tokens)
        decision = self.decisions[tokens.shape[1]]
        widths = [i for i in range(tokens.shape[1]) if self.decisions[i].kind == "filters"]
        if decision.kind == "filters" and widths:
            mask &= np.arange(self.max_options) >= tokens[:, widths[-1:]]
        if decision.source is not None:
            mask[tokens[:, widths[-1]] == len(self.filters) - 1, 1] = False
        return mask


@dataclass(frozen=True)
class Target(ConvolutionalSpace):
    """15 decisions of 4 options, each of a kind of its own; only its tokens are used."""

    def _decide(self):
        return (Decision(f"choice {n}", f"kind {n}", (0, 1, 2, 3)) for n in range(15))

    def length(self, layers=None):
        return 15


SPACES = {
    "two layers": ConvolutionalSpace(layers=2, filter_sizes=(1, 3), filters=(4, 8)),
    "three layers": ConvolutionalSpace(layers=3, filter_sizes=(1,), filters=(4, 8, 16)),
    "four layers": ConvolutionalSpace(layers=4, filter_sizes=(1,), filters=(8,), strides=(1, 2)),
    "previous layer": ConvolutionalSpace(
        layers=3, filter_sizes=(1,), filters=(4, 8), strides=(1, 2, 3), previous_layer="always"
    ),
    "chain": ConvolutionalSpace(
        layers=3, filter_sizes=(1, 3, 5), filters=(4, 8), skip_connections=False
    ),
    "closing": Rising(layers=3, filter_sizes=(1, 3), filters=(4, 8, 16)),
}
del SPACES["four layers"], SPACES["previous layer"]
SPACES["previous layer"] = ConvolutionalSpace(
    layers=4, filter_sizes=(1,), filters=(4, 8, 16), previous_layer="always"
)
every_space = pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)


@pytest.fixture(autouse=True)
def double_precision(request):
    """For the tests of formulas: what is left is no rounding error."""
    before = torch.get_default_dtype()
    if "exact" in request.keywords:
        torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)
