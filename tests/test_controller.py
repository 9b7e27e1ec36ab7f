"""The controller is the distribution it says, REINFORCE its gradient; what every agent keeps."""

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
from agents._controller.controller import Controller
from agents._controller.trained import policy_loss
from agents._gradient.baselines import BatchMean, ExponentialMovingAverage, History, NoBaseline
from agents.reinforce import Reinforce
from search_spaces import Decision, InvalidValue, UnknownName
from search_spaces.convolutional import ConvolutionalSpace


@dataclass(frozen=True)
class Closing(ConvolutionalSpace):
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
    "four layers": ConvolutionalSpace(layers=4, filter_sizes=(1,), filters=(4, 8)),
    "skips alone": ConvolutionalSpace(layers=4, filter_sizes=(1,), filters=(8,)),
    "previous layer": ConvolutionalSpace(
        layers=4, filter_sizes=(1,), filters=(4, 8), previous_layer="always"
    ),
    "chain": ConvolutionalSpace(
        layers=3, filter_sizes=(1, 3), filters=(4, 8), skip_connections=False
    ),
    "closing": Closing(layers=3, filter_sizes=(1,), filters=(4, 8, 16)),
}
every_space = pytest.mark.parametrize(
    "space",
    [pytest.param(space, id=name) for name, space in SPACES.items()],
)
both_biases = pytest.mark.parametrize("decision_bias", [True, False], ids=["bias", "no bias"])


