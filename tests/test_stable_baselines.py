"""The agents by Stable-Baselines3: their budget, their learning and their resumption."""

import json
import random

import numpy as np
import pytest
import torch
from sb3_contrib.common.maskable.utils import get_action_masks

from agents import State, agent_class, agent_names, make_agent, make_config
from agents._sb3.on_policy import minibatch
from nas_env.command_line.train import main
from nas_env.run.store import open_store
from nas_env.search import loop
from nas_env.search.checkpoint import read_checkpoint
from search_spaces import InvalidValue
from tests._killing import killed_at
from tests._small import LENGTH, Maker

AGENTS = ["ppo", "a2c", "dqn", "maskable_ppo", "recurrent_ppo"]
#: How each is played: of whole episodes, and cutting them; alone, and three at once.
WAYS = {
    "whole, alone": {"batch_size": 1},
    "whole, three": {"batch_size": 3},
    "cut, alone": {"preset": "authors", "batch_size": 1},
    "cut, three": {"preset": "authors", "batch_size": 3},
}
SMALL = {"units": 8, "hidden_layers": 1}
BY_NAME = {
    "ppo": {"minibatch_size": 8, "n_epochs": 2},
    "a2c": {},
    "dqn": {"learning_starts": 1, "minibatch_size": 4, "target_update_interval": 10},
}
BY_NAME["maskable_ppo"] = BY_NAME["ppo"]
BY_NAME["recurrent_ppo"] = {**BY_NAME["ppo"], "lstm_units": 4}


def spec(name, way):
    """An agent of small nets that learns often."""
    settings = {"name": name, **WAYS[way], **SMALL, **BY_NAME[name]}
    if name == "dqn":
        return settings
    return settings | ({"n_steps": 5} if "cut" in way else {"episodes_per_rollout": 4})


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("store") / "evaluations.sqlite"


@pytest.fixture
def make(kept):
    make = Maker(kept)
    yield make
    make.close()


@pytest.fixture
def agent(make):
    """Makes an agent with an environment of its own."""

    def agent(name, way, seed=0, env=None, **changes):
        settings = {**spec(name, way), **changes}
        return make_agent(settings, env or make.vector(settings["batch_size"]), seed=seed)

    return agent


def play(agent, episodes):
    """Episodes and logs of as many advances as it takes."""
    played, logs = [], []
    while len(played) < episodes:
        left = episodes - len(played)
        advance = agent.advance(left)
        assert 1 <= len(advance.episodes) <= left
        played += advance.episodes
        logs.append(advance.log)
    return played, logs


def canonical(problem, architecture):
    return problem.space.parse(architecture).canonical()


every_agent = pytest.mark.parametrize("name", AGENTS)
every_way = pytest.mark.parametrize("way", WAYS)


# -- the agents --------------------------------------------------------------------------------
@every_agent
@every_way
def test_the_budget_is_exact(agent, make, name, way):
    """And no other child is trained than those of the episodes that are given back."""
    player = agent(name, way, env=make.vector(WAYS[way]["batch_size"], store=None))
    episodes, _ = play(player, 7)
    assert len(episodes) == 7 and player.advance(0).episodes == []
    problem = player.environment.unwrapped.problem
    trained = {canonical(problem, r.architecture) for r, _ in problem.store.evaluations()}
    assert trained == {canonical(problem, episode.architecture) for episode in episodes}


@every_agent
@every_way
def test_tokens_are_those_really_taken(agent, name, way):
    player = agent(name, way)
    space = player.search_space
    for episode in play(player, 8)[0]:
        assert episode.architecture == space.decode(episode.tokens).to_dict()
        assert episode.reward == episode.evaluation["metrics"]["validation_accuracy"] ** 3
        assert all(isinstance(token, int) for token in episode.tokens)


@every_agent
def test_what_is_logged(agent, name):
    player = agent(name, "whole, three", units=16)
    episodes, logs = play(player, 15)
    assert logs[-1]["rollout/ep_len_mean"] == LENGTH
    mean = np.mean([episode.reward for episode in episodes])
    assert logs[-1]["rollout/ep_rew_mean"] == pytest.approx(mean, abs=1e-6)
    assert any(np.isfinite(log["train/n_updates"]) for log in logs if "train/n_updates" in log)
    assert all(type(value) is float for log in logs for value in log.values())


