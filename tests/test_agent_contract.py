"""What every agent owes a search, and that the checks of it find each fault."""

import numpy as np
import pytest

from agents import Agent, State, agent_class, agent_names
from agents.random_search import RandomSearch
from nas_env.testing import AGENT_CHECKS, check_agent
from nas_env.testing._played import Played
from tests._faults import expect_broken

SMALL = {"units": 8, "hidden_layers": 1}
#: Settings of nets that are small, for agents whose own take long.
SETTINGS = {
    "ppo": {**SMALL, "episodes_per_rollout": 4, "batch_size": 3},
    "maskable_ppo": {**SMALL, "episodes_per_rollout": 4, "batch_size": 3},
    "recurrent_ppo": {**SMALL, "episodes_per_rollout": 4, "batch_size": 3, "lstm_units": 4},
    "a2c": {**SMALL, "batch_size": 3},
    "dqn": {**SMALL, "learning_starts": 1, "minibatch_size": 4},
}


def cases():
    """Each preset of each agent; of those with small settings the default one alone."""
    for name in agent_names():
        presets = ["default"] if name in SETTINGS else agent_class(name).presets
        for preset in presets:
            spec = {"name": name, "preset": preset, **SETTINGS.get(name, {})}
            yield pytest.param(spec, id=f"{name}-{preset}")


@pytest.mark.parametrize("check", AGENT_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("spec", list(cases()))
def test_every_agent_keeps_its_contract(spec, check):
    check(Played(spec))


# -- the checks themselves: each fault is found, and its method named ----------------------------
class Closed(RandomSearch):
    def draw(self, count):
        return np.full((count, self.length), 2)


class Seedless(RandomSearch):
    def __init__(self, environment, config, seed):
        super().__init__(environment, config, np.random.default_rng().integers(2**32))


class Forgetful(RandomSearch):
    def state(self):
        return Agent.state(self)

    def load_state(self, state):
        Agent.load_state(self, state)


class Shared(RandomSearch):
    def __init__(self, environment, config, seed):
        super().__init__(environment, config, seed)
        self.numbers = {}

    def update(self, finished):
        self.numbers[str(len(self.numbers))] = 1
        return {}

    def state(self):
        state = super().state()
        return State(state.tensors, {**state.values, "numbers": self.numbers})


class Greedy(RandomSearch):
    def advance(self, episodes):
        return super().advance(episodes + 1)


class Losing(RandomSearch):
    def state(self):
        state = super().state()
        del state.values["proposals"]
        return state

    def load_state(self, state):
        state.values["proposals"] = self.proposals.state()
        super().load_state(state)


class Silent(RandomSearch):
    def update(self, finished):
        return {"loss": float("nan")}


FAULTS = {
    Closed: "Closed, episodes_are_played_in_the_environment|Closed.advance: expected",
    Seedless: "Seedless.advance: expected the same episodes with one seed",
    Forgetful: "Forgetful.state: expected the same episodes after load_state: .*, got",
    Shared: "Shared.state: expected a copy of the values, got what still changes",
    Greedy: "Greedy.advance: expected 1 to 1 episodes, got 2",
    Losing: "Losing.state",
    Silent: "Silent.advance: expected finite numbers in the log",
}


@pytest.mark.parametrize("agent", FAULTS, ids=lambda agent: agent.__name__)
def test_a_fault_is_found_and_its_method_named(agent):
    expect_broken(
        FAULTS[agent], check_agent, {"name": f"{__name__}:{agent.__name__}", "batch_size": 3}
    )