@pytest.fixture
def exact():
    """Double precision, so that what is left is no rounding error."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def sharp(space, **changes):
    """A controller whose distribution is far from uniform."""
    settings = {"units": 6, "temperature": 0.8, **changes}
    controller = Controller(space, torch.Generator().manual_seed(0), **settings)
    with torch.no_grad():
        for parameter in controller.parameters():
            parameter.mul_(20)
    return controller


def every_sequence(space, length=None):
    """All sequences of open tokens, int64 (sequences, decisions)."""
    sequences = [()]
    for _ in range(space.length() if length is None else length):
        sequences = [(*s, token) for s in sequences for token in space.open_options(s)]
    return torch.tensor(sequences)


def probabilities(controller, sequences):
    return controller.evaluate(sequences).log_probabilities.sum(dim=1).exp()


# -- the distribution ----------------------------------------------------------------------------
def next_distribution(controller, prefix):
    """P(next option | prefix) as the paper says it: one step, one layer and one sum at a time."""
    space, wanted = controller.space, len(prefix)
    decisions = space.decisions
    kinds = {d.kind: len(d.options) for d in decisions if d.source is None}
    rows = dict(zip(kinds, itertools.accumulate(kinds.values(), initial=0), strict=False))
    fed, anchors = [controller.start], {}

    def hidden():
        return controller.lstm(torch.stack(fed)[:, None])[0][-1, 0]

    def finished(scores):
        width = len(scores)
        logits = (scores + controller.bias[wanted, :width]) / controller.temperature
        options = list(space.open_options(prefix))
        result = torch.zeros(space.max_options)
        result[options] = torch.softmax(logits[options], dim=0)
        return result

    for layer in range(1, space.layers + 1):
        items = [(index, d) for index, d in enumerate(decisions) if d.layer == layer]
        for index, decision in items:
            if decision.source is None:
                row, count = rows[decision.kind], len(decision.options)
                if index == wanted:
                    return finished(controller.heads(hidden())[row : row + count])
                fed.append(controller.embeddings[row + prefix[index]])
        if layer not in controller.anchored:
            continue
        here, chosen = hidden(), []
        for index, decision in items:
            if decision.source is None:
                continue
            if index == wanted:
                total = controller.w_previous.weight @ anchors[decision.source]
                total = torch.tanh(total + controller.w_current.weight @ here)
                yes = sum(v * x for v, x in zip(controller.v, total, strict=True))
                return finished(torch.stack([torch.zeros(()), yes]))
            if prefix[index]:
                chosen.append(controller.layer_embeddings[list(anchors).index(decision.source)])
        mean = torch.stack(chosen).mean(dim=0) if chosen else 0.0
        anchors[layer] = here
        fed.append(controller.after_anchor + mean)
    raise AssertionError("nothing follows")


@every_space
@both_biases
def test_probabilities_sum_to_one(exact, space, decision_bias):
    controller = sharp(space, decision_bias=decision_bias)
    chances = probabilities(controller, every_sequence(space))
    assert chances.sum().item() == pytest.approx(1)
    assert chances.max() > 2 * chances.mean()  # far from uniform, so that the tests see much


@every_space
@both_biases
def test_log_probabilities_are_those_of_the_formulas(exact, space, decision_bias):
    controller = sharp(space, decision_bias=decision_bias)
    tokens = torch.tensor(space.sample_batch(np.random.default_rng(0), 6))
    policy = controller.evaluate(tokens)
    for row, sequence in enumerate(tokens.tolist()):
        for index, token in enumerate(sequence):
            chances = next_distribution(controller, sequence[:index])
            log = policy.log_probabilities[row, index]
            torch.testing.assert_close(log.exp(), chances[token])
            entropy = torch.special.entr(chances).sum()
            torch.testing.assert_close(policy.entropies[row, index], entropy)


@every_space
@both_biases
def test_samples_are_of_the_same_distribution_step_by_step(space, decision_bias):
    """Each token is where the generator's number falls among the formulas' probabilities."""
    controller = sharp(space, decision_bias=decision_bias)
    tokens = controller.sample(8, space.length(), torch.Generator().manual_seed(5))
    points = torch.rand(space.length(), 8, generator=torch.Generator().manual_seed(5))
    for row, sequence in enumerate(tokens.tolist()):
        for index, token in enumerate(sequence):
            below = next_distribution(controller, sequence[:index]).cumsum(dim=0)
            assert token == int((points[index, row] * (1 - 1e-6) >= below).sum())


@every_space
def test_frequencies_are_the_probabilities(space):
    controller, count = sharp(space), 20_000
    sequences = every_sequence(space)
    expected = count * probabilities(controller, sequences).detach().double()
    sampled = controller.sample(count, space.length(), torch.Generator().manual_seed(1))
    number = {tuple(s): n for n, s in enumerate(sequences.tolist())}
    found = torch.bincount(
        torch.tensor([number[tuple(s)] for s in sampled.tolist()]), minlength=len(sequences)
    )
    often = expected >= 5
    cells = torch.stack([found[often], expected[often]], dim=1)
    rest = torch.stack([found[~often].sum(), expected[~often].sum()])[None]
    cells = torch.cat([cells, rest]) if rest[0, 1] >= 5 else cells
    chi_squared = ((cells[:, 0] - cells[:, 1]) ** 2 / cells[:, 1]).sum().item()
    freedom = len(cells) - 1
    assert freedom > 20 and chi_squared < freedom + 4 * (2 * freedom) ** 0.5


@every_space
def test_shallower_episodes_are_prefixes(exact, space):
    controller = sharp(space)
    tokens = torch.tensor(space.sample_batch(np.random.default_rng(0), 20))
    deep = controller.evaluate(tokens)
    for length in filter(None, map(space.length, range(1, space.layers))):
        shallow = controller.evaluate(tokens[:, :length])
        for ours, theirs in zip(shallow, deep, strict=True):
            torch.testing.assert_close(ours, theirs[:, :length])
        chances = probabilities(controller, every_sequence(space, length))
        assert chances.sum().item() == pytest.approx(1)


def test_closed_options_are_never_sampled():
    space = Closing(layers=4, filter_sizes=(1, 3), filters=(4, 8, 16))
    assert not space.masks_are_static
    controller = sharp(space, temperature=3.0)
    tokens = controller.sample(500, space.length(), torch.Generator().manual_seed(0))
    closed = ~torch.tensor(space.open_masks(tokens.numpy()))
    assert closed.sum(dim=(1, 2)).unique().numel() > 1  # what is closed depends on the prefix
    assert not closed.gather(2, tokens[:, :, None]).any()
    policy = controller.evaluate(tokens)
    (policy.log_probabilities.sum() + policy.entropies.sum()).backward()
    assert all(p.grad.isfinite().all() for p in controller.parameters())


def test_extreme_logits_stay_finite():
    space = SPACES["three layers"]
    controller = sharp(space, temperature=1e-3)
    tokens = controller.sample(50, space.length(), torch.Generator().manual_seed(0))
    policy = controller.evaluate(tokens)
    assert policy.log_probabilities.isfinite().all() and policy.entropies.isfinite().all()


def test_the_controller_is_the_papers():
    """Two layers of 35 units, weights uniform in ±0.08, from the generator alone."""
    space = ConvolutionalSpace(layers=3)
    torch.manual_seed(1)
    controller = Controller(space, torch.Generator().manual_seed(0))
    torch.manual_seed(2)
    same = Controller(space, torch.Generator().manual_seed(0))
    assert (controller.lstm.num_layers, controller.lstm.hidden_size) == (2, 35)
    weights = torch.cat([p.flatten() for p in controller.parameters()])
    assert weights.abs().max() <= 0.08 and weights.std().item() == pytest.approx(0.0462, rel=0.03)
    assert torch.equal(weights, torch.cat([p.flatten() for p in same.parameters()]))


# -- the policy gradient -------------------------------------------------------------------------
def rewards_of(sequences):
    return torch.rand(len(sequences), generator=torch.Generator().manual_seed(2))


def gradient(controller, value):
    """In one vector; zeros where ``value`` does not depend on a parameter."""
    parts = torch.autograd.grad(value, list(controller.parameters()), materialize_grads=True)
    return torch.cat([part.flatten() for part in parts])


@every_space
@pytest.mark.parametrize("baseline", [0.0, 0.7])
def test_the_gradient_is_that_of_the_expected_reward(exact, space, baseline):
    """Over all sequences, each weighing as likely as it is; a constant baseline changes nothing."""
    controller = sharp(space)
    sequences = every_sequence(space)
    rewards, policy = rewards_of(sequences), controller.evaluate(sequences)
    chances = policy.log_probabilities.sum(dim=1).exp()
    truth = gradient(controller, (chances * rewards).sum())
    weights = len(sequences) * chances.detach()  # the loss is a mean over its batch
    loss = policy_loss(controller.evaluate(sequences), weights * (rewards - baseline))
    torch.testing.assert_close(gradient(controller, loss), -truth)
    assert truth.norm() > 1e-3


@every_space
def test_the_gradient_is_that_of_finite_differences(exact, space):
    controller = sharp(space)
    sequences = every_sequence(space)
    rewards = rewards_of(sequences)
    weights = len(sequences) * probabilities(controller, sequences).detach()
    policy_loss(controller.evaluate(sequences), weights * rewards).backward()
    for name, parameter in controller.named_parameters():
        if parameter.numel() == 0:  # no head where there are only skip decisions
            continue
        values, slope = parameter.detach().view(-1), parameter.grad.view(-1)
        place, step, expected = int(slope.abs().argmax()), 1e-5, []
        kept = values[place].item()
        for value in (kept + step, kept - step):
            values[place] = value
            with torch.no_grad():
                expected.append((probabilities(controller, sequences) * rewards).sum().item())
        values[place] = kept
        difference = (expected[0] - expected[1]) / (2 * step)
        assert -slope[place].item() == pytest.approx(difference, rel=1e-5, abs=1e-9), name


def test_the_gradient_of_a_batch_is_the_mean_of_its_episodes(exact):
    space = SPACES["three layers"]
    controller = sharp(space)
    tokens = torch.tensor(space.sample_batch(np.random.default_rng(0), 5))
    advantages = torch.tensor([0.5, -1.0, 0.0, 2.0, 0.1])
    whole = gradient(controller, policy_loss(controller.evaluate(tokens), advantages))
    ones = [
        gradient(controller, controller.evaluate(tokens[k : k + 1]).log_probabilities.sum())
        for k in range(5)
    ]
    torch.testing.assert_close(
        whole, -sum(a * g for a, g in zip(advantages, ones, strict=True)) / 5
    )


# -- baselines -----------------------------------------------------------------------------------
def test_the_moving_average_holds_earlier_rewards_alone():
    baseline = ExponentialMovingAverage(0.8)
    batches = np.array([[0.2, 0.4], [0.9, 0.1], [0.6, 0.8]])
    assert baseline.advantages(batches[0]) is None
    baseline.update(batches[0])
    assert baseline.advantages(batches[1]) == pytest.approx([0.6, -0.2])
    baseline.update(batches[1])
    value = 0.8 * 0.3 + 0.2 * 0.5
    assert baseline.advantages(batches[2]) == pytest.approx([0.6 - value, 0.8 - value])


def test_the_batchs_mean_leaves_each_reward_out():
    baseline, rewards = BatchMean(), np.array([0.1, 0.5, 0.9])
    assert baseline.advantages(rewards) == pytest.approx([0.1 - 0.7, 0.0, 0.9 - 0.3])
    assert baseline.advantages(rewards[:1]) is None
    assert NoBaseline().advantages(rewards).tolist() == rewards.tolist()


def test_the_history_is_the_spread_of_all_rewards():
    history, rewards = History(), np.random.default_rng(0).random(50)
    assert history.deviation == 1.0
    for batch in np.split(rewards, [1, 7, 30]):
        history.update(batch)
    assert history.deviation == pytest.approx(rewards.std())
    assert history.mean == pytest.approx(rewards.mean())
    same = History()
    same.update([0.5, 0.5, 0.5])
    assert same.deviation == 1.0


# -- REINFORCE -----------------------------------------------------------------------------------
def environment(count, **changes):
    """The digits, two layers deep, a child in milliseconds."""
    settings = {"layers": 2, "recipe": {"epochs": 1}, "device": "cpu", **changes}
    task = {"name": "digits", "train_size": 64, "validation_size": 64}
    return gymnasium.make_vec(
        "NAS-Digits-v0",
        num_envs=count,
        vectorization_mode="vector_entry_point",
        task=task,
        **settings,
    )


def reinforce(seed=0, preset="default", space=None, **changes):
    spec = {"name": "reinforce", "preset": preset, **changes}
    count = make_config(spec)[1].batch_size
    return make_agent(spec, environment(count, **({"space": space} if space else {})), seed)


def episodes(tokens, rewards):
    return [
        Episode(tuple(map(int, row)), float(reward), {}, {})
        for row, reward in zip(tokens, rewards, strict=True)
    ]


def weights(agent):
    return torch.cat([p.detach().flatten() for p in agent.controller.parameters()])


def test_the_first_batch_makes_no_update_and_the_second_uses_its_mean(monkeypatch):
    agent, seen = reinforce(standardise=False), []
    step = agent.step
    monkeypatch.setattr(agent, "step", lambda f, a: seen.append(a.tolist()) or step(f, a))
    before = weights(agent)
    log = agent.learn(episodes(agent.draw(2), [0.1, 0.3]))
    assert log == {"reward": pytest.approx(0.2)}
    assert torch.equal(weights(agent), before) and seen == []
    log = agent.learn(episodes(agent.draw(2), [0.5, 0.2]))
    assert log["baseline"] == pytest.approx(0.2) and seen == [pytest.approx([0.3, 0.0])]
    assert not torch.equal(weights(agent), before)
    log = agent.learn(episodes(agent.draw(2), [0.9, 0.9]))
    assert log["baseline"] == pytest.approx(0.8 * 0.2 + 0.2 * 0.35)
    assert set(log) == {"baseline", "reward", "loss", "entropy", "gradient_norm"}


def test_the_advantage_is_divided_by_the_spread_of_earlier_rewards(monkeypatch):
    agent, seen = reinforce(), []
    monkeypatch.setattr(agent, "step", lambda f, a: seen.append(a.tolist()) or {})
    for rewards in ([0.1, 0.3], [0.25, 0.9], [0.2, 0.2]):
        agent.learn(episodes(agent.draw(2), rewards))
    # The spread of the first two rewards is 0.1; 0.7 / 0.1 is cut off at 2.
    assert seen[0] == pytest.approx([0.5, 2.0])
    mean, spread = 0.8 * 0.2 + 0.2 * 0.575, np.std([0.1, 0.3, 0.25, 0.9])
    assert seen[1] == pytest.approx([(0.2 - mean) / spread] * 2)


def test_one_step_is_up_the_gradient():
    settings = {"baseline": "none", "standardise": False, "entropy": 0.0, "learning_rate": 0.01}
    agent = reinforce(**settings)
    tokens, rewards = agent.draw(2), torch.tensor([0.4, 0.1])
    policy = agent.controller.evaluate(torch.tensor(tokens))
    objective = (policy.log_probabilities.sum(dim=1) * rewards).mean()
    expected = weights(agent) + 0.01 * gradient(agent.controller, objective)
    log = agent.learn(episodes(tokens, rewards))
    torch.testing.assert_close(weights(agent), expected)
    assert log["loss"] == pytest.approx(-objective.item())
    assert log["baseline"] == 0.0


def test_the_entropy_bonus_and_the_gradients_length():
    settings = {"baseline": "none", "standardise": False, "entropy": 0.5, "learning_rate": 1.0}
    agent = reinforce(**settings, max_gradient_norm=0.01)
    tokens = agent.draw(2)
    entropies = agent.controller.evaluate(torch.tensor(tokens)).entropies
    up = gradient(agent.controller, 0.5 * entropies.sum(dim=1).mean())
    before = weights(agent)
    log = agent.learn(episodes(tokens, [0.0, 0.0]))
    assert log["gradient_norm"] == pytest.approx(up.norm().item(), rel=1e-4)
    assert log["entropy"] == pytest.approx(entropies.mean().item())
    torch.testing.assert_close(weights(agent) - before, 0.01 * up / up.norm(), atol=1e-6, rtol=1e-3)


def test_a_single_reward_has_no_mean_of_the_others():
    """So the last batch of a budget, where it is of one episode, makes no update."""
    agent = reinforce(baseline="batch_mean", batch_size=2)
    before = weights(agent)
    assert "loss" not in agent.learn(episodes(agent.draw(1), [0.5]))
    assert torch.equal(weights(agent), before)


def test_the_papers_preset():
    config = Reinforce.presets["paper"]
    assert (config.optimiser, config.learning_rate, config.batch_size) == ("adam", 6e-4, 8)
    assert (config.units, config.lstm_layers, config.baseline) == (35, 2, "ema")
    unstated = (config.entropy, config.standardise, config.decision_bias, config.max_gradient_norm)
    assert unstated == (0.0, False, False, 0.0) and config.temperature == 1.0


@pytest.mark.parametrize(
    "settings, error, message",
    [
        ({"name": "reinforc"}, UnknownName, "did you mean 'reinforce'"),
        ({"name": "reinforce", "preset": "papers"}, UnknownName, "did you mean 'paper'"),
        ({"name": "reinforce", "learning_rat": 1}, UnknownName, "did you mean 'learning_rate'"),
        ({"name": "reinforce", "optimiser": "adm"}, UnknownName, "did you mean 'adam'"),
        ({"name": "reinforce", "baseline": "batchmean"}, UnknownName, "did you mean 'batch_mean'"),
        ({"name": "reinforce", "batch_size": 0}, InvalidValue, "batch_size is 0"),
        ({"name": "reinforce", "batch_size": 2.0}, InvalidValue, "batch_size is 2.0"),
        ({"name": "reinforce", "learning_rate": float("nan")}, InvalidValue, "learning_rate"),
        ({"name": "reinforce", "temperature": 0}, InvalidValue, "temperature is 0"),
        ({"name": "reinforce", "baseline_decay": 1}, InvalidValue, "baseline_decay is 1"),
        (
            {"name": "random_search", "seed": 1},
            UnknownName,
            "known are ahead, avoid_repeats, ",
        ),
        ({"batch_size": 2}, InvalidValue, "expected a name, or a mapping with a name"),
    ],
    ids=str,
)
def test_bad_settings_get_one_clear_line(settings, error, message):
    with pytest.raises(error, match=message) as caught:
        make_config(settings)
    assert "\n" not in str(caught.value)


def last_hundred(preset, seed):
    """Mean reward of the last 100 of 400 episodes; the reward is (share that match)^3."""
    agent = reinforce(seed, preset, space=f"{__name__}:Target")
    target = np.random.default_rng(1_000 + seed).integers(0, 4, 15)
    rewards = []
    while len(rewards) < 400:
        tokens = agent.draw(agent.config.batch_size)
        batch = (tokens == target).mean(axis=1) ** 3
        agent.learn(episodes(tokens, batch))
        rewards.extend(batch)
    return float(np.mean(rewards[300:]))


@pytest.mark.parametrize("preset, low, high", [("default", 0.9, 1.0), ("paper", 0.0, 0.2)])
def test_it_finds_a_hidden_target(preset, low, high):
    """Random search has 0.03; the paper's settings are for thousands of episodes."""
    means = [last_hundred(preset, seed) for seed in range(5)]
    text = ", ".join(f"{mean:.3f}" for mean in means)
    assert low <= np.mean(means) <= high, f"mean of the last 100: {text}"