def same(one, other):
    """Whether two states are the same, bit for bit."""
    assert one.values == other.values
    assert one.tensors.keys() == other.tensors.keys()
    return all(torch.equal(one.tensors[name], other.tensors[name]) for name in one.tensors)


@every_agent
@every_way
def test_a_state_goes_on_as_if_never_cut(agent, name, way):
    whole, first = agent(name, way), agent(name, way)
    for _ in range(3):
        assert whole.advance(99) == first.advance(99)
    state = first.state()
    assert bool(state.values["prefix"][0]) == ("cut" in way or name == "dqn")
    kept = State(dict(state.tensors), json.loads(json.dumps(state.values)))
    again = agent(name, way, seed=5)
    torch.rand(3), np.random.rand(3), random.random()
    again.load_state(kept)
    assert same(again.state(), state)
    for left in (99, 99, 4, 2, 99):  # some are cut, and some fill no environment
        assert again.advance(left) == whole.advance(left)
    assert same(again.state(), whole.state())


@every_agent
def test_a_state_from_before_the_first_episode(agent, name):
    whole, again = agent(name, "whole, three"), agent(name, "whole, three", seed=3)
    again.load_state(whole.state())
    assert again.advance(9) == whole.advance(9)


def test_a_replay_buffer_that_is_full(agent):
    settings = {"buffer_size": 12, "learning_starts": 0}
    whole = agent("dqn", "cut, three", **settings)
    play(whole, 12)
    again = agent("dqn", "cut, three", **settings)
    again.load_state(whole.state())
    assert whole.model.replay_buffer.full
    assert whole.state().tensors["replay.observations.tokens"].dtype == torch.uint8
    assert play(again, 9) == play(whole, 9) and same(again.state(), whole.state())


@every_agent
@every_way
def test_the_depth_changes_between_advances(agent, name, way):
    player = agent(name, way)
    for layers, length in ((1, 3), (2, LENGTH), (1, 3)):
        player.options = {"layers": layers}
        episodes, _ = play(player, 5)
        assert [len(episode.tokens) for episode in episodes] == [length] * 5


@every_agent
def test_nobody_is_disturbed(agent, name):
    """The global random states stay; and others that draw from them change nothing."""

    def states():
        return torch.get_rng_state().tolist(), str(np.random.get_state()), random.getstate()

    one = agent(name, "cut, alone")
    before = states()
    other = agent(name, "cut, alone")
    played = play(other, 3)
    other.load_state(other.state())
    assert states() == before
    calm = []
    for _ in range(3):
        torch.manual_seed(1), np.random.seed(1), random.seed(1)
        calm += one.advance(1).episodes
    assert calm == played[0]


def test_the_seed_decides(agent):
    def tokens(seed):
        return [episode.tokens for episode in play(agent("ppo", "whole, alone", seed), 4)[0]]

    assert tokens(1) == tokens(1) != tokens(2**63 - 1)


def closed_actions(player, episodes):
    """Actions that the masks of their step did not allow."""
    closed, vec_env = [], player.vec_env
    step = vec_env.step_async

    def spy(actions):
        allowed = get_action_masks(vec_env)[np.arange(vec_env.num_envs), actions]
        closed.extend(np.flatnonzero(~allowed))
        step(actions)

    vec_env.step_async = spy
    play(player, episodes)
    return len(closed)


@pytest.mark.parametrize("way", ["whole, alone", "whole, three"])
def test_masks_are_respected_where_they_can_be(agent, way):
    assert closed_actions(agent("maskable_ppo", way), 12) == 0
    assert closed_actions(agent("ppo", way), 12) > 0


def test_a_plain_environment_is_refused_in_one_line(make):
    with pytest.raises(InvalidValue, match=r"autoreset_mode is None, .*by gymnasium.make_vec$"):
        make_agent({"name": "ppo", "batch_size": 1}, make(1))


