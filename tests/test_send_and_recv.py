"""The episodes of a vector environment that step apart, by EnvPool's names."""

import gymnasium
import numpy as np
import pytest

from nas_env.errors import InvalidValue
from tests._held import Held

WAITING = {"name": "benchmarks._waiting:WaitingEvaluator", "workers": 4, "shortest": 0.002}
ENVIRONMENTS = {
    "table": ("nas_env:NAS-Bench-Digits-v0", {}),
    "flat": ("nas_env:NAS-Bench-Digits-v0", {"observation": "flat"}),
    "one step": ("nas_env:NAS-Bench-Digits-v0", {"one_step": True}),
    "children": ("nas_env:NAS-Digits-v0", {"evaluator": WAITING, "device": "cpu"}),
    "closed options": ("nas_env:NAS-PyDocs-v0", {"evaluator": WAITING, "device": "cpu"}),
}


def make(name, count=3, **settings):
    id, keywords = ENVIRONMENTS[name]
    how = {"num_envs": count, "vectorization_mode": "vector_entry_point"}
    return gymnasium.make_vec(id, **how, **keywords, **settings)


def equal(one, other):
    """Compare observations and infos, arrays by their values and types."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            equal(one[key], other[key])
    elif isinstance(one, np.ndarray) and one.dtype == object:
        for each, its in zip(one, other, strict=True):
            equal(each, its)
    else:
        assert type(one) is type(other)
        np.testing.assert_array_equal(one, other, strict=isinstance(one, np.ndarray))


@pytest.fixture(params=[name for name in ENVIRONMENTS if name != "closed options"])
def both(request):
    environments = make(request.param), make(request.param)
    yield environments
    for environment in environments:
        environment.close()


def test_sent_together_and_received_together_it_is_a_step(both):
    """Two whole episodes: observations, rewards, ends, masks and infos."""
    stepped, apart = both
    stepped.action_space.seed(0)
    first = stepped.reset()
    apart.async_reset()
    received = apart.recv()
    equal(received[0], first[0])
    equal(received[4]["action_mask"], first[1]["action_mask"])
    over = 0
    while over < 2:
        actions = stepped.action_space.sample()
        expected = stepped.step(actions)
        apart.send(actions)
        found = gather(apart, 3)
        env_id = found[4].pop("env_id")
        order = np.argsort(env_id)
        assert env_id[order].tolist() == [0, 1, 2]
        equal(rows(expected[0], slice(None)), rows(found[0], order))
        for index in (1, 2, 3):
            np.testing.assert_array_equal(expected[index], found[index][order])
        if expected[2].all():
            equal(expected[4]["final_info"], rows(found[4]["final_info"], order))
            equal(expected[4]["final_obs"], found[4]["final_obs"][order])
            over += 1
        equal(expected[4]["action_mask"], found[4]["action_mask"][order])


def rows(values, index):
    """Return some rows of arrays in dictionaries."""
    if isinstance(values, dict):
        return {key: rows(value, index) for key, value in values.items()}
    return values[index]


def gather(apart, count):
    """Receive until that many episodes have answered, and join the answers."""
    parts = [apart.recv()]
    while sum(len(part[1]) for part in parts) < count:
        parts.append(apart.recv())
    return join(parts)


def join(parts):
    if isinstance(parts[0], dict):
        return {key: join([part[key] for part in parts]) for key in parts[0]}
    if isinstance(parts[0], tuple):
        return tuple(join(list(column)) for column in zip(*parts, strict=True))
    return np.concatenate(parts)


class HeldByStore(Held):
    """Its first child does not finish before another is in the store."""

    def freed(self):
        return len(self.store.evaluations()) >= 2


def test_the_others_go_on_while_one_waits_for_its_child():
    held = {"name": f"{__name__}:HeldByStore", "workers": 2}
    envs = gymnasium.make_vec(
        "nas_env:NAS-Digits-v0",
        num_envs=2,
        vectorization_mode="vector_entry_point",
        evaluator=held,
        one_step=True,
        device="cpu",
    )
    envs.async_reset()
    envs.recv()
    envs.action_space.seed(0)
    envs.send(envs.action_space.sample())
    finished = []
    for _ in range(3):
        _, rewards, over, _, info = envs.recv()
        assert over.all() and len(rewards) == len(info["env_id"])
        finished += info["env_id"].tolist()
        envs.send(envs.action_space.sample()[: len(rewards)], info["env_id"])
    assert finished[:2] == [1, 1]
    with pytest.raises(InvalidValue, match=r"env_id is \[0, 1\], these wait for an action"):
        envs.send(envs.action_space.sample())
    with pytest.raises(InvalidValue, match="after send"):
        envs.step(envs.action_space.sample())
    envs.reset()
    envs.close()


def test_closed_options_are_masked_episode_by_episode():
    envs = make("closed options")
    space = envs.unwrapped.search_space
    envs.async_reset()
    envs.recv()
    tokens = space.sample_batch(np.random.default_rng(0), 3, None)
    for ahead in range(4):  # the first episode goes on alone, so that all are at other decisions
        envs.send(tokens[:1, ahead], [0])
        envs.recv()
    envs.send(tokens[1:2, 0], [1])
    _, _, _, _, info = envs.recv()
    np.testing.assert_array_equal(info["action_mask"][0], space.open_mask(tokens[1:2, :1])[0])
    envs.send(np.array([tokens[0, 4], tokens[2, 0]]), [0, 2])
    _, _, _, _, info = envs.recv()
    expected = [space.open_mask(tokens[:1, :5])[0], space.open_mask(tokens[2:, :1])[0]]
    np.testing.assert_array_equal(info["action_mask"], expected)
    envs.close()


def test_what_cannot_be_sent_is_refused():
    envs = make("table", autoreset_mode="NEXT_STEP")
    with pytest.raises(gymnasium.error.ResetNeeded, match="async_reset"):
        envs.send([0, 0, 0])
    envs.reset()
    with pytest.raises(InvalidValue, match="SAME_STEP"):
        envs.send([0, 0, 0])
    envs.close()
    envs = make("table")
    envs.async_reset()
    envs.recv()
    with pytest.raises(InvalidValue, match="nothing to wait for"):
        envs.recv()
    for wrong in ([0, 0], [0, 99, 0]):
        with pytest.raises(InvalidValue, match="expected a member of"):
            envs.send(wrong)
    for env_id in ([0, 0], [7]):
        with pytest.raises(InvalidValue, match="env_id is"):
            envs.send([0] * len(env_id), env_id)
    envs.close()
