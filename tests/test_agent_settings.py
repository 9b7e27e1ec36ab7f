"""Settings that cannot learn together are refused; all others learn from what they are rewarded."""

from itertools import product

import pytest
import torch

from agents import make_config
from search_spaces import InvalidValue
from tests._toys import make, played


def grid(name, **values):
    """All combinations of some settings of an agent."""
    return [
        {"name": name, **dict(zip(values, chosen, strict=True))}
        for chosen in product(*values.values())
    ]


ADVANTAGES = {
    "baseline": ["ema", "batch_mean", "none"],
    "standardise": [True, False],
    "max_advantage": [0.0, 2.0],
    "batch_size": [1, 3],
}
SETTINGS = [
    *grid("reinforce", **ADVANTAGES),
    *grid("reinforce", preset=["paper"], baseline=["ema", "none"], batch_size=[1, 8]),
    *grid("reinforce", temperature=[0.0, 0.1, 100.0]),
    *grid("reinforce", optimiser=["adam"], learning_rate=[0.0, 0.01, 0.1, 0.36]),
    *grid("reinforce", learning_rate=[0.0, 0.1], baseline_decay=[0.0, 0.99], entropy=[0.0, 1.0]),
    *grid("reinforce", units=[1, 35], decision_bias=[True, False], max_gradient_norm=[0.0, 0.1]),
    *grid("reinforce_tabular", **ADVANTAGES),
    *grid("reinforce_tabular", learning_rate=[0.0, 0.25], ahead=[0, 2]),
    *grid("reinforce_tabular", max_ratio=[0.5, 1.0, 2.0], ahead=[2]),
    *grid("controller_ppo", **ADVANTAGES),
    *grid("controller_ppo", epochs=[1, 3], clip=[0.0, 0.2, 2.0]),
    *grid(
        "priority_queue",
        policy=["table", "controller"],
        imitation=[0.0, 1.0],
        reinforce=[0.0, 1.0],
        batch_size=[1, 3],
        start=[0, 5],
    ),
    *grid("priority_queue", queue_size=[1, 8], learning_rate=[0.0, 0.4]),
    *grid("evolution", population_size=[1, 2, 9], sample_size=[1, 2, 20], batch_size=[1, 5, 12]),
    *grid("local_search", samples=[1, 10], restart_samples=[1, 3], batch_size=[1, 4, 30]),
]


def accuracies(sign, after):
    """Rewards far from zero and close together, which after a while may turn round."""
    seen = 0

    def reward(tokens):
        nonlocal seen
        seen += 1
        return 0.9 + 0.02 * tokens.mean() * (sign if seen > after else 1)

    return reward


def learned(spec, sign):
    """All that an agent plays in a few batches, and the weights that it has then."""
    name, config = make_config(spec)
    settings = {key: value for key, value in spec.items() if key != "name"}
    reward = accuracies(sign, after=2 * config.batch_size + 10)
    agent = make(name, reward=reward, **settings)
    episodes = played(agent, 5 * config.batch_size + 25)
    weights = {k: v for k, v in agent.state().tensors.items() if k.startswith("policy.")}
    return [episode.tokens for episode in episodes], weights


@pytest.mark.parametrize("spec", SETTINGS, ids=str)
def test_settings_are_refused_or_learn_from_rewards(spec):
    """One seed, and rewards that turn round or do not: who does the same learns from neither."""
    try:
        make_config(spec)
    except InvalidValue as error:
        assert "\n" not in str(error) and "expected" in str(error)
        return
    (tokens, weights), (others, other_weights) = (learned(spec, sign) for sign in (1, -1))
    same = all(torch.equal(weights[name], other_weights[name]) for name in weights)
    assert tokens != others or (weights and not same)


@pytest.mark.parametrize(
    "spec, named, mended",
    [
        (
            {"name": "reinforce", "baseline": "none"},
            ["baseline", "standardise"],
            [{"standardise": False}, {"baseline": "ema"}],
        ),
        (
            {"name": "reinforce_tabular", "baseline": "batch_mean"},
            ["baseline", "batch_size"],
            [{"batch_size": 2}, {"baseline": "ema"}],
        ),
        (
            {"name": "priority_queue", "imitation": 0, "reinforce": 0},
            ["imitation", "reinforce"],
            [{"imitation": 0.1}, {"reinforce": 0.1}],
        ),
        ({"name": "controller_ppo", "max_advantage": 0}, ["max_advantage"], [{}]),
        ({"name": "reinforce", "learning_rate": 0}, ["learning_rate"], [{"learning_rate": 1e-6}]),
        (
            {"name": "reinforce", "optimiser": "adam"},
            ["optimiser", "learning_rate"],
            [{"learning_rate": 0.01}, {"learning_rate": 0.1}, {"optimiser": "sgd"}],
        ),
        ({"name": "evolution", "sample_size": 1}, ["sample_size"], [{"sample_size": 2}]),
        ({"name": "evolution", "population_size": 1}, ["population_size"], [{}]),
    ],
    ids=str,
)
def test_what_cannot_learn_is_refused_with_what_can(spec, named, mended):
    with pytest.raises(InvalidValue) as caught:
        make_config(spec)
    assert all(name in str(caught.value) for name in named) and "\n" not in str(caught.value)
    for settings in mended:
        make_config({**spec, **settings} if settings else {"name": spec["name"]})