# -- every agent ---------------------------------------------------------------------------------
PRESETS = [(name, preset) for name in agent_names() for preset in agent_class(name).presets]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Evaluations that the agents share, so that nothing is trained twice."""
    return str(tmp_path_factory.mktemp("store") / "results.sqlite")


class Maker:
    """Makes agents of one kind, each with an environment of its own."""

    def __init__(self, name, preset, store):
        self.spec, self.store, self.made = {"name": name, "preset": preset}, store, []
        self.batch_setting = "children" if name == "replicas" else "batch_size"

    def __call__(self, seed=0, batch_size=None, **settings):
        if batch_size is not None:
            settings[self.batch_setting] = batch_size
        spec = {**self.spec, **settings}
        env = environment(make_config(spec)[1].batch_size, store=self.store)
        self.made.append(env)
        return make_agent(spec, env, seed)


@pytest.fixture(params=PRESETS, ids="-".join)
def make(request, store):
    maker = Maker(*request.param, store)
    yield maker
    for env in maker.made:
        env.close()


def played(agent, episodes, at_once=100):
    """That many episodes, in as many advances as the agent wants."""
    found = []
    while len(found) < episodes:
        advance = agent.advance(min(at_once, episodes - len(found)))
        assert 0 < len(advance.episodes) <= episodes - len(found)
        found += advance.episodes
    return found


def through_files(state, folder):
    """A state as a checkpoint keeps it."""
    tensors = {name: tensor.contiguous() for name, tensor in state.tensors.items()}
    safetensors.torch.save_file(tensors, folder / "state.safetensors")
    text = json.dumps(state.values, allow_nan=False)
    return State(safetensors.torch.load_file(folder / "state.safetensors"), json.loads(text))


def test_an_advance_is_never_more_than_was_asked_for(make):
    agent = make(batch_size=3)
    for asked in (1, 2, 3, 5):
        advance = agent.advance(asked)
        assert len(advance.episodes) == min(asked, 3)
        for name, value in advance.log.items():
            assert isinstance(name, str) and type(value) is float and np.isfinite(value)


def test_episodes_are_what_was_played(make):
    agent = make()
    space = agent.search_space
    for episode in played(agent, 2 * agent.config.batch_size + 1):
        assert episode.architecture == space.decode(episode.tokens).to_dict()
        assert episode.reward == episode.evaluation["metrics"]["validation_accuracy"] ** 3
        assert episode.evaluation["status"] == "ok"
        assert all(type(token) is int for token in episode.tokens)
        assert json.loads(json.dumps(episode.evaluation)) == episode.evaluation


def test_one_seed_is_one_sequence(make):
    count = 3 * make_config(make.spec)[1].batch_size
    torch.manual_seed(1)
    np.random.seed(1)
    one = played(make(seed=3), count)
    torch.manual_seed(2)
    np.random.seed(2)
    assert played(make(seed=3), count) == one
    assert played(make(seed=4), count) != one


def test_a_state_goes_on_bit_for_bit(make, tmp_path):
    agent = make(seed=1)
    batch = agent.config.batch_size
    played(agent, 3 * batch + 1)
    other = make(seed=2)
    played(other, batch)
    other.load_state(through_files(agent.state(), tmp_path))
    assert played(other, 3 * batch) == played(agent, 3 * batch)
    ours, theirs = agent.state(), other.state()
    assert ours.values == theirs.values and ours.tensors.keys() == theirs.tensors.keys()
    assert all(torch.equal(ours.tensors[k], theirs.tensors[k]) for k in ours.tensors)


def test_a_state_of_the_beginning_goes_on_too(make, tmp_path):
    agent, other = make(seed=1), make(seed=2)
    other.load_state(through_files(agent.state(), tmp_path))
    count = 2 * agent.config.batch_size
    assert played(other, count) == played(agent, count)


def test_depth_is_an_option(make):
    agent = make()
    space = agent.search_space
    for layers in (1, 2, 1):
        agent.options = {"layers": layers}
        (episode, *_) = agent.advance(1).episodes
        assert len(episode.tokens) == space.length(layers)
        assert len(episode.architecture["layers"]) == layers


def test_a_spec_says_how_an_agent_is_made(make):
    agent = make(batch_size=3)
    spec = json.loads(json.dumps(agent.spec))
    name, config = make_config(spec)
    assert (name, config) == (make.spec["name"], agent.config)