def test_no_minibatch_of_one_step():
    assert [minibatch(total, 4) for total in (1, 2, 8, 9, 13, 17)] == [4, 4, 4, 5, 5, 5]
    assert all(total % minibatch(total, size) != 1 for total in range(2, 99) for size in (2, 3, 7))


@pytest.mark.parametrize(
    "settings",
    [{"gamma": 1.1}, {"units": 0}, {"minibatch_size": 1}, {"n_steps": 0}, {"clip_range": 0}],
    ids=str,
)
def test_bad_settings(settings):
    with pytest.raises(InvalidValue, match=f"{next(iter(settings))} is .*, expected at"):
        make_config({"name": "ppo", **settings})


def test_a_flat_observation_is_refused_in_one_line(make):
    with pytest.raises(
        InvalidValue, match=r"observation_space is Box.*, expected a Dict"
    ) as caught:
        make_agent("ppo", make.vector(1, observation="flat"))
    assert "\n" not in str(caught.value)


OF_SB3 = ["learning_rate", "gamma", "max_grad_norm", "n_steps", "gae_lambda", "ent_coef", "vf_coef"]
OF_SB3 += ["n_epochs", "normalize_advantage", "target_kl", "tau", "buffer_size", "train_freq"]
OF_SB3 += ["gradient_steps", "target_update_interval", "exploration_final_eps"]


@every_agent
def test_the_authors_preset_is_what_sb3_has_by_default(make, name):
    assert name in agent_names()
    player = make_agent({"name": name, "preset": "authors"}, make.vector(1))
    ours, theirs = player.model, agent_class(name).algorithm(player.policy, player.vec_env)
    for field in OF_SB3:
        assert getattr(ours, field, None) == getattr(theirs, field, None), field
    sizes = [[p.shape for p in model.policy.parameters()] for model in (ours, theirs)]
    assert sizes[0] == sizes[1] and type(ours.policy.optimizer) is type(theirs.policy.optimizer)
    assert player.config.batch_size == 1
    if name != "a2c":
        assert player.config.minibatch_size == theirs.batch_size
    if name not in ("a2c", "dqn"):
        assert player.config.clip_range == theirs.clip_range(1)


# -- by the command line -----------------------------------------------------------------------
SEARCH = ["--recipe.epochs", "1", "--task.train-size", "64", "--space.layers", "2", "--quiet"]
SEARCH += ["--workers", "0"]
KILLED = {
    "ppo": ["--agent.episodes-per-rollout", "4", "--agent.batch-size", "4"],
    "a2c": ["--agent.preset", "authors"],
    "dqn": ["--agent.learning-starts", "2", "--agent.exploration-episodes", "10"],
    "recurrent_ppo": ["--agent.n-steps", "5", "--agent.batch-size", "2"],
}


def outcome(folder):
    """The episodes of a run in their order, and the state of its agent at the end."""
    store = open_store(folder / "results.sqlite")
    played = [(e["tokens"], e["reward"]) for e in store.all_episodes()]
    store.close()
    return played, read_checkpoint(folder / "checkpoint")


@pytest.mark.parametrize("name", KILLED)
def test_kills_change_nothing(tmp_path, name, monkeypatch):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 0.0)
    arguments = ["--children", "22", "--agent", name, *KILLED[name], *SEARCH]
    arguments += ["--depth.first", "1", "--depth.every", "5"]
    assert main([*arguments, "--run", str(tmp_path / "whole")]) == 0
    torch.set_num_threads(1)
    killed = tmp_path / "killed"
    steps = random.Random(name)
    for _ in range(4):
        started = (killed / "config.json").exists()
        again = [*(["--resume", "--quiet"] if started else arguments), "--run", str(killed)]
        assert killed_at(steps.randint(10, 25), lambda a=again: main(a))
    assert main(["--resume", "--quiet", "--run", str(killed)]) == 0
    (played, state), (expected, whole) = outcome(killed), outcome(tmp_path / "whole")
    assert len(played) == 22 and played == expected
    assert same(State(dict(state.tensors), state.values), State(dict(whole.tensors), whole.values))
