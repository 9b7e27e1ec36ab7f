"""What every agent promises that proposes whole sequences; a new member joins by itself."""

import json

import numpy as np
import pytest
import safetensors.torch
import torch

from agents import State, agent_class, agent_names, make_config
from agents._repeats import Proposer
from search_spaces import InvalidValue
from tests._toys import Rising, Words, make, played


def ours():
    """Every agent that brings no loop of its own, with its presets."""
    for name in agent_names():
        cls = agent_class(name)
        if issubclass(cls, Proposer):
            yield from ((name, preset) for preset in cls.presets)


AGENTS = list(ours())
every_agent = pytest.mark.parametrize("name, preset", AGENTS, ids=map("-".join, AGENTS))


def distinct(space, episodes):
    return len({space.decode(episode.tokens).canonical() for episode in episodes})


def hidden(seed, space):
    """(Share of the choices that match a hidden target) cubed."""
    target = np.random.default_rng(1_000 + seed).integers(space.options, size=space.length())
    return lambda tokens: np.mean(tokens == target) ** 3


def through_files(state, folder):
    safetensors.torch.save_file(state.tensors, folder / "state.safetensors")
    text = json.dumps(state.values, allow_nan=False)
    return State(safetensors.torch.load_file(folder / "state.safetensors"), json.loads(text))


#: Made for thousands of episodes, or to learn nothing.
SLOW = {("random_search", "default"), ("reinforce", "paper"), ("controller_ppo", "nasnet")}


@every_agent
def test_it_finds_a_hidden_target(name, preset):
    """Random episodes have a mean of 0.06; the best of 150 has 0.42."""
    means, bests = [], []
    for seed in range(4):
        space = Words()
        agent = make(name, preset, space, hidden(seed, space), seed)
        rewards = [episode.reward for episode in played(agent, 150)]
        means.append(np.mean(rewards[100:]))
        bests.append(max(rewards))
    if (name, preset) not in SLOW:
        assert np.mean(means) > 0.15 and np.mean(bests) > 0.65, (means, bests)


@every_agent
@pytest.mark.parametrize("avoid", [False, True], ids=["repeats", "no repeats"])
def test_a_state_goes_on_bit_for_bit(name, preset, avoid, tmp_path):
    space = Words()
    settings = {"space": space, "reward": hidden(0, space), "avoid_repeats": avoid}
    agent, other = make(name, preset, seed=1, **settings), make(name, preset, seed=2, **settings)
    played(agent, 83)
    played(other, 11)
    other.load_state(through_files(agent.state(), tmp_path))
    assert played(other, 40) == played(agent, 40)
    one, two = agent.state(), other.state()
    assert one.values == two.values and one.tensors.keys() == two.tensors.keys()
    assert all(torch.equal(one.tensors[k], two.tensors[k]) for k in one.tensors)


@every_agent
def test_batches_ahead_are_announced_in_order_and_none_beyond_the_budget(name, preset):
    agent = make(name, preset, batch_size=3, ahead=2)
    announced = []
    agent.environment.unwrapped.announce = lambda tokens: announced.extend(tokens.tolist())
    episodes = agent.advance(20).episodes
    assert len(episodes) == 3 and len(announced) == 9
    episodes += played(agent, 17)
    assert [list(episode.tokens) for episode in episodes] == announced


@every_agent
def test_a_state_with_batches_on_their_way_goes_on_bit_for_bit(name, preset, tmp_path):
    settings = {"batch_size": 3, "ahead": 2}
    agent, other = make(name, preset, seed=1, **settings), make(name, preset, seed=2, **settings)
    for _ in range(4):
        agent.advance(40)
    other.load_state(through_files(agent.state(), tmp_path))
    assert played(other, 28) == played(agent, 28)


@every_agent
@pytest.mark.parametrize("avoid", [False, True], ids=["repeats", "no repeats"])
def test_batches_are_exact_and_what_is_logged_is_finite(name, preset, avoid):
    agent = make(name, preset, batch_size=7, avoid_repeats=avoid)
    for asked in (1, 7, 9, 5, 7, 20, 2, *[7] * 12):
        tokens = agent.draw(min(asked, 7))
        assert tokens.shape == (min(asked, 7), 8) and tokens.dtype == np.int64
        log = agent.advance(asked).log
        assert all(type(value) is float for value in log.values())
        assert np.isfinite(list(log.values())).all()


@every_agent
@pytest.mark.parametrize("batch_size", [1, 3])
def test_no_architecture_is_played_twice_until_all_were(name, preset, batch_size):
    """16 sequences; twice as many episodes end too."""
    space = Words(layers=2, options=2)
    settings = {"avoid_repeats": True, "batch_size": batch_size}
    agent = make(name, preset, space, hidden(0, space), **settings)
    episodes = played(agent, 32)
    assert len(episodes) == 32
    assert distinct(space, episodes[:12]) == 12 and distinct(space, episodes[:18]) == 16


@every_agent
def test_two_sequences_of_one_architecture_are_one(name, preset):
    space = Words(layers=3, per_layer=1, options=4, idle=True)  # 64 sequences, 16 architectures
    agent = make(name, preset, space, avoid_repeats=True, batch_size=2)
    assert distinct(space, played(agent, 12)) == 12


@every_agent
@pytest.mark.parametrize("avoid", [False, True], ids=["repeats", "no repeats"])
def test_closed_options_are_never_taken(name, preset, avoid):
    space = Rising(layers=3, options=4)
    assert not space.masks_are_static
    agent = make(name, preset, space, avoid_repeats=avoid)
    for episode in played(agent, 130):
        space.check_tokens(episode.tokens)


@every_agent
@pytest.mark.parametrize("space", [Words(), Rising()], ids=["static", "closing"])
def test_depth_is_an_option(name, preset, space):
    agent = make(name, preset, space)
    for layers in (1, 2, 4, 3, None, 1):
        agent.options = {} if layers is None else {"layers": layers}
        for episode in played(agent, 40 if layers == 2 else 9):
            assert len(episode.tokens) == space.length(layers)
            space.check_tokens(episode.tokens)


@every_agent
def test_settings_out_of_range_are_refused(name, preset):
    for settings in ({"batch_size": 0}, {"avoid_repeats": 1}):
        with pytest.raises(InvalidValue, match=next(iter(settings))):
            make_config({"name": name, "preset": preset, **settings})


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "evolution", "sample_size": 0},
        {"name": "local_search", "samples": 0},
        {"name": "priority_queue", "queue_size": 0},
        {"name": "priority_queue", "baseline_decay": 1.0},
        {"name": "reinforce_tabular", "learning_rate": -1.0},
        {"name": "reinforce_tabular", "entropy": -1.0},
        {"name": "controller_ppo", "epochs": 0},
        {"name": "controller_ppo", "max_advantage": -1.0},
    ],
    ids=str,
)
def test_each_setting_has_its_range(spec):
    with pytest.raises(InvalidValue, match=list(spec)[1]):
        make_config(spec)
